// One transactional id, as a value. It decides; `TransactionCoordinator` writes and answers.
// Source: reference/kafka.md B2, A5 trap 12, F; KIP-98, KIP-360, KIP-890; apache/kafka
// TransactionCoordinator.scala, TransactionMetadata.java

import KafkaProtocol

/// Who the producer is, what its transaction holds, and how far its end is.
///
/// Invariants:
/// - `record` is what the log holds: a change shows only when it is written (`written`);
/// - one change at a time: while `pending` is set, everything else is CONCURRENT_TRANSACTIONS;
/// - `prepareCommit` and `prepareAbort` are left for their `complete…` state only;
/// - a producer id and epoch that were fenced are never answered again.
///
/// Times are milliseconds of the time of day. Ending is in `TransactionMachine+End.swift`.
struct TransactionMachine: Sendable {
    enum Step: Equatable, Sendable {
        case refused(KafkaErrorCode)
        /// It is so already; nothing is to be written.
        case done
        /// Ask again with a new producer id.
        case needsProducerID
        /// Write it, then call `written` or `notWritten`.
        case write(TransactionRecord)
    }

    let transactionalID: String
    private(set) var record: TransactionRecord
    /// What is being written.
    private(set) var pending: TransactionRecord?

    /// - Parameter record: what the log holds; of a new id, one with epoch -1 that it does not.
    init(transactionalID: String, record: TransactionRecord) {
        self.transactionalID = transactionalID
        self.record = record
    }

    /// Whether no change is under way, so that a request meets a state that lasts.
    var isSettled: Bool { pending == nil && !record.state.isEnding }

    // MARK: Writing

    mutating func write(_ next: TransactionRecord) -> Step {
        precondition(pending == nil, "one change at a time")
        pending = next
        return .write(next)
    }

    mutating func written() {
        guard let next = pending else { return }
        record = next
        pending = nil
    }

    /// Nothing has happened: the log takes back what it could not keep.
    mutating func notWritten() { pending = nil }

    // MARK: InitProducerId

    /// A producer begins, or begins anew.
    ///
    /// Of an open transaction it makes an abort that fences its producer; ask again when it is done.
    /// - Parameters:
    ///   - expected: who the producer was so far (KIP-360); `nil` for one that is new.
    ///   - spare: a producer id that nobody has, for when this one's epochs are used up.
    mutating func initProducerID(
        timeoutMilliseconds: Int32, expected: ProducerIdentity?, spare: Int64?, now: Int64
    ) -> Step {
        guard pending == nil else { return .refused(.concurrentTransactions) }
        if let expected, !isKnown(expected) { return .refused(.producerFenced) }
        switch record.state {
        case .prepareCommit, .prepareAbort, .dead, .prepareEpochFence:
            return .refused(.concurrentTransactions)
        case .ongoing:
            if let expected, expected.epoch != record.epoch { return .refused(.producerFenced) }
            return abort(spare: spare, now: now)
        case .empty, .completeCommit, .completeAbort:
            return begin(
                timeoutMilliseconds: timeoutMilliseconds, expected: expected, spare: spare,
                now: now)
        }
    }

    /// Whether a producer's claim can be true: the id is the one of now, or the one whose epochs were
    /// used up. A record without an epoch is new, and takes whoever comes.
    private func isKnown(_ expected: ProducerIdentity) -> Bool {
        record.epoch == -1 || expected.id == record.producerID
            || (expected.id == record.previousProducerID
                && expected.epoch >= Limits.producerEpochMax)
    }

    private mutating func begin(
        timeoutMilliseconds: Int32, expected: ProducerIdentity?, spare: Int64?, now: Int64
    ) -> Step {
        var next = record.going(to: .empty, now: now)
        next.timeoutMilliseconds = timeoutMilliseconds
        next.partitions = []
        next.startedAtMilliseconds = -1
        next.nextProducerID = -1
        let holdsEpoch = expected.map { $0.epoch == record.epoch } ?? true
        if record.isEpochExhausted && holdsEpoch {
            guard let spare else { return .needsProducerID }
            next.producerID = spare
            next.epoch = 0
            next.lastEpoch = expected == nil ? -1 : record.epoch
        } else if record.epoch == -1 || holdsEpoch {
            next.epoch = record.epoch + 1
            next.lastEpoch = expected == nil ? -1 : record.epoch
        } else if expected?.epoch == record.lastEpoch {
            // A repeat: its answer was lost. Who had come between would have made the last epoch -1.
            next.previousProducerID = record.previousProducerID
        } else {
            return .refused(.producerFenced)
        }
        return write(next)
    }

    // MARK: Partitions

    /// Why a request of `producer` is not of this transaction; `nil` when it is.
    func refusal(of producer: ProducerIdentity) -> KafkaErrorCode? {
        if producer.id != record.producerID || record.epoch == -1 {
            return .invalidProducerIDMapping
        }
        if producer.epoch != record.epoch { return .producerFenced }
        return nil
    }

    mutating func addPartitions(
        _ partitions: Set<PartitionName>, by producer: ProducerIdentity,
        version: TransactionVersion, now: Int64
    ) -> Step {
        if let refusal = refusal(of: producer) { return .refused(refusal) }
        guard pending == nil else { return .refused(.concurrentTransactions) }
        var next = record.going(to: .ongoing, now: now)
        switch record.state {
        case .prepareCommit, .prepareAbort, .dead, .prepareEpochFence:
            return .refused(.concurrentTransactions)
        case .ongoing:
            if partitions.isSubset(of: record.partitions) { return .done }
        case .empty, .completeCommit, .completeAbort:
            next.startedAtMilliseconds = now
        }
        next.partitions.formUnion(partitions)
        guard next.partitions.count <= Limits.transactionPartitionsMax else {
            return .refused(.policyViolation)
        }
        next.version = version
        return write(next)
    }

    /// Whether a batch may be written for the transaction: TRANSACTION_ABORTABLE for a partition
    /// that was not added.
    func verify(_ partition: PartitionName, by producer: ProducerIdentity) -> KafkaErrorCode {
        if let refusal = refusal(of: producer) { return refusal }
        if record.state.isEnding { return .concurrentTransactions }
        return record.partitions.contains(partition) ? .none : .transactionAbortable
    }

    // MARK: Expiry

    /// Forgets an id nobody used for long: its tombstone is to be written, then the machine dropped.
    ///
    /// - Parameter idleMilliseconds: Kafka's `transactional.id.expiration.ms`.
    mutating func expire(
        now: Int64, idleMilliseconds: Int64 = Limits.transactionalIDExpiryMilliseconds
    ) -> Step {
        guard pending == nil, record.state.mayExpire,
            now - record.updatedAtMilliseconds >= idleMilliseconds
        else { return .done }
        var next = record
        next.state = .dead
        next.partitions = []
        return write(next)
    }
}

extension TransactionMachine: KeptInMemory {
    var keptBytes: Int {
        (record.partitions.count + (pending?.partitions.count ?? 0))
            * Limits.transactionPartitionBytes
    }
}
