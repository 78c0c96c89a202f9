// The rows of one page.

package import CQLProtocol
import MillraceBase

/// What a statement answered: rows, or none for a statement without a result.
///
///     for row in try await session.execute("SELECT id, email FROM users") {
///         print(try row["email"], try row[0])
///     }
///
/// Cells stay bytes until they are asked for.
package struct CQLRows: Sendable, RandomAccessCollection {
    package let columns: [CQLColumn]
    /// The next page is fetched with it; `nil` on the last one.
    package let pagingState: [UInt8]?
    /// What the server warned of.
    package let warnings: [String]
    /// The trace of this request in `system_traces`, when it was asked for.
    package let tracingID: CQLUUID?
    let rows: RowsResult
    let host: String

    package var startIndex: Int { 0 }
    package var endIndex: Int { rows.rowCount }

    package subscript(position: Int) -> CQLRow { CQLRow(page: self, row: position) }

    /// The place of a column by its name, as the schema writes it.
    package func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

    static func none(_ envelope: ResponseEnvelope, host: String) -> CQLRows {
        CQLRows(
            columns: [], pagingState: nil, warnings: envelope.warnings,
            tracingID: envelope.tracingID, rows: RowsResult(metadata: ResultMetadata()), host: host)
    }
}

/// One row of a page.
package struct CQLRow: Sendable {
    package var columns: [CQLColumn] { page.columns }
    let page: CQLRows
    let row: Int

    /// The value in that column.
    ///
    /// - Throws: `.wire` when the server sent bytes that its own type cannot have.
    package subscript(column: Int) -> CQLValue {
        get throws(CQLError) {
            let index = page.rows.index(row: row, column: column)
            do {
                return try page.rows.cells.value(index, as: page.columns[column].type)
            } catch {
                throw .wire(error, host: page.host)
            }
        }
    }

    /// The value in the column of that name.
    ///
    /// - Throws: `.value` when there is no such column.
    package subscript(name: String) -> CQLValue {
        get throws(CQLError) {
            guard let column = page.index(of: name) else {
                let names = page.columns.map(\.name).joined(separator: ", ")
                throw .value("the rows have no column \"\(name)\", but \(names)")
            }
            return try self[column]
        }
    }

    /// All values in the order of the columns.
    package func values() throws(CQLError) -> [CQLValue] {
        var values: [CQLValue] = []
        for column in page.columns.indices { values.append(try self[column]) }
        return values
    }

    /// The cell's bytes as sent; `nil` for null.
    package func withBytes<T>(of column: Int, _ body: (UnsafeRawBufferPointer?) -> T) -> T {
        page.rows.cells.withBytes(of: page.rows.index(row: row, column: column), body)
    }
}
