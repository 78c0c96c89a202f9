// Fetching people: pages of the source, staged on disk, bad records told apart.

import CHash
import MillraceBase
import MillraceLanding
import MillraceWorkflow
import RandomUserClient

/// The source of people, as a task sees it.
public struct SourceContext: Sendable {
    let run: RunContext

    /// Records asked for in one page. Smaller than the API's 5,000: progress shows sooner, and a
    /// crash loses less.
    static let pageSize = 1_000

    /// Fetches people page by page and stages each page durably.
    ///
    /// The same run asks with the same seed, so a retry gets the same people and fetches only the
    /// pages that are missing. Records that are no people go to `deadLetters` with the reason.
    ///
    /// - Parameters:
    ///   - count: how many people to ask for.
    ///   - deadLetters: the topic that gets what does not fit.
    /// - Throws: `Failure` when the source cannot be reached or is exhausted.
    public func stage(count: Int, deadLetters: String) async throws -> StagedPeople {
        let share = try await share(asking: count)
        var staged = StagedPeople(
            run: run.runKey, pages: 0, people: 0, rejected: [:], asked: count)
        var done = 0
        while done < share.count {
            try Task.checkCancellation()
            let number = staged.pages + 1
            let size = min(Self.pageSize, share.count - done)
            let page = try await page(number, size: size, offset: share.start + done)
            try await reject(page, number: number, to: deadLetters)
            done += size
            staged.pages = number
            staged.people += page.people.count
            for record in page.rejected { staged.rejected[record.kind, default: 0] += 1 }
            run.log("page \(number): \(page.people.count) people, \(page.rejected.count) rejected")
        }
        if share.count < count {
            run.log("the source had \(share.count) of \(count) records left; it is exhausted now")
        }
        return staged
    }

    private func share(asking count: Int) async throws -> SourceCursors.Share {
        do {
            guard let total = try await run.parts.source.count() else {
                return SourceCursors.Share(start: 0, count: count)
            }
            let share = try await run.parts.cursors.share(
                of: run.runKey, asking: count, in: run.parts.sourceName, total: total)
            guard share.count > 0 else {
                // Waiting does not fill a file: no further try.
                throw FailTask(
                    Failure(
                        "the source is exhausted", at: "--source \(run.parts.sourceName)",
                        because: "all of its \(total) records were read by earlier runs",
                        next:
                            "--source of another file, or --data of an empty folder to read it again"
                    ).description)
            }
            return share
        } catch let error as SourceError {
            throw failure(error)
        }
    }

    /// The page from disk when an earlier try staged it, else from the source.
    private func page(_ number: Int, size: Int, offset: Int) async throws -> StagedPage {
        if let staged = try await run.parts.staging.page(number, of: run.runKey) { return staged }
        let page = try await fetch(number, size: size, offset: offset)
        run.parts.progress.add(page.people.count, to: .fetched)
        for record in page.rejected { run.parts.progress.addRejected(because: record.kind) }
        return page
    }

    private func fetch(_ number: Int, size: Int, offset: Int) async throws -> StagedPage {
        let request = PageRequest(seed: seed, page: number, count: size, offset: offset)
        let records: [SourceRecord]
        do { records = try await run.parts.source.fetch(request) } catch { throw failure(error) }
        let page = Self.sorted(records, at: run.parts.clock.milliseconds())
        try await run.parts.staging.write(page, number: number, of: run.runKey)
        return page
    }

    /// Tells people from records that are none.
    static func sorted(_ records: [SourceRecord], at milliseconds: Int64) -> StagedPage {
        var page = StagedPage(fetchedAtMilliseconds: milliseconds, people: [], rejected: [])
        page.people.reserveCapacity(records.count)
        for (index, record) in records.enumerated() {
            do {
                page.people.append(Person(try PersonRecord.parse(record.bytes)))
            } catch {
                page.rejected.append(.init(index: index, reason: error.reason, raw: error.raw))
            }
        }
        return page
    }

    /// A page that was staged once and freed since, fetched anew: the same people, as the run's seed
    /// and its share of a file stay the same.
    func pageAgain(_ number: Int, of handle: StagedPeople) async throws -> StagedPage? {
        guard handle.run == run.runKey, (1...max(1, handle.pages)).contains(number) else {
            return nil
        }
        let share = try await share(asking: handle.asked)
        let done = (number - 1) * Self.pageSize
        guard done < share.count else { return nil }
        run.log("page \(number) was freed before; it is fetched again")
        return try await fetch(
            number, size: min(Self.pageSize, share.count - done), offset: share.start + done)
    }

    private func reject(_ page: StagedPage, number: Int, to topic: String) async throws {
        guard !page.rejected.isEmpty else { return }
        let rows = page.rejected.map {
            RejectedRow(page: number, index: $0.index, reason: $0.reason, raw: $0.raw)
        }
        do {
            try await run.parts.landing.reject(
                rows, fetchedAtMilliseconds: page.fetchedAtMilliseconds, run: run.runKey,
                topic: topic)
        } catch {
            throw LandingContext.failure(error)
        }
    }

    /// 16 hexadecimal digits from the stack's id, the DAG and the run's number: fresh for each run,
    /// the same for each retry.
    private var seed: String {
        let text = "\(run.parts.stackID)/\(run.invocation.dagID)/\(run.invocation.runNumber)"
        var digest = [UInt8](repeating: 0, count: 32)
        chash_sha256(text, text.utf8.count, &digest)
        return digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func failure(_ error: SourceError) -> any Error {
        if error == .cancelled { return CancellationError() }
        let failure = Failure(
            "cannot fetch people", at: "--source \(run.parts.sourceName)",
            because: error.description,
            next: "millrace doctor, or --source embedded: for people made here")
        switch error {
        // No further try mends these.
        case .unusable, .exhausted: return FailTask(failure.description)
        case .unreachable, .rateLimited, .badAnswer, .cancelled: return failure
        }
    }
}
