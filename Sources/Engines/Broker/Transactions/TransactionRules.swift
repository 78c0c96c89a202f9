// The broker's settings of transactions.
// Source: apache/kafka TransactionCoordinatorConfig / TransactionStateManagerConfig.java

/// Kafka's names and defaults.
package struct TransactionRules: Sendable, Equatable {
    /// `transaction.max.timeout.ms`.
    package var timeoutMillisecondsMax = Limits.transactionTimeoutMillisecondsMax
    /// `transactional.id.expiration.ms`: how long an id that nobody uses is remembered.
    package var idExpiryMilliseconds = Limits.transactionalIDExpiryMilliseconds
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`: between looks for such ids.
    package var expiryRoundMilliseconds = Limits.transactionExpiryRoundMilliseconds
    /// `producer.id.expiration.ms`: how long a silent producer's sequence is remembered.
    package var producerExpiryMilliseconds = Limits.producerExpiryMilliseconds

    /// Bytes that ids and partitions of all transactions may take; not a setting.
    package var transactionsBytesMax = Limits.transactionsBytesMax

    package init() {}
}
