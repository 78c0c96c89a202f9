// The landing in a PostgreSQL database.

package import MillraceBase
import PostgresClient

/// The landing in a real PostgreSQL (12 or later). Three connections: one lands people, one serves
/// the outbox, one reads for people who look; so none waits for another's transaction.
package final class PostgresLanding: LandingStore {
    private let endpoint: Endpoint
    private let clock: WallClock
    private let people: PostgresSlot
    private let outbox: PostgresSlot
    private let reader: PostgresSlot
    private let cursor = OutboxCursor()
    private let pulse = LandingPulse()

    /// - Parameters:
    ///   - endpoint: `postgres://user:password@host:5432/database?sslmode=require`; any libpq
    ///     keyword may be an option.
    ///   - onNotice: gets the server's notices, one line each.
    package init(
        _ endpoint: Endpoint, clock: WallClock = .system,
        onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(LandingError) {
        guard ["postgres", "postgresql"].contains(endpoint.scheme) else {
            throw .unusable(endpoint.description, because: "the scheme is not postgres")
        }
        self.endpoint = endpoint
        self.clock = clock
        people = PostgresSlot(endpoint, onNotice: onNotice)
        outbox = PostgresSlot(endpoint, onNotice: onNotice)
        reader = PostgresSlot(endpoint, onNotice: onNotice)
    }

    package func prepare() async throws(LandingError) {
        let (version, marked) = try await people.run(retrying: LandingLimits.opening) {
            session throws(PostgresError) in
            try PostgresSchema.prepare(session)
        }
        guard version <= PostgresSchema.version else {
            throw .newerSchema(
                endpoint.description, found: version, known: PostgresSchema.version)
        }
        cursor.opened(marked: marked)
        pulse.beat()
    }

    package func upsert(
        _ pages: [PeoplePage], run: String, topic: String
    ) async throws(LandingError) -> [UpsertResult] {
        var results = [UpsertResult](repeating: UpsertResult(), count: pages.count)
        for piece in PeoplePage.transactions(pages).joined() {
            let rows = try KeyedPerson.withoutRepetitions(piece.people)
            let done = try await self.people.run { session throws(PostgresError) in
                let stamp = LandingStamp(
                    run: run, topic: topic, fetchedAt: piece.fetchedAtMilliseconds,
                    landedAt: self.clock.milliseconds())
                return try PostgresPeople.upsert(rows.map(\.row), stamp, in: session)
            }
            results[piece.page] += done
            results[piece.page].unchanged += piece.people.count - rows.count
            if done.inserted + done.updated > 0 { pulse.beat() }
        }
        return results
    }

    package func reject(
        _ rejected: [RejectedRow], fetchedAtMilliseconds: Int64, run: String, topic: String
    ) async throws(LandingError) -> Int {
        guard !rejected.isEmpty else { return 0 }
        let added = try await people.run { session throws(PostgresError) in
            let stamp = LandingStamp(
                run: run, topic: topic, fetchedAt: fetchedAtMilliseconds,
                landedAt: self.clock.milliseconds())
            return try PostgresPeople.reject(rejected, stamp, in: session)
        }
        if added > 0 { pulse.beat() }
        return added
    }

    package func claim(limit: Int) async throws(LandingError) -> [OutboxRow] {
        let limit = min(limit, LandingLimits.claimRowsMax)
        while true {
            let before = cursor.position
            let rows = try await outbox.run { session throws(PostgresError) in
                try PostgresOutbox.rows(session, after: before, limit: limit)
            }
            guard let last = rows.last?.sequence else { return [] }
            guard cursor.advance(from: before, through: last) else { continue }
            guard last > before.marked else { return rows }
            do throws(LandingError) {
                try await outbox.run { session throws(PostgresError) in
                    try PostgresOutbox.mark(session, through: last)
                }
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
        try await outbox.run { session throws(PostgresError) in
            try PostgresOutbox.delete(session, sequences)
        }
    }

    package func pending(run: String) async throws(LandingError) -> Int {
        try await reader.run { session throws(PostgresError) in
            try PostgresOutbox.pending(session, run: run)
        }
    }

    package func changes() -> AsyncStream<Void> { pulse.stream() }

    package func counts() async throws(LandingError) -> LandingCounts {
        try await reader.run { session throws(PostgresError) in
            try PostgresOutbox.counts(session)
        }
    }

    package func latest(limit: Int) async throws(LandingError) -> [LandedPerson] {
        let limit = min(limit, LandingLimits.latestRowsMax)
        return try await reader.run { session throws(PostgresError) in
            try PostgresPeople.latest(session, limit: limit)
        }
    }

    package func close() async {
        pulse.close()
        await people.close()
        await outbox.close()
        await reader.close()
    }
}
