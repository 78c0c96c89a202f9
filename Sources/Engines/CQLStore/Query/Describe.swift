// DESCRIBE, answered by the server since Cassandra 4: rows of names, or of statements.

import CQLProtocol

/// Source: Cassandra's `DescribeStatement`; columns as cqlsh 6 reads them.
struct Describe {
    let schema: Schema
    let current: String?
    let identity: NodeIdentity

    private struct Element {
        var keyspace: String
        var type: String
        var name: String
        /// Only of the forms that show statements.
        var statement: String?
    }

    func run(
        _ describe: CQLDescribe, _ options: ReadOptions
    ) throws(StatementError) -> CQLResult {
        let internals = describe.internals
        switch describe.subject {
        case .cluster: return cluster()
        case .keyspaces:
            return try list(
                keyspaces.map { Element(keyspace: $0.name, type: "keyspace", name: $0.name) },
                options)
        case .tables: return try list(try named("table") { Array($0.tables.keys) }, options)
        case .types: return try list(try named("type") { Array($0.types.keys) }, options)
        case .functions, .aggregates: return try list([], options)
        case .schema(let full):
            let shown = full ? keyspaces : keyspaces.filter { !$0.isClosed }
            return try statements(shown.flatMap { all($0, internals) }, options)
        case .keyspace(let name, let only):
            let keyspace = try keyspace(named: name)
            return try statements(only ? [element(keyspace)] : all(keyspace, internals), options)
        case .table(let name):
            let keyspace = try keyspace(named: name.keyspace)
            guard let table = keyspace.tables[name.name] else {
                throw .invalid("Table '\(name.name)' not found in keyspace '\(keyspace.name)'")
            }
            return try statements(withIndexes(table, internals), options)
        case .type(let name):
            let keyspace = try keyspace(named: name.keyspace)
            guard let type = keyspace.types[name.name] else {
                throw missing("User defined type", name, keyspace)
            }
            return try statements([element(type)], options)
        case .function(let name):
            throw missing("User defined function", name, try keyspace(named: name.keyspace))
        case .aggregate(let name):
            throw missing("User defined aggregate", name, try keyspace(named: name.keyspace))
        case .index(let name):
            let keyspace = try keyspace(named: name.keyspace)
            guard let index = index(name.name, keyspace) else {
                throw missing("Table for existing index", name, keyspace)
            }
            return try statements([index], options)
        case .view(let name):
            let keyspace = try keyspace(named: name.keyspace)
            guard let view = keyspace.views[name.name] else {
                throw missing("Materialized view", name, keyspace)
            }
            return try statements([element(view: view, internals)], options)
        case .anything(let name):
            return try statements(try anything(name, internals), options)
        }
    }

    private func missing(
        _ what: String, _ name: CQLName, _ keyspace: Keyspace
    ) -> StatementError {
        .invalid("\(what) '\(name.name)' not found in '\(keyspace.name)'")
    }

    /// Names are compared without their case, as Cassandra does.
    private static func isBefore(_ a: String, _ b: String) -> Bool {
        let (left, right) = (a.lowercased(), b.lowercased())
        return left == right ? a < b : left < right
    }

    private var keyspaces: [Keyspace] {
        schema.keyspaces.values.sorted { Self.isBefore($0.name, $1.name) }
    }

    private func keyspace(named name: String?) throws(StatementError) -> Keyspace {
        guard let name = name ?? current else {
            throw .invalid("No keyspace specified and no current keyspace")
        }
        guard let keyspace = schema.keyspaces[name] else {
            throw .invalid("'\(name)' not found in keyspaces")
        }
        return keyspace
    }

    /// Names in the connection's keyspace, or in all.
    private func named(
        _ type: String, _ names: (Keyspace) -> [String]
    ) throws(StatementError) -> [Element] {
        let scope = current == nil ? keyspaces : [try keyspace(named: current)]
        return scope.flatMap { keyspace in
            names(keyspace).sorted(by: Self.isBefore).map {
                Element(keyspace: keyspace.name, type: type, name: $0)
            }
        }
    }

    /// A keyspace, a table, an index or a view, in this order.
    private func anything(
        _ name: CQLName, _ internals: Bool
    ) throws(StatementError) -> [Element] {
        if name.keyspace == nil, let keyspace = schema.keyspaces[name.name] {
            return all(keyspace, internals)
        }
        let keyspace = try keyspace(named: name.keyspace ?? current ?? name.name)
        if let table = keyspace.tables[name.name] { return withIndexes(table, internals) }
        if let index = index(name.name, keyspace) { return [index] }
        if let view = keyspace.views[name.name] { return [element(view: view, internals)] }
        throw .invalid("'\(name.name)' not found in keyspace '\(keyspace.name)'")
    }

    // MARK: Elements

    private func element(_ keyspace: Keyspace) -> Element {
        Element(
            keyspace: keyspace.name, type: "keyspace", name: keyspace.name,
            statement: SchemaText.create(keyspace))
    }

    private func element(_ type: CQLUserType) -> Element {
        Element(
            keyspace: type.keyspace, type: "type", name: type.name,
            statement: SchemaText.create(type))
    }

    private func element(view: Table, _ internals: Bool) -> Element {
        Element(
            keyspace: view.keyspace, type: "materialized_view", name: view.name,
            statement: SchemaText.create(view: view, internals: internals))
    }

    private func element(_ index: TableIndex, _ table: Table) -> Element {
        Element(
            keyspace: table.keyspace, type: "index", name: index.name,
            statement: SchemaText.create(index, of: table))
    }

