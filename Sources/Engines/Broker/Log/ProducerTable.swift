// What a partition remembers of its producers: so that no batch is written twice, and which have a
// transaction open.
// Source: reference/kafka.md B2; apache/kafka ProducerStateEntry.java, ProducerAppendInfo.java

package import KafkaProtocol

/// The producers of one partition, as a value. It decides; the log appends.
///
/// Invariants: at most five batches for each producer, oldest first, all of its newest epoch;
/// `sequence` after `Int32.max` is 0; `open` are the entries that have a transaction.
package struct ProducerTable: Equatable, Sendable {
    package struct Batch: Equatable, Sendable {
        /// -1, as the last one, for a batch of the broker's own.
        package var firstSequence: Int32
        package var lastSequence: Int32
        package var firstOffset: Int64
        package var lastOffset: Int64
        /// The batch's largest time, in milliseconds: what a repeat is answered under LogAppendTime.
        package var timestamp: Int64
    }

    package struct Entry: Equatable, Sendable {
        package var epoch: Int16
        package var batches: [Batch] = []
        /// When it last appended, in milliseconds of the broker's clock.
        package var seenAt: Int64
        /// Of the open transaction; `nil` outside one.
        package internal(set) var transactionFirstOffset: Int64?
        /// Of the last marker; -1 before the first.
        package internal(set) var coordinatorEpoch: Int32 = -1

        package init(epoch: Int16, seenAt: Int64) {
            self.epoch = epoch
            self.seenAt = seenAt
        }

        var lastSequence: Int32 { batches.last?.lastSequence ?? -1 }
    }

    package enum Verdict: Equatable, Sendable {
        /// To be appended.
        case new
        /// Already in the log: to be answered with what was answered then.
        case repeated(Batch)
        /// A later epoch of the producer has been seen: INVALID_PRODUCER_EPOCH (47).
        case staleEpoch
        /// OUT_OF_ORDER_SEQUENCE_NUMBER (45).
        case outOfOrder
        /// A plain batch inside a transaction: INVALID_TXN_STATE (48).
        case outsideTransaction
        /// An earlier batch of the producer was not written and comes again: KAFKA_STORAGE_ERROR (56).
        case behindRefused
    }

    /// The first batch of a producer that a failed write took back.
    private struct Refused: Equatable, Sendable {
        var epoch: Int16
        var sequence: Int32
        /// In milliseconds of the broker's clock.
        var refusedAt: Int64
    }

    package enum MarkerVerdict: Equatable, Sendable {
        case new
        /// The transaction has ended so already.
        case repeated
        case staleEpoch
        case coordinatorFenced
    }

    package internal(set) var entries: [Int64: Entry] = [:]
    /// The open transactions, by their producers.
    package private(set) var open: [Int64: OpenTransaction] = [:]
    /// By their producers, until they are appended; in memory only.
    private var refused: [Int64: Refused] = [:]

    package init() {}

    /// The first offset of the oldest open transaction; `nil` when none is open.
    package var firstUnstableOffset: Int64? { open.values.lazy.map(\.firstOffset).min() }

    func hasOpenTransaction(_ producerID: Int64, epoch: Int16) -> Bool {
        open[producerID]?.producerEpoch == epoch
    }

    /// Judges a batch of a producer before it is appended.
    ///
    /// A producer that is not known may begin anywhere (KIP-360): its state may have expired. One that
    /// is known by a marker only begins with 0. Batches without a sequence are the broker's own. What
    /// follows a batch whose write failed waits for that: its retry would be out of order otherwise.
    package func judge(_ batch: RecordBatchHeader) -> Verdict {
        let isBehind = isBehindRefused(batch)
        guard let entry = entries[batch.producerID] else { return isBehind ? .behindRefused : .new }
        if batch.producerEpoch < entry.epoch { return .staleEpoch }
        let verdict = batch.baseSequence < 0 ? .new : judgeSequence(batch, entry)
        if verdict == .outOfOrder, isBehind { return .behindRefused }
        let isOutside = entry.transactionFirstOffset != nil && !batch.attributes.isTransactional
        return verdict == .new && isOutside ? .outsideTransaction : verdict
    }

    private func judgeSequence(_ batch: RecordBatchHeader, _ entry: Entry) -> Verdict {
        if batch.producerEpoch > entry.epoch { return batch.baseSequence == 0 ? .new : .outOfOrder }
        let last = batch.lastSequence
        if let known = entry.batches.first(where: {
            $0.firstSequence == batch.baseSequence && $0.lastSequence == last
        }) {
            return .repeated(known)
        }
        let expected = Self.sequence(entry.lastSequence, plus: 1)
        return batch.baseSequence == expected ? .new : .outOfOrder
    }

    /// Judges the end of a transaction before its marker is appended.
    package func judge(_ marker: TransactionMarker) -> MarkerVerdict {
        guard let entry = entries[marker.producerID] else { return .new }
        if marker.producerEpoch < entry.epoch { return .staleEpoch }
        if marker.coordinatorEpoch < entry.coordinatorEpoch { return .coordinatorFenced }
        let isKnown =
            entry.transactionFirstOffset == nil && entry.epoch == marker.producerEpoch
            && entry.coordinatorEpoch == marker.coordinatorEpoch
        return isKnown ? .repeated : .new
    }

    /// Takes note of a batch that has its place in the log.
    /// - Returns: the producer's entry as it was, for `restore`.
    @discardableResult
    package mutating func appended(_ batch: RecordBatchHeader, at offset: Int64, now: Int64)
        -> Entry?
    {
        let before = entries[batch.producerID]
        var entry = before ?? Entry(epoch: batch.producerEpoch, seenAt: now)
        entry.begin(batch.producerEpoch)
        if entry.batches.count == Limits.batchesKeptPerProducer { entry.batches.removeFirst() }
        entry.batches.append(
            Batch(
                firstSequence: batch.baseSequence, lastSequence: batch.lastSequence,
                firstOffset: offset, lastOffset: offset + Int64(batch.lastOffsetDelta),
                timestamp: batch.maxTimestampMilliseconds))
        entry.seenAt = now
        if batch.attributes.isTransactional, entry.transactionFirstOffset == nil {
            entry.transactionFirstOffset = offset
        }
        set(batch.producerID, entry)
        refused[batch.producerID] = nil
        if entries.count > Limits.producersPerPartitionMax { forgetSilent() }
        return before
    }

    /// Takes note of a marker at `offset`.
    ///
    /// - Returns: the producer's entry as it was, and the transaction if it was aborted and had batches.
    @discardableResult
    package mutating func ended(_ marker: TransactionMarker, at offset: Int64, now: Int64)
        -> (before: Entry?, aborted: AbortedTransaction?)
    {
        let before = entries[marker.producerID]
        var entry = before ?? Entry(epoch: marker.producerEpoch, seenAt: now)
        entry.begin(marker.producerEpoch)
        entry.coordinatorEpoch = marker.coordinatorEpoch
        entry.seenAt = now
        let firstOffset = entry.transactionFirstOffset
        entry.transactionFirstOffset = nil
        set(marker.producerID, entry)
        refused[marker.producerID] = nil
        guard let firstOffset, !marker.isCommit else { return (before, nil) }
        return (
            before,
            AbortedTransaction(
                producerID: marker.producerID, firstOffset: firstOffset, lastOffset: offset,
                lastStableOffset: firstUnstableOffset ?? offset + 1)
        )
    }

    mutating func set(_ producerID: Int64, _ entry: Entry?) {
        let hadOpen = entries[producerID]?.transactionFirstOffset != nil
        entries[producerID] = entry
        if let entry, let firstOffset = entry.transactionFirstOffset {
            open[producerID] = OpenTransaction(
                producerID: producerID, producerEpoch: entry.epoch, firstOffset: firstOffset)
        } else if hadOpen {
            open[producerID] = nil
        }
    }

    /// Takes back what `appended` noted, because the write failed.
    package mutating func restore(_ producerID: Int64, to entry: Entry?) {
        set(producerID, entry)
    }

    /// Forgets producers that were silent since before `milliseconds`, but for open transactions.
    package mutating func expire(before milliseconds: Int64) {
        let old = entries.filter {
            $0.value.seenAt < milliseconds && $0.value.transactionFirstOffset == nil
        }
        for id in old.keys { entries[id] = nil }
        refused = refused.filter { $0.value.refusedAt >= milliseconds }
    }

    /// Forgets a tenth, those silent for longest, so that the search for them is rare.
    private mutating func forgetSilent() {
        let oldest = entries.filter { $0.value.transactionFirstOffset == nil }
            .sorted { $0.value.seenAt < $1.value.seenAt }
        for (id, _) in oldest.prefix(entries.count / 10) { entries[id] = nil }
    }

    // MARK: Batches that were not written

    /// Takes note that the write of a batch failed, after `restore`: those behind it have to wait.
    package mutating func refused(_ batch: RecordBatchHeader, now: Int64) {
        guard batch.baseSequence >= 0, !batch.attributes.isControl else { return }
        if let known = refused[batch.producerID] {
            if known.epoch > batch.producerEpoch || isBehindRefused(batch) { return }
        } else if refused.count >= Limits.refusedProducersPerPartitionMax {
            let oldest = refused.sorted { $0.value.refusedAt < $1.value.refusedAt }
            for (id, _) in oldest.prefix(max(1, refused.count / 10)) { refused[id] = nil }
        }
        refused[batch.producerID] = Refused(
            epoch: batch.producerEpoch, sequence: batch.baseSequence, refusedAt: now)
    }

    /// Whether a batch of the same epoch with an earlier sequence was refused; the ring's nearer half
    /// is later.
    private func isBehindRefused(_ batch: RecordBatchHeader) -> Bool {
        guard let first = refused[batch.producerID], first.epoch == batch.producerEpoch,
            batch.baseSequence >= 0
        else { return false }
        let distance = (batch.baseSequence &- first.sequence) & .max
        return distance > 0 && distance <= .max / 2
    }

    /// Sequences count up to `Int32.max` and go on with 0.
    package static func sequence(_ sequence: Int32, plus count: Int32) -> Int32 {
        let sum = Int64(sequence) + Int64(count)
        return Int32(sum > Int64(Int32.max) ? sum - Int64(Int32.max) - 1 : sum)
    }
}

extension ProducerTable.Entry {
    /// The batches of an older epoch are no repeats any more.
    fileprivate mutating func begin(_ newEpoch: Int16) {
        guard epoch != newEpoch else { return }
        epoch = newEpoch
        batches.removeAll()
    }
}
