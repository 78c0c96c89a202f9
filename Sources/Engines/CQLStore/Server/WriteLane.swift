// The one thread that writes, and the one that syncs: group commit.

import CQLProtocol
import Foundation
import Logging
import Synchronization

/// What the write lane is asked to do.
struct WriteJob: Sendable {
    enum Work: Sendable {
        case write(Compiled, BoundValues)
        case batch([(compiled: Compiled, values: BoundValues)], CQLBatch.Kind)
        case schema(Compiled)
        /// Its password is a hash already; the keyspace is the connection's.
        case role(CQLRoleStatement, keyspace: String?)
    }

    var work: Work
    /// Microseconds, as the client gave it.
    var timestamp: Int64?
    /// v5: seconds, as the client gave it.
    var now: Int32?
    var reply: Reply

    /// Whether it is a batch, as text or as a request.
    var isBatch: Bool {
        switch work {
        case .batch: true
        case .write(let compiled, _): if case .batch = compiled.kind { true } else { false }
        case .schema, .role: false
        }
    }
}

/// An answer that waits until what it promises is on disk.
private struct Pending: Sendable {
    var reply: Reply
    var result: Result<CQLResult, StatementError>
    /// Of `StoreHealth` when it was written.
    var generation: UInt64
}

private enum LaneWork: Sendable {
    case job(WriteJob)
    case purge(PurgeTicket)
    case view(ViewTicket)
    /// The building of an index came to its end.
    case indexed(IndexBuildJob, StatementError?)
}

/// Runs all writes one after the other, many in one RocksDB write.
///
/// One writer needs no locks for conditions, counters and schema changes: what it reads nobody else
/// changes. While a group is synced by the second thread the next one is being written, so that at
/// `commitlog_sync: group` the cost of a sync is shared by all that came during the one before.
final class WriteLane: Sendable {
    private let core: StoreCore
    private let sync: CommitlogSync
    private let logger: Logger
    private let jobs = WorkQueue<LaneWork>()
    private let pending = WorkQueue<Pending>()
    private let threads = Mutex<[LaneThread]>([])
    private let isClosing = Atomic<Bool>(false)

    init(_ core: StoreCore, record: StoreRecord, sync: CommitlogSync, logger: Logger) {
        self.core = core
        self.sync = sync
        self.logger = logger
        threads.withLock { threads in
            threads = [
                LaneThread("cql-write") { [self] in writeLoop(record) },
                LaneThread("cql-sync") { [self] in syncLoop() },
                LaneThread("cql-index") { [self] in buildLoop() },
                LaneThread("cql-view") { [self] in viewLoop() },
            ]
        }
        for build in core.schema.unbuiltIndexes {
            core.indexBuilds.add(IndexBuildJob(build: build))
        }
        core.viewBuilds.resume(core.schema, core.database)
    }

    func add(_ job: WriteJob) {
        guard jobs.add(.job(job)) else {
            return job.reply.send(.failure(.server("the store is shutting down")))
        }
    }

    /// Has the lane remove what may go. Blocks until it did; a lane that is closing does nothing.
    func purge(_ order: PurgeOrder) -> PurgeResult {
        let ticket = PurgeTicket(order)
        guard jobs.add(.purge(ticket)) else { return PurgeResult() }
        return ticket.wait() ?? PurgeResult()
    }

