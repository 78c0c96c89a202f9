// The only one who appends to a partition's log: places batches, writes them, flushes, shows them.

import KafkaProtocol
import MillraceBase
import NIOCore

/// The writers' side of a log. One thread at a time has it, under the log's writer lock.
///
/// A round: `stage` judges each batch and puts it behind the others in one block of memory; `commit`
/// writes the block, flushes it as the policy says, and shows it to readers. Until then nothing has
/// happened: a failed write takes everything staged back, offsets and producers included.
///
/// Invariants: `staged` holds whole batches with offsets from `stagedFrom` to `nextOffset` without
/// gaps; bytes of the active file past `activeBytes` belong to nobody.
struct LogWriter: Sendable {
    let folder: String
    let durability: Durability
    let view: SharedView
    /// Written to `partition.metadata` when the folder is made.
    let topicID: String
    var configuration: LogConfiguration

    var active: Segment?
    var activeBytes = 0
    /// When the active segment was begun, in milliseconds.
    var activeSince: Int64 = 0
    var nextOffset: Int64
    var epochs: LeaderEpochs
    var producers = ProducerTable()
    /// Set for good by the first flush that fails, and when the log is closed.
    var failure: AppendFault?
    /// Up to here everything is on disk, index and producers too; a recovery starts here.
    var recoveryPoint: Int64
    /// Whether the epoch was raised by a recovery and is on disk only with the next batch.
    private var hasNewEpoch: Bool
    private var bytesSinceCheckpoint: Int64 = 0

    private var staged = ByteBuffer()
    private var stagedFrom: Int64
    private var stagedBatches: [(batch: RecordBatchHeader, position: Int)] = []
    private var undo: [(producerID: Int64, entry: ProducerTable.Entry?)] = []
    /// Readers to wake when the round is over.
    private var waiters: [LogWaiter] = []

    /// - Parameter recovered: what is on disk, empty for a new partition.
    init(
        folder: String, topicID: String, durability: Durability, configuration: LogConfiguration,
        view: SharedView, recovered: RecoveredLog
    ) {
        self.folder = folder
        self.topicID = topicID
        self.durability = durability
        self.configuration = configuration
        self.view = view
        active = recovered.segments.last
        activeBytes = recovered.activeBytes
        activeSince = recovered.activeSince
        nextOffset = recovered.endOffset
        stagedFrom = recovered.endOffset
        epochs = recovered.epochs
        producers = recovered.producers
        recoveryPoint = recovered.recoveryPoint
        hasNewEpoch = recovered.hasNewEpoch
    }

    var needsCheckpoint: Bool { bytesSinceCheckpoint >= Limits.checkpointBytes }

    // MARK: A round

    /// Appends the batches in their order. Blocks until they are as durable as the policy says.
    ///
    /// - Returns: a result for each, and the readers to be woken.
    mutating func append(_ appends: [PendingAppend], now: Int64) -> (
        results: [AppendResult], waiters: [LogWaiter]
    ) {
        var results: [AppendResult] = []
        results.reserveCapacity(appends.count)
        /// The first result that stands or falls with the next commit.
        var uncommitted = 0
        staged.reserveCapacity(appends.reduce(0) { $0 + $1.batch.readableBytes })
        for append in appends {
            do throws(AppendFault) {
                if let failure { throw failure }
                let batch = try check(append, now: now)
                if mustRoll(before: batch.sizeBytes, now: now) {
                    commit(&results, from: uncommitted)
                    uncommitted = results.count
                    try roll()
                }
                results.append(try stage(append, batch, now: now))
            } catch {
                results.append(.refused(error))
            }
            if durability == .always {
                commit(&results, from: uncommitted)
                uncommitted = results.count
            }
        }
        commit(&results, from: uncommitted)
        defer { waiters = [] }
        return (results, waiters)
    }

    /// What is wrong with a batch no matter what the log holds.
    private func check(_ append: PendingAppend, now: Int64) throws(AppendFault) -> RecordBatchHeader
    {
        let batch: RecordBatchHeader
        let read = append.batch.withUnsafeReadableBytes { bytes in
            Result { () throws(BatchFault) in
                try RecordBatchHeader(whole: bytes, verifying: true)
            }
        }
        do { batch = try read.get() } catch {
            throw error == .badChecksum
                ? .badChecksum : .notABatch("the records are no whole batch of format 2")
        }
        guard batch.sizeBytes == append.batch.readableBytes else {
            throw .notABatch("a partition takes exactly one batch in a request")
        }
        guard batch.recordCount > 0, batch.lastOffsetDelta == batch.recordCount - 1 else {
            throw .notABatch("the batch's record count and offsets disagree")
        }
        if batch.sizeBytes > configuration.messageBytesMax {
            throw .tooLarge(sizeBytes: batch.sizeBytes, bytesMax: configuration.messageBytesMax)
        }
        guard append.isInternal || !batch.attributes.isControl else {
            throw .notABatch("clients do not write control batches")
        }
        guard !batch.attributes.isTransactional else { throw .transactional }
        guard !batch.hasProducer || (batch.baseSequence >= 0 && batch.producerEpoch >= 0) else {
            throw .notABatch("the batch has a producer id and no sequence")
        }
        if !configuration.stampsAppendTime { try checkTimes(batch, now: now) }
        if configuration.isCompacted { try checkKeys(append.batch, batch) }
        return batch
    }

