// The outbox's other end in SQLite: claimed, marked, deleted, counted.

import Foundation
import GRDB

enum SQLiteOutbox {
    /// Rows behind the cursor, by rising sequence.
    static func rows(
        _ database: Database, after position: OutboxCursor.Position, limit: Int
    ) throws -> [OutboxRow] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, topic, key, value, headers, run_id, fetched_at_ms, landed_at_ms
                FROM outbox LEFT JOIN landing_runs ON number = run
                WHERE sequence > ? ORDER BY sequence LIMIT ?
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [position.handedOut, limit])
        var rows: [OutboxRow] = []
        while let row = try cursor.next() {
            let sequence: Int64 = row[0]
            let headers = bytes(row, 4)
            rows.append(
                OutboxRow(
                    sequence: sequence, topic: row[1], key: bytes(row, 2), value: bytes(row, 3),
                    headers: headers.isEmpty ? [] : OutboxHeaders.decode(headers) ?? [],
                    run: row[5] ?? "", fetchedAtMilliseconds: row[6], landedAtMilliseconds: row[7],
                    isResend: sequence <= position.marked))
        }
        return rows
    }

    private static func bytes(_ row: Row, _ index: Int) -> [UInt8] {
        (try? row.withUnsafeData(atIndex: index) { data in data.map(Array.init) ?? [] }) ?? []
    }

    static func mark(_ database: Database, through last: Int64) throws {
        try database.cachedStatement(
            sql: "UPDATE landing_state SET claimed_through = max(claimed_through, ?)"
        ).execute(arguments: [last])
    }

    static func delete(_ database: Database, _ ranges: [ClosedRange<Int64>]) throws {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM outbox WHERE sequence BETWEEN ? AND ?")
        for range in ranges {
            try statement.execute(arguments: [range.lowerBound, range.upperBound])
        }
    }

    static func pending(_ database: Database, run: String) throws -> Int {
        let statement = try database.cachedStatement(
            sql: """
                SELECT count(*) FROM outbox
                WHERE run = (SELECT number FROM landing_runs WHERE run_id = ?)
                """)
        return try Int.fetchOne(statement, arguments: [run]) ?? 0
    }

    static func counts(_ database: Database) throws -> LandingCounts {
        var counts = LandingCounts()
        for row in try Row.fetchAll(
            database, sql: "SELECT gender, count(*) FROM users GROUP BY gender")
        {
            counts.peopleByGender[row[0]] = row[1]
        }
        counts.pending = try Int.fetchOne(database, sql: "SELECT count(*) FROM outbox") ?? 0
        counts.rejected = try Int.fetchOne(database, sql: "SELECT count(*) FROM rejections") ?? 0
        return counts
    }
}
