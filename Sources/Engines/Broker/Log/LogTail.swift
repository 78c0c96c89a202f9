// The newest batches of a log, kept in memory for readers that keep up.

import KafkaProtocol
package import NIOCore
import Synchronization

/// Contiguous blocks of whole batches up to the log's end.
///
/// Invariant: block n + 1 begins at the offset where block n ends.
package struct LogTail: Sendable {
    package struct Block: Sendable {
        var firstOffset: Int64
        /// The offset after its last record.
        var endOffset: Int64
        var bytes: ByteBuffer
    }

    private var blocks: [Block] = []
    package private(set) var sizeBytes = 0

    package init() {}

    package var firstOffset: Int64? { blocks.first?.firstOffset }

    /// - Returns: bytes given up to stay within the limit.
    package mutating func append(
        _ bytes: ByteBuffer, from firstOffset: Int64, to endOffset: Int64, limitBytes: Int
    ) {
        if blocks.last.map({ $0.endOffset != firstOffset }) ?? false { clear() }
        blocks.append(Block(firstOffset: firstOffset, endOffset: endOffset, bytes: bytes))
        sizeBytes += bytes.readableBytes
        if sizeBytes > limitBytes { shrink(to: limitBytes / 2) }
    }

    /// Gives up the oldest blocks, but never the newest one.
    package mutating func shrink(to limitBytes: Int) {
        var given = 0
        while given < blocks.count - 1, sizeBytes > limitBytes {
            sizeBytes -= blocks[given].bytes.readableBytes
            given += 1
        }
        blocks.removeFirst(given)
    }

    /// Gives up what begins before an offset: the log has other batches there now.
    mutating func drop(before offset: Int64) {
        let count = blocks.partitioningIndex { $0.firstOffset >= offset }
        sizeBytes -= blocks[..<count].reduce(0) { $0 + $1.bytes.readableBytes }
        blocks.removeFirst(count)
    }

    package mutating func clear() {
        blocks = []
        sizeBytes = 0
    }

    /// Whole batches from the one that holds `offset` on.
    ///
    /// - Parameters:
    ///   - bytesMax: what the batches have together at most, a single first one excepted.
    ///   - atLeastOne: whether the first batch comes even if it is larger.
    ///   - end: batches that begin here or later do not come.
    /// - Returns: `nil` when the offset is not in memory.
    package func read(
        from offset: Int64, to end: Int64 = .max, bytesMax: Int, atLeastOne: Bool
    ) -> [ByteBuffer]? {
        let after = blocks.partitioningIndex { $0.firstOffset > offset }
        guard after > 0, offset < blocks[after - 1].endOffset else { return nil }
        var slices: [ByteBuffer] = []
        var left = bytesMax
        for (index, block) in blocks[(after - 1)...].enumerated() {
            var rest = block.bytes
            if index == 0 { BatchCut.skip(&rest, before: offset) }
            if block.endOffset > end { BatchCut.cut(&rest, at: end) }
            let count = BatchCut.wholeBytes(
                rest, bytesMax: left, atLeastOne: atLeastOne && slices.isEmpty)
            guard count > 0, let slice = rest.readSlice(length: count) else { break }
            slices.append(slice)
            left -= count
            if rest.readableBytes > 0 || left <= 0 || block.endOffset >= end { break }
        }
        return slices
    }
}

/// Finds the edges of batches in bytes that are known to be whole batches.
enum BatchCut {
    /// Moves past the batches that end before `offset`.
    static func skip(_ buffer: inout ByteBuffer, before offset: Int64) {
        let skipped = buffer.withUnsafeReadableBytes { bytes in
            var position = 0
            while position + RecordBatchHeader.byteCount <= bytes.count {
                let base = bytes.bigEndian(position, as: Int64.self)
                let delta = bytes.bigEndian(
                    position + BatchPatch.lastOffsetDeltaPosition, as: Int32.self)
                if base + Int64(delta) >= offset { break }
                position += size(bytes, position)
            }
            return min(position, bytes.count)
        }
        buffer.moveReaderIndex(forwardBy: skipped)
    }

    /// Gives up the batches that begin at or after `end`.
    static func cut(_ buffer: inout ByteBuffer, at end: Int64) {
        let kept = buffer.withUnsafeReadableBytes { bytes in
            var position = 0
            while position + RecordBatchHeader.byteCount <= bytes.count,
                bytes.bigEndian(position, as: Int64.self) < end
            {
                position += size(bytes, position)
            }
            return min(position, bytes.count)
        }
        buffer = buffer.getSlice(at: buffer.readerIndex, length: kept) ?? ByteBuffer()
    }

    /// Bytes of the whole batches that fit into `bytesMax`.
    static func wholeBytes(_ buffer: ByteBuffer, bytesMax: Int, atLeastOne: Bool) -> Int {
        if buffer.readableBytes <= bytesMax { return buffer.readableBytes }
        return buffer.withUnsafeReadableBytes { bytes in
            var position = 0
            while position + RecordBatchHeader.byteCount <= bytes.count {
                let next = position + size(bytes, position)
                if next > bytes.count { break }
                if next > bytesMax {
                    return position == 0 && atLeastOne ? next : position
                }
                position = next
            }
            return position
        }
    }

    /// The offset after the last one of whole batches; 0 when there is none.
    static func endOffset(_ buffer: ByteBuffer) -> Int64 {
        buffer.withUnsafeReadableBytes { bytes in
            var position = 0
            var end: Int64 = 0
            while position + RecordBatchHeader.byteCount <= bytes.count {
                let delta = bytes.bigEndian(
                    position + BatchPatch.lastOffsetDeltaPosition, as: Int32.self)
                end = bytes.bigEndian(position, as: Int64.self) + Int64(delta) + 1
                position += size(bytes, position)
            }
            return end
        }
    }

    private static func size(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int {
        Int(bytes.bigEndian(position + BatchPatch.lengthPosition, as: Int32.self))
            + RecordBatchHeader.lengthOverheadBytes
    }
}

/// The memory that the tails of all logs have taken together.
final class TailBudget: Sendable {
    private let used = Atomic<Int>(0)

    /// Takes note that a tail changed its size.
    func changed(by bytes: Int) { used.add(bytes, ordering: .relaxed) }

    /// Bytes kept now.
    var keptBytes: Int { used.load(ordering: .relaxed) }

    /// What one log may keep: all of its share while there is room, else its newest block only.
    var bytesPerLog: Int {
        used.load(ordering: .relaxed) < Limits.tailBytesMax ? Limits.tailBytesPerLogMax : 0
    }
}