    private func checkTimes(_ batch: RecordBatchHeader, now: Int64) throws(AppendFault) {
        let (late, overflow) = batch.maxTimestampMilliseconds.subtractingReportingOverflow(now)
        if overflow || late > configuration.timestampAfterMax {
            throw .invalidTimestamp(batch.maxTimestampMilliseconds)
        }
        guard configuration.timestampBeforeMax != .max, batch.baseTimestampMilliseconds >= 0 else {
            return
        }
        if now - batch.baseTimestampMilliseconds > configuration.timestampBeforeMax {
            throw .invalidTimestamp(batch.baseTimestampMilliseconds)
        }
    }

    /// Keys can be seen in uncompressed batches only; compressed ones pass.
    private func checkKeys(
        _ bytes: ByteBuffer, _ batch: RecordBatchHeader
    ) throws(AppendFault) {
        if batch.isCompressed { return }
        let records: [Record]
        do { records = try RecordReader.all(in: bytes) } catch {
            throw .notABatch("a record of the batch is damaged: \(error)")
        }
        let missing = records.indices.filter { records[$0].key == nil }
        if !missing.isEmpty { throw .withoutKey(missing.map { Int32($0) }) }
    }

    /// Gives the batch its offset and puts it behind the others of the round.
    private mutating func stage(
        _ append: PendingAppend, _ batch: RecordBatchHeader, now: Int64
    ) throws(AppendFault) -> AppendResult {
        let appendTime = configuration.stampsAppendTime ? now : -1
        let startOffset = view.with { $0.startOffset }
        if batch.hasProducer {
            switch producers.judge(batch) {
            case .new: break
            case .repeated(let known):
                let time = configuration.stampsAppendTime ? known.timestamp : -1
                return .appended(
                    baseOffset: known.firstOffset, appendTime: time, startOffset: startOffset)
            case .staleEpoch: throw .staleProducerEpoch
            case .outOfOrder: throw .outOfOrderSequence
            }
        }
        var placed = batch
        placed.baseOffset = nextOffset
        if configuration.stampsAppendTime { placed.maxTimestampMilliseconds = now }
        let position = staged.readableBytes
        staged.writeImmutableBuffer(append.batch)
        staged.withUnsafeMutableReadableBytes { bytes in
            let mine = UnsafeMutableRawBufferPointer(rebasing: bytes[position...])
            BatchPatch.place(mine, baseOffset: nextOffset, leaderEpoch: epochs.current)
            if configuration.stampsAppendTime { BatchPatch.stamp(mine, batch, milliseconds: now) }
        }
        if placed.hasProducer {
            let before = producers.appended(placed, at: nextOffset, now: now)
            undo.append((placed.producerID, before))
        }
        stagedBatches.append((placed, activeBytes + position))
        defer { nextOffset += Int64(batch.lastOffsetDelta) + 1 }
        return .appended(
            baseOffset: nextOffset, appendTime: appendTime, startOffset: startOffset)
    }

    /// Makes what is staged durable and shows it, or takes it back and says so in `results`.
    private mutating func commit(_ results: inout [AppendResult], from first: Int) {
        guard staged.readableBytes > 0 else { return }
        do throws(AppendFault) {
            try write()
        } catch {
            for index in first..<results.count {
                if case .appended = results[index] { results[index] = .refused(error) }
            }
            for (producerID, entry) in undo.reversed() {
                producers.restore(producerID, to: entry)
            }
            nextOffset = stagedFrom
        }
        staged = ByteBuffer()
        stagedFrom = nextOffset
        stagedBatches.removeAll(keepingCapacity: true)
        undo.removeAll(keepingCapacity: true)
    }

