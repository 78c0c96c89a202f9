// What is known of one transactional id: the record that is kept in `__transaction_state`.
// Source: reference/kafka.md B2; apache/kafka TransactionMetadata.java

/// A producer as it names itself.
package struct ProducerIdentity: Hashable, Sendable {
    package var id: Int64
    package var epoch: Int16

    package init(id: Int64, epoch: Int16) {
        self.id = id
        self.epoch = epoch
    }

    /// Nobody: what a request carries that has no id yet, and an answer that failed.
    package static let none = ProducerIdentity(id: -1, epoch: -1)
}

/// The protocol a client ended or continued its transaction by.
package enum TransactionVersion: Int16, Sendable {
    /// Partitions are added by AddPartitionsToTxn; the epoch stays over transactions.
    case classic = 0
    /// KIP-890: partitions are added by Produce; each end raises the epoch.
    case epochBump = 2
}

package struct TransactionRecord: Equatable, Sendable {
    package var state = TransactionState.empty
    package var producerID: Int64
    /// The id before the last change; tells a repeat of the request that changed it.
    package var previousProducerID: Int64 = -1
    /// The id that replaces this one when the transaction is complete; -1 for none.
    package var nextProducerID: Int64 = -1
    /// -1 until the first answer.
    package var epoch: Int16 = -1
    /// The epoch before the last rise, if the same producer caused it; else -1.
    package var lastEpoch: Int16 = -1
    package var timeoutMilliseconds: Int32
    package var partitions: Set<PartitionName> = []
    /// Time of day when the transaction began; -1 when none has.
    package var startedAtMilliseconds: Int64 = -1
    package var updatedAtMilliseconds: Int64
    package var version = TransactionVersion.classic

    package init(producerID: Int64, timeoutMilliseconds: Int32, now: Int64) {
        self.producerID = producerID
        self.timeoutMilliseconds = timeoutMilliseconds
        updatedAtMilliseconds = now
    }

    package var identity: ProducerIdentity { ProducerIdentity(id: producerID, epoch: epoch) }

    var isEpochExhausted: Bool { epoch >= Limits.producerEpochMax }

    /// What a client is told once the transaction is complete.
    var identityWhenComplete: ProducerIdentity {
        nextProducerID == -1 ? identity : ProducerIdentity(id: nextProducerID, epoch: 0)
    }

    /// A copy that goes to `state`; the id of now becomes the previous one.
    func going(to state: TransactionState, now: Int64) -> TransactionRecord {
        var next = self
        next.state = state
        next.previousProducerID = producerID
        next.updatedAtMilliseconds = now
        return next
    }
}
