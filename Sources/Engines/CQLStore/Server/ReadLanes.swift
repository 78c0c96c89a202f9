// Threads for what only reads: SELECT, DESCRIBE, parsing and preparing.

import Synchronization

/// Runs jobs on a few threads, in the order they came but side by side.
final class ReadLanes: Sendable {
    private let jobs = WorkQueue<@Sendable () -> Void>()
    private let threads = Mutex<[LaneThread]>([])

    init() {
        let jobs = jobs
        threads.withLock { threads in
            threads = (0..<StoreLimits.readThreads).map { index in
                LaneThread("cql-read-\(index)") { while let job = jobs.takeOne() { job() } }
            }
        }
    }

    /// - Returns: `false` when the store is shutting down.
    func add(_ job: @escaping @Sendable () -> Void) -> Bool { jobs.add(job) }

    func close() {
        jobs.close()
        for thread in threads.withLock({ $0 }) { thread.join() }
    }
}
