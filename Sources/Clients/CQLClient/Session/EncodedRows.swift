// Rows encoded for a prepared statement, in one growing buffer: the input of `executeAll`.

package import CQLProtocol
import NIOCore

/// Rows of bind values as the wire has them: for each cell an int32 length and its bytes.
///
/// Cells go in bind order (`PreparedStatement.columns`), each row ends with `endRow()`:
///
///     var rows = EncodedRows(columnCount: statement.columns.count)
///     rows.reserve(rows: 1_000, bytesPerRow: 200)
///     for person in page {
///         rows.append(person.id)              // a CQLUUID
///         rows.append(text: person.name)      // text or ascii
///         rows.append(bytes: slice)           // any bytes that are encoded already, UTF-8 too
///         rows.appendNull()
///         rows.endRow()
///     }
///     try await session.executeAll(statement, rows: rows)
///     rows.removeAll()                        // keeps the memory for the next batch
///
/// Nothing is allocated for a cell; the two buffers grow as arrays do. Types are not checked here,
/// the server refuses a cell that does not fit its column.
package struct EncodedRows: Sendable {
    package let columnCount: Int
    package private(set) var bytes: [UInt8] = []
    /// Where each row ends in `bytes`, rising.
    package private(set) var rowEnds: [Int] = []
    private var cellsInRow = 0

    package init(columnCount: Int) {
        precondition(
            (0...CQLLimits.valuesMax).contains(columnCount), "\(columnCount) values in a row")
        self.columnCount = columnCount
    }

    package var count: Int { rowEnds.count }
    package var isEmpty: Bool { rowEnds.isEmpty }

    package mutating func reserve(rows: Int, bytesPerRow: Int) {
        rowEnds.reserveCapacity(rows)
        bytes.reserveCapacity(rows * bytesPerRow)
    }

    /// Forgets the rows and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rowEnds.removeAll(keepingCapacity: true)
        cellsInRow = 0
    }

    /// A cell that is encoded already: UTF-8 for text, big endian for numbers, …
    @inline(__always)
    package mutating func append(bytes cell: UnsafeRawBufferPointer) {
        appendLength(Int32(cell.count))
        bytes.append(contentsOf: cell)
    }

    package mutating func append(bytes cell: ArraySlice<UInt8>) {
        appendLength(Int32(cell.count))
        bytes.append(contentsOf: cell)
    }

    package mutating func append(bytes cell: [UInt8]) { append(bytes: cell[...]) }

    /// text or ascii
    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// text or ascii
    package mutating func append(text: Substring) {
        var text = text
        text.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// uuid or timeuuid
    package mutating func append(_ uuid: CQLUUID) {
        appendLength(16)
        appendInteger(uuid.high)
        appendInteger(uuid.low)
    }

    /// boolean
    package mutating func append(_ value: Bool) {
        appendLength(1)
        bytes.append(value ? 1 : 0)
    }

    /// tinyint
    package mutating func append(_ value: Int8) { appendCell(value) }

    /// smallint
    package mutating func append(_ value: Int16) { appendCell(value) }

    /// int
    package mutating func append(_ value: Int32) { appendCell(value) }

    /// bigint, timestamp (milliseconds) or time (nanoseconds)
    package mutating func append(_ value: Int64) { appendCell(value) }

    /// double
    package mutating func append(_ value: Double) { appendCell(value.bitPattern) }

    /// float
    package mutating func append(_ value: Float) { appendCell(value.bitPattern) }

    /// Any value; slower than the others, and checked against its type.
    package mutating func append(_ value: CQLValue, as type: CQLType) throws(CQLEncodingError) {
        var cell = ByteBuffer()
        try value.appendCell(as: type, to: &cell)
        bytes.append(contentsOf: cell.readableBytesView)
        cellsInRow += 1
    }

    package mutating func appendNull() { appendLength(-1) }

    /// Leaves the column as it is; protocol v4 and later.
    package mutating func appendUnset() { appendLength(-2) }

    /// Drops the cells since the last `endRow()`, when a row turns out to be no good halfway.
    package mutating func dropUnfinishedRow() {
        bytes.removeLast(bytes.count - (rowEnds.last ?? 0))
        cellsInRow = 0
    }

    /// A row has one cell for each marker; anything else is a bug of the caller.
    package mutating func endRow() {
        precondition(
            cellsInRow == columnCount, "a row of \(cellsInRow) cells for \(columnCount) markers")
        cellsInRow = 0
        rowEnds.append(bytes.count)
    }

    /// Where a row stands in `bytes`.
    @inline(__always)
    func range(of row: Int) -> Range<Int> { (row == 0 ? 0 : rowEnds[row - 1])..<rowEnds[row] }

    /// The token of the key that these cells of a row are; `nil` when one is null or too long.
    package func token(of row: Int, keyAt indexes: [UInt16]) -> Int64? {
        let cells = range(of: row)
        return bytes.withUnsafeBytes { bytes in
            var parts: [Range<Int>?] = []
            var at = cells.lowerBound
            while at + 4 <= cells.upperBound {
                let length = Int(
                    Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int32.self)))
                at += 4
                parts.append(length < 0 ? nil : at..<at + length)
                at += max(length, 0)
            }
            return PartitionToken.of(bytes, parts, keyAt: indexes)
        }
    }

    @inline(__always)
    private mutating func appendLength(_ length: Int32) {
        appendInteger(length)
        cellsInRow += 1
    }

    @inline(__always)
    private mutating func appendCell(_ value: some FixedWidthInteger) {
        appendLength(Int32(value.bitWidth / 8))
        appendInteger(value)
    }

    @inline(__always)
    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
