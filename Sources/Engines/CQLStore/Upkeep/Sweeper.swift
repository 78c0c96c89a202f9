// Goes over tables that have enough to forget, in the background or when it is asked to.

import CQLProtocol
import Foundation
import Logging
import Synchronization

/// What one sweep did.
struct SweepReport: Sendable, Equatable {
    var keysSeen = 0
    var rowsRemoved = 0
    var rowsRewritten = 0
    var deletionsRemoved = 0
    var entriesRemoved = 0

    mutating func add(_ result: PurgeResult) {
        rowsRemoved += result.rowsRemoved
        rowsRewritten += result.rowsRewritten
        deletionsRemoved += result.deletionsRemoved
        entriesRemoved += result.entriesRemoved
    }
}

/// Finds deleted and expired data that may go, and has the write lane remove it.
///
/// RocksDB's own filter for compactions is not used: it sees parts of a row, and it cannot know
/// whether something older by Cassandra's timestamps, but written later, waits in memory or in
/// another level. What the lane removes is removed by a write like any other, in its order.
final class Sweeper: Sendable {
    /// What is known of a table beside the ledger.
    private struct Past {
        /// Seconds: no sweep in the background before.
        var restsUntil: Int64
        /// Seconds: then it is swept whatever is known of it.
        var dueBy: Int64
    }

    private let core: StoreCore
    private let writes: WriteLane
    private let logger: Logger
    private let past = Mutex<[UInt32: Past]>([:])
    /// One sweep at a time: the lane watches one table.
    private let turn = Mutex(())
    private let isClosed = Mutex(false)
    private let thread = Mutex<LaneThread?>(nil)

    init(core: StoreCore, writes: WriteLane, logger: Logger) {
        self.core = core
        self.writes = writes
        self.logger = logger
        thread.withLock { $0 = LaneThread("cql-sweep") { [self] in loop() } }
    }

    func close() {
        isClosed.withLock { $0 = true }
        core.compactions.bell.signal()
        thread.withLock { $0 }?.join()
    }

    private var mustEnd: Bool { isClosed.withLock { $0 } }

    private func loop() {
        while !mustEnd {
            _ = core.compactions.bell.wait(
                timeout: .now() + .seconds(StoreLimits.sweepTickSeconds))
            guard !mustEnd, !core.health.isBroken else { continue }
            while !mustEnd, let task = core.compactions.next {
                do throws(StorageFailure) {
                    _ = try compact(only: [task.table], task: task.id)
                } catch {
                    logger.error("a compaction failed", metadata: ["why": "\(error.description)"])
                }
                core.compactions.finish(task.id)
            }
            let tables = core.schema.storedTables
            forgetDropped(tables)
            for table in tables where !mustEnd && isDue(table) {
                let began = ContinuousClock.now
                _ = try? sweep(table, rests: true)
                let seconds = (ContinuousClock.now - began).components.seconds
                let now = seconds + Int64(core.context().nowSeconds)
                past.withLock { past in
                    past[table.storageID] = Past(
                        restsUntil: now + max(StoreLimits.sweepPauseSeconds, seconds),
                        dueBy: now + StoreLimits.sweepIntervalSeconds)
                }
            }
        }
    }

    private func forgetDropped(_ tables: [Table]) {
        let known = Set(tables.map(\.storageID))
        past.withLock { past in past = past.filter { known.contains($0.key) } }
        core.garbage.keep(only: known)
    }

    private func isDue(_ table: Table) -> Bool {
        let now = Int64(core.context().nowSeconds)
        let past = self.past.withLock { past in
            // A table that was there at the start: nothing is known of it yet.
            let found =
                past[table.storageID]
                ?? Past(restsUntil: 0, dueBy: now + StoreLimits.sweepFirstSeconds)
            past[table.storageID] = found
            return found
        }
        if now >= past.dueBy { return true }
        let garbage = core.garbage.known(table.storageID)
        return now >= past.restsUntil && garbage.count >= StoreLimits.sweepGarbageMin
            && Int64(garbage.firstDue) < now
    }

