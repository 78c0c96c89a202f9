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
    /// Transactions are not served yet.
    case transactional
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

/// A batch and who waits for it.
struct PendingAppend: Sendable {
    /// One whole batch, as it came from the client.
    var batch: ByteBuffer
    /// Batches of the broker itself may be control batches.
    var isInternal = false
    /// Called once, on an append thread; must not block.
    var done: @Sendable (AppendResult) -> Void
}
