// CREATE, ALTER and DROP of user-defined types.

import CQLProtocol

extension SchemaEditor {
    func create(
        _ create: CQLCreateType, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(create.name, schema, current)
        let name = create.name.name
        if keyspace.types[name] != nil {
            if create.ifNotExists { return nil }
            throw .invalid("A user type with name '\(name)' already exists")
        }
        try Self.checkFieldCount(create.fields.count)
        var fields: [CQLUserType.Field] = []
        var names: Set<String> = []
        for field in create.fields {
            guard names.insert(field.name).inserted else {
                throw .invalid("Duplicate field name '\(field.name)' in type '\(name)'")
            }
            let type = try TypeResolver.resolve(
                field.type, types: keyspace.types, keyspace: keyspace.name)
            guard !type.isCounter else { throw .invalid("A user type cannot contain counters") }
            if case .udt = type { throw .invalid("A user type cannot contain non-frozen UDTs") }
            fields.append(.init(field.name, type))
        }
        keyspace.types[name] = CQLUserType(keyspace: keyspace.name, name: name, fields: fields)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name, .type(name)),
            savedKeyspaces: [keyspace.name])
    }

    func alter(
        _ alter: CQLAlterType, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(alter.name, current: current)
        guard var keyspace = schema.keyspaces[keyspaceName],
            let type = keyspace.types[alter.name.name]
        else {
            if alter.ifExists { return nil }
            throw .invalid("Type \(keyspaceName).\(alter.name.name) doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "ALTER <all tables in \(keyspaceName)>")
        var changed = type
        switch alter.change {
        case .changeType: throw .invalid("Altering field types is no longer supported")
        case .add(let name, let syntax, let ifNotExists):
            if type.fields.contains(where: { $0.name == name }) {
                if ifNotExists { return nil }
                throw .invalid(
                    "Cannot add field \(name) to type \(type.shownName): a field with name "
                        + "\(name) already exists")
            }
            try Self.checkFieldCount(type.fields.count + 1)
            changed.fields.append(
                .init(name, try Self.newField(name, syntax, type, keyspace)))
        case .rename(let renames, let ifExists):
            try Self.rename(renames, ifExists, in: &changed)
            guard changed != type else { return nil }
        }
        keyspace.replace(changed)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspaceName, .type(type.name)),
            savedKeyspaces: [keyspaceName])
    }

    private static func checkFieldCount(_ count: Int) throws(StatementError) {
        guard count <= StoreLimits.typePartsMax else {
            throw .invalid("A user type may have \(StoreLimits.typePartsMax) fields at most")
        }
    }

    private static func newField(
        _ name: String, _ syntax: CQLTypeSyntax, _ type: CQLUserType, _ keyspace: Keyspace
    ) throws(StatementError) -> CQLType {
        let field = try TypeResolver.resolve(
            syntax, types: keyspace.types, keyspace: keyspace.name)
        guard !field.uses(type.name) else {
            throw .invalid(
                "Cannot add new field \(name) of type \(field) to user type \(type.shownName) as "
                    + "it would create a circular reference")
        }
        guard !field.isCounter else { throw .invalid("A user type cannot contain counters") }
        if case .udt = field { throw .invalid("A user type cannot contain non-frozen UDTs") }
        let keyed = keyspace.tables.values.flatMap { [$0] + $0.views }.filter { table in
            table.partitionKey.contains { $0.type.uses(type.name) }
        }
        guard keyed.isEmpty else {
            throw .invalid(
                "Cannot add new field \(name) of type \(field) to user type \(type.shownName) as "
                    + "the type is being used in partition key by the following tables: "
                    + keyed.map { "\($0.keyspace).\($0.name)" }.sorted().joined(separator: ", "))
        }
        // The columns' own rules hold for what they become.
        if field.isMultiCell {
            for table in keyspace.tables.values {
                for column in table.columns {
                    if case .udt(let used) = column.type, used.name == type.name {
                        throw .invalid(
                            "Non-frozen UDTs with nested non-frozen collections are not "
                                + "supported for column \(column.name)")
                    }
                }
            }
        }
        return field
    }

    private static func rename(
        _ renames: [CQLRename], _ ifExists: Bool, in type: inout CQLUserType
    ) throws(StatementError) {
        let before = type
        for rename in renames {
            guard let index = before.fields.firstIndex(where: { $0.name == rename.old }) else {
                if ifExists { continue }
                throw .invalid("Unkown field \(rename.old) in user type \(type.shownName)")
            }
            type.fields[index].name = rename.new
        }
        var seen: Set<String> = []
        for field in type.fields where !seen.insert(field.name).inserted {
            throw .invalid("Duplicate field name \(field.name) in type \(type.shownName)")
        }
    }

    func dropType(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard var keyspace = schema.keyspaces[keyspaceName], keyspace.types[name.name] != nil
        else {
            if ifExists { return nil }
            throw .invalid("Type '\(keyspaceName).\(name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "DROP <all tables in \(keyspaceName)>")
        let types = keyspace.types.values.filter { type in
            type.name != name.name && type.fields.contains { $0.type.uses(name.name) }
        }
        let tables = keyspace.tables.values.filter { table in
            table.columns.contains { $0.type.uses(name.name) }
        }
        let users =
            types.isEmpty
            ? ("tables", tables.map(\.name)) : ("user types", types.map(\.name))
        guard users.1.isEmpty else {
            throw .invalid(
                "Cannot drop user type '\(keyspaceName).\(name.name)' as it is still used by "
                    + "\(users.0) \(users.1.sorted().joined(separator: ", "))")
        }
        keyspace.types[name.name] = nil
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.dropped, keyspace: keyspace.name, .type(name.name)),
            savedKeyspaces: [keyspace.name])
    }
}

