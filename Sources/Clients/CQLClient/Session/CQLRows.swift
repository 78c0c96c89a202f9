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
    /// v4 and later: what the server's extensions added.
    package let customPayload: [String: [UInt8]?]?
    /// What DDL changed; `nil` for any other statement.
    package let schemaChange: SchemaChange?
    /// The server that answered.
    package let host: String
    let rows: RowsResult

    package var startIndex: Int { 0 }
    package var endIndex: Int { rows.rowCount }

    package subscript(position: Int) -> CQLRow { CQLRow(page: self, row: position) }

    /// The place of a column by its name, as the schema writes it.
    package func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

    /// Whether a conditional statement did what it says; `nil` for a statement without a condition.
    ///
    /// If it is `false`, the row holds what was found instead, when there was any.
    package var wasApplied: Bool? {
        guard columns.first?.name == "[applied]", let first else { return nil }
        return (try? first[0])?.boolean
    }

    /// Reads an answer.
    ///
    /// - Parameter knownColumns: of the prepared statement, for an answer without its columns.
    /// - Returns: the rows; v5: the id of the columns when they have changed; the keyspace of a USE.
    static func read(
        _ answer: ResponseEnvelope, knownColumns: [CQLColumn], host: String
    ) throws(CQLError) -> (rows: CQLRows, changedID: [UInt8]?, keyspace: String?) {
        guard case .result(let result) = answer.response else {
            let opcode = Int(answer.response.opcode.rawValue)
            throw .wire(WireError(.unsupported(opcode), in: "answer"), host: host)
        }
        switch result {
        case .rows(let rows):
            let columns = rows.metadata.columns.isEmpty ? knownColumns : rows.metadata.columns
            guard columns.count == rows.metadata.columnCount else {
                throw .wire(WireError(.badLength(Int64(columns.count)), in: "columns"), host: host)
            }
            return (
                CQLRows(answer, columns: columns, rows: rows, host: host),
                rows.metadata.changedID, nil
            )
        case .schemaChange(let change):
            return (CQLRows(answer, change: change, host: host), nil, nil)
        case .setKeyspace(let keyspace): return (CQLRows(answer, host: host), nil, keyspace)
        default: return (CQLRows(answer, host: host), nil, nil)
        }
    }

    /// No rows and no answer: what a policy made of an error.
    static func ignored(host: String) -> CQLRows {
        CQLRows(ResponseEnvelope(.result(.void)), host: host)
    }

    private init(
        _ answer: ResponseEnvelope, columns: [CQLColumn] = [],
        rows: RowsResult = RowsResult(metadata: ResultMetadata()), change: SchemaChange? = nil,
        host: String
    ) {
        self.columns = columns
        pagingState = rows.metadata.pagingState
        warnings = answer.warnings
        tracingID = answer.tracingID
        customPayload = answer.customPayload
        schemaChange = change
        self.host = host
        self.rows = rows
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
