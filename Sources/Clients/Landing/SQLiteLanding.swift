// The landing in one SQLite file.

import Foundation
import GRDB
package import MillraceBase
import Synchronization

/// The embedded landing. WAL, `synchronous = FULL`: what a call returned for survives a power cut.
package final class SQLiteLanding: LandingStore {
    package let path: String
    private let clock: WallClock
    private let pool = Mutex<DatabasePool?>(nil)
    private let cursor = OutboxCursor()
    private let pulse = LandingPulse()

    /// - Parameter path: of the database file; `prepare` makes it, and its folder, when missing.
    package init(path: String, clock: WallClock = .system) throws(LandingError) {
        guard !path.isEmpty else { throw .unusable("sqlite:", because: "a path is missing") }
        self.path = path
        self.clock = clock
    }

    package func prepare() async throws(LandingError) {
        let found = try await translated {
            let folder = URL(fileURLWithPath: self.path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let pool = try SQLiteSchema.open(self.path)
            let found = try await pool.write { try SQLiteSchema.prepare($0) }
            guard found <= SQLiteSchema.version else {
                try pool.close()
                return found
            }
            let marked = try await pool.read { database in
                try Int64.fetchOne(database, sql: "SELECT claimed_through FROM landing_state") ?? 0
            }
            self.cursor.opened(marked: marked)
            self.pool.withLock { $0 = pool }
            self.pulse.beat()
            return found
        }
        guard found <= SQLiteSchema.version else {
            throw .newerSchema(path, found: found, known: SQLiteSchema.version)
        }
    }

    package func upsert(
        _ pages: [PeoplePage], run: String, topic: String
    ) async throws(LandingError) -> [UpsertResult] {
        var results = [UpsertResult](repeating: UpsertResult(), count: pages.count)
        for pieces in PeoplePage.transactions(pages) {
            var batches: [SQLitePeople.Batch] = []
            for piece in pieces {
                batches.append(
                    SQLitePeople.Batch(
                        people: try KeyedPerson.withoutRepetitions(piece.people),
                        fetchedAtMilliseconds: piece.fetchedAtMilliseconds))
            }
            let done = try await write { [batches] database in
                let stamp = LandingStamp(
                    run: run, topic: topic, fetchedAt: 0, landedAt: self.clock.milliseconds())
                return try SQLitePeople.upsert(batches, stamp, in: database)
            }
            for (index, piece) in pieces.enumerated() {
                results[piece.page] += done[index]
                results[piece.page].unchanged +=
                    piece.people.count - batches[index].people.count
            }
            if done.contains(where: { $0.inserted + $0.updated > 0 }) { pulse.beat() }
        }
        return results
    }

    package func reject(
        _ rejected: [RejectedRow], fetchedAtMilliseconds: Int64, run: String, topic: String
    ) async throws(LandingError) -> Int {
        guard !rejected.isEmpty else { return 0 }
        let stamp = LandingStamp(
            run: run, topic: topic, fetchedAt: fetchedAtMilliseconds,
            landedAt: clock.milliseconds())
        let added = try await write { database in
            try SQLitePeople.reject(rejected, stamp, in: database)
        }
        if added > 0 { pulse.beat() }
        return added
    }

    package func claim(limit: Int) async throws(LandingError) -> [OutboxRow] {
        let limit = min(limit, LandingLimits.claimRowsMax)
        while true {
            let before = cursor.position
            let rows = try await read { database in
                try SQLiteOutbox.rows(database, after: before, limit: limit)
            }
            guard let last = rows.last?.sequence else { return [] }
            guard cursor.advance(from: before, through: last) else { continue }
            guard last > before.marked else { return rows }
            do throws(LandingError) {
                try await write { try SQLiteOutbox.mark($0, through: last) }
            } catch {
                // They were not handed out: the next claim starts over.
                cursor.release()
                throw error
            }
            cursor.marked(through: last)
            return rows
        }
    }

    package func release() async throws(LandingError) {
        cursor.release()
        pulse.beat()
    }

    package func acknowledge(_ sequences: [Int64]) async throws(LandingError) {
        guard !sequences.isEmpty else { return }
        let ranges = sequenceRanges(sequences)
        try await write { try SQLiteOutbox.delete($0, ranges) }
    }

    package func pending(run: String) async throws(LandingError) -> Int {
        try await read { try SQLiteOutbox.pending($0, run: run) }
    }

    package func changes() -> AsyncStream<Void> { pulse.stream() }

    package func counts() async throws(LandingError) -> LandingCounts {
        try await read { try SQLiteOutbox.counts($0) }
    }

    package func latest(limit: Int) async throws(LandingError) -> [LandedPerson] {
        let limit = min(limit, LandingLimits.latestRowsMax)
        return try await read { try SQLitePeople.latest($0, limit: limit) }
    }

    package func close() async {
        let pool = pool.withLock { pool in
            defer { pool = nil }
            return pool
        }
        pulse.close()
        // GRDB closes its writer before its readers, which leaves the log beside the file.
        _ = try? await pool?.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? pool?.close()
    }

    // MARK: The file

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LandingError) -> Value {
        guard let pool = pool.withLock({ $0 }) else { throw .closed }
        return try await translated { try await pool.read(body) }
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LandingError) -> Value {
        guard let pool = pool.withLock({ $0 }) else { throw .closed }
        return try await translated { try await pool.write(body) }
    }

    private func translated<Value>(
        _ body: () async throws -> Value
    ) async throws(LandingError) -> Value {
        do { return try await body() } catch {
            throw SQLiteFailure.landingError(error, path: path)
        }
    }
}

/// What all rows of one call share.
struct LandingStamp: Sendable {
    var run: String
    var topic: String
    var fetchedAt: Int64
    var landedAt: Int64
}
