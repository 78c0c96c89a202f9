// Where the transaction coordinator keeps its records and writes its markers.

/// The end of a transaction, as written to the partitions it wrote to.
package struct TransactionEnd: Equatable, Sendable {
    package var producer: ProducerIdentity
    package var isCommit: Bool
    /// The leader epoch of the coordinator's partition of `__transaction_state`.
    package var coordinatorEpoch: Int32

    package init(producer: ProducerIdentity, isCommit: Bool, coordinatorEpoch: Int32) {
        self.producer = producer
        self.isCommit = isCommit
        self.coordinatorEpoch = coordinatorEpoch
    }
}

/// What became of the markers of one transaction.
package struct MarkerResult: Equatable, Sendable {
    /// Partitions whose log did not take the marker and may later.
    package var left: Set<PartitionName> = []
    /// Partitions whose log never will, in which the transaction stays open; and why.
    package var refused: [PartitionName: String] = [:]
    /// The broker stops; what is left is written after the next start.
    package var isStopped = false

    package init() {}
}

/// The coordinator's view of the rest of the broker. The server gives it one over the real logs; a
/// test gives it arrays.
package protocol TransactionStorage: Sendable {
    /// Partitions of `__transaction_state`; an id's is `hash(id) % partitions`, as Kafka does.
    var partitions: Int32 { get }

    /// The epoch that markers of this partition's coordinator carry.
    func coordinatorEpoch(of partition: Int32) -> Int32

    /// Returns when the record is as durable as the broker's policy says. Creates the topic if missing.
    func append(
        _ record: TransactionStoredRecord, to partition: Int32
    ) async throws(TransactionStorageError)

    /// Every record there is, oldest first within a partition. Called once, before any request.
    func replay(
        _ visit: (_ record: TransactionStoredRecord) -> Void
    ) async throws(TransactionStorageError)

    /// An id that no producer has.
    func newProducerID() async throws(TransactionStorageError) -> Int64

    /// Writes the end into the logs of all the partitions; returns when all have answered. A
    /// partition that is there no more needs none. Writing one twice does no harm.
    func write(_ end: TransactionEnd, to partitions: Set<PartitionName>) async -> MarkerResult
}

/// The log did not take or give the records; answered as COORDINATOR_NOT_AVAILABLE (15).
package struct TransactionStorageError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
