// What transactions may take at most. Kafka's own default where Kafka has one.

extension Limits {
    /// Kafka's `transaction.state.log.num.partitions`. A partition without records has no folder.
    package static let transactionPartitions: Int32 = 50
    /// Kafka's `transaction.max.timeout.ms`, 15 minutes.
    package static let transactionTimeoutMillisecondsMax: Int32 = 900_000
    /// Kafka's `transactional.id.expiration.ms`, 7 days.
    static let transactionalIDExpiryMilliseconds: Int64 = 7 * 86_400_000
    /// Time between rounds that forget expired ids: Kafka's
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`.
    static let transactionExpiryRoundMilliseconds: Int64 = 3_600_000
    /// Transactional ids remembered at once; one more is refused.
    static let transactionalIDsMax = 200_000
    /// Bytes that all transactional ids, and the partitions of their transactions, may take; Kafka has
    /// no bound but its memory.
    static let transactionsBytesMax = 128 << 20
    /// What a partition of a transaction takes, with its topic's name.
    static let transactionPartitionBytes = 128
    /// Partitions of one transaction.
    static let transactionPartitionsMax = 20_000
    /// How long a request waits for a transaction that is just ending, before it is told
    /// CONCURRENT_TRANSACTIONS. Ending takes two flushes here; clients would wait 20 ms and more.
    static let transactionSettleMilliseconds: Int64 = 500
    /// The longest wait of the timer loop, so that it sees deadlines set meanwhile.
    static let transactionTimerMillisecondsMax: Int64 = 250
    /// Wait before an overdue transaction that could not be ended is tried again: its record was not
    /// kept, or a request still holds it.
    static let overdueRetryMilliseconds: Int64 = 1_000
    /// Wait before a marker that a log did not take is tried again; twice as long each time.
    static let markerRetryMilliseconds: Int64 = 250
    /// The longest such wait.
    static let markerRetryMillisecondsMax: Int64 = 8_000
    /// The largest epoch a client is given; one more is kept, so that the holder can be fenced.
    static let producerEpochMax = Int16.max - 1
    /// Produce requests of one producer that wait for the coordinator; one more is refused.
    static let producesVerifyingMax = 256
}
