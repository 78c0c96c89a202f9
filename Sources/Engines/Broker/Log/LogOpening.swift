// Opening many partitions at a start: each on its own, as many at a time as there are cores.

import Dispatch
import Synchronization

/// What opens one partition's log.
struct LogOpening: Sendable {
    var name: PartitionName
    var topicID: String
    var configuration: LogConfiguration
    var isNew = false

    func open(
        in directory: DataDirectory, _ environment: LogEnvironment
    ) throws(DiskError) -> PartitionLog {
        try PartitionLog(
            name, topicID: topicID, root: directory.path, configuration: configuration,
            environment: environment, isNew: isNew, isClean: directory.wasClean,
            recoveryPoint: isNew ? 0 : directory.recoveryPoints[name] ?? 0,
            startOffset: isNew ? 0 : directory.startOffsets[name] ?? 0)
    }

    /// Opens all of them. Blocks until the last one is open; after an unclean stop each is checked.
    ///
    /// - Returns: the logs in the order of `openings`.
    /// - Throws: the first error there was.
    static func openAll(
        _ openings: [LogOpening], in directory: DataDirectory, _ environment: LogEnvironment
    ) throws(DiskError) -> [PartitionLog] {
        let opened = Mutex<[PartitionLog?]>(Array(repeating: nil, count: openings.count))
        let failure = Mutex<DiskError?>(nil)
        DispatchQueue.concurrentPerform(iterations: openings.count) { position in
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(DiskError) {
                let log = try openings[position].open(in: directory, environment)
                opened.withLock { $0[position] = log }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return opened.withLock { $0.compactMap(\.self) }
    }
}
