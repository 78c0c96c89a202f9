// The answer to DESCRIBE for a person's eyes: statements as text, names in lists.

import CQLClient
import CQLProtocol

enum DescribeText {
    static func isDescribe(_ statement: String) -> Bool {
        let first = statement.prefix { !$0.isWhitespace }.lowercased()
        return first == "describe" || first == "desc"
    }

    /// - Returns: `nil` for a result that is better shown as a table.
    static func text(_ page: CQLRows) throws(CQLError) -> String? {
        let names = page.columns.map(\.name)
        if let index = names.firstIndex(of: "create_statement") {
            var statements: [String] = []
            for row in page { statements.append(try row[index].description) }
            return statements.joined(separator: "\n\n")
        }
        if names.first == "cluster", let row = page.first {
            var lines: [String] = []
            for (index, name) in names.enumerated() {
                let label = name.prefix(1).uppercased() + name.dropFirst()
                lines.append(
                    "\(label.split(separator: "_").joined(separator: " ")): \(try row[index])")
            }
            return lines.joined(separator: "\n")
        }
        guard names.contains("keyspace_name"), names.contains("type"), names.contains("name") else {
            return nil
        }
        var order: [String] = []
        var members: [String: [String]] = [:]
        var isOfKeyspaces = true
        for row in page {
            let keyspace = try row["keyspace_name"].description
            if try row["type"].description != "keyspace" { isOfKeyspaces = false }
            if members[keyspace] == nil { order.append(keyspace) }
            members[keyspace, default: []].append(try row["name"].description)
        }
        return text(order, members, isOfKeyspaces: isOfKeyspaces)
    }

    private static func text(
        _ order: [String], _ members: [String: [String]], isOfKeyspaces: Bool
    ) -> String {
        if isOfKeyspaces { return order.map(CQLIdentifier.quoted).joined(separator: "\n") }
        return order.map { keyspace in
            let title = "Keyspace \(CQLIdentifier.quoted(keyspace))"
            let names = (members[keyspace] ?? []).map { "  " + CQLIdentifier.quoted($0) }
            return ([title, String(repeating: "-", count: title.count)] + names)
                .joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// What a server before Cassandra 4 does not answer by itself: the lists of names.
    ///
    /// - Returns: `nil` for anything but the lists.
    static func names(
        _ statement: String, from session: CQLSession
    ) async throws(CQLError) -> String? {
        let words = statement.droppingSemicolon.lowercased().split(whereSeparator: \.isWhitespace)
        guard words.count == 2 else { return nil }
        let schema = try await SchemaNames.read(from: session)
        switch words[1] {
        case "keyspaces": return text(schema.keyspaces, [:], isOfKeyspaces: true)
        case "tables":
            let chosen = session.keyspace.map { [$0] } ?? schema.keyspaces
            return text(chosen, schema.tables, isOfKeyspaces: false)
        case "types":
            let chosen = session.keyspace.map { [$0] } ?? schema.types.keys.sorted()
            return text(chosen, schema.types, isOfKeyspaces: false)
        default: return nil
        }
    }
}
