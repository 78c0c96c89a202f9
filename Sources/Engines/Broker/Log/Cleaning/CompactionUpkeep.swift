// Looks from time to time for logs that are worth compacting, and compacts them one after the other.

import Logging
import NIOPosix

/// Runs until cancelled. File work is done on the read threads, one log at a time.
struct CompactionUpkeep: Sendable {
    let catalog: TopicCatalog
    let intervalMilliseconds: Int64
    let readThreads: NIOThreadPool
    let logger: Logger

    func run() async {
        /// Logs that cannot be compacted: said once for each.
        var damaged: Set<PartitionName> = []
        while true {
            do { try await Task.sleep(for: .milliseconds(intervalMilliseconds)) } catch {
                return  // Cancelled: that is how this loop ends.
            }
            for log in catalog.topics.flatMap(\.logs) where log.configuration.isCompacted {
                do {
                    let report = try await readThreads.runIfActive { try log.compact() }
                    damaged.remove(log.name)
                    if let report { say(report, of: log) }
                } catch {
                    if Task.isCancelled { return }
                    guard damaged.insert(log.name).inserted else { continue }
                    logger.error(
                        "a log cannot be compacted, and only grows",
                        metadata: ["partition": "\(log.name)", "error": "\(error)"])
                }
            }
        }
    }

    private func say(_ report: CompactionReport, of log: PartitionLog) {
        logger.debug(
            "compacted a log",
            metadata: [
                "partition": "\(log.name)", "end": "\(report.end)",
                "bytes": "\(report.bytesBefore) to \(report.bytesAfter)",
            ])
    }
}
