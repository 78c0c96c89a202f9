// The only one who appends to a partition's log: places batches, writes them, flushes, shows them.

import KafkaProtocol
import MillraceBase
import NIOCore

/// The writers' side of a log. One thread at a time has it, under the log's writer lock.
///
/// A round: `stage` judges each batch and puts it behind the others in one block of memory; `commit`
/// writes the block, flushes it as the policy says, and shows it to readers. Until then nothing has
/// happened: a failed write takes everything staged back, offsets, producers and transactions included.
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
    /// Whether the epoch was raised by a recovery and is on disk only with the next batch or checkpoint.
    var hasNewEpoch: Bool
    var bytesSinceCheckpoint: Int64 = 0

    var staged = ByteBuffer()
    private var stagedFrom: Int64
    private var stagedBatches: [(batch: RecordBatchHeader, position: Int)] = []
    private var stagedAborted: [AbortedTransaction] = []
    private var undo: [(producerID: Int64, entry: ProducerTable.Entry?)] = []
    /// Tokens of the transactions that begin with what is staged.
    private var stagedTokens: [(producerID: Int64, token: VerificationToken)] = []
    /// Readers to wake when the round is over.
    var waiters: [LogWaiter] = []

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
        staged.reserveCapacity(appends.reduce(0) { $0 + $1.sizeBytes })
        for append in appends {
            do throws(AppendFault) {
                if let failure { throw failure }
                let checked: CheckedBatch? =
                    switch append.content {
                    case .batch(let bytes, let origin, _): try check(bytes, origin, now: now)
                    case .marker: nil
                    }
                if mustRoll(before: checked?.header.sizeBytes ?? append.sizeBytes, now: now) {
                    commit(&results, from: uncommitted, now: now)
                    uncommitted = results.count
                    try roll()
                }
                results.append(try stage(append, checked, now: now))
            } catch {
                results.append(.refused(error))
            }
            if durability == .always {
                commit(&results, from: uncommitted, now: now)
                uncommitted = results.count
            }
        }
        commit(&results, from: uncommitted, now: now)
        defer { waiters = [] }
        return (results, waiters)
    }

    private mutating func stage(
        _ append: PendingAppend, _ checked: CheckedBatch?, now: Int64
    ) throws(AppendFault) -> AppendResult {
        switch append.content {
        case .batch(_, let origin, let token):
            guard let checked else { preconditionFailure("a batch is staged after its check") }
            return try stage(checked.bytes, checked.header, origin, token, now: now)
        case .marker(let marker):
            return try stage(marker, now: now)
        }
    }

    private mutating func stage(
        _ bytes: ByteBuffer, _ batch: RecordBatchHeader, _ origin: AppendOrigin,
        _ token: VerificationToken?, now: Int64
    ) throws(AppendFault) -> AppendResult {
        let startOffset = view.with { $0.startOffset }
        if batch.hasProducer, !batch.attributes.isControl {
            switch producers.judge(batch) {
            case .new: try verify(batch, origin, token)
            case .repeated(let known):
                let time = configuration.stampsAppendTime ? known.timestamp : -1
                return .appended(
                    baseOffset: known.firstOffset, appendTime: time, startOffset: startOffset)
            case .staleEpoch: throw .staleProducerEpoch
            case .outOfOrder: throw .outOfOrderSequence
            case .outsideTransaction: throw .invalidTransaction
            case .behindRefused:
                throw .storage("an earlier batch of the producer was not written")
            }
        }
        let placed = place(bytes, batch, now: now)
        if placed.hasProducer {
            if let marker = batch.attributes.isControl ? MarkerBatch.marker(in: bytes) : nil {
                end(marker, at: placed.baseOffset, now: now)
            } else if !batch.attributes.isControl {
                let before = producers.appended(placed, at: placed.baseOffset, now: now)
                undo.append((placed.producerID, before))
            }
        }
        return .appended(
            baseOffset: placed.baseOffset, appendTime: configuration.stampsAppendTime ? now : -1,
            startOffset: startOffset)
    }

    /// The first batch of a transaction needs the coordinator's word that there is one (KIP-890). It
    /// holds until the batch is written, so that a failed write can be tried again.
    private mutating func verify(
        _ batch: RecordBatchHeader, _ origin: AppendOrigin, _ token: VerificationToken?
    ) throws(AppendFault) {
        guard batch.attributes.isTransactional,
            !producers.hasOpenTransaction(batch.producerID, epoch: batch.producerEpoch)
        else { return }
        if origin == .broker && token == nil { return }
        let known = view.with {
            $0.verifications.entry(of: batch.producerID, epoch: batch.producerEpoch, token: token)
        }
        guard let known else { throw .invalidTransaction }
        if let lowest = known.lowestSequence, batch.baseSequence > lowest {
            throw .outOfOrderSequence
        }
        stagedTokens.append((batch.producerID, known.token))
    }

    private mutating func stage(
        _ marker: TransactionMarker, now: Int64
    ) throws(AppendFault) -> AppendResult {
        let startOffset = view.with { view in
            view.verifications.end(producerID: marker.producerID)
            return view.startOffset
        }
        switch producers.judge(marker) {
        case .new: break
        case .repeated:
            return .appended(baseOffset: nextOffset, appendTime: -1, startOffset: startOffset)
        case .staleEpoch: throw .staleProducerEpoch
        case .coordinatorFenced: throw .coordinatorFenced
        }
        let bytes = MarkerBatch.bytes(marker, milliseconds: now)
        guard let header = try? RecordBatchHeader(reading: bytes) else {
            preconditionFailure("a marker's batch has a header")
        }
        let placed = place(bytes, header, now: now)
        end(marker, at: placed.baseOffset, now: now)
        return .appended(baseOffset: placed.baseOffset, appendTime: -1, startOffset: startOffset)
    }

    private mutating func end(_ marker: TransactionMarker, at offset: Int64, now: Int64) {
        let (before, aborted) = producers.ended(marker, at: offset, now: now)
        undo.append((marker.producerID, before))
        if let aborted { stagedAborted.append(aborted) }
    }

    /// Gives the batch its offset and puts it behind the others of the round.
    private mutating func place(
        _ bytes: ByteBuffer, _ batch: RecordBatchHeader, now: Int64
    ) -> RecordBatchHeader {
        var placed = batch
        placed.baseOffset = nextOffset
        let stamps = configuration.stampsAppendTime && !batch.attributes.isControl
        if stamps { placed.maxTimestampMilliseconds = now }
        let position = staged.readableBytes
        staged.writeImmutableBuffer(bytes)
        staged.withUnsafeMutableReadableBytes { bytes in
            let mine = UnsafeMutableRawBufferPointer(rebasing: bytes[position...])
            BatchPatch.place(mine, baseOffset: nextOffset, leaderEpoch: epochs.current)
            if stamps { BatchPatch.stamp(mine, batch, milliseconds: now) }
        }
        stagedBatches.append((placed, activeBytes + position))
        nextOffset += Int64(batch.lastOffsetDelta) + 1
        return placed
    }

    /// Makes what is staged durable and shows it, or takes it back and says so in `results`.
    private mutating func commit(
        _ results: inout [AppendResult], from first: Int, now: Int64
    ) {
        guard staged.readableBytes > 0 else { return }
        do throws(AppendFault) {
            try write()
            if !stagedTokens.isEmpty {
                let used = stagedTokens
                view.with { view in
                    for (producerID, token) in used {
                        view.verifications.use(token, producerID: producerID)
                    }
                }
            }
        } catch {
            for index in first..<results.count {
                if case .appended = results[index] { results[index] = .refused(error) }
            }
            for (producerID, entry) in undo.reversed() {
                producers.restore(producerID, to: entry)
            }
            for (batch, _) in stagedBatches where batch.hasProducer {
                producers.refused(batch, now: now)
            }
            nextOffset = stagedFrom
        }
        staged = ByteBuffer()
        stagedFrom = nextOffset
        stagedBatches.removeAll(keepingCapacity: true)
        stagedAborted.removeAll()
        undo.removeAll(keepingCapacity: true)
        stagedTokens.removeAll()
    }

    private mutating func write() throws(AppendFault) {
        let segment: Segment
        if let active { segment = active } else { segment = try begin(at: stagedFrom) }
        // No batch of a new epoch is on disk before the epoch is.
        do throws(DiskError) { try keepNewEpoch() } catch { throw .storage("\(error)") }
        do throws(DiskError) {
            try segment.write(staged, at: activeBytes)
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
        segment.appended(stagedBatches, aborted: stagedAborted)
        waiters += view.publish(
            staged, from: stagedFrom, to: nextOffset, segment: segment, activeBytes: activeBytes,
            transactions: producers)
    }

    /// Ends the log for good.
    mutating func fail(_ because: String) {
        failure = failure ?? .storage(because)
        waiters += view.fail(.storage(because))
    }
}
