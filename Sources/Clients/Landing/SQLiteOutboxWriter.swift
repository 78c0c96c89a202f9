// The outbox rows of one transaction in SQLite.

import GRDB

/// Fills chunks. Sequences come from `landing_state`, so none is ever used twice, and SQLite's one writer makes
/// their order the order of commits.
struct SQLiteOutboxWriter {
    /// The run's number in `landing_runs`.
    let run: Int64
    private let database: Database
    private let chunks: OutboxChunkTable
    private var header: OutboxChunkHeader
    private var chunk = OutboxChunk()
    private let firstSequence: Int64

    init(_ database: Database, _ stamp: LandingStamp) throws {
        self.database = database
        try database.cachedStatement(
            sql: "INSERT INTO landing_runs (run_id) VALUES (?) ON CONFLICT DO NOTHING"
        ).execute(arguments: [stamp.run])
        run =
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT number FROM landing_runs WHERE run_id = ?"),
                arguments: [stamp.run]) ?? 0
        let last =
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT last_sequence FROM landing_state")) ?? 0
        firstSequence = last + 1
        chunks = try OutboxChunkTable(database)
        header = OutboxChunkHeader(
            first: firstSequence, run: run, topic: stamp.topic, fetchedAt: stamp.fetchedAt,
            landedAt: stamp.landedAt)
    }

    /// What comes now was fetched then.
    mutating func begin(fetchedAt: Int64) throws {
        try flush()
        header.fetchedAt = fetchedAt
    }

    mutating func add(_ record: OutboxRecord) throws {
        chunk.add(record)
        if chunk.isFull { try flush() }
    }

    mutating func finish() throws {
        try flush()
        guard header.first > firstSequence else { return }
        try database.cachedStatement(sql: "UPDATE landing_state SET last_sequence = ?")
            .execute(arguments: [header.first - 1])
    }

    func end() { chunks.end() }

    private mutating func flush() throws {
        guard chunk.count > 0 else { return }
        try chunks.insert(chunk, header)
        header.first += Int64(chunk.count)
        chunk.removeAll()
    }
}
