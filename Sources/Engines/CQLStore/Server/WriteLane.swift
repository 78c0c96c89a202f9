// The one thread that writes, and the one that syncs: group commit.

import CQLProtocol
import Logging
import Synchronization

/// What the write lane is asked to do.
struct WriteJob: Sendable {
    enum Work: Sendable {
        case write(Compiled, BoundValues)
        case batch([(compiled: Compiled, values: BoundValues)], CQLBatch.Kind)
        case schema(Compiled)
    }

    var work: Work
    /// Microseconds, as the client gave it.
    var timestamp: Int64?
    /// v5: seconds, as the client gave it.
    var now: Int32?
    var reply: Reply
}

/// An answer that waits until what it promises is on disk.
private struct Pending: Sendable {
    var reply: Reply
    var result: Result<CQLResult, StatementError>
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
    private let jobs = WorkQueue<WriteJob>()
    private let pending = WorkQueue<Pending>()
    private let threads = Mutex<[LaneThread]>([])

    init(_ core: StoreCore, record: StoreRecord, sync: CommitlogSync, logger: Logger) {
        self.core = core
        self.sync = sync
        self.logger = logger
        threads.withLock { threads in
            threads = [
                LaneThread("cql-write") { [self] in writeLoop(record) },
                LaneThread("cql-sync") { [self] in syncLoop() },
            ]
        }
    }

    func add(_ job: WriteJob) {
        guard jobs.add(job) else {
            return job.reply.send(.failure(.server("the store is shutting down")))
        }
    }

    /// Finishes what was taken in, syncs, and ends both threads.
    func close() {
        jobs.close()
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    private func writeLoop(_ record: StoreRecord) {
        defer { pending.close() }
        do throws(StorageFailure) {
            var writer = try LaneWriter(core, record: record, sync: sync, logger: logger)
            while let group = jobs.take(most: StoreLimits.writesPerGroupMax) {
                answer(writer.run(group).map { Pending(reply: $0.reply, result: $0.result) })
            }
        } catch {
            while let job = jobs.takeOne() {
                job.reply.send(.failure(.writeFailed(error.description)))
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
            var failure: StatementError?
            if succeeded || group.isEmpty {
                do throws(StorageFailure) {
                    try core.database.syncLog()
                } catch {
                    logger.error("the commit log was not synced", metadata: ["why": "\(error)"])
                    failure = .writeFailed("the commit log could not be synced: \(error.text)")
                }
            }
            for item in group {
                if let failure, case .success = item.result {
                    item.reply.send(.failure(failure))
                } else {
                    item.reply.send(item.result)
                }
            }
        }
        try? core.database.syncLog()
    }
}
