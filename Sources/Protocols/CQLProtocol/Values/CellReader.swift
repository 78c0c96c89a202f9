// Walks the bytes of one value.

import MillraceBase

/// A position in bytes that somebody else keeps alive for as long as this is used.
struct CellReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var bytesLeft: Int { bytes.count - position }

    @inline(__always)
    mutating func integer<T: FixedWidthInteger>(
        _ field: String, as type: T.Type = T.self
    ) throws(WireError) -> T {
        guard bytesLeft >= MemoryLayout<T>.size else { throw WireError(.cutShort, in: field) }
        defer { position += MemoryLayout<T>.size }
        return T(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    mutating func take(_ count: Int, _ field: String) throws(WireError) -> UnsafeRawBufferPointer {
        guard count >= 0 else { throw WireError(.badLength(Int64(count)), in: field) }
        guard count <= bytesLeft else { throw WireError(.cutShort, in: field) }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func rest() -> UnsafeRawBufferPointer {
        defer { position = bytes.count }
        return UnsafeRawBufferPointer(rebasing: bytes[position...])
    }

    /// An element with its length before it; `nil` for null.
    mutating func cell(_ field: String) throws(WireError) -> UnsafeRawBufferPointer? {
        let count: Int32 = try integer(field)
        guard count >= 0 else {
            guard count == -1 else { throw WireError(.badLength(Int64(count)), in: field) }
            return nil
        }
        return try take(Int(count), field)
    }

    mutating func unsignedVint(_ field: String) throws(WireError) -> UInt64 {
        let first: UInt8 = try integer(field)
        let extra = (~first).leadingZeroBitCount
        var value = extra >= 7 ? 0 : UInt64(first & (0xFF >> UInt8(extra)))
        for byte in try take(extra, field) { value = value << 8 | UInt64(byte) }
        return value
    }

    mutating func vint(_ field: String) throws(WireError) -> Int64 {
        let value = try unsignedVint(field)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// The field's name is made only when it is needed: this is asked after every value.
    @inline(__always)
    func expectEnd(_ field: @autoclosure () -> String) throws(WireError) {
        guard bytesLeft == 0 else { throw WireError(.leftOver(bytesLeft), in: field()) }
    }
}
