// The notations of the specification's section 3, read from a buffer.

package import MillraceBase
package import NIOCore

extension ByteBuffer {
    @inline(__always)
    package mutating func readCQLByte(_ field: String) throws(WireError) -> UInt8 {
        guard let value = readInteger(as: UInt8.self) else { throw WireError(.cutShort, in: field) }
        return value
    }

    @inline(__always)
    package mutating func readCQLShort(_ field: String) throws(WireError) -> UInt16 {
        guard let value = readInteger(as: UInt16.self) else {
            throw WireError(.cutShort, in: field)
        }
        return value
    }

    @inline(__always)
    package mutating func readCQLInt(_ field: String) throws(WireError) -> Int32 {
        guard let value = readInteger(as: Int32.self) else { throw WireError(.cutShort, in: field) }
        return value
    }

    @inline(__always)
    package mutating func readCQLLong(_ field: String) throws(WireError) -> Int64 {
        guard let value = readInteger(as: Int64.self) else { throw WireError(.cutShort, in: field) }
        return value
    }

    /// A count of things that take at least `bytesEach` bytes, refused when the bytes cannot hold it.
    package mutating func readCQLCount(
        _ field: String, bytesEach: Int, most: Int = Int(Int32.max)
    ) throws(WireError) -> Int {
        let count = Int(try readCQLInt(field))
        guard count >= 0, count <= most else {
            throw WireError(.badLength(Int64(count)), in: field)
        }
        guard count * bytesEach <= readableBytes else { throw WireError(.cutShort, in: field) }
        return count
    }

    /// `count` bytes of UTF-8.
    package mutating func readCQLText(_ count: Int, _ field: String) throws(WireError) -> String {
        guard count >= 0 else { throw WireError(.badLength(Int64(count)), in: field) }
        guard count <= readableBytes else { throw WireError(.cutShort, in: field) }
        let text = withUnsafeReadableBytes { bytes in
            String(validating: UnsafeRawBufferPointer(rebasing: bytes[..<count]), as: UTF8.self)
        }
        guard let text else { throw WireError(.invalid("is not UTF-8"), in: field) }
        moveReaderIndex(forwardBy: count)
        return text
    }

    /// `[string]`
    package mutating func readCQLString(_ field: String) throws(WireError) -> String {
        try readCQLText(Int(try readCQLShort(field)), field)
    }

    /// `[long string]`
    package mutating func readCQLLongString(_ field: String) throws(WireError) -> String {
        try readCQLText(Int(try readCQLInt(field)), field)
    }

    /// `[string list]`
    package mutating func readCQLStringList(_ field: String) throws(WireError) -> [String] {
        let count = Int(try readCQLShort(field))
        guard count * 2 <= readableBytes else { throw WireError(.cutShort, in: field) }
        var list: [String] = []
        for _ in 0..<count { list.append(try readCQLString(field)) }
        return list
    }

    /// `[string map]`
    package mutating func readCQLStringMap(_ field: String) throws(WireError) -> [String: String] {
        let count = Int(try readCQLShort(field))
        var map: [String: String] = [:]
        for _ in 0..<count {
            let name = try readCQLString(field)
            map[name] = try readCQLString(field)
        }
        return map
    }

    /// `[string multimap]`
    package mutating func readCQLMultimap(_ field: String) throws(WireError) -> [String: [String]] {
        let count = Int(try readCQLShort(field))
        var map: [String: [String]] = [:]
        for _ in 0..<count {
            let name = try readCQLString(field)
            map[name] = try readCQLStringList(field)
        }
        return map
    }

    /// A slice that shares this buffer's storage.
    package mutating func readCQLSlice(_ count: Int, _ field: String) throws(WireError)
        -> ByteBuffer
    {
        guard count >= 0 else { throw WireError(.badLength(Int64(count)), in: field) }
        guard let slice = readSlice(length: count) else { throw WireError(.cutShort, in: field) }
        return slice
    }

    /// `[bytes]`: `nil` for any negative length.
    package mutating func readCQLBytes(_ field: String) throws(WireError) -> [UInt8]? {
        let count = Int(try readCQLInt(field))
        guard count >= 0 else { return nil }
        guard let bytes = readBytes(length: count) else { throw WireError(.cutShort, in: field) }
        return bytes
    }

    /// `[short bytes]`
    package mutating func readCQLShortBytes(_ field: String) throws(WireError) -> [UInt8] {
        let count = Int(try readCQLShort(field))
        guard let bytes = readBytes(length: count) else { throw WireError(.cutShort, in: field) }
        return bytes
    }

    /// `[bytes map]`
    package mutating func readCQLBytesMap(_ field: String) throws(WireError) -> CustomPayload {
        let count = Int(try readCQLShort(field))
        var map: CustomPayload = [:]
        for _ in 0..<count {
            let name = try readCQLString(field)
            map[name] = .some(try readCQLBytes(field))
        }
        return map
    }

    /// Ends the reading of a message. The field's name is made only when it is needed.
    @inline(__always)
    package func expectCQLEnd(_ field: @autoclosure () -> String) throws(WireError) {
        guard readableBytes == 0 else { throw WireError(.leftOver(readableBytes), in: field()) }
    }
}

/// Bytes for extensions of server or driver, by name.
package typealias CustomPayload = [String: [UInt8]?]
