// The figures of a store, for people and for scripts.

import CQLClient
import CQLProtocol
import MillraceBase

/// What `millrace store stats` shows.
struct StoreReport: Sendable {
    struct TableFigures: Sendable {
        var keyspace: String
        var name: String
        var bytes: Int
        var garbage: Int
        /// `nil` when they were not counted.
        var rows: Int?
    }

    var cluster: String
    var release: String
    var tables: [TableFigures]
    /// By their names in `system_views.storage_statistics`; empty for a real Cassandra.
    var storage: [(name: String, value: Int)]
    /// `commitlog_sync`, as far as the store tells.
    var sync: String?

    static func read(
        _ session: CQLSession, countsRows: Bool, showsSystem: Bool
    ) async throws -> StoreReport {
        let local = try await session.execute(
            "SELECT cluster_name, release_version FROM system.local WHERE key = 'local'",
            isIdempotent: true)
        var report = StoreReport(
            cluster: try local.first?[0].description ?? "",
            release: try local.first?[1].description ?? "", tables: [], storage: [])
        let isOurs = try await isOurs(session)
        report.tables = isOurs ? try await own(session) : try await estimated(session)
        if !showsSystem { report.tables.removeAll { $0.keyspace.hasPrefix("system") } }
        if countsRows {
            for index in report.tables.indices {
                report.tables[index].rows = try await rows(of: report.tables[index], session)
            }
        }
        guard isOurs else { return report }
        for try await row in session.rows("SELECT name, value FROM system_views.storage_statistics")
        {
            report.storage.append((try row[0].description, Int(try row[1].int64 ?? 0)))
        }
        report.storage.sort { $0.name < $1.name }
        for name in ["commitlog_sync", "commitlog.sync"] where report.sync == nil {
            let found = try await session.execute(
                "SELECT value FROM system_views.settings WHERE name = '\(name)'", isIdempotent: true
            )
            report.sync = try found.first?[0].string
        }
        return report
    }

    /// - Throws: `Failure` for a store that is not ours.
    static func demandOurs(_ session: CQLSession) async throws {
        guard try await !isOurs(session) else { return }
        throw Failure(
            "this store compacts by its own command", at: "cluster \(session.cluster?.name ?? "?")",
            because: "it is no store of ours", next: "nodetool compact on its hosts")
    }

    private static func isOurs(_ session: CQLSession) async throws -> Bool {
        let found = try await session.execute(
            "SELECT keyspace_name FROM system_schema.keyspaces", isIdempotent: true)
        guard try found.contains(where: { try $0[0].string != nil }) else { return false }
        do throws(CQLError) {
            try await session.execute(
                "SELECT name FROM system_views.storage_statistics LIMIT 1", isIdempotent: true)
            return true
        } catch {
            guard error.serverCode == .invalid else { throw error }
            return false
        }
    }

    private static func own(_ session: CQLSession) async throws -> [TableFigures] {
        var tables: [TableFigures] = []
        for try await row in session.rows(
            "SELECT keyspace_name, table_name, bytes, garbage FROM system_views.table_statistics")
        {
            tables.append(
                TableFigures(
                    keyspace: try row[0].description, name: try row[1].description,
                    bytes: Int(try row[2].int64 ?? 0), garbage: Int(try row[3].int64 ?? 0)))
        }
        return tables
    }

    /// What Cassandra itself estimates for its own ranges.
    private static func estimated(_ session: CQLSession) async throws -> [TableFigures] {
        var sums: [String: TableFigures] = [:]
        for try await row in session.rows(
            "SELECT keyspace_name, table_name FROM system_schema.tables")
        {
            let (keyspace, name) = (try row[0].description, try row[1].description)
            sums[keyspace + "." + name] = TableFigures(
                keyspace: keyspace, name: name, bytes: 0, garbage: 0)
        }
        for try await row in session.rows(
            "SELECT keyspace_name, table_name, mean_partition_size, partitions_count "
                + "FROM system.size_estimates")
        {
            let key = "\(try row[0]).\(try row[1])"
            sums[key]?.bytes += Int((try row[2].int64 ?? 0) * (try row[3].int64 ?? 0))
        }
        return sums.values.sorted { ($0.keyspace, $0.name) < ($1.keyspace, $1.name) }
    }

    private static func rows(of table: TableFigures, _ session: CQLSession) async throws -> Int {
        let known = try await TableColumns.read((table.keyspace, table.name), from: session)
        let key = known.names(.partitionKey).map(CQLIdentifier.quoted).joined(separator: ", ")
        let count = try await session.prepare(
            "SELECT count(*) FROM \(known.place) WHERE token(\(key)) > ? AND token(\(key)) <= ?")
        var sum = 0
        // One count over all would run into the server's own time limit.
        for range in TokenRange.all(16) {
            let rows = try await session.execute(
                count, [.bigint(range.start), .bigint(range.end)], isIdempotent: true)
            sum += Int(try rows.first?[0].int64 ?? 0)
        }
        return sum
    }

    // MARK: Showing

    private static let barWidth = 20

    var text: String {
        let countsRows = tables.contains { $0.rows != nil }
        var head = ["table", "size", "", "garbage"]
        if countsRows { head.append("rows") }
        var table = Table(head: head, numbers: [1, 3, 4])
        let largest = max(1, tables.map(\.bytes).max() ?? 1)
        for one in tables {
            let full = (one.bytes * Self.barWidth + largest - 1) / largest
            var row = [
                "\(one.keyspace).\(one.name)", Shown.bytes(one.bytes),
                String(repeating: "█", count: full)
                    + String(repeating: "░", count: Self.barWidth - full),
                Shown.count(one.garbage),
            ]
            if countsRows { row.append(one.rows.map(Shown.count) ?? "") }
            table.rows.append(row)
        }
        var lines = ["\(cluster), release \(release)" + (sync.map { ", sync \($0)" } ?? ""), ""]
        lines.append(tables.isEmpty ? "no tables" : table.text)
        guard !storage.isEmpty else { return lines.joined(separator: "\n") }
        var figures = Table(head: ["storage", "value"], numbers: [1])
        for (name, value) in storage {
            let isBytes = name.hasSuffix("_bytes") || name.hasSuffix("bytes_pending")
            figures.rows.append([
                name.split(separator: "_").joined(separator: " "),
                isBytes ? Shown.bytes(value) : Shown.count(value),
            ])
        }
        return (lines + ["", figures.text]).joined(separator: "\n")
    }

    var json: JSONValue {
        [
            "cluster": .string(cluster), "release": .string(release), "sync": JSONValue(sync),
            "tables": .array(
                tables.map {
                    [
                        "keyspace": .string($0.keyspace), "table": .string($0.name),
                        "bytes": JSONValue($0.bytes), "garbage": JSONValue($0.garbage),
                        "rows": JSONValue($0.rows),
                    ]
                }),
            "storage": .object(JSONObject(storage.map { ($0.name, JSONValue($0.value)) })),
        ]
    }
}