    private func index(_ name: String, _ keyspace: Keyspace) -> Element? {
        for table in keyspace.tables.values {
            for index in table.indexes where index.name == name { return element(index, table) }
        }
        return nil
    }

    /// A table with its indexes. Its views are shown with their keyspace only.
    private func withIndexes(_ table: Table, _ internals: Bool) -> [Element] {
        let own = Element(
            keyspace: table.keyspace, type: "table", name: table.name,
            statement: SchemaText.create(table, internals: internals))
        let indexes = table.indexes.sorted { Self.isBefore($0.name, $1.name) }
        return [own] + indexes.map { element($0, table) }
    }

    private func withParts(_ table: Table, _ internals: Bool) -> [Element] {
        let views = table.views.sorted { Self.isBefore($0.name, $1.name) }
        return withIndexes(table, internals) + views.map { element(view: $0, internals) }
    }

    private func all(_ keyspace: Keyspace, _ internals: Bool) -> [Element] {
        [element(keyspace)] + keyspace.typesInOrder.map { element($0) }
            + keyspace.tables.values.sorted { Self.isBefore($0.name, $1.name) }
            .flatMap { withParts($0, internals) }
    }

    // MARK: Answers

    private func columns(_ names: [String]) -> [CQLColumn] {
        names.map { CQLColumn(keyspace: "system", table: "describe", name: $0, type: .text) }
    }

    private func list(
        _ elements: [Element], _ options: ReadOptions
    ) throws(StatementError) -> CQLResult {
        try page(elements, ["keyspace_name", "type", "name"], options) { item in
            [SchemaText.quoted(item.keyspace), item.type, SchemaText.quoted(item.name)]
        }
    }

    private func statements(
        _ elements: [Element], _ options: ReadOptions
    ) throws(StatementError) -> CQLResult {
        try page(
            elements, ["keyspace_name", "type", "name", "create_statement"], options
        ) { item in
            [
                SchemaText.quoted(item.keyspace), item.type, SchemaText.quoted(item.name),
                item.statement ?? "",
            ]
        }
    }

    private func page(
        _ elements: [Element], _ names: [String], _ options: ReadOptions,
        _ cells: (Element) -> [String]
    ) throws(StatementError) -> CQLResult {
        let start = try DescribePage.offset(options.pagingState, schema)
        let size = options.pageSize.map { Int($0) } ?? 0
        let end = size > 0 ? min(elements.count, start + size) : elements.count
        var rows = RowsWriter(metadata: ResultMetadata(columns: columns(names)))
        for item in elements[min(start, elements.count)..<max(end, min(start, elements.count))] {
            for cell in cells(item) { rows.append(Array(cell.utf8)) }
            rows.endRow()
        }
        let more = end < elements.count ? DescribePage.state(offset: end, schema) : nil
        return .builtRows(rows.finish(pagingState: more, skipsMetadata: false))
    }

    private func cluster() -> CQLResult {
        let ranges = MapOfRanges.type
        var shown = columns(["cluster", "partitioner", "snitch"])
        let ownsRanges = current.map { schema.keyspaces[$0]?.isClosed == false } ?? false
        if ownsRanges {
            shown.append(
                CQLColumn(
                    keyspace: "system", table: "describe", name: "range_ownership", type: ranges))
        }
        var rows = RowsWriter(metadata: ResultMetadata(columns: shown))
        for text in [identity.clusterName, "Murmur3Partitioner", "SimpleSnitch"] {
            rows.append(Array(text.utf8))
        }
        if ownsRanges { rows.append(MapOfRanges.bytes(identity)) }
        rows.endRow()
        return .builtRows(rows.finish())
    }
}

/// Which host has which range: all are the one node's.
private enum MapOfRanges {
    static let type = CQLType.map(.text, .list(.text))

    static func bytes(_ identity: NodeIdentity) -> [UInt8] {
        let host = CollectionBuilder.bytes(
            of: [Array("/\(identity.address):7000".utf8)], type: .list(.text))
        return CollectionBuilder.bytes(
            of: NodeIdentity.tokens.flatMap { [Array(String($0).utf8), host] }, type: type)
    }
}

/// Where the next page of a DESCRIBE begins: a version, the schema it belongs to, and a row.
enum DescribePage {
    private static let version: UInt8 = 0xDE

    static func state(offset: Int, _ schema: Schema) -> [UInt8] {
        [version] + schema.version.bytes + UInt32(clamping: offset).bigBytes
    }

    static func offset(
        _ state: [UInt8]?, _ schema: Schema
    ) throws(StatementError) -> Int {
        guard let state else { return 0 }
        guard state.count == 21, state[0] == version else {
            throw PagingState.unreadable
        }
        guard Array(state[1..<17]) == schema.version.bytes else {
            throw .invalid(
                "The schema has changed since the previous page of the DESCRIBE statement result. "
                    + "Please retry the DESCRIBE statement.")
        }
        return state[17...].reduce(0) { $0 << 8 | Int($1) }
    }
}

extension Keyspace {
    /// Types behind those that they use.
    var typesInOrder: [CQLUserType] {
        var out: [CQLUserType] = []
        var waiting = types.values.sorted { $0.name < $1.name }
        while !waiting.isEmpty {
            let ready = waiting.filter { type in
                type.fields.allSatisfy { field in
                    waiting.allSatisfy { $0.name == type.name || !field.type.uses($0.name) }
                }
            }
            guard !ready.isEmpty else { return out + waiting }
            out += ready
            waiting.removeAll { type in ready.contains { $0.name == type.name } }
        }
        return out
    }
}
