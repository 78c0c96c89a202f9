// Zig-zag varints, which records are made of.
// Source: https://protobuf.dev/programming-guides/encoding/#signed-ints

import MillraceBase
import NIOCore

extension ByteBuffer {
    /// Reads a signed number of 1 to 10 bytes.
    mutating func readVarint(_ field: String) throws(WireError) -> Int64 {
        let read = readableBytesView.withUnsafeBytes { bytes -> (value: UInt64, count: Int)? in
            var value: UInt64 = 0
            for index in 0..<Swift.min(10, bytes.count) {
                value |= UInt64(bytes[index] & 0x7f) << UInt64(index * 7)
                if bytes[index] & 0x80 == 0 { return (value, index + 1) }
            }
            return nil
        }
        guard let read else {
            let why: WireError.Reason =
                readableBytes < 10 ? .cutShort : .invalid("is no varint of 64 bits")
            throw WireError(why, in: field)
        }
        moveReaderIndex(forwardBy: read.count)
        return Int64(bitPattern: read.value >> 1) ^ -Int64(bitPattern: read.value & 1)
    }

    /// Reads a length and so many bytes, as a slice; `nil` for a length of -1.
    mutating func readVarintSlice(_ field: String) throws(WireError) -> ByteBuffer? {
        let length = try readVarint(field)
        if length == -1 { return nil }
        guard length >= 0 else { throw WireError(.badLength(length), in: field) }
        guard length <= readableBytes, let slice = readSlice(length: Int(length)) else {
            throw WireError(.cutShort, in: field)
        }
        return slice
    }

    mutating func writeVarint(_ value: Int64) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest > 0x7f {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes a length and the bytes; -1 for `nil`.
    mutating func writeVarintBytes(_ bytes: ByteBuffer?) {
        guard let bytes else { return writeVarint(-1) }
        writeVarint(Int64(bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }
}
