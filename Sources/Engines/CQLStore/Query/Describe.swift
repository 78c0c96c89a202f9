// DESCRIBE, answered by the server since Cassandra 4: rows of names, or of statements.

import CQLProtocol

/// Source: Cassandra's `DescribeStatement`; columns as cqlsh 6 reads them.
struct Describe {
    let schema: Schema
    let current: String?
    let clusterName: String

    private struct Element {
        var keyspace: String
        var type: String
        var name: String
        var statement: String?
    }

    func run(
        _ describe: CQLDescribe, _ options: ReadOptions
    ) throws(StatementError) -> CQLResult {
        switch describe.subject {
        case .cluster: return cluster()
        case .keyspaces:
            return list(
                schema.keyspaces.values.map {
                    Element(keyspace: $0.name, type: "keyspace", name: $0.name)
                })
        case .tables:
            return list(
                try inScope().flatMap { keyspace in
                    keyspace.tables.keys.map {
                        Element(keyspace: keyspace.name, type: "table", name: $0)
                    }
                })
        case .types:
            return list(
                try inScope().flatMap { keyspace in
                    keyspace.types.keys.map {
                        Element(keyspace: keyspace.name, type: "type", name: $0)
                    }
                })
        case .functions, .aggregates: return list([])
        case .schema(let full):
            let keyspaces =
                full ? schema.keyspaces.values.sorted { $0.name < $1.name } : schema.userKeyspaces
            return statements(keyspaces.flatMap { all($0, describe.internals) })
        case .keyspace(let name, let only):
            guard let name = name ?? current else {
                throw .invalid("No keyspace specified and no current keyspace")
            }
            guard let keyspace = schema.keyspaces[name] else {
                throw .invalid("'\(name)' not found in keyspaces")
            }
            return statements(
                only ? [element(keyspace)] : all(keyspace, describe.internals))
        case .table(let name):
            let keyspace = try keyspace(name)
            guard let table = keyspace.tables[name.name] else {
                throw .invalid("Table '\(name.name)' not found in keyspace '\(keyspace.name)'")
            }
            return statements([element(table, describe.internals)])
        case .type(let name):
            let keyspace = try keyspace(name)
            guard let type = keyspace.types[name.name] else {
                throw .invalid("User defined type '\(name.name)' not found in '\(keyspace.name)'")
            }
            return statements([element(type)])
        case .function(let name): throw missing("User defined function", name)
        case .aggregate(let name): throw missing("User defined aggregate", name)
        case .index(let name): throw missing("Table for existing index", name)
        case .view(let name): throw missing("Materialized view", name)
        case .anything(let name): return try anything(name, describe.internals)
        }
    }

    private func missing(_ what: String, _ name: CQLName) -> StatementError {
        .invalid("\(what) '\(name.name)' not found in '\(name.keyspace ?? current ?? "")'")
    }

    private func keyspace(_ name: CQLName) throws(StatementError) -> Keyspace {
        guard let keyspaceName = name.keyspace ?? current else {
            throw .invalid("No keyspace specified and no current keyspace")
        }
        guard let keyspace = schema.keyspaces[keyspaceName] else {
            throw .invalid("'\(keyspaceName)' not found in keyspaces")
        }
        return keyspace
    }

    /// The connection's keyspace, or all.
    private func inScope() throws(StatementError) -> [Keyspace] {
        guard let current else { return Array(schema.keyspaces.values) }
        return [try schema.keyspace(current)]
    }

    private func anything(_ name: CQLName, _ internals: Bool) throws(StatementError) -> CQLResult {
        if name.keyspace == nil, let keyspace = schema.keyspaces[name.name] {
            return statements(all(keyspace, internals))
        }
        let keyspaceName = name.keyspace ?? current
        if let keyspace = keyspaceName.flatMap({ schema.keyspaces[$0] }) {
            if let table = keyspace.tables[name.name] {
                return statements([element(table, internals)])
            }
            if let type = keyspace.types[name.name] { return statements([element(type)]) }
        }
        throw .invalid("'\(name.name)' not found in keyspace '\(keyspaceName ?? "null")'")
    }

