// The names that a shell completes: keyspaces, tables, columns, types.

import CQLClient
import CQLProtocol

/// What the schema is called, read once and after each change of it.
struct SchemaNames: Sendable {
    /// By keyspace.
    var tables: [String: [String]] = [:]
    /// By keyspace, then by table.
    var columns: [String: [String: [String]]] = [:]
    var types: [String: [String]] = [:]

    var keyspaces: [String] { tables.keys.sorted() }

    /// - Throws: whatever the server answers; a shell without names is still a shell.
    static func read(from session: CQLSession) async throws(CQLError) -> SchemaNames {
        var names = SchemaNames()
        for try await row in session.rows("SELECT keyspace_name FROM system_schema.keyspaces") {
            names.tables[try row[0].description] = []
        }
        for try await row in session.rows(
            "SELECT keyspace_name, table_name, column_name FROM system_schema.columns")
        {
            let (keyspace, table) = (try row[0].description, try row[1].description)
            names.columns[keyspace, default: [:]][table, default: []]
                .append(try row[2].description)
        }
        for (keyspace, tables) in names.columns { names.tables[keyspace] = tables.keys.sorted() }
        for try await row in session.rows(
            "SELECT keyspace_name, type_name FROM system_schema.types")
        {
            names.types[try row[0].description, default: []].append(try row[1].description)
        }
        return names
    }
}

/// Which words may stand where the cursor is.
struct ShellCompletion: Sendable {
    var names: SchemaNames
    /// The keyspace of names without one.
    var keyspace: String?

    static let openings = [
        "ALTER", "BEGIN", "CLEAR", "CONSISTENCY", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXIT",
        "EXPAND", "GRANT", "HELP", "INSERT", "LIST", "PAGING", "REVOKE", "SELECT", "SERIAL",
        "SHOW", "SOURCE", "TRACING", "TRUNCATE", "UPDATE", "USE",
    ]
    static let keywords = [
        "AGGREGATE", "ALLOW", "AND", "APPLY", "AS", "ASC", "BATCH", "BY", "CLUSTERING", "CONTAINS",
        "CUSTOM", "DESC", "DISTINCT", "EXISTS", "FILTERING", "FROM", "FROZEN", "FUNCTION", "GROUP",
        "IF", "IN", "INDEX", "INTO", "JSON", "KEY", "KEYSPACE", "LIMIT", "MATERIALIZED", "NOT",
        "NULL", "ORDER", "PARTITION", "PER", "PRIMARY", "REPLICATION", "ROLE", "SET", "STATIC",
        "TABLE", "TIMESTAMP", "TOKEN", "TTL", "TYPE", "UNLOGGED", "USING", "VALUES", "VIEW",
        "WHERE", "WITH", "WRITETIME",
    ]

    /// - Returns: the words, sorted, and how many characters before the cursor they replace.
    func words(before: String) -> (words: [String], length: Int) {
        let start = before.lastIndex { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "\"") }
        let word = String(start.map { before[before.index(after: $0)...] } ?? before[...])
        let head = String(before.dropLast(word.count))
        let found = candidates(head).filter {
            $0.lowercased().hasPrefix(word.lowercased()) && !word.isEmpty || word.isEmpty
        }
        // Without a letter only names are offered: all keywords would fill the screen.
        return (Array(Set(found)).sorted(), word.count)
    }

    private func candidates(_ head: String) -> [String] {
        let words = head.uppercased().split { $0.isWhitespace || $0 == "," || $0 == "(" }
        guard let last = words.last else { return Self.openings }
        if head.hasSuffix(".") { return members(String(head.dropLast())) }
        let isTable =
            ["FROM", "INTO", "UPDATE", "TRUNCATE", "TABLE", "COLUMNFAMILY"].contains(String(last))
        let isDescribe = ["DESCRIBE", "DESC"].contains(String(words[0]))
        if isTable || isDescribe && words.count == 1 {
            return local + names.keyspaces.map(CQLIdentifier.quoted)
                + (isDescribe
                    ? [
                        "CLUSTER", "KEYSPACE", "KEYSPACES", "SCHEMA", "TABLE", "TABLES", "TYPE",
                        "TYPES",
                    ] : [])
        }
        switch (words[0], last) {
        case (_, "KEYSPACE"), ("USE", _): return names.keyspaces.map(CQLIdentifier.quoted)
        case ("CONSISTENCY", _): return Consistency.allCases.map(\.name)
        case ("SERIAL", "SERIAL"): return ["CONSISTENCY"]
        case ("TRACING", _), ("PAGING", _), ("EXPAND", _): return ["ON", "OFF"]
        case ("SHOW", _): return ["HOST", "SESSION", "VERSION"]
        default: return Self.keywords + columns(in: head)
        }
    }

    private var local: [String] {
        (keyspace.flatMap { names.tables[$0] } ?? []).map(CQLIdentifier.quoted)
    }

    /// What stands after `keyspace.`
    private func members(_ owner: String) -> [String] {
        let keyspace = owner.split { !($0.isLetter || $0.isNumber || $0 == "_") }.last ?? ""
        let name = names.tables[String(keyspace)] != nil ? String(keyspace) : keyspace.lowercased()
        return ((names.tables[name] ?? []) + (names.types[name] ?? [])).map(CQLIdentifier.quoted)
    }

    /// Of the tables that the statement names, or of all in the keyspace before it names one.
    private func columns(in head: String) -> [String] {
        let words = Set(head.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        var found: Set<String> = []
        for (_, tables) in names.columns {
            for (table, columns) in tables where words.contains(table) { found.formUnion(columns) }
        }
        if found.isEmpty, let keyspace {
            for columns in (names.columns[keyspace] ?? [:]).values { found.formUnion(columns) }
        }
        return found.map(CQLIdentifier.quoted)
    }
}
