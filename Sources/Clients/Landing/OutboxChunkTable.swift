// The table `outbox` in SQLite: a row holds a chunk of records with sequences in a row.

import GRDB

/// What all records of a chunk share.
struct OutboxChunkHeader {
    /// The first record's sequence; the others follow without a gap.
    var first: Int64
    /// In `landing_runs`.
    var run: Int64
    var topic: String
    var fetchedAt: Int64
    var landedAt: Int64
}

/// For the time of one transaction; `end` is to be called at last.
struct OutboxChunkTable {
    private let put: DirectStatement

    init(_ database: Database) throws {
        put = try DirectStatement(
            database,
            """
            INSERT INTO outbox (first, count, run, topic, fetched_at_ms, landed_at_ms, records)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
    }

    func end() { put.end() }

    func insert(_ chunk: OutboxChunk, _ header: OutboxChunkHeader) throws {
        try put.bind(1, header.first)
        try put.bind(2, Int64(chunk.count))
        try put.bind(3, header.run)
        try put.bind(5, header.fetchedAt)
        try put.bind(6, header.landedAt)
        try Array(header.topic.utf8).withUnsafeBytes { topic in
            try chunk.bytes.withUnsafeBytes { records in
                try put.bind(4, text: topic)
                try put.bind(7, blob: records)
                try put.run()
            }
        }
    }

    /// Deletes the records with these sequences, and no others.
    static func delete(_ range: ClosedRange<Int64>, in database: Database) throws {
        // All chunks within the range at once; then at most two that lie across its ends.
        let whole = try DirectStatement(
            database,
            "DELETE FROM outbox WHERE first BETWEEN ?1 AND ?2 AND first + count - 1 <= ?2")
        defer { whole.end() }
        try whole.bind(1, range.lowerBound)
        try whole.bind(2, range.upperBound)
        try whole.run()
        for sequence in Set([range.lowerBound, range.upperBound]) {
            try cut(range, outOfTheChunkWith: sequence, in: database)
        }
    }

    private static func cut(
        _ range: ClosedRange<Int64>, outOfTheChunkWith sequence: Int64, in database: Database
    ) throws {
        let find = try DirectStatement(
            database,
            """
            SELECT first, count, run, topic, fetched_at_ms, landed_at_ms, records FROM outbox
            WHERE first <= ? ORDER BY first DESC LIMIT 1
            """)
        defer { find.end() }
        try find.bind(1, sequence)
        guard try find.step() else { return }
        let count = Int(find.int(1))
        var header = OutboxChunkHeader(
            first: find.int(0), run: find.int(2), topic: find.text(3), fetchedAt: find.int(4),
            landedAt: find.int(5))
        let first = header.first
        guard first + Int64(count) > sequence else { return }
        var before = OutboxChunk()
        var after = OutboxChunk()
        let isWhole = OutboxChunk.visit(find.bytes(6), count: count) { index, record in
            let sequence = first + Int64(index)
            if sequence < range.lowerBound { before.add(record) }
            if sequence > range.upperBound { after.add(record) }
            return true
        }
        guard isWhole else { throw damaged(first) }
        find.reset()
        try database.cachedStatement(sql: "DELETE FROM outbox WHERE first = ?")
            .execute(arguments: [first])
        let table = try OutboxChunkTable(database)
        defer { table.end() }
        if before.count > 0 { try table.insert(before, header) }
        header.first = range.upperBound + 1
        if after.count > 0 { try table.insert(after, header) }
    }

    static func damaged(_ first: Int64) -> DatabaseError {
        DatabaseError(
            resultCode: .SQLITE_CORRUPT, message: "the outbox row \(first) is damaged")
    }
}
