// CREATE, ALTER, DROP and TRUNCATE of tables; CREATE and DROP of types.

import CQLProtocol

extension SchemaEditor {
    mutating func create(
        _ create: CQLCreateTable, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(create.name, schema, current)
        try Self.checkName(create.name.name, what: "Table")
        if keyspace.tables[create.name.name] != nil {
            if create.ifNotExists { return nil }
            throw .alreadyExists(keyspace: keyspace.name, table: create.name.name)
        }
        guard !create.compactStorage else {
            throw .invalid("COMPACT STORAGE tables are not allowed in this release")
        }
        var options = TableOptions.defaults
        try options.apply(create.properties)
        let columns = try TableBuilder(create, keyspace: keyspace).columns()
        let table = Table(
            keyspace: keyspace.name, name: create.name.name, id: try Self.id(create),
            storageID: nextStorageID, columns: columns, nextColumnID: UInt16(columns.count),
            options: options)
        nextStorageID += 1
        keyspace.tables[table.name] = table
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)])
    }

    private static func id(_ create: CQLCreateTable) throws(StatementError) -> CQLUUID {
        guard let given = create.properties.first(where: { $0.name == "id" }) else {
            return .random()
        }
        guard case .text(let text) = given.value, let id = CQLUUID(text) else {
            throw .configuration("Invalid table id")
        }
        return id
    }

    func alter(
        _ alter: CQLAlterTable, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(alter.name, schema, current)
        guard let table = keyspace.tables[alter.name.name] else {
            if alter.ifExists { return nil }
            throw .invalid("Table '\(keyspace.name).\(alter.name.name)' doesn't exist")
        }
        let changed: Table
        switch alter.change {
        case .add(let columns, let ifNotExists):
            changed = try Self.adding(columns, ifNotExists, to: table, keyspace)
        case .drop(let names, let ifExists):
            changed = try Self.dropping(names, ifExists, from: table)
        case .rename(let renames): changed = try Self.renaming(renames, in: table)
        case .with(let properties):
            var options = table.options
            try options.apply(properties)
            changed = table.changed(options: options)
        }
        keyspace.tables[table.name] = changed
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)])
    }

    private static func adding(
        _ definitions: [CQLColumnDefinition], _ ifNotExists: Bool, to table: Table,
        _ keyspace: Keyspace
    ) throws(StatementError) -> Table {
        var columns = table.columns
        var nextID = table.nextColumnID
        for definition in definitions {
            if columns.contains(where: { $0.name == definition.name }) {
                if ifNotExists { continue }
                throw .invalid("Column with name '\(definition.name)' already exists")
            }
            let type = try TypeResolver.resolve(
                definition.type, types: keyspace.types, keyspace: keyspace.name)
            guard type.isCounter == table.isCounter else {
                throw .invalid(
                    table.isCounter
                        ? "Cannot have a non counter column (\"\(definition.name)\") in a "
                            + "counter table"
                        : "Cannot add a counter column (\"\(definition.name)\") in a non "
                            + "counter table"
                )
            }
            if definition.isStatic, !table.hasClustering {
                throw .invalid(
                    "Static columns are only useful (and thus allowed) if the table has at least "
                        + "one clustering column")
            }
            guard columns.count < StoreLimits.tableColumnsMax, nextID < .max else {
                throw .invalid("A table has at most \(StoreLimits.tableColumnsMax) columns")
            }
            columns.append(
                Column(
                    name: definition.name, id: nextID,
                    kind: definition.isStatic ? .fixed : .regular, position: -1, type: type))
            nextID += 1
        }
        return table.changed(columns: columns, nextColumnID: nextID)
    }

    private static func dropping(
        _ names: [String], _ ifExists: Bool, from table: Table
    ) throws(StatementError) -> Table {
        var columns = table.columns
        for name in names {
            guard let index = columns.firstIndex(where: { $0.name == name }) else {
                if ifExists { continue }
                throw .invalid(
                    "Column \(name) was not found in table '\(table.keyspace).\(table.name)'")
            }
            guard !columns[index].isKey else {
                throw .invalid("Cannot drop PRIMARY KEY column \(name)")
            }
            columns.remove(at: index)
        }
        return table.changed(columns: columns)
    }

    private static func renaming(
        _ renames: [CQLOptionEntry], in table: Table
    ) throws(StatementError) -> Table {
        var columns = table.columns
        for rename in renames {
            guard let index = columns.firstIndex(where: { $0.name == rename.key }) else {
                throw .invalid(
                    "Column \(rename.key) was not found in table '\(table.keyspace).\(table.name)'")
            }
            guard columns[index].isKey else {
                throw .invalid("Cannot rename non PRIMARY KEY column \(rename.key)")
            }
            guard !columns.contains(where: { $0.name == rename.value }) else {
                throw .invalid(
                    "Cannot rename column \(rename.key) to \(rename.value) in table "
                        + "'\(table.keyspace).\(table.name)'; another column of that name "
                        + "already exists"
                )
            }
            columns[index].name = rename.value
        }
        return table.changed(columns: columns)
    }

    func dropTable(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard let keyspace = schema.keyspaces[keyspaceName], let table = keyspace.tables[name.name]
        else {
            if ifExists { return nil }
            throw .invalid("Table '\(keyspaceName).\(name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace)
        var changed = keyspace
        changed.tables[name.name] = nil
        return SchemaEdit(
            schema: schema.replacing(changed, version: .random()),
            change: SchemaChange(.dropped, keyspace: keyspaceName, .table(name.name)),
            removedTables: [CQLName(keyspace: keyspaceName, name.name)],
            droppedStorage: [table.storageID])
    }

    /// A new storage id makes all rows vanish at once, whatever is being written.
    mutating func truncate(
        _ name: CQLName, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let table = try schema.table(name, current: current)
        var keyspace = try schema.keyspace(table.keyspace)
        try Self.checkWritable(keyspace)
        keyspace.tables[table.name] = table.changed(storageID: nextStorageID)
        nextStorageID += 1
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: schema.version),
            change: SchemaChange(.updated, keyspace: table.keyspace, .table(table.name)),
            savedTables: [CQLName(keyspace: table.keyspace, table.name)],
            droppedStorage: [table.storageID], isSilent: true)
    }

    // MARK: Types

    func create(
        _ create: CQLCreateType, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(create.name, schema, current)
        let name = create.name.name
        if keyspace.types[name] != nil {
            if create.ifNotExists { return nil }
            throw .invalid("A user type with name '\(name)' already exists")
        }
        var fields: [CQLUserType.Field] = []
        for field in create.fields {
            guard !fields.contains(where: { $0.name == field.name }) else {
                throw .invalid("Duplicate field name \"\(field.name)\" in type \"\(name)\"")
            }
            let type = try TypeResolver.resolve(
                field.type, types: keyspace.types, keyspace: keyspace.name)
            guard !type.isCounter else { throw .invalid("A user type cannot contain counters") }
            fields.append(.init(field.name, type))
        }
        keyspace.types[name] = CQLUserType(keyspace: keyspace.name, name: name, fields: fields)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name, .type(name)),
            savedKeyspaces: [keyspace.name])
    }

    func dropType(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(name, schema, current)
        guard keyspace.types[name.name] != nil else {
            if ifExists { return nil }
            throw .invalid("Type '\(keyspace.name).\(name.name)' doesn't exist")
        }
        let users = keyspace.tables.values.filter { table in
            table.columns.contains { $0.type.uses(name.name) }
        }
        let types = keyspace.types.values.filter { type in
            type.name != name.name && type.fields.contains { $0.type.uses(name.name) }
        }
        guard users.isEmpty, types.isEmpty else {
            throw .invalid(
                "Cannot drop user type '\(keyspace.name).\(name.name)' as it is still used by "
                    + (users.isEmpty ? "user types" : "tables") + " "
                    + (users.isEmpty ? types.map(\.name) : users.map(\.name)).sorted()
                    .joined(separator: ", "))
        }
        keyspace.types[name.name] = nil
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.dropped, keyspace: keyspace.name, .type(name.name)),
            savedKeyspaces: [keyspace.name])
    }
}

extension CQLType {
    /// Whether a user-defined type of that name stands anywhere in it.
    fileprivate func uses(_ name: String) -> Bool {
        switch self {
        case .udt(let type): type.name == name || type.fields.contains { $0.type.uses(name) }
        case .list(let inner), .set(let inner), .frozen(let inner), .vector(let inner, _):
            inner.uses(name)
        case .map(let key, let value): key.uses(name) || value.uses(name)
        case .tuple(let parts): parts.contains { $0.uses(name) }
        default: false
        }
    }
}
