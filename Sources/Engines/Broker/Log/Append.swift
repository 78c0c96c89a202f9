// One batch on its way into a log, and what became of it.

import NIOCore

/// Why a batch was not appended.
package enum AppendFault: Error, Equatable, Sendable {
    /// No batch of magic 2, or not exactly one; in words.
    case notABatch(String)
    case badChecksum
    /// Larger than the topic's `max.message.bytes`; both in bytes.
    case tooLarge(sizeBytes: Int, bytesMax: Int)
    case invalidTimestamp(Int64)
    /// Records of a compacted topic that have no key, by their index in the batch.
    case withoutKey([Int32])
    case outOfOrderSequence
    case staleProducerEpoch
    /// A transactional batch outside a transaction the coordinator knows of, or a plain one inside:
    /// INVALID_TXN_STATE (48).
    case invalidTransaction
    /// A marker of a coordinator that was replaced: TRANSACTION_COORDINATOR_FENCED (52).
    case coordinatorFenced
    /// The disk did not take it, in words. A later try may succeed (a full disk) or never (a flush).
    case storage(String)
    /// The topic was deleted, or the broker stops.
    case closed
}

package enum AppendResult: Equatable, Sendable {
    /// - Parameters:
    ///   - appendTime: milliseconds under LogAppendTime, -1 under CreateTime.
    ///   - startOffset: the log's first offset.
    case appended(baseOffset: Int64, appendTime: Int64, startOffset: Int64)
    case refused(AppendFault)
}

/// Who appends.
package enum AppendOrigin: Equatable, Sendable {
    /// A produce request: no control batches; sequences and transactions are checked.
    case client
    /// The broker itself: may write control batches, and batches of a producer without a sequence. Its
    /// transactional batches need no token, because it asked the coordinator itself.
    case broker
}

/// The end of a transaction in one partition.
package struct TransactionMarker: Equatable, Sendable {
    package var producerID: Int64
    /// At or above that of the transaction's batches; lower ones are refused from then on.
    package var producerEpoch: Int16
    package var coordinatorEpoch: Int32
    package var isCommit: Bool

    package init(
        producerID: Int64, producerEpoch: Int16, coordinatorEpoch: Int32, isCommit: Bool
    ) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.coordinatorEpoch = coordinatorEpoch
        self.isCommit = isCommit
    }
}

/// A batch or a marker, and who waits for it.
struct PendingAppend: Sendable {
    enum Content: Sendable {
        /// One whole batch, as it came.
        case batch(ByteBuffer, origin: AppendOrigin, verification: VerificationToken?)
        case marker(TransactionMarker)
    }

    var content: Content
    /// Called once, on an append thread; must not block.
    var done: @Sendable (AppendResult) -> Void

    var sizeBytes: Int {
        switch content {
        case .batch(let batch, _, _): batch.readableBytes
        case .marker: MarkerBatch.sizeBytes
        }
    }
}
