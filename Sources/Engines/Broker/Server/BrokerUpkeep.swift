// What the broker does from time to time: checkpoints, idle memory, retention, compaction.

import Logging
import NIOPosix

/// Runs until cancelled. File work is done on the read threads.
struct BrokerUpkeep: Sendable {
    let catalog: TopicCatalog
    let intervals: UpkeepIntervals
    /// Of requests and answers.
    let budgets: [RequestBudget]
    let readThreads: NIOThreadPool
    let logger: Logger

    func run() async {
        // Beside the rest, because one log can take minutes.
        async let compaction: Void = CompactionUpkeep(
            catalog: catalog, intervalMilliseconds: intervals.compactionMilliseconds,
            readThreads: readThreads, logger: logger
        ).run()
        async let retention: Void = runRetention()
        await runRounds()
        await compaction
        await retention
    }

    private func runRetention() async {
        while true {
            do {
                try await Task.sleep(for: .milliseconds(intervals.retentionMilliseconds))
                try await readThreads.runIfActive { catalog.deleteOld() }
            } catch {
                return  // Cancelled, or the threads are gone: that is how this loop ends.
            }
        }
    }

    private func runRounds() async {
        while true {
            do { try await Task.sleep(for: .seconds(Limits.upkeepSeconds)) } catch {
                return  // Cancelled: that is how this loop ends.
            }
            do {
                try await readThreads.runIfActive { [budgets] in
                    try catalog.upkeep()
                    // Each is asked, or one would keep its mark for the next round.
                    let over = budgets.filter { $0.loadIsOver() }
                    if !over.isEmpty { FreedMemory.giveBack() }
                }
            } catch {
                // The logs keep their acknowledged records; a recovery only has more to read.
                logger.warning("no checkpoint was made", metadata: ["error": "\(error)"])
            }
        }
    }
}
