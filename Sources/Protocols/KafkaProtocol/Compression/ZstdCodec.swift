// Records compressed by Zstandard: one or more frames.
// Source: RFC 8878; zstd.h

import CZstd
import MillraceBase
import NIOCore

enum ZstdCodec {
    private static let levelDefault: Int32 = 3

    static func decompress(
        _ bytes: UnsafeRawBufferPointer, into out: inout CodecOutput
    ) throws(WireError) {
        guard let stream = ZSTD_createDCtx() else { throw .damaged("zstd") }
        defer { ZSTD_freeDCtx(stream) }
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, CompressionLimits.zstdWindowLogMax)
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        /// What the decoder still expects; 0 at the end of a frame.
        var expected = 1
        while input.pos < input.size || expected != 0 {
            let before = input.pos
            var written = 0
            try out.write { room in
                var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                expected = ZSTD_decompressStream(stream, &output, &input)
                written = output.pos
                return written
            }
            guard ZSTD_isError(expected) == 0 else { throw .damaged("zstd") }
            if expected != 0, input.pos == before, written == 0 { throw .damaged("zstd") }
        }
    }

    static func compress(
        _ bytes: UnsafeRawBufferPointer, level: Int32?
    ) throws(WireError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var result = 0
        let bound = ZSTD_compressBound(bytes.count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
            result = ZSTD_compress(
                room.baseAddress, room.count, bytes.baseAddress, bytes.count,
                level ?? levelDefault)
            return ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else { throw .damaged("zstd") }
        return buffer
    }
}
