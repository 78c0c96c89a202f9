// Records compressed by snappy: one raw block (librdkafka) or xerial's framing (Java, kafka-python).
// Source: https://github.com/xerial/snappy-java SnappyOutputStream.java; snappy-c.h

import CSnappy
import MillraceBase
import NIOCore

enum SnappyCodec {
    /// `0x82 SNAPPY 0x00`, then version 1 and the lowest compatible version 1, both i32.
    private static let magic: [UInt8] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]
    private static let headBytes = 16

    static func decompress(
        _ bytes: UnsafeRawBufferPointer, into out: inout CodecOutput
    ) throws(WireError) {
        guard bytes.count >= headBytes, bytes.prefix(magic.count).elementsEqual(magic) else {
            return try block(bytes, into: &out)
        }
        var position = headBytes
        while position < bytes.count {
            guard position + 4 <= bytes.count else { throw .damaged("snappy") }
            let length = Int(
                Int32(
                    bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
            position += 4
            guard length >= 0, length <= bytes.count - position else { throw .damaged("snappy") }
            let slice = UnsafeRawBufferPointer(
                rebasing: bytes[position..<position + length])
            try block(slice, into: &out)
            position += length
        }
    }

    private static func block(
        _ bytes: UnsafeRawBufferPointer, into out: inout CodecOutput
    ) throws(WireError) {
        let input = bytes.bindMemory(to: CChar.self).baseAddress
        var length = 0
        guard snappy_uncompressed_length(input, bytes.count, &length) == SNAPPY_OK else {
            throw .damaged("snappy")
        }
        if length == 0 { return }
        var status = SNAPPY_OK
        try out.write(length) { room in
            var written = room.count
            status = snappy_uncompress(
                input, bytes.count, room.bindMemory(to: CChar.self).baseAddress, &written)
            return status == SNAPPY_OK ? written : 0
        }
        guard status == SNAPPY_OK else { throw .damaged("snappy") }
    }

    /// In xerial's framing, which every client reads.
    static func compress(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> ByteBuffer {
        var buffer = ByteBuffer(bytes: magic)
        buffer.writeMultipleIntegers(Int32(1), Int32(1))
        var position = 0
        while position < bytes.count {
            let count = min(CompressionLimits.snappyBlockBytes, bytes.count - position)
            let slice = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
            let lengthIndex = buffer.writerIndex
            buffer.writeInteger(Int32(0))
            var status = SNAPPY_OK
            let written = buffer.writeWithUnsafeMutableBytes(
                minimumWritableBytes: snappy_max_compressed_length(count)
            ) { room in
                var written = room.count
                status = snappy_compress(
                    slice.bindMemory(to: CChar.self).baseAddress, count,
                    room.bindMemory(to: CChar.self).baseAddress, &written)
                return status == SNAPPY_OK ? written : 0
            }
            guard status == SNAPPY_OK else { throw .damaged("snappy") }
            buffer.setInteger(Int32(written), at: lengthIndex)
            position += count
        }
        return buffer
    }
}
