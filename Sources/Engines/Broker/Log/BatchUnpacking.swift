// Decompression in the broker: how much memory hostile batches can take at the same time.

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization

/// Decompresses batches within a budget.
///
/// What unpacks to `Limits.unpackedBytesFree` or less goes on at once, on as many threads as there are.
/// What is larger is begun anew when it is its turn: one at a time in the whole process, up to
/// `CompressionLimits.recordsBytesMax`. Who waits for its turn holds nothing of what it unpacked, and
/// who has it waits for nobody.
enum BatchUnpacking {
    private static let large = Mutex(())

    /// Blocks until it is the batch's turn, if it is a large one.
    ///
    /// - Parameters:
    ///   - batch: begins with a whole batch.
    ///   - body: gets the batch without compression, and keeps no slice of it.
    static func withPlain<Value>(
        _ batch: ByteBuffer, bytesFree: Int = Limits.unpackedBytesFree,
        _ body: (ByteBuffer) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        if let plain = try small(batch, bytesFree) { return try body(plain) }
        return try large.withLock { _ throws(WireError) in
            try body(try RecordBatch.uncompressed(batch))
        }
    }

    /// - Returns: `nil` when there is more in the batch than may be unpacked without a turn.
    private static func small(
        _ batch: ByteBuffer, _ bytesFree: Int
    ) throws(WireError) -> ByteBuffer? {
        do throws(WireError) {
            return try RecordBatch.uncompressed(batch, limitBytes: bytesFree)
        } catch {
            if error.isTooLarge { return nil }
            throw error
        }
    }
}
