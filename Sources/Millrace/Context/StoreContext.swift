// Making sure that people arrived: every id of a run is asked for in the store.

import CQLClient
import CQLProtocol
import MillraceBase
import MillraceWorkflow
import Synchronization

/// The store, as a task sees it.
public struct StoreContext: Sendable {
    let run: RunContext

    /// Ids in one query. Cassandra's guardrail warns of more in one `IN`.
    private static let idsPerQuery = 100
    /// Queries under way at once.
    private static let queriesInFlight = 8
    /// How long to wait before what was missing is asked for again.
    private static let wait = Backoff(
        first: .milliseconds(5), longest: .milliseconds(500), triesMax: .max)

    /// Waits until every one of these people can be read from the table.
    ///
    /// - Parameter table: `keyspace.table`; its key is a uuid called `id`.
    /// - Returns: how many different people were found.
    /// - Throws: `FailTask` at once when a streaming query has failed.
    public func queryable(_ people: People, in table: String) async throws -> Int {
        var missing: Set<String> = []
        try await people.forEachPage { page in missing.formUnion(page.people.map(\.id)) }
        let count = missing.count
        var rounds = 0
        repeat {
            if let reason = await run.parts.failedQuery() {
                throw FailTask("nobody can arrive any more: \(reason)")
            }
            let found = try await found(of: Array(missing), in: table)
            missing.subtract(found)
            guard !missing.isEmpty else { break }
            rounds += 1
            run.log("\(missing.count) of \(count) people are not in \(table) yet")
            let step = found.isEmpty ? rounds : 1
            try await Task.sleep(for: Self.wait.wait(afterFailures: step) ?? .milliseconds(500))
        } while true
        run.log("all \(count) people are in \(table)")
        return count
    }

    /// A client of the run's store, for any CQL. It is shared by all tasks: do not close it.
    public func client() async throws -> StoreClient {
        StoreClient(try await run.parts.store.open())
    }

    /// Frees the pages of this run: its people have arrived.
    public func release(_ people: StagedPeople) async throws {
        try await run.parts.staging.remove(run: people.run)
    }

    private func found(of ids: [String], in table: String) async throws -> Set<String> {
        let chunks = stride(from: 0, to: ids.count, by: Self.idsPerQuery)
            .map { Array(ids[$0..<min($0 + Self.idsPerQuery, ids.count)]) }
        return try await withThrowingTaskGroup(of: [String].self) { group in
            var found: Set<String> = []
            for (index, chunk) in chunks.enumerated() {
                if index >= Self.queriesInFlight, let some = try await group.next() {
                    found.formUnion(some)
                }
                group.addTask { try await run.parts.store.present(chunk, in: table) }
            }
            for try await some in group { found.formUnion(some) }
            return found
        }
    }
}
