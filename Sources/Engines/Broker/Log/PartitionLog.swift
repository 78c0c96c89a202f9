// A partition: batches in order, one after the other, on disk.

package import MillraceBase
package import NIOCore
package import NIOPosix
import Synchronization

/// What all logs of a broker share.
package struct LogEnvironment: Sendable {
    /// Threads that write and flush.
    package var appendThreads: NIOThreadPool
    package var durability: Durability
    package var clock: WallClock
    /// Kafka's `producer.id.expiration.ms`.
    var producerExpiryMilliseconds = Limits.producerExpiryMilliseconds
    let budget = TailBudget()

    package init(appendThreads: NIOThreadPool, durability: Durability, clock: WallClock = .system) {
        self.appendThreads = appendThreads
        self.durability = durability
        self.clock = clock
    }

    init(_ configuration: BrokerConfiguration, appendThreads: NIOThreadPool) {
        self.init(appendThreads: appendThreads, durability: configuration.durability)
        producerExpiryMilliseconds = configuration.transactions.producerExpiryMilliseconds
    }
}

/// The log of one partition. All its calls may come from any thread; those that say so block.
///
/// Appends of many connections queue up in `inbox`. One append thread at a time takes all that wait,
/// writes them at one stroke, flushes once, and answers them; what comes meanwhile waits for the next
/// round. An idle log flushes at once, a busy one shares each flush among all that wait.
///
/// Order of locks: `writer`, then the view's. `inbox` is held alone.
package final class PartitionLog: Sendable {
    package let name: PartitionName
    let folder: String
    let view: SharedView
    private let environment: LogEnvironment
    private let writer: Mutex<LogWriter>
    private let inbox = Mutex(AppendInbox())
    /// The offset up to which the log is compacted; `nil` until it is read.
    let cleanerOffset = Mutex<Int64?>(nil)

    /// Opens or begins a partition. Blocks.
    ///
    /// - Parameters:
    ///   - root: the data directory; the partition's folder is `root/topic-n`.
    ///   - isNew: whether the topic was made just now; what lies in its folder is of a deleted one.
    ///   - isClean: whether the broker stopped in order, so that files can be trusted.
    ///   - startOffset: the first offset readers may see; what lies before was deleted.
    init(
        _ name: PartitionName, topicID: String, root: String, configuration: LogConfiguration,
        environment: LogEnvironment, isNew: Bool = false, isClean: Bool = true,
        recoveryPoint: Int64 = 0, startOffset: Int64 = 0
    ) throws(DiskError) {
        self.name = name
        self.environment = environment
        folder = root + "/" + name.description
        var recovered = RecoveredLog()
        if isNew { try DiskFolder.removeAll(folder) }
        if DiskFolder.exists(folder) {
            var recovery = LogRecovery(
                folder: folder, isClean: isClean, recoveryPoint: recoveryPoint,
                now: environment.clock.milliseconds())
            recovered = try recovery.run()
        }
        bytesCut = recovered.bytesCut
        view = SharedView(
            LogView(recovered, startOffset: startOffset, configuration: configuration),
            budget: environment.budget)
        writer = Mutex(
            LogWriter(
                folder: folder, topicID: topicID, durability: environment.durability,
                configuration: configuration, view: view, recovered: recovered))
    }

    /// Bytes that opening cut off because they were no whole good batch.
    let bytesCut: Int

    // MARK: Appending

    /// Appends one batch. Returns at once; `done` is called once, on an append thread.
    ///
    /// Batches given by one caller one after the other get rising offsets in that order.
    ///
    /// - Parameter verification: from `beginVerification`, for the first batch of a transaction.
    package func append(
        _ batch: ByteBuffer, origin: AppendOrigin = .client,
        verification: VerificationToken? = nil, _ done: @escaping @Sendable (AppendResult) -> Void
    ) {
        enqueue(
            PendingAppend(
                content: .batch(batch, origin: origin, verification: verification), done: done))
    }

    func enqueue(_ append: PendingAppend) {
        let (accepted, starts) = inbox.withLock { inbox -> (Bool, Bool) in
            if inbox.isClosed { return (false, false) }
            inbox.waiting.append(append)
            defer { inbox.isWorking = true }
            return (true, !inbox.isWorking)
        }
        guard accepted else { return append.done(.refused(.closed)) }
        if starts { work() }
    }

    private func work() {
        environment.appendThreads.submit { state in
            switch state {
            case .active: self.workRound()
            case .cancelled: self.refuseAll()
            }
        }
    }

    /// One round; then the thread goes to whoever waits for one, another log perhaps.
    private func workRound() {
        let appends = inbox.withLock { $0.takeRound() }
        if !appends.isEmpty {
            let now = environment.clock.milliseconds()
            let (results, waiters) = writer.withLock { $0.append(appends, now: now) }
            for (append, result) in zip(appends, results) { append.done(result) }
            for waiter in waiters { waiter.wake() }
        }
        let goesOn = inbox.withLock { inbox in
            inbox.isWorking = !inbox.waiting.isEmpty
            return inbox.isWorking
        }
        if goesOn { work() }
    }

    private func refuseAll() {
        let appends = inbox.withLock { inbox in
            inbox.isClosed = true
            inbox.isWorking = false
            defer { inbox.waiting = [] }
            return inbox.waiting
        }
        for append in appends { append.done(.refused(.closed)) }
    }

    // MARK: Waiting

    /// Wakes `waiter` when the log has more than `seen`.
    ///
    /// - Parameter end: the high watermark, or for committed records the last stable offset, as the
    ///   waiter saw it.
    /// - Returns: false when it already has; the waiter is not kept then.
    func wait(
        _ waiter: LogWaiter, seen end: Int64, _ isolation: IsolationLevel = .readUncommitted
    ) -> Bool {
        view.with { view in
            guard view.end(isolation) == end, view.failure == nil else { return false }
            switch isolation {
            case .readUncommitted: view.waiters[ObjectIdentifier(waiter)] = waiter
            case .readCommitted: view.stableWaiters[ObjectIdentifier(waiter)] = waiter
            }
            return true
        }
    }

    func stopWaiting(_ waiter: LogWaiter) {
        view.with { view in
            view.waiters[ObjectIdentifier(waiter)] = nil
            view.stableWaiters[ObjectIdentifier(waiter)] = nil
        }
    }

    // MARK: Upkeep; all of it blocks

    var configuration: LogConfiguration { view.with { $0.configuration } }

    func configure(_ configuration: LogConfiguration) {
        writer.withLock { $0.configuration = configuration }
        view.with { $0.configuration = configuration }
    }

    /// Makes a checkpoint if the log grew enough since the last one.
    /// - Returns: the offset up to which a recovery need not read.
    func checkpointIfGrown(force: Bool = false) throws(DiskError) -> Int64 {
        try writer.withLock { writer throws(DiskError) in
            guard writer.failure == nil else { return writer.recoveryPoint }
            let now = environment.clock.milliseconds()
            writer.producers.expire(before: now - environment.producerExpiryMilliseconds)
            if force || writer.needsCheckpoint { try writer.checkpoint() }
            return writer.recoveryPoint
        }
    }

    /// Appends no more, and puts all on disk that a start without recovery needs.
    /// - Returns: the log's end; `nil` for a log that failed, which the next start has to check.
    func close() throws(DiskError) -> Int64? {
        refuseNew()
        return try writer.withLock { writer throws(DiskError) in
            guard writer.failure == nil else { return nil }
            defer { writer.failure = .closed }
            try writer.checkpoint()
            return writer.recoveryPoint
        }
    }

    /// Serves no more, because the topic was deleted; the files are the caller's to remove.
    func abandon() {
        refuseNew()
        let waiters = writer.withLock { writer in
            writer.failure = writer.failure ?? .closed
            return view.fail(.deleted)
        }
        for waiter in waiters { waiter.wake() }
    }

    /// Removes what lies before an offset: whole segments from the disk, the rest from view.
    func deleteRecords(before offset: Int64) throws(DiskError) {
        let removed = writer.withLock { _ in
            view.with { view -> [Segment] in
                view.startOffset = max(view.startOffset, min(offset, view.highWatermark))
                view.settleStableOffset()
                return view.takeSegments(endingBy: view.startOffset)
            }
        }
        for segment in removed { try segment.remove() }
    }

    /// Removes the oldest segments that `retention.ms` and `retention.bytes` no longer keep.
    func deleteOld(now: Int64) throws(DiskError) {
        let retention = try view.with { $0 }.expired(now: now)
        guard let keptFrom = retention else { return }
        if keptFrom >= view.with({ $0.highWatermark }) {
            // All of it is old: the active segment is closed, so that it can go too.
            _ = writer.withLock { writer in try? writer.roll() }
        }
        try deleteRecords(before: keptFrom)
    }

    private func refuseNew() { inbox.withLock { $0.isClosed = true } }
}