    // MARK: Elements

    private func element(_ keyspace: Keyspace) -> Element {
        Element(
            keyspace: keyspace.name, type: "keyspace", name: keyspace.name,
            statement: SchemaText.create(keyspace))
    }

    private func element(_ table: Table, _ internals: Bool) -> Element {
        Element(
            keyspace: table.keyspace, type: "table", name: table.name,
            statement: SchemaText.create(table, internals: internals))
    }

    private func element(_ type: CQLUserType) -> Element {
        Element(
            keyspace: type.keyspace, type: "type", name: type.name,
            statement: SchemaText.create(type))
    }

    private func all(_ keyspace: Keyspace, _ internals: Bool) -> [Element] {
        [element(keyspace)]
            + keyspace.typesInOrder.map { element($0) }
            + keyspace.tables.values.sorted { $0.name < $1.name }.map { element($0, internals) }
    }

    // MARK: Answers

    private func columns(_ names: [String]) -> ResultMetadata {
        ResultMetadata(
            columns: names.map {
                CQLColumn(keyspace: "system", table: "describe", name: $0, type: .text)
            })
    }

    private func list(_ elements: [Element]) -> CQLResult {
        var rows = RowsWriter(metadata: columns(["keyspace_name", "type", "name"]))
        for item in elements.sorted(by: { ($0.keyspace, $0.name) < ($1.keyspace, $1.name) }) {
            rows.append(Array(SchemaText.quoted(item.keyspace).utf8))
            rows.append(Array(item.type.utf8))
            rows.append(Array(SchemaText.quoted(item.name).utf8))
            rows.endRow()
        }
        return .builtRows(rows.finish())
    }

    private func statements(_ elements: [Element]) -> CQLResult {
        var rows = RowsWriter(
            metadata: columns(["keyspace_name", "type", "name", "create_statement"]))
        for item in elements {
            rows.append(Array(SchemaText.quoted(item.keyspace).utf8))
            rows.append(Array(item.type.utf8))
            rows.append(Array(SchemaText.quoted(item.name).utf8))
            rows.append(Array((item.statement ?? "").utf8))
            rows.endRow()
        }
        return .builtRows(rows.finish())
    }

    private func cluster() -> CQLResult {
        var rows = RowsWriter(metadata: columns(["cluster", "partitioner", "snitch"]))
        rows.append(Array(clusterName.utf8))
        rows.append(Array("Murmur3Partitioner".utf8))
        rows.append(Array("SimpleSnitch".utf8))
        rows.endRow()
        return .builtRows(rows.finish())
    }
}

extension Keyspace {
    /// Types behind those that they use.
    var typesInOrder: [CQLUserType] {
        var out: [CQLUserType] = []
        var waiting = types.values.sorted { $0.name < $1.name }
        while !waiting.isEmpty {
            let known = Set(out.map(\.name))
            let ready = waiting.filter { type in
                type.fields.allSatisfy { field in
                    waiting.allSatisfy {
                        $0.name == type.name || known.contains($0.name)
                            || !field.type.mentions($0.name)
                    }
                }
            }
            guard !ready.isEmpty else { return out + waiting }
            out += ready
            waiting.removeAll { type in ready.contains { $0.name == type.name } }
        }
        return out
    }
}

extension CQLType {
    fileprivate func mentions(_ name: String) -> Bool {
        switch self {
        case .udt(let type): type.name == name
        case .list(let inner), .set(let inner), .frozen(let inner), .vector(let inner, _):
            inner.mentions(name)
        case .map(let key, let value): key.mentions(name) || value.mentions(name)
        case .tuple(let parts): parts.contains { $0.mentions(name) }
        default: false
        }
    }
}
