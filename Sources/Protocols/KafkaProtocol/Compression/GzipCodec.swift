// Records compressed by gzip: one or more members, one after the other.
// Source: RFC 1952; zlib.h

import CZlib
import MillraceBase
import NIOCore

enum GzipCodec {
    /// A window of 32 KiB and gzip's wrapping.
    private static let windowBits: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    static func decompress(
        _ bytes: UnsafeRawBufferPointer, into out: inout CodecOutput
    ) throws(WireError) {
        var stream = z_stream()
        guard
            inflateInit2_(
                &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .damaged("gzip") }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(clamping: bytes.count)
        while true {
            var status = Z_OK
            try out.write { room in
                stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(clamping: room.count)
                status = inflate(&stream, Z_NO_FLUSH)
                return min(room.count, Int(UInt32.max)) - Int(stream.avail_out)
            }
            if status == Z_STREAM_END {
                if stream.avail_in == 0 { return }
                guard inflateReset(&stream) == Z_OK else { throw .damaged("gzip") }
            } else if status != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0) {
                throw .damaged("gzip")
            }
        }
    }

    static func compress(
        _ bytes: UnsafeRawBufferPointer, level: Int32?
    ) throws(WireError) -> ByteBuffer {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, level ?? Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBits, memoryLevel,
                Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw WireError(.invalid("is out of range"), in: "gzip level") }
        defer { deflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(clamping: bytes.count)
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var buffer = ByteBuffer()
        var status = Z_OK
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
            stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
            stream.avail_out = UInt32(clamping: room.count)
            status = deflate(&stream, Z_FINISH)
            return Int(stream.total_out)
        }
        guard status == Z_STREAM_END else { throw .damaged("gzip") }
        return buffer
    }
}
