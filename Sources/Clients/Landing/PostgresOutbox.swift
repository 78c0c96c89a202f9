// The outbox's other end in PostgreSQL: claimed, marked, deleted, counted.

import PostgresClient

enum PostgresOutbox {
    /// Rows behind the cursor, by rising sequence.
    static func rows(
        _ session: PostgresSession, after position: OutboxCursor.Position, limit: Int
    ) throws(PostgresError) -> [OutboxRow] {
        let rows = try session.query(
            """
            SELECT sequence, topic, key, value, headers, run_id, fetched_at_ms, landed_at_ms
            FROM outbox WHERE sequence > $1 ORDER BY sequence LIMIT $2
            """, [.int(position.handedOut), .int(Int64(limit))])
        return (0..<rows.count).map { row in
            let sequence = rows.int(row, 0) ?? 0
            let headers = rows.bytes(row, 4) ?? []
            return OutboxRow(
                sequence: sequence, topic: rows.text(row, 1) ?? "", key: rows.bytes(row, 2) ?? [],
                value: rows.bytes(row, 3) ?? [],
                headers: headers.isEmpty ? [] : OutboxHeaders.decode(headers) ?? [],
                run: rows.text(row, 5) ?? "", fetchedAtMilliseconds: rows.int(row, 6) ?? 0,
                landedAtMilliseconds: rows.int(row, 7) ?? 0,
                isResend: sequence <= position.marked)
        }
    }

    static func mark(_ session: PostgresSession, through last: Int64) throws(PostgresError) {
        try session.query(
            "UPDATE landing_state SET claimed_through = greatest(claimed_through, $1)",
            [.int(last)])
    }

    static func delete(_ session: PostgresSession, _ sequences: [Int64]) throws(PostgresError) {
        let size = LandingLimits.acknowledgePerTransactionMax
        for start in stride(from: 0, to: sequences.count, by: size) {
            let piece = sequences[start..<min(start + size, sequences.count)]
            try session.query("DELETE FROM outbox WHERE sequence = ANY ($1)", [.ints(piece)])
        }
    }

    static func pending(_ session: PostgresSession, run: String) throws(PostgresError) -> Int {
        let rows = try session.query(
            "SELECT count(*) FROM outbox WHERE run_id = $1", [.text(run)])
        return Int(rows.int(0, 0) ?? 0)
    }

    static func counts(_ session: PostgresSession) throws(PostgresError) -> LandingCounts {
        var counts = LandingCounts()
        let genders = try session.query("SELECT gender, count(*) FROM users GROUP BY gender")
        for row in 0..<genders.count {
            counts.peopleByGender[genders.text(row, 0) ?? ""] = Int(genders.int(row, 1) ?? 0)
        }
        let others = try session.query(
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM rejections)")
        counts.pending = Int(others.int(0, 0) ?? 0)
        counts.rejected = Int(others.int(0, 1) ?? 0)
        return counts
    }
}