    private mutating func write() throws(AppendFault) {
        let segment: Segment
        if let active { segment = active } else { segment = try begin(at: stagedFrom) }
        try keepNewEpoch()
        do throws(DiskError) {
            try segment.file.write(staged, at: activeBytes)
        } catch {
            // A full disk may have room again; what was half written is cut off before that.
            do { try segment.file.cut(to: activeBytes) } catch { fail("\(error)") }
            throw .storage("\(error)")
        }
        if durability != .none {
            do throws(DiskError) {
                try segment.file.flush()
            } catch {
                // The kernel may have dropped the pages and report success next time: final.
                fail("\(error)")
                throw .storage("\(error)")
            }
        }
        activeBytes += staged.readableBytes
        bytesSinceCheckpoint += Int64(staged.readableBytes)
        segment.appended(stagedBatches)
        waiters += view.publish(
            staged, from: stagedFrom, to: nextOffset, segment: segment, activeBytes: activeBytes)
    }

    /// No batch of a new epoch is on disk before the epoch is.
    private mutating func keepNewEpoch() throws(AppendFault) {
        guard hasNewEpoch else { return }
        do throws(DiskError) { try writeEpochs(durably: true) } catch { throw .storage("\(error)") }
        hasNewEpoch = false
    }

    /// Ends the log for good.
    mutating func fail(_ because: String) {
        failure = failure ?? .storage(because)
        waiters += view.fail(because)
    }

    // MARK: Segments

    private func mustRoll(before sizeBytes: Int, now: Int64) -> Bool {
        let used = activeBytes + staged.readableBytes
        guard used > 0, let active else { return false }
        return used + sizeBytes > configuration.segmentBytes
            || nextOffset - active.baseOffset > Int64(Int32.max) - Int64(Limits.recordsPerBatchMax)
            || (activeBytes > 0 && now - activeSince > configuration.segmentMilliseconds)
    }

    /// Closes the active segment; the next batch begins another.
    mutating func roll() throws(AppendFault) {
        precondition(staged.readableBytes == 0, "a segment is closed between two commits")
        guard let old = active, activeBytes > 0 else { return }
        do throws(DiskError) {
            try checkpoint()
            old.close()
            active = nil
            activeBytes = 0
        } catch {
            fail("\(error)")
            throw .storage("\(error)")
        }
    }

    /// Makes the files of a new segment; their names survive a power cut before its first batch does.
    private mutating func begin(at offset: Int64) throws(AppendFault) -> Segment {
        do throws(DiskError) {
            try makeFolder()
            let file = try DiskFile.open(Segment.path(folder, offset, "log"), create: true)
            try file.cut(to: 0)
            try flushNames()
            let segment = Segment(
                baseOffset: offset, folder: folder, file: file, index: SegmentIndex())
            active = segment
            activeBytes = 0
            activeSince = WallClock.system.milliseconds()
            // Positions of what is staged were counted behind the segment before, which is closed.
            return segment
        } catch {
            throw .storage("\(error)")
        }
    }

    /// The folder of a partition is made with its first batch: empty partitions cost nothing.
    private mutating func makeFolder() throws(DiskError) {
        if DiskFolder.exists(folder + "/partition.metadata") { return }
        try DiskFolder.make(folder)
        try DiskFolder.replace(
            folder + "/partition.metadata",
            with: Array("version: 0\ntopic_id: \(topicID)\n".utf8), durably: false)
        if epochs.entries.isEmpty { epochs.begin(0, at: nextOffset) }
        try writeEpochs(durably: false)
        let epochs = epochs
        view.with { $0.epochs = epochs }
    }

    private func flushNames() throws(DiskError) {
        guard durability != .none else { return }
        try DiskFolder.flush(folder)
        if let slash = folder.lastIndex(of: "/") {
            try DiskFolder.flush(String(folder[..<slash]))
        }
    }

    private func writeEpochs(durably: Bool) throws(DiskError) {
        try DiskFolder.replace(
            folder + "/leader-epoch-checkpoint", with: Array(epochs.text.utf8), durably: durably)
    }

    // MARK: Checkpoints

    /// Puts everything on disk that a start without recovery needs: data, index, producers.
    ///
    /// Index and snapshot are not flushed: a power cut can leave old, empty or torn ones, which are
    /// told from good ones when they are read, and made again from the batches.
    mutating func checkpoint() throws(DiskError) {
        guard let active, recoveryPoint < nextOffset else { return }
        if durability == .none { try active.file.flush() }
        try active.writeIndex()
        try DiskFolder.replace(
            Segment.path(folder, nextOffset, "snapshot"), with: ProducerSnapshot.encode(producers),
            durably: false)
        let snapshots = try DiskFolder.names(in: folder)
            .compactMap { Segment.offset(in: $0, suffix: "snapshot") }
        for old in snapshots where old < recoveryPoint {
            try DiskFolder.remove(Segment.path(folder, old, "snapshot"))
        }
        recoveryPoint = nextOffset
        bytesSinceCheckpoint = 0
    }
}
