// The landing table and its outbox: what each database that can hold them does.

/// People land in the table `users`; what landed leaves by the ordered outbox, written in the same
/// transaction. One process writes; several tasks of it may call at once.
///
/// Order: a row of the outbox gets its sequence in the order of commits, so a reader that has seen
/// sequence n will never find a lower one later.
package protocol LandingStore: Sendable {
    /// Creates or opens the tables. To be called once, before all else.
    ///
    /// - Throws: `.newerSchema` for tables of a later version; they are not touched.
    func prepare() async throws(LandingError)

    /// Lands people, keyed by `id`: new and changed ones get an outbox row, unchanged ones (same
    /// `raw`) none. Transactions of at most `LandingLimits.peoplePerTransactionMax` rows, each of
    /// them whole; long transactions cost least a row, so give many pages at once. Repeating the
    /// call after any error is safe: what is there already counts as unchanged.
    ///
    /// - Returns: what became of each page.
    func upsert(
        _ pages: [PeoplePage], run: String, topic: String
    ) async throws(LandingError) -> [UpsertResult]

    /// Sends records that are no people to the dead-letter topic, through the same outbox.
    /// Idempotent by (run, page, index).
    ///
    /// - Returns: how many of them were not there before.
    @discardableResult
    func reject(
        _ rejected: [RejectedRow], fetchedAtMilliseconds: Int64, run: String, topic: String
    ) async throws(LandingError) -> Int

    /// The next rows of the outbox, by rising sequence, each once until `release`; durably marked
    /// as in flight before they are returned. After a restart all that was not acknowledged comes
    /// again, and what had been claimed before has `isResend`.
    func claim(limit: Int) async throws(LandingError) -> [OutboxRow]

    /// Takes back all that is claimed and not acknowledged: the next `claim` starts with it, as
    /// re-sends. For a pump whose producer failed.
    func release() async throws(LandingError)

    /// Deletes exactly these rows of the outbox: the broker has them.
    func acknowledge(_ sequences: [Int64]) async throws(LandingError)

    /// How many rows of a run are in the outbox, claimed or not.
    func pending(run: String) async throws(LandingError) -> Int

    /// Yields when rows were added by this process; at most one signal is kept. One reader. Rows
    /// that another process added are only found by claiming: claim now and then without a signal
    /// too.
    func changes() -> AsyncStream<Void>

    func counts() async throws(LandingError) -> LandingCounts

    /// The people landed last, the newest first.
    func latest(limit: Int) async throws(LandingError) -> [LandedPerson]

    /// Closes the database. Nothing may be called afterwards.
    func close() async
}

extension LandingStore {
    /// Lands people that were fetched at one moment.
    package func upsert(
        _ people: [PersonRow], fetchedAtMilliseconds: Int64, run: String, topic: String
    ) async throws(LandingError) -> UpsertResult {
        let page = PeoplePage(people: people, fetchedAtMilliseconds: fetchedAtMilliseconds)
        return try await upsert([page], run: run, topic: topic).first ?? UpsertResult()
    }
}
