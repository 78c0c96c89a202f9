// Rows as a result carries them: kept as bytes, decoded when asked.

package import MillraceBase
package import NIOCore

/// The rows of one page, with their metadata.
package struct RowsResult: Sendable, Equatable {
    package var metadata: ResultMetadata
    package var rowCount: Int
    /// `rowCount` × `metadata.columnCount` cells, row by row.
    package var cells: CellList

    package init(metadata: ResultMetadata, rowCount: Int = 0, cells: CellList = CellList()) {
        self.metadata = metadata
        self.rowCount = rowCount
        self.cells = cells
    }

    /// The index of a cell in `cells`.
    @inline(__always)
    package func index(row: Int, column: Int) -> Int {
        precondition(row >= 0 && row < rowCount && column >= 0 && column < metadata.columnCount)
        return row * metadata.columnCount + column
    }

    package static func read(from bytes: inout ByteBuffer) throws(WireError) -> RowsResult {
        let metadata = try ResultMetadata.read(from: &bytes)
        let rowCount = try bytes.readCQLCount(
            "number of rows", bytesEach: max(4 * metadata.columnCount, 1))
        let cells = try CellList(
            reading: rowCount * metadata.columnCount, from: &bytes, field: "rows")
        return RowsResult(metadata: metadata, rowCount: rowCount, cells: cells)
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        metadata.write(to: &out, version: version)
        out.writeInteger(Int32(rowCount))
        out.writeImmutableBuffer(cells.bytes)
    }
}

/// Builds the rows of a page cell by cell, for the server.
///
///     var rows = RowsWriter(metadata: metadata)
///     for row in page {
///         rows.append(row.idBytes)        // or appendNull(), append(value, as: type), …
///         rows.append(row.nameBytes)
///         rows.endRow()
///     }
///     let result = rows.finish(pagingState: nextKey)
package struct RowsWriter: Sendable {
    private var metadata: ResultMetadata
    private var bytes = ByteBuffer()
    private var cellsInRow = 0
    package private(set) var rowCount = 0

    package init(metadata: ResultMetadata) { self.metadata = metadata }

    /// What the rows take so far, to end a page by its size.
    package var byteCount: Int { bytes.readableBytes }

    package mutating func append(_ cell: UnsafeRawBufferPointer) {
        bytes.writeInteger(Int32(cell.count))
        bytes.writeBytes(cell)
        cellsInRow += 1
    }

    package mutating func append(_ cell: ByteBuffer) {
        bytes.writeInteger(Int32(cell.readableBytes))
        bytes.writeImmutableBuffer(cell)
        cellsInRow += 1
    }

    /// `nil` is null.
    package mutating func append(_ cell: [UInt8]?) {
        bytes.writeCQLBytes(cell)
        cellsInRow += 1
    }

    package mutating func append(_ cell: ArraySlice<UInt8>) {
        bytes.writeInteger(Int32(cell.count))
        bytes.writeBytes(cell)
        cellsInRow += 1
    }

    package mutating func append(
        _ value: CQLValue, as type: CQLType
    ) throws(CQLEncodingError) {
        try value.appendCell(as: type, to: &bytes)
        cellsInRow += 1
    }

    package mutating func appendNull() {
        bytes.writeInteger(Int32(-1))
        cellsInRow += 1
    }

    /// A row has one cell for each column; anything else is a bug of the server.
    package mutating func endRow() {
        precondition(
            cellsInRow == metadata.columnCount,
            "a row of \(cellsInRow) cells for \(metadata.columnCount) columns")
        cellsInRow = 0
        rowCount += 1
    }

    /// - Parameter skipsMetadata: the client knows the columns (flag skip_metadata).
    package consuming func finish(
        pagingState: [UInt8]? = nil, skipsMetadata: Bool = false
    ) -> RowsContent {
        precondition(cellsInRow == 0, "the last row was not ended")
        metadata.pagingState = pagingState
        return RowsContent(
            metadata: skipsMetadata ? metadata.omittingColumns : metadata, rowCount: rowCount,
            bytes: bytes)
    }
}

/// Rows as bytes that were just built; written without another walk over them.
package struct RowsContent: Sendable, Equatable {
    package var metadata: ResultMetadata
    package var rowCount: Int
    package var bytes: ByteBuffer

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        metadata.write(to: &out, version: version)
        out.writeInteger(Int32(rowCount))
        out.writeImmutableBuffer(bytes)
    }

    /// The same rows, to be read cell by cell.
    package func result() throws(WireError) -> RowsResult {
        var rest = bytes
        let cells = try CellList(
            reading: rowCount * metadata.columnCount, from: &rest, field: "rows")
        return RowsResult(metadata: metadata, rowCount: rowCount, cells: cells)
    }
}
