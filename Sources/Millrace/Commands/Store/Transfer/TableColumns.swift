// A table as an export or import needs to know it.

import CQLClient
import CQLProtocol
import MillraceBase

/// The columns of a table by the server's own account.
struct TableColumns: Sendable, Equatable {
    enum Kind: String, Sendable {
        case partitionKey = "partition_key"
        case clustering
        case `static`
        case regular
    }

    struct Column: Sendable, Equatable {
        var name: String
        var kind: Kind
        var position: Int
        var type: String
    }

    var keyspace: String
    var table: String
    /// Keys first, in their order, then the others by name.
    var columns: [Column]

    var place: String { CQLIdentifier.quoted(keyspace) + "." + CQLIdentifier.quoted(table) }
    var isCounters: Bool { columns.contains { $0.type == "counter" } }

    func names(_ kind: Kind) -> [String] { columns.filter { $0.kind == kind }.map(\.name) }

    static func read(
        _ name: (keyspace: String, table: String), from session: CQLSession
    ) async throws -> TableColumns {
        let rows = try await session.execute(
            "SELECT column_name, kind, position, type FROM system_schema.columns "
                + "WHERE keyspace_name = ? AND table_name = ?",
            [.text(name.keyspace), .text(name.table)], options: .idempotent)
        var columns: [Column] = []
        for row in rows {
            guard let kind = Kind(rawValue: try row["kind"].description) else { continue }
            columns.append(
                Column(
                    name: try row["column_name"].description, kind: kind,
                    position: Int(try row["position"].int64 ?? -1),
                    type: try row["type"].description))
        }
        guard !columns.isEmpty else {
            throw Failure(
                "there is no such table", at: "\(name.keyspace).\(name.table)",
                next: "millrace cql -e 'DESCRIBE TABLES'")
        }
        let order: [Kind] = [.partitionKey, .clustering, .static, .regular]
        columns.sort { a, b in
            let (left, right) = (
                order.firstIndex(of: a.kind) ?? 0, order.firstIndex(of: b.kind) ?? 0
            )
            return (left, a.position, a.name) < (right, b.position, b.name)
        }
        return TableColumns(keyspace: name.keyspace, table: name.table, columns: columns)
    }

    /// The columns of those names, or all.
    ///
    /// - Throws: `Failure` that names what is not there.
    func chosen(_ names: [String]?) throws -> [Column] {
        guard let names else { return columns }
        return try names.map { name in
            guard let column = columns.first(where: { $0.name == name }) else {
                throw Failure(
                    "there is no such column", at: name,
                    because: "\(place) has " + columns.map(\.name).joined(separator: ", "),
                    next: "--columns with names of the table")
            }
            return column
        }
    }

    /// The rows of a token range: `token(key) > ? AND token(key) <= ?`.
    func selectRange(_ columns: [Column]) -> String {
        let key = names(.partitionKey).map(CQLIdentifier.quoted).joined(separator: ", ")
        let list = columns.map { CQLIdentifier.quoted($0.name) }.joined(separator: ", ")
        return "SELECT \(list) FROM \(place) WHERE token(\(key)) > ? AND token(\(key)) <= ?"
    }

    /// - Parameter ttl: seconds that all rows live; `nil`: as the table says.
    func insert(_ columns: [Column], ttl: Int?) -> String {
        let list = columns.map { CQLIdentifier.quoted($0.name) }.joined(separator: ", ")
        let markers = columns.map { _ in "?" }.joined(separator: ", ")
        let using = ttl.map { " USING TTL \($0)" } ?? ""
        return "INSERT INTO \(place) (\(list)) VALUES (\(markers))\(using)"
    }

    /// Counters cannot be set: what they have is added to what is there.
    func addCounters(_ columns: [Column]) -> String {
        let isKey = { (column: Column) in column.kind == .partitionKey || column.kind == .clustering
        }
        let sets = columns.filter { !isKey($0) }.map {
            let name = CQLIdentifier.quoted($0.name)
            return "\(name) = \(name) + ?"
        }
        let keys = columns.filter(isKey).map { CQLIdentifier.quoted($0.name) + " = ?" }
        return "UPDATE \(place) SET \(sets.joined(separator: ", ")) "
            + "WHERE \(keys.joined(separator: " AND "))"
    }
}

/// A part of the ring: tokens above `start` up to `end`.
struct TokenRange: Sendable, Equatable {
    var start: Int64
    var end: Int64

    /// The whole ring in equal parts. No key has the lowest token.
    static func all(_ count: Int) -> [TokenRange] {
        let width = UInt64.max / UInt64(count)
        return (0..<count).map { index in
            let start = Int64.min &+ Int64(bitPattern: width &* UInt64(index))
            let end =
                index == count - 1
                ? Int64.max : Int64.min &+ Int64(bitPattern: width &* UInt64(index + 1))
            return TokenRange(start: start, end: end)
        }
    }
}
