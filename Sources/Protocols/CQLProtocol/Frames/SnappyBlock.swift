// Snappy's raw block format, as bodies of v3 and v4 carry it.

import CSnappy
import MillraceBase
import NIOCore

/// Compresses and expands single blocks. A block starts with its expanded length as a varint.
enum SnappyBlock {
    /// Appends `bytes` compressed.
    static func compress(_ bytes: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
        let bound = snappy_max_compressed_length(bytes.count)
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { space in
            var written = space.count
            let status = snappy_compress(
                bytes.bindMemory(to: CChar.self).baseAddress, bytes.count,
                space.bindMemory(to: CChar.self).baseAddress, &written)
            precondition(status == SNAPPY_OK, "snappy had room for its worst case")
            return written
        }
    }

    /// The expanded length that a block claims; `nil` when not even that can be read.
    static func claimedLength(_ block: ByteBuffer) -> Int? {
        var length = 0
        for place in 0..<5 {
            guard
                let byte = block.getInteger(
                    at: block.readerIndex + place, as: UInt8.self)
            else { return nil }
            length |= Int(byte & 0x7F) << (7 * place)
            if byte & 0x80 == 0 { return length }
        }
        return nil
    }

    /// - Parameter most: what an expanded block may take, in bytes; checked, with what a block of
    ///   this size can hold, before memory is taken.
    static func expand(
        _ block: ByteBuffer, most: Int, field: String
    ) throws(WireError) -> ByteBuffer {
        guard block.readableBytes > 0 else { return ByteBuffer() }
        guard let count = claimedLength(block) else {
            throw WireError(.invalid("is no snappy block"), in: field)
        }
        guard count <= most, count <= block.readableBytes * CQLLimits.snappyRatioMax else {
            throw WireError(.badLength(Int64(count)), in: field)
        }
        var out = ByteBuffer()
        let isWhole = block.withUnsafeReadableBytes { bytes in
            out.writeWithUnsafeMutableBytes(minimumWritableBytes: max(count, 1)) { space in
                var written = space.count
                let status = snappy_uncompress(
                    bytes.bindMemory(to: CChar.self).baseAddress, bytes.count,
                    space.bindMemory(to: CChar.self).baseAddress, &written)
                return status == SNAPPY_OK ? written : 0
            } == count
        }
        // An empty block is a block too.
        guard isWhole else { throw WireError(.invalid("is no snappy block"), in: field) }
        return out
    }
}
