// Transactions as the cleaner passes them: whose records may go, and when a marker may.
// Source: apache/kafka CleanedTransactionMetadata (LogCleaner.scala)

import KafkaProtocol

/// Walks a log's batches in order, as a value.
///
/// Records of aborted transactions go. A marker stays as long as its transaction has records left;
/// then it waits for its delete horizon as a tombstone does. The walk may begin in the middle of the log:
/// a transaction that ended before is over, though its marker does not pass.
struct CleanedTransactions {
    /// In the order of their first offsets; those that begin at or before the batch are taken.
    private var aborted: [AbortedTransaction]
    private var next = 0
    private var openAborted: [Int64: (transaction: AbortedTransaction, hasBatches: Bool)] = [:]
    private var openCommitted: Set<Int64> = []

    init(_ aborted: [AbortedTransaction]) {
        self.aborted = aborted.sorted { $0.firstOffset < $1.firstOffset }
    }

    /// - Returns: whether the batch's records belong to an aborted transaction.
    mutating func passed(batch: RecordBatchHeader) -> Bool {
        begin(upTo: batch.lastOffset)
        guard batch.attributes.isTransactional else { return false }
        if let open = openAborted[batch.producerID],
            batch.lastOffset < open.transaction.lastOffset
        {
            openAborted[batch.producerID]?.hasBatches = true
            return true
        }
        openCommitted.insert(batch.producerID)
        return false
    }

    /// - Returns: whether no record of its transaction is left, and the transaction if it was aborted
    ///   and some are.
    mutating func passed(
        marker: TransactionMarker, at offset: Int64
    ) -> (isAlone: Bool, aborted: AbortedTransaction?) {
        begin(upTo: offset)
        if marker.isCommit { return (openCommitted.remove(marker.producerID) == nil, nil) }
        guard let open = openAborted.removeValue(forKey: marker.producerID), open.hasBatches,
            open.transaction.lastOffset == offset
        else { return (true, nil) }
        return (false, open.transaction)
    }

    private mutating func begin(upTo offset: Int64) {
        while next < aborted.count, aborted[next].firstOffset <= offset {
            let transaction = aborted[next]
            let before = openAborted[transaction.producerID]?.transaction
            if before.map({ $0.lastOffset < transaction.firstOffset }) ?? true {
                openAborted[transaction.producerID] = (transaction, false)
            }
            next += 1
        }
    }
}
