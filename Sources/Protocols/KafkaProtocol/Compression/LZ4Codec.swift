// Records compressed by lz4, in its frame format. Java reads frames of independent blocks only.
// Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; lz4frame.h;
// apache/kafka Lz4BlockInputStream.java

import CLZ4
import MillraceBase
import NIOCore

enum LZ4Codec {
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, into out: inout CodecOutput
    ) throws(WireError) {
        var context: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0
        else { throw .damaged("lz4") }
        defer { LZ4F_freeDecompressionContext(context) }
        var position = 0
        /// What the decoder still expects; 0 at the end of a frame.
        var expected = 1
        while position < bytes.count || expected != 0 {
            var read = bytes.count - position
            var written = 0
            try out.write { room in
                written = room.count
                let start = bytes.baseAddress.map { $0 + position }
                expected = LZ4F_decompress(
                    context, room.baseAddress, &written, start, &read, nil)
                return LZ4F_isError(expected) == 0 ? written : 0
            }
            guard LZ4F_isError(expected) == 0 else { throw .damaged("lz4") }
            position += read
            if expected != 0, read == 0, written == 0 { throw .damaged("lz4") }
        }
    }

    static func compress(
        _ bytes: UnsafeRawBufferPointer, level: Int32?
    ) throws(WireError) -> ByteBuffer {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.compressionLevel = level ?? 0
        var buffer = ByteBuffer()
        var result = 0
        let bound = LZ4F_compressFrameBound(bytes.count, &preferences)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
            result = LZ4F_compressFrame(
                room.baseAddress, room.count, bytes.baseAddress, bytes.count, &preferences)
            return LZ4F_isError(result) == 0 ? result : 0
        }
        guard LZ4F_isError(result) == 0 else { throw .damaged("lz4") }
        return buffer
    }
}
