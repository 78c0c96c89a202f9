// What the broker does from time to time: checkpoints, idle memory, retention, compaction.

import Logging
import NIOPosix

/// Runs until cancelled. File work is done on the read threads.
struct BrokerUpkeep: Sendable {
    let catalog: TopicCatalog
    let readThreads: NIOThreadPool
    let logger: Logger

    func run() async {
        // Beside the rest, because one log can take minutes.
        async let compaction: Void = CompactionUpkeep(
            catalog: catalog, readThreads: readThreads, logger: logger
        ).run()
        await runRounds()
        await compaction
    }

    private func runRounds() async {
        var sinceRetention: Int64 = 0
        var written: [PartitionName: Int64] = catalog.directory.recoveryPoints
        while true {
            do { try await Task.sleep(for: .seconds(Limits.upkeepSeconds)) } catch {
                return  // Cancelled: that is how this loop ends.
            }
            sinceRetention += Limits.upkeepSeconds
            let deletes = sinceRetention >= Limits.retentionSeconds
            if deletes { sinceRetention = 0 }
            do {
                written = try await readThreads.runIfActive { [written] in
                    if deletes { catalog.deleteOld() }
                    let points = try catalog.upkeep()
                    if points != written { try catalog.directory.write(recoveryPoints: points) }
                    return points
                }
            } catch {
                // The logs keep their acknowledged records; a recovery only has more to read.
                logger.warning("no checkpoint was made", metadata: ["error": "\(error)"])
            }
        }
    }
}
