// The outbox's other end in SQLite: claimed, marked, deleted, counted.

import GRDB

enum SQLiteOutbox {
    /// Rows behind the cursor, by rising sequence.
    static func rows(
        _ database: Database, after position: OutboxCursor.Position, limit: Int
    ) throws -> [OutboxRow] {
        let chunks = try DirectStatement(
            database,
            """
            SELECT first, count, topic, run_id, fetched_at_ms, landed_at_ms, records
            FROM outbox LEFT JOIN landing_runs ON number = run
            WHERE first >= coalesce((SELECT max(first) FROM outbox WHERE first <= ?1), 0)
            ORDER BY first
            """)
        defer { chunks.end() }
        try chunks.bind(1, position.handedOut)
        var rows: [OutboxRow] = []
        rows.reserveCapacity(limit)
        while rows.count < limit, try chunks.step() {
            let count = Int(chunks.int(1))
            guard chunks.int(0) + Int64(count) - 1 > position.handedOut else { continue }
            // A chunk that is claimed in two parts is written anew when one of them is
            // acknowledged: rather fewer rows, once there are many.
            let isMany = rows.count >= limit - limit / 4
            if isMany, rows.count + count > limit { break }
            try append(chunks, behind: position, to: &rows, limit: limit)
        }
        return rows
    }

    /// The records of the chunk at which the statement stands.
    private static func append(
        _ chunk: DirectStatement, behind position: OutboxCursor.Position,
        to rows: inout [OutboxRow],
        limit: Int
    ) throws {
        let first = chunk.int(0)
        let topic = chunk.text(2)
        let run = chunk.text(3)
        let (fetchedAt, landedAt) = (chunk.int(4), chunk.int(5))
        let isWhole = OutboxChunk.visit(chunk.bytes(6), count: Int(chunk.int(1))) { index, record in
            let sequence = first + Int64(index)
            guard sequence > position.handedOut else { return true }
            guard rows.count < limit else { return false }
            rows.append(
                OutboxRow(
                    sequence: sequence, topic: topic, key: Array(record.key),
                    value: Array(record.value),
                    headers: record.headers.isEmpty
                        ? [] : OutboxHeaders.decode(Array(record.headers)) ?? [],
                    run: run, fetchedAtMilliseconds: fetchedAt, landedAtMilliseconds: landedAt,
                    isResend: sequence <= position.marked))
            return true
        }
        guard isWhole else { throw OutboxChunkTable.damaged(first) }
    }

    static func mark(_ database: Database, through last: Int64) throws {
        try database.cachedStatement(
            sql: "UPDATE landing_state SET claimed_through = max(claimed_through, ?)"
        ).execute(arguments: [last])
    }

    static func delete(_ database: Database, _ ranges: [ClosedRange<Int64>]) throws {
        for range in ranges { try OutboxChunkTable.delete(range, in: database) }
    }

    static func pending(_ database: Database, run: String) throws -> Int {
        let statement = try database.cachedStatement(
            sql: """
                SELECT coalesce(sum(count), 0) FROM outbox
                WHERE run = (SELECT number FROM landing_runs WHERE run_id = ?)
                """)
        return try Int.fetchOne(statement, arguments: [run]) ?? 0
    }

    static func counts(_ database: Database) throws -> LandingCounts {
        var counts = LandingCounts()
        for row in try Row.fetchAll(
            database, sql: "SELECT gender, people FROM people_by_gender WHERE people > 0")
        {
            counts.peopleByGender[row[0]] = row[1]
        }
        counts.pending =
            try Int.fetchOne(database, sql: "SELECT coalesce(sum(count), 0) FROM outbox") ?? 0
        counts.rejected = try Int.fetchOne(database, sql: "SELECT count(*) FROM rejections") ?? 0
        return counts
    }
}
