// What a partition remembers of its idempotent producers, so that no batch is written twice.
// Source: reference/kafka.md B2; apache/kafka ProducerStateEntry.java, ProducerAppendInfo.java

package import KafkaProtocol

/// The producers of one partition, as a value. It decides; the log appends.
///
/// Invariants: at most five batches for each producer, oldest first, all of its newest epoch;
/// `sequence` after `Int32.max` is 0.
package struct ProducerTable: Equatable, Sendable {
    package struct Batch: Equatable, Sendable {
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
    }

    package internal(set) var entries: [Int64: Entry] = [:]

    package init() {}

    /// Judges a batch of an idempotent producer before it is appended.
    ///
    /// A producer that is not known may begin anywhere (KIP-360): its state may have expired.
    package func judge(_ batch: RecordBatchHeader) -> Verdict {
        guard let entry = entries[batch.producerID] else { return .new }
        if batch.producerEpoch < entry.epoch { return .staleEpoch }
        if batch.producerEpoch > entry.epoch { return batch.baseSequence == 0 ? .new : .outOfOrder }
        let last = Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta)
        if let known = entry.batches.first(where: {
            $0.firstSequence == batch.baseSequence && $0.lastSequence == last
        }) {
            return .repeated(known)
        }
        if entry.batches.isEmpty { return .new }
        let expected = Self.sequence(entry.lastSequence, plus: 1)
        return batch.baseSequence == expected ? .new : .outOfOrder
    }

    /// Takes note of a batch that has its place in the log.
    /// - Returns: the producer's entry as it was, for `restore`.
    @discardableResult
    package mutating func appended(_ batch: RecordBatchHeader, at offset: Int64, now: Int64)
        -> Entry?
    {
        let before = entries[batch.producerID]
        var entry = before ?? Entry(epoch: batch.producerEpoch, seenAt: now)
        if entry.epoch != batch.producerEpoch {
            entry.epoch = batch.producerEpoch
            entry.batches.removeAll()
        }
        if entry.batches.count == Limits.batchesKeptPerProducer { entry.batches.removeFirst() }
        entry.batches.append(
            Batch(
                firstSequence: batch.baseSequence,
                lastSequence: Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta),
                firstOffset: offset, lastOffset: offset + Int64(batch.lastOffsetDelta),
                timestamp: batch.maxTimestampMilliseconds))
        entry.seenAt = now
        entries[batch.producerID] = entry
        if entries.count > Limits.producersPerPartitionMax { forgetSilent() }
        return before
    }

    /// Takes back what `appended` noted, because the write failed.
    package mutating func restore(_ producerID: Int64, to entry: Entry?) {
        entries[producerID] = entry
    }

    /// Forgets producers that were silent since before `milliseconds`.
    package mutating func expire(before milliseconds: Int64) {
        let old = entries.filter { $0.value.seenAt < milliseconds }
        for id in old.keys { entries[id] = nil }
    }

    /// Forgets a tenth, those silent for longest, so that the search for them is rare.
    private mutating func forgetSilent() {
        let oldest = entries.sorted { $0.value.seenAt < $1.value.seenAt }
        for (id, _) in oldest.prefix(entries.count / 10) { entries[id] = nil }
    }

    /// Sequences count up to `Int32.max` and go on with 0.
    package static func sequence(_ sequence: Int32, plus count: Int32) -> Int32 {
        let sum = Int64(sequence) + Int64(count)
        return Int32(sum > Int64(Int32.max) ? sum - Int64(Int32.max) - 1 : sum)
    }
}