    /// Goes over one table.
    ///
    /// - Parameters:
    ///   - now: seconds; `nil` for the store's clock.
    ///   - rests: whether it leaves most of the time to others.
    func sweep(
        _ table: Table, now: UInt32? = nil, rests: Bool = false, task: CQLUUID? = nil
    ) throws(StorageFailure) -> SweepReport {
        let times = PurgeTimes(
            now: now ?? core.context().nowSeconds, graceSeconds: table.graceSeconds)
        var report = SweepReport()
        var failure: StorageFailure?
        turn.withLock { _ in
            do throws(StorageFailure) {
                report = try sweep(table, times, rests: rests, task)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return report
    }

    private func sweep(
        _ table: Table, _ times: PurgeTimes, rests: Bool, _ task: CQLUUID?
    ) throws(StorageFailure) -> SweepReport {
        let known = core.garbage.take(table.storageID)
        var report = SweepReport()
        var sweep = TableSweep(table, times)
        var isUseful = writes.purge(sweep.firstOrder).isDone
        while isUseful, !sweep.isFinished, !mustEnd {
            let began = ContinuousClock.now
            for order in try sweep.slice(core.database) {
                let result = writes.purge(order)
                report.add(result)
                // Dropped meanwhile, or the disk refuses.
                guard result.isDone else {
                    isUseful = false
                    break
                }
            }
            if let task { core.compactions.report(task, keysSeen: sweep.keysSeen) }
            if rests { rest(since: began) }
        }
        if isUseful { try sweepIndexes(of: table, rests: rests, &report) }
        report.keysSeen = sweep.keysSeen
        let left = sweep.isFinished ? sweep.left : known
        core.garbage.add([table.storageID: left])
        if report.rowsRemoved + report.rowsRewritten + report.deletionsRemoved > 0 {
            logger.debug(
                "swept a table",
                metadata: [
                    "table": "\(table.keyspace).\(table.name)", "keys": "\(report.keysSeen)",
                    "removed": "\(report.rowsRemoved + report.deletionsRemoved)",
                ])
        }
        return report
    }

    /// Goes over the entries of a table's indexes, once the table itself has forgotten.
    private func sweepIndexes(
        of table: Table, rests: Bool, _ report: inout SweepReport
    ) throws(StorageFailure) {
        for index in table.indexDefinitions {
            var sweep = IndexSweep(table, index)
            while !sweep.isFinished, !mustEnd {
                let began = ContinuousClock.now
                if let order = try sweep.slice(core.database) {
                    let result = writes.purge(order)
                    report.add(result)
                    guard result.isDone else { return }
                }
                if rests { rest(since: began) }
            }
        }
    }

    private func rest(since began: ContinuousClock.Instant) {
        let pause = (ContinuousClock.now - began) * StoreLimits.sweepRest
        Thread.sleep(forTimeInterval: min(pause / .seconds(1), 1))
    }

    /// Forgets all that may be forgotten, then has RocksDB rewrite its tables.
    ///
    /// - Parameter only: the tables; `nil` for all.
    func compact(only: [Table]? = nil, task: CQLUUID? = nil) throws(StorageFailure) -> SweepReport {
        var sum = SweepReport()
        for table in only ?? core.schema.storedTables {
            let report = try sweep(table, task: task)
            sum.keysSeen += report.keysSeen
            sum.rowsRemoved += report.rowsRemoved
            sum.rowsRewritten += report.rowsRewritten
            sum.deletionsRemoved += report.deletionsRemoved
            sum.entriesRemoved += report.entriesRemoved
        }
        if let only {
            for table in only { try core.database.compact(storageID: table.storageID) }
        } else {
            try core.database.compact()
        }
        return sum
    }
}
