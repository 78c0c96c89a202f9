// The fields that a scanner looks for, prepared for looking up, and where their values go.

import StreamPlan

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A schema as the scanner needs it.
struct JSONFields: Sendable {
    let types: [DataType]
    let names: [String]
    /// Fields that may not be null; none where the query has no dead letters.
    let required: [Bool]
    private let spellings: [[UInt8]]

    init(_ schema: StructType, isStrict: Bool) {
        types = schema.fields.map(\.type)
        names = schema.names
        required = schema.fields.map { isStrict && !$0.nullable }
        spellings = schema.fields.map { Array($0.name.utf8) }
    }

    var count: Int { types.count }

    /// - Parameter hint: the field that is most likely next.
    /// - Returns: -1 for a name that the schema does not have.
    @inline(__always)
    func index(_ name: UnsafePointer<UInt8>, _ length: Int, hint: Int) -> Int {
        if hint < count, matches(hint, name, length) { return hint }
        for index in spellings.indices where matches(index, name, length) { return index }
        return -1
    }

    @inline(__always)
    private func matches(_ index: Int, _ name: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let spelling = spellings[index]
        return spelling.count == length
            && spelling.withUnsafeBufferPointer { bytes in
                guard let first = bytes.baseAddress else { return true }
                return memcmp(first, name, length) == 0
            }
    }
}

/// Where the values of a record go: `field * rowCount + row` of two flat arrays.
struct JSONOutput {
    let cells: UnsafeMutablePointer<UInt64>
    let nulls: UnsafeMutablePointer<Bool>
    let rowCount: Int

    @inline(__always)
    func set(_ field: Int, _ row: Int, _ cell: UInt64) {
        cells[field * rowCount + row] = cell
        nulls[field * rowCount + row] = false
    }

    @inline(__always)
    func setNull(_ field: Int, _ row: Int) { nulls[field * rowCount + row] = true }

    @inline(__always)
    func isNull(_ field: Int, _ row: Int) -> Bool { nulls[field * rowCount + row] }
}

/// The memory that a record's bytes are in, with what is needed to name a place in it.
struct JSONMemory {
    let base: UnsafePointer<UInt8>
    /// The end of what may be read, at or behind the record's own end.
    let readable: UnsafePointer<UInt8>
    let isArena: Bool

    @inline(__always)
    func cell(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        TextCell(start: start - base, length: end - start, inArena: isArena).bits
    }
}
