// Transactions as a partition sees them: who has one open, and how it ends.

/// A transaction that has batches in the log and no marker yet.
package struct OpenTransaction: Equatable, Sendable {
    package var producerID: Int64
    package var producerEpoch: Int16
    package var firstOffset: Int64
}

/// What DescribeProducers tells of a producer.
package struct ProducerState: Equatable, Sendable {
    package var producerID: Int64
    package var producerEpoch: Int16
    /// -1 when none is known.
    package var lastSequence: Int32
    /// When it last appended, in milliseconds.
    package var lastTimestamp: Int64
    /// Of its last marker; -1 before the first.
    package var coordinatorEpoch: Int32
    /// -1 when it has no open transaction.
    package var transactionStartOffset: Int64
}

extension PartitionLog {
    /// Ends a transaction with a control batch. Returns at once; `done` is called once, on an append
    /// thread, when the marker is as durable as the policy says.
    ///
    /// A marker that is already there is not written again. A producer epoch below the known one is
    /// refused as `staleProducerEpoch`, a coordinator epoch below it as `coordinatorFenced`.
    package func appendMarker(
        _ marker: TransactionMarker, _ done: @escaping @Sendable (AppendResult) -> Void
    ) {
        enqueue(PendingAppend(content: .marker(marker), done: done))
    }

    package func appendMarker(_ marker: TransactionMarker) async -> AppendResult {
        await withCheckedContinuation { continuation in
            appendMarker(marker) { continuation.resume(returning: $0) }
        }
    }

    /// To be called before the coordinator is asked whether a producer's transaction has this partition.
    /// Does not block.
    ///
    /// - Parameter sequence: of the batch that waits; no later one may come before it.
    /// - Returns: what is handed to `append` when the coordinator said yes; `nil` when the log already
    ///   has the open transaction, so that nobody needs to be asked.
    package func beginVerification(
        producerID: Int64, epoch: Int16, sequence: Int32? = nil
    ) -> VerificationToken? {
        view.with { view in
            if view.openTransactions[producerID]?.producerEpoch == epoch { return nil }
            return view.verifications.begin(
                producerID: producerID, epoch: epoch, sequence: sequence)
        }
    }

    /// The offset before which every transaction has ended. Does not block.
    package var lastStableOffset: Int64 { view.with { $0.lastStableOffset } }

    /// In the order of their first offsets. Does not block.
    package var openTransactions: [OpenTransaction] {
        view.with { Array($0.openTransactions.values) }.sorted { $0.firstOffset < $1.firstOffset }
    }

    /// In the order of their ids. Blocks while an append runs.
    package func producers() -> [ProducerState] { producerTable().states }
}

extension ProducerTable {
    fileprivate var states: [ProducerState] {
        entries.sorted { $0.key < $1.key }.map { id, entry in
            ProducerState(
                producerID: id, producerEpoch: entry.epoch, lastSequence: entry.lastSequence,
                lastTimestamp: entry.seenAt, coordinatorEpoch: entry.coordinatorEpoch,
                transactionStartOffset: entry.transactionFirstOffset ?? -1)
        }
    }
}