extension PartitionLog {
    /// Appends one batch and waits for its place.
    package func append(
        _ batch: ByteBuffer, origin: AppendOrigin = .client, verification: VerificationToken? = nil
    ) async -> AppendResult {
        await withCheckedContinuation { continuation in
            append(batch, origin: origin, verification: verification) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// Appends one batch on this thread, past those that wait in the queue. Blocks.
    package func appendNow(_ batch: ByteBuffer, origin: AppendOrigin) -> AppendResult {
        let append = PendingAppend(
            content: .batch(batch, origin: origin, verification: nil), done: { _ in })
        let now = environment.clock.milliseconds()
        let (results, waiters) = writer.withLock { $0.append([append], now: now) }
        for waiter in waiters { waiter.wake() }
        return results[0]
    }

    func producerTable() -> ProducerTable { writer.withLock { $0.producers } }

    /// Milliseconds of the broker's clock.
    func now() -> Int64 { environment.clock.milliseconds() }

    /// Whether nothing is appended any more.
    var isClosed: Bool { inbox.withLock { $0.isClosed } }

    /// Puts a compacted segment in the place of those it was made from; see `CleanedFiles`. Appends wait.
    ///
    /// - Parameter range: from the first one's offset to that of the one behind them.
    /// - Returns: false when they are not the log's any more; nothing is done then.
    func replace(
        _ old: [Segment], _ range: Range<Int64>, with cleaned: CleanedSegment
    ) throws(DiskError) -> Bool {
        try writer.withLock { writer throws(DiskError) in
            guard writer.failure == nil, view.with({ $0.place(of: old) }) != nil else {
                return false
            }
            for segment in old { try segment.detach() }
            try DiskFolder.rename(
                CleanedFiles.cleanedPath(folder, range.lowerBound),
                to: CleanedFiles.swapPath(folder, range))
            try DiskFolder.flush(folder)
            try CleanedFiles.finish(folder, range)
            let path = Segment.path(folder, range.lowerBound, "log")
            let new = Segment(
                baseOffset: range.lowerBound, folder: folder,
                file: try DiskFile.open(path, create: false), index: cleaned.index)
            new.verified(0..<cleaned.sizeBytes, stamp: try new.file.stamp())
            new.setAborted(cleaned.aborted, isOnDisk: cleaned.aborted.entries.isEmpty)
            try new.writeIndex()
            new.close()
            view.replace(old, with: new, before: range.upperBound)
            return true
        }
    }
}
