// LZ4's raw block format, as bodies (v3, v4) and segments (v5) carry it.

import CLZ4
package import MillraceBase
package import NIOCore

/// Compresses and expands single blocks. The length before compression travels beside the block.
package enum LZ4Block {
    /// Appends `bytes` compressed.
    ///
    /// - Returns: how many bytes were appended.
    package static func compress(
        _ bytes: UnsafeRawBufferPointer, into out: inout ByteBuffer
    ) -> Int {
        let bound = Int(LZ4_compressBound(Int32(bytes.count)))
        return out.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { space in
            let written = LZ4_compress_default(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                space.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(bytes.count), Int32(bound))
            precondition(written > 0, "LZ4 had room for its worst case")
            return Int(written)
        }
    }

    /// - Parameter count: the claimed length of the expanded bytes; checked against what a block of
    ///   this size can hold before memory is taken for it.
    package static func expand(
        _ block: ByteBuffer, count: Int, field: String
    ) throws(WireError) -> ByteBuffer {
        guard count >= 0, count <= CQLLimits.bodyBytesMax,
            count <= block.readableBytes * CQLLimits.compressionRatioMax
        else { throw WireError(.badLength(Int64(count)), in: field) }
        guard count > 0 else { return ByteBuffer() }
        var out = ByteBuffer()
        let written = out.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            let written = block.withUnsafeReadableBytes { bytes in
                LZ4_decompress_safe(
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    space.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count), Int32(count))
            }
            return max(0, Int(written))
        }
        guard written == count else { throw WireError(.invalid("is no LZ4 block"), in: field) }
        return out
    }
}
