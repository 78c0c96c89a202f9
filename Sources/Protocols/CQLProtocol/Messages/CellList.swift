// Cells, one after the other, as requests bind them and rows hold them.

package import MillraceBase
package import NIOCore

/// Cells in one buffer, each an int32 length and its bytes; -1 is null, -2 is unset.
///
/// Any cell is found in O(1). The buffer is shared with the message it came from.
package struct CellList: Sendable, Equatable {
    /// All cells with their lengths, from `readerIndex` on: as the wire has them.
    package private(set) var bytes: ByteBuffer
    /// Where each cell's length stands, in bytes after `readerIndex`.
    private var starts: [UInt32]

    package init() {
        bytes = ByteBuffer()
        starts = []
    }

    /// Takes `count` cells off the front of `message`.
    package init(
        reading count: Int, from message: inout ByteBuffer, field: String
    ) throws(WireError) {
        guard count * 4 <= message.readableBytes else { throw WireError(.cutShort, in: field) }
        guard message.readableBytes <= Int(UInt32.max) else {
            throw WireError(.badLength(Int64(message.readableBytes)), in: field)
        }
        var starts: [UInt32] = []
        starts.reserveCapacity(count)
        let total = try message.withUnsafeReadableBytes { bytes throws(WireError) in
            var position = 0
            for _ in 0..<count {
                guard bytes.count - position >= 4 else { throw WireError(.cutShort, in: field) }
                starts.append(UInt32(truncatingIfNeeded: position))
                let length = Self.length(bytes, position)
                guard length >= -2 else { throw WireError(.badLength(Int64(length)), in: field) }
                position += 4 + max(length, 0)
                guard position <= bytes.count else { throw WireError(.cutShort, in: field) }
            }
            return position
        }
        self.starts = starts
        bytes = try message.readCQLSlice(total, field)
    }

    package var count: Int { starts.count }
    package var isEmpty: Bool { starts.isEmpty }

    /// One cell: its bytes as a slice of the message.
    package enum Cell: Sendable, Equatable {
        case null
        case unset
        case bytes(ByteBuffer)
    }

    package subscript(index: Int) -> Cell {
        let start = bytes.readerIndex + Int(starts[index])
        let length = Int(bytes.getInteger(at: start, as: Int32.self) ?? -1)
        guard length >= 0, let slice = bytes.getSlice(at: start + 4, length: length) else {
            return length == -2 ? .unset : .null
        }
        return .bytes(slice)
    }

    /// The cell's bytes without a copy or a slice, for hot loops; `nil` for null and unset.
    package func withBytes<T, E: Error>(
        of index: Int, _ body: (UnsafeRawBufferPointer?) throws(E) -> T
    ) throws(E) -> T {
        try bytes.withUnsafeReadableBytes { all throws(E) in
            let start = Int(starts[index])
            let length = Self.length(all, start)
            guard length >= 0 else { return try body(nil) }
            return try body(UnsafeRawBufferPointer(rebasing: all[start + 4..<start + 4 + length]))
        }
    }

    package func isUnset(_ index: Int) -> Bool {
        bytes.getInteger(at: bytes.readerIndex + Int(starts[index]), as: Int32.self) == -2
    }

    /// The cell as a value; `.null` and `.unset` as such.
    package func value(_ index: Int, as type: CQLType) throws(WireError) -> CQLValue {
        if isUnset(index) { return .unset }
        return try withBytes(of: index) { bytes throws(WireError) in
            guard let bytes else { return .null }
            return try CQLValue.decode(bytes, as: type)
        }
    }

    package mutating func append(_ value: CQLValue, as type: CQLType) throws(CQLEncodingError) {
        let start = nextStart
        try value.appendCell(as: type, to: &bytes)
        starts.append(start)
    }

    package mutating func append(_ cell: UnsafeRawBufferPointer) {
        starts.append(nextStart)
        bytes.writeInteger(Int32(cell.count))
        bytes.writeBytes(cell)
    }

    package mutating func append(_ cell: [UInt8]?) {
        starts.append(nextStart)
        bytes.writeCQLBytes(cell)
    }

    package mutating func appendNull() { append([UInt8]?.none) }

    package mutating func appendUnset() {
        starts.append(nextStart)
        bytes.writeInteger(Int32(-2))
    }

    package mutating func reserve(bytes count: Int) {
        bytes.reserveCapacity(minimumWritableBytes: count)
    }

    private var nextStart: UInt32 { UInt32(bytes.writerIndex - bytes.readerIndex) }

    @inline(__always)
    private static func length(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int {
        Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
    }
}
