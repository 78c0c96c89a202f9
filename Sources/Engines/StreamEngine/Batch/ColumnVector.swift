// One column of a batch.

package import StreamPlan

/// The values of one column for all rows of a batch, 8 bytes a row whatever the type.
///
/// | type | cell |
/// | --- | --- |
/// | string, binary | `TextCell` |
/// | int, long, timestamp (µs) | the number, sign-extended |
/// | double | its bit pattern |
/// | boolean | 0 or 1 |
///
/// The cell of a null row, or of a row that is not selected, means nothing. Slices, so that the
/// columns that a parser fills at once share one array.
package struct ColumnVector: Sendable {
    package var type: DataType
    package var cells: ArraySlice<UInt64>
    package var nulls: ArraySlice<Bool>

    package init(type: DataType, cells: ArraySlice<UInt64>, nulls: ArraySlice<Bool>) {
        self.type = type
        self.cells = cells
        self.nulls = nulls
    }

    /// A column of nulls.
    package init(type: DataType, nullRows: Int) {
        self.type = type
        cells = Array(repeating: 0, count: nullRows)[...]
        nulls = Array(repeating: true, count: nullRows)[...]
    }

    package var rowCount: Int { cells.count }

    @inline(__always)
    package func cell(_ row: Int) -> UInt64 { cells[cells.startIndex + row] }

    @inline(__always)
    package func isNull(_ row: Int) -> Bool { nulls[nulls.startIndex + row] }

    @inline(__always)
    package mutating func set(_ row: Int, _ cell: UInt64) {
        cells[cells.startIndex + row] = cell
        nulls[nulls.startIndex + row] = false
    }

    @inline(__always)
    package mutating func setNull(_ row: Int) { nulls[nulls.startIndex + row] = true }
}
