// A table as the sink needs to know it, and whether a query's columns fit it.

import CQLClient
import CQLProtocol
import StreamPlan

/// The columns of a table by the server's own account (`system_schema.columns`).
struct CassandraTable: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        var name: String
        var type: String
        /// `partition_key`, `clustering`, `static`, `regular`.
        var kind: String

        var isKey: Bool { kind == "partition_key" || kind == "clustering" }
    }

    var keyspace: String
    var name: String
    var columns: [Column]

    var place: String { "\(keyspace).\(name)" }

    /// - Throws: not retriable when there is no such table.
    static func read(_ keyspace: String, _ name: String, from session: CQLSession)
        async throws(CQLError) -> CassandraTable
    {
        let rows = try await session.execute(
            "SELECT column_name, kind, type FROM system_schema.columns "
                + "WHERE keyspace_name = ? AND table_name = ?",
            [.text(keyspace), .text(name)], isIdempotent: true)
        var table = CassandraTable(keyspace: keyspace, name: name, columns: [])
        for row in rows {
            table.columns.append(
                Column(
                    name: try row["column_name"].string ?? "",
                    type: try row["type"].string ?? "", kind: try row["kind"].string ?? ""))
        }
        return table
    }

    /// Finds what is wrong with writing these columns to this table.
    ///
    /// - Returns: a sentence; `nil` when all is well.
    func problem(with output: [Attribute]) -> String? {
        guard !columns.isEmpty else {
            return "there is no table \(place)"
        }
        let names = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        let missing = output.map(\.name).filter { name in !columns.contains { $0.name == name } }
        if !missing.isEmpty {
            return "table \(place) has no column \(missing.joined(separator: ", ")); "
                + "its columns are \(names)"
        }
        let keys = columns.filter(\.isKey).map(\.name)
        let unset = keys.filter { key in !output.contains { $0.name == key } }
        if !unset.isEmpty {
            return "the query has no column \(unset.joined(separator: ", ")), which the key of "
                + "table \(place) needs; it has \(output.map(\.name).joined(separator: ", "))"
        }
        return nil
    }

    func isKey(_ name: String) -> Bool { columns.contains { $0.name == name && $0.isKey } }

    /// Cassandra refuses an empty value where it is the whole partition key.
    func isWholePartitionKey(_ name: String) -> Bool {
        columns.filter { $0.kind == "partition_key" }.map(\.name) == [name]
    }

    func insert(_ output: [Attribute]) -> String {
        let names = output.map { CQLIdentifier.quoted($0.name) }.joined(separator: ", ")
        let markers = output.map { _ in "?" }.joined(separator: ", ")
        let table = "\(CQLIdentifier.quoted(keyspace)).\(CQLIdentifier.quoted(name))"
        return "INSERT INTO \(table) (\(names)) VALUES (\(markers))"
    }
}
