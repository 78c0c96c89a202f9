// How a transaction ends: by its producer under both protocols, by the broker, and when it is complete.
// Source: KIP-890; apache/kafka TransactionCoordinator.scala (endTransaction, endTransactionWithTV1)

import KafkaProtocol

extension TransactionMachine {
    /// The producer's end of its transaction. What is written is the decision; markers follow.
    ///
    /// `.done` is a repeat whose first answer was lost: answer `record.identity`.
    mutating func end(
        isCommit: Bool, by producer: ProducerIdentity, version: TransactionVersion, spare: Int64?,
        now: Int64
    ) -> Step {
        switch version {
        case .classic: endClassic(isCommit: isCommit, by: producer, now: now)
        case .epochBump: endBumping(isCommit: isCommit, by: producer, spare: spare, now: now)
        }
    }

    /// The epoch stays, so a repeat and a late request look alike; the state must decide.
    private mutating func endClassic(
        isCommit: Bool, by producer: ProducerIdentity, now: Int64
    ) -> Step {
        if let refusal = refusal(of: producer) { return .refused(refusal) }
        guard pending == nil else { return .refused(.concurrentTransactions) }
        switch record.state {
        case .ongoing:
            var next = record.going(to: isCommit ? .prepareCommit : .prepareAbort, now: now)
            next.version = .classic
            next.nextProducerID = -1
            return write(next)
        case .completeCommit: return isCommit ? .done : .refused(.invalidTxnState)
        case .completeAbort: return isCommit ? .refused(.invalidTxnState) : .done
        case .prepareCommit:
            return .refused(isCommit ? .concurrentTransactions : .invalidTxnState)
        case .prepareAbort:
            return .refused(isCommit ? .invalidTxnState : .concurrentTransactions)
        case .empty, .dead, .prepareEpochFence: return .refused(.invalidTxnState)
        }
    }

    /// Each end raises the epoch, so a repeat has the epoch before, and what comes late is fenced.
    private mutating func endBumping(
        isCommit: Bool, by producer: ProducerIdentity, spare: Int64?, now: Int64
    ) -> Step {
        let repeatsOverflow =
            record.previousProducerID == producer.id && record.epoch == 0
            && producer.epoch == Limits.producerEpochMax
        guard producer.id == record.producerID || repeatsOverflow else {
            return .refused(.invalidProducerIDMapping)
        }
        let isRepeat = repeatsOverflow || Int32(record.epoch) == Int32(producer.epoch) + 1
        let isCurrent = !repeatsOverflow && producer.epoch == record.epoch
        let isValid =
            switch record.state {
            case .empty, .ongoing, .dead, .prepareEpochFence: isCurrent
            case .prepareCommit, .prepareAbort: isRepeat
            case .completeCommit, .completeAbort: isRepeat || isCurrent
            }
        guard isValid else { return .refused(.producerFenced) }
        guard pending == nil else { return .refused(.concurrentTransactions) }
        switch record.state {
        case .ongoing: return prepare(isCommit: isCommit, spare: spare, now: now)
        // An abort of nothing is taken, because the client cannot know whether a partition was added.
        case .empty:
            return isCommit
                ? .refused(.invalidTxnState) : prepare(isCommit: false, spare: spare, now: now)
        case .completeCommit:
            if isRepeat { return isCommit ? .done : .refused(.invalidTxnState) }
            return isCommit
                ? .refused(.invalidTxnState) : prepare(isCommit: false, spare: spare, now: now)
        case .completeAbort:
            if isCommit { return .refused(.invalidTxnState) }
            return isRepeat ? .done : prepare(isCommit: false, spare: spare, now: now)
        case .prepareCommit:
            return .refused(isCommit ? .concurrentTransactions : .invalidTxnState)
        case .prepareAbort:
            return .refused(isCommit ? .invalidTxnState : .concurrentTransactions)
        case .dead, .prepareEpochFence: return .refused(.invalidTxnState)
        }
    }

    /// The broker's own end of an open transaction: its time is over, or its producer began anew.
    ///
    /// The epoch rises once: whoever held it can write no more, and if it is the same producer that
    /// asks, it is known by its last epoch.
    mutating func abort(spare: Int64?, now: Int64) -> Step {
        guard pending == nil else { return .refused(.concurrentTransactions) }
        guard record.state == .ongoing else { return .done }
        return prepare(isCommit: false, spare: spare, now: now)
    }

    private mutating func prepare(isCommit: Bool, spare: Int64?, now: Int64) -> Step {
        var next = record.going(to: isCommit ? .prepareCommit : .prepareAbort, now: now)
        next.version = .epochBump
        next.nextProducerID = -1
        if record.isEpochExhausted {
            guard let spare else { return .needsProducerID }
            next.nextProducerID = spare
        }
        next.lastEpoch = record.epoch
        if record.epoch < .max { next.epoch = record.epoch + 1 }
        if record.state != .ongoing {
            next.partitions = []
            next.startedAtMilliseconds = now
        }
        return write(next)
    }

    /// All markers are in their partitions.
    mutating func markersWritten(now: Int64) -> Step {
        guard pending == nil, record.state.isEnding else { return .done }
        let isCommit = record.state == .prepareCommit
        var next = record.going(to: isCommit ? .completeCommit : .completeAbort, now: now)
        if record.nextProducerID != -1 {
            next.producerID = record.nextProducerID
            next.epoch = 0
            next.nextProducerID = -1
        }
        next.partitions = []
        return write(next)
    }
}
