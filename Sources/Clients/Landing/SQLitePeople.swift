// People and rejections on their way into SQLite, each with its outbox record.

import GRDB

enum SQLitePeople {
    /// People of one page, each id once.
    struct Batch: Sendable {
        var people: [KeyedPerson]
        var fetchedAtMilliseconds: Int64
    }

    /// One transaction's work.
    ///
    /// - Returns: what became of each batch.
    static func upsert(
        _ batches: [Batch], _ stamp: LandingStamp, in database: Database
    ) throws -> [UpsertResult] {
        var outbox = try SQLiteOutboxWriter(database, stamp)
        defer { outbox.end() }
        var table = try UsersTable(database, stamp)
        defer { table.end() }
        var results: [UpsertResult] = []
        for batch in batches {
            try table.begin(fetchedAt: batch.fetchedAtMilliseconds)
            try outbox.begin(fetchedAt: batch.fetchedAtMilliseconds)
            var result = UpsertResult()
            for person in batch.people {
                try person.row.withColumns { columns in
                    switch try table.land(columns, key: person.key) {
                    case .inserted: result.inserted += 1
                    case .updated: result.updated += 1
                    case .unchanged:
                        result.unchanged += 1
                        return
                    }
                    try outbox.add(
                        OutboxRecord(
                            key: columns[.id], value: columns[.value],
                            headers: UnsafeRawBufferPointer(start: nil, count: 0)))
                }
            }
            results.append(result)
        }
        try table.finish()
        try outbox.finish()
        return results
    }

    /// - Returns: how many were not there before.
    static func reject(
        _ rejected: [RejectedRow], _ stamp: LandingStamp, in database: Database
    ) throws -> Int {
        var outbox = try SQLiteOutboxWriter(database, stamp)
        defer { outbox.end() }
        try outbox.begin(fetchedAt: stamp.fetchedAt)
        let insert = try DirectStatement(
            database,
            """
            INSERT INTO rejections (run, page, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
            """)
        defer { insert.end() }
        var added = 0
        for row in rejected {
            try insert.bind(1, outbox.run)
            try insert.bind(2, Int64(row.page))
            try insert.bind(3, Int64(row.index))
            guard try insert.run() == 1 else { continue }
            added += 1
            try row.key(run: stamp.run).withUnsafeBytes { key in
                try row.raw.withUnsafeBytes { value in
                    try OutboxHeaders.encode(row.headers(run: stamp.run)).withUnsafeBytes {
                        try outbox.add(OutboxRecord(key: key, value: value, headers: $0))
                    }
                }
            }
        }
        try outbox.finish()
        return added
    }

    static func latest(_ database: Database, limit: Int) throws -> [LandedPerson] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, first_name, last_name, gender, email, picture, nationality, run_id,
                    landed_at_ms
                FROM users ORDER BY rowid DESC LIMIT ?
                """, arguments: [limit])
        return rows.map { row in
            LandedPerson(
                id: row[0], firstName: row[1], lastName: row[2], gender: row[3], email: row[4],
                picture: row[5], nationality: row[6], run: row[7], landedAtMilliseconds: row[8])
        }
    }
}