    /// Finishes what was taken in, syncs, and ends both threads.
    func close() {
        isClosing.store(true, ordering: .relaxed)
        core.indexBuilds.close()
        core.viewBuilds.queue.close()
        jobs.close()
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    private func writeLoop(_ record: StoreRecord) {
        defer { pending.close() }
        do throws(StorageFailure) {
            var writer = try LaneWriter(core, record: record, sync: sync, logger: logger)
            while let group = take() {
                run(group, &writer)
                if group.isEmpty { writer.recover() }
            }
        } catch {
            while let work = jobs.takeOne() {
                switch work {
                case .job(let job): job.reply.send(.failure(.writeFailed(error.description)))
                case .purge(let ticket): ticket.finish(PurgeResult())
                case .view(let ticket): ticket.finish(.stopped)
                case .indexed(let job, _):
                    job.waiting?.reply.send(.failure(.writeFailed(error.description)))
                }
            }
        }
    }

    /// The next works; none after a second without any while the disk refuses.
    private func take() -> [LaneWork]? {
        jobs.take(
            most: StoreLimits.writesPerGroupMax,
            waitingSeconds: core.health.isBroken ? StoreLimits.recoverSeconds : nil)
    }

    private func run(_ group: [LaneWork], _ writer: inout LaneWriter) {
        var some: [WriteJob] = []
        some.reserveCapacity(group.count)
        for work in group {
            switch work {
            case .job(let job): some.append(job)
            case .purge(let ticket):
                run(some, &writer)
                some.removeAll(keepingCapacity: true)
                ticket.finish(writer.run(ticket.order))
            case .view(let ticket):
                run(some, &writer)
                some.removeAll(keepingCapacity: true)
                ticket.finish(writer.run(ticket.order))
            case .indexed(let job, let failure):
                run(some, &writer)
                some.removeAll(keepingCapacity: true)
                var failure = failure
                if failure == nil { failure = writer.finish(job.build) }
                guard let (reply, answer) = job.waiting else { continue }
                reply.send(failure.map { .failure($0) } ?? .success(answer))
            }
        }
        run(some, &writer)
    }

    private func run(_ some: [WriteJob], _ writer: inout LaneWriter) {
        guard !some.isEmpty else { return }
        // Before the writes: if a sync fails meanwhile, they are not acknowledged.
        let generation = core.health.generation
        answer(
            writer.run(some).map {
                Pending(reply: $0.reply, result: $0.result, generation: generation)
            })
    }

    /// Builds indexes one after the other. CREATE INDEX is answered when its index is built, or
    /// after a while: then building goes on behind its back.
    private func buildLoop() {
        while let next = core.indexBuilds.takeOne() {
            while core.health.isBroken, !isClosing.load(ordering: .relaxed) {
                Thread.sleep(forTimeInterval: 0.5)
            }
            var job = next
            let start = core.context().nowMilliseconds
            var failure: StatementError?
            do throws(StorageFailure) {
                let outcome = try IndexBuilder(core: core).run(job.build) {
                    let seconds = (core.context().nowMilliseconds - start) / 1000
                    if let (reply, answer) = job.waiting,
                        seconds >= StoreLimits.indexBuildWaitSeconds
                    {
                        reply.send(.success(answer))
                        job.waiting = nil
                    }
                    return !isClosing.load(ordering: .relaxed)
                }
                if outcome == .stopped { failure = .server("the store is shutting down") }
            } catch {
                failure = .server("the index could not be built: \(error.text)")
                logger.error("an index was not built", metadata: ["why": "\(error.description)"])
                core.indexBuilds.add(IndexBuildJob(build: job.build))
            }
            if !jobs.add(.indexed(job, failure)) {
                job.waiting?.reply.send(.failure(.server("the store is shutting down")))
            }
        }
    }

    /// Fills views in turns, a step of the write lane each. CREATE MATERIALIZED VIEW is answered
    /// when its view is filled, or after a while, as CREATE INDEX is.
    private func viewLoop() {
        while var job = core.viewBuilds.queue.takeOne() {
            let ticket = ViewTicket(job.build)
            let step = jobs.add(.view(ticket)) ? ticket.wait() ?? .stopped : .stopped
            let goesOn = step.goesOn && !isClosing.load(ordering: .relaxed)
            if let (reply, answer) = job.waiting,
                !goesOn || core.context().nowMilliseconds >= job.answerBy
            {
                // It is there, and what is missing comes by itself, after a restart too.
                reply.send(.success(answer))
                job.waiting = nil
            }
            guard goesOn else { continue }
            if case .failed = step { Thread.sleep(forTimeInterval: 0.5) }
            if !core.viewBuilds.queue.add(job), let (reply, answer) = job.waiting {
                reply.send(.success(answer))
            }
        }
    }

    private func answer(_ group: [Pending]) {
        switch sync {
        case .periodic, .batch: for item in group { item.reply.send(item.result) }
        case .group: pending.add(contentsOf: group)
        }
    }

    private func syncLoop() {
        let period = sync == .periodic ? StoreLimits.periodicSyncSeconds : nil
        while let group = pending.take(most: .max, waitingSeconds: period) {
            // What failed needs no sync; `periodic` comes here with nothing but its clock.
            let succeeded = group.contains { if case .success = $0.result { true } else { false } }
            if succeeded || group.isEmpty { syncLog() }
            for item in group {
                if case .success = item.result, !core.health.isSound(item.generation) {
                    item.reply.send(
                        .failure(.writeFailed("the commit log could not be synced to the disk")))
                } else {
                    item.reply.send(item.result)
                }
            }
        }
        if !core.health.isBroken { syncLog() }
    }

    /// After a failure nothing of this log is acknowledged any more, though a second sync would
    /// succeed: the system forgets what it could not write.
    private func syncLog() {
        guard !core.health.isBroken else { return }
        do throws(StorageFailure) {
            try core.database.syncLog()
        } catch {
            core.health.fail("the commit log could not be synced: \(error.text)")
            logger.error("the commit log was not synced", metadata: ["why": "\(error)"])
        }
    }
}
