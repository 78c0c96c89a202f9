// Landing people: the table, and the wait until the outbox has emptied.

import MillraceBase
import MillraceLanding
import RandomUserClient

/// What happened to the people of one landing task.
public struct Landed: Codable, Sendable, Equatable {
    public var inserted: Int
    public var updated: Int
    /// People who were there before and had not changed.
    public var unchanged: Int
}

/// The landing, as a task sees it.
public struct LandingContext: Sendable {
    let run: RunContext

    /// Lands people by their id, and puts a record for `topic` in the outbox in the same
    /// transaction. Idempotent: who is there unchanged is neither written nor sent again.
    public func upsert(_ people: People, to topic: String) async throws -> Landed {
        var result = Landed(inserted: 0, updated: 0, unchanged: 0)
        var waiting: [PeoplePage] = []
        var count = 0
        try await people.forEachPage { page in
            let rows = try page.people.map(Self.row)
            guard !rows.isEmpty else { return }
            waiting.append(
                PeoplePage(people: rows, fetchedAtMilliseconds: page.fetchedAtMilliseconds))
            count += rows.count
            guard count >= LandingLimits.peoplePerTransactionMax else { return }
            try await land(waiting, to: topic, counting: &result)
            waiting = []
            count = 0
        }
        try await land(waiting, to: topic, counting: &result)
        run.log("\(result.inserted) new, \(result.updated) changed, \(result.unchanged) as before")
        return result
    }

    private func land(
        _ pages: [PeoplePage], to topic: String, counting result: inout Landed
    ) async throws {
        guard !pages.isEmpty else { return }
        let done: [UpsertResult]
        do {
            done = try await run.parts.landing.upsert(pages, run: run.runKey, topic: topic)
        } catch { throw Self.failure(error) }
        let now = run.parts.clock.milliseconds()
        for (page, done) in zip(pages, done) {
            result.inserted += done.inserted
            result.updated += done.updated
            result.unchanged += done.unchanged
            run.parts.progress.add(
                done.inserted + done.updated, to: .landed,
                latency: .milliseconds(max(0, now - page.fetchedAtMilliseconds)))
            run.parts.progress.addSkipped(done.unchanged)
        }
    }

    /// How often the outbox is looked at while a task waits for it.
    private static let look: Duration = .milliseconds(5)

    /// Waits until the broker has acknowledged every record of this run.
    public func published() async throws {
        while true {
            let pending: Int
            do { pending = try await run.parts.landing.pending(run: run.runKey) } catch {
                throw Self.failure(error)
            }
            if pending == 0 { return }
            try await Task.sleep(for: Self.look)
        }
    }

    private static func row(_ person: Person) throws -> PersonRow {
        do { return try person.landingRow() } catch {
            throw Failure(
                "a staged person can no longer be read", at: person.id, because: error.reason,
                next: "millrace tasks clear, from the task that staged it")
        }
    }

    /// The columns of the landing table.
    static func row(of record: PersonRecord) -> PersonRow {
        PersonRow(
            id: record.id, firstName: record.firstName, lastName: record.lastName,
            gender: record.gender, address: record.address, postCode: record.postCode,
            email: record.email, username: record.username, dob: record.dob,
            registeredDate: record.registeredDate, phone: record.phone, picture: record.picture,
            nationality: record.nationality, title: record.title, raw: record.raw,
            value: record.json)
    }

    static func failure(_ error: any Error) -> any Error {
        guard let error = error as? LandingError else { return error }
        if error == .cancelled { return CancellationError() }
        return Failure(
            "the landing does not take the people", at: "--landing",
            because: error.description, next: "millrace doctor; the run goes on where it stopped")
    }
}