extension CQLUserType {
    var shownName: String { "\(keyspace).\(CQLIdentifier.quoted(name))" }
}

extension Keyspace {
    /// Puts a changed type everywhere its name stands: other types, tables and their views. On disk
    /// tables name their types only, so there nothing but the keyspace changes.
    mutating func replace(_ changed: CQLUserType) {
        types[changed.name] = changed
        // A type that uses the changed one changes as well, and so on: in order, each once.
        for type in typesInOrder where type.fields.contains(where: { $0.type.uses(changed.name) }) {
            var next = type
            for index in next.fields.indices {
                next.fields[index].type = next.fields[index].type.replacingTypes(types)
            }
            types[next.name] = next
        }
        for (name, table) in tables where table.columns.contains(where: { $0.type.hasUserType }) {
            tables[name] = table.replacingTypes(types)
        }
    }
}

extension Table {
    fileprivate func replacingTypes(_ types: [String: CQLUserType]) -> Table {
        let changed = columns.map { column in
            var column = column
            column.type = column.type.replacingTypes(types)
            return column
        }
        return self.changed(columns: changed, views: views.map { $0.replacingTypes(types) })
    }
}

extension CQLType {
    /// The types directly inside.
    private var parts: [CQLType] {
        switch self {
        case .list(let inner), .set(let inner), .frozen(let inner), .vector(let inner, _): [inner]
        case .map(let key, let value): [key, value]
        case .tuple(let parts): parts
        case .udt(let type): type.fields.map(\.type)
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .custom:
            []
        }
    }

    /// Whether a user-defined type of that name stands anywhere in it.
    func uses(_ name: String) -> Bool {
        if case .udt(let type) = self, type.name == name { return true }
        return parts.contains { $0.uses(name) }
    }

    var hasUserType: Bool {
        if case .udt = self { return true }
        return parts.contains { $0.hasUserType }
    }

    /// Whether a duration stands anywhere in it, which has no order.
    var usesDuration: Bool {
        if case .duration = self { return true }
        return parts.contains { $0.usesDuration }
    }

    var usesCounter: Bool {
        if case .counter = self { return true }
        return parts.contains { $0.usesCounter }
    }

    fileprivate func replacingTypes(_ types: [String: CQLUserType]) -> CQLType {
        switch self {
        case .list(let inner): .list(inner.replacingTypes(types))
        case .set(let inner): .set(inner.replacingTypes(types))
        case .frozen(let inner): .frozen(inner.replacingTypes(types))
        case .vector(let inner, let count): .vector(inner.replacingTypes(types), dimensions: count)
        case .map(let key, let value):
            .map(key.replacingTypes(types), value.replacingTypes(types))
        case .tuple(let parts): .tuple(parts.map { $0.replacingTypes(types) })
        case .udt(let type): .udt(types[type.name] ?? type)
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .custom:
            self
        }
    }

    /// With user-defined types as frozen tuples, as dropped columns are remembered.
    var withTuples: CQLType {
        switch self {
        case .list(let inner): .list(inner.withTuples)
        case .set(let inner): .set(inner.withTuples)
        case .frozen(.udt(let type)): .tuple(type.fields.map(\.type.withTuples))
        case .frozen(let inner): .frozen(inner.withTuples)
        case .vector(let inner, let count): .vector(inner.withTuples, dimensions: count)
        case .map(let key, let value): .map(key.withTuples, value.withTuples)
        case .tuple(let parts): .tuple(parts.map(\.withTuples))
        case .udt(let type): .tuple(type.fields.map(\.type.withTuples))
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .custom:
            self
        }
    }
}
