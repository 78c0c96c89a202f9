// Rows as structures of the caller: columns found once for a result, cells read by their place.

package import CQLProtocol

/// A structure that is made of a row's cells.
///
///     struct Person: CQLDecodableRow {
///         struct Columns { var id: CQLColumnPlace<UUID>; var name: CQLColumnPlace<String?> }
///         static func columns(of result: CQLResultColumns) throws(CQLError) -> Columns {
///             Columns(id: try result.place("id"), name: try result.place("name"))
///         }
///         init(_ row: CQLRow, at columns: Columns) throws(CQLError) {
///             id = try row[columns.id]
///             name = try row[columns.name]
///         }
///     }
///     for try await person in session.rows("SELECT id, name FROM people").decoded(Person.self) { … }
package protocol CQLDecodableRow: Sendable {
    associatedtype Columns: Sendable

    /// Finds the columns that are needed; asked once for each page.
    static func columns(of result: CQLResultColumns) throws(CQLError) -> Columns
    init(_ row: CQLRow, at columns: Columns) throws(CQLError)
}

/// Where a column stands, and that its cells are of a type that `Value` can be read from.
package struct CQLColumnPlace<Value: CQLDecodable>: Sendable {
    let index: Int
    let type: CQLType
}

/// The columns of a result, to be looked up before its rows are read.
package struct CQLResultColumns: Sendable {
    package let columns: [CQLColumn]
    private let places: [String: Int]

    package init(_ columns: [CQLColumn]) {
        self.columns = columns
        places = Dictionary(
            columns.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    package func index(of name: String) -> Int? { places[name] }

    /// - Throws: `.value` when there is no such column, or when it is of another type.
    package func place<Value: CQLDecodable>(
        _ name: String, as _: Value.Type = Value.self
    ) throws(CQLError) -> CQLColumnPlace<Value> {
        guard let index = places[name] else {
            let names = columns.map(\.name).joined(separator: ", ")
            throw .value("the rows have no column \"\(name)\", but \(names)")
        }
        return try place(index)
    }

    package func place<Value: CQLDecodable>(
        _ index: Int, as _: Value.Type = Value.self
    ) throws(CQLError) -> CQLColumnPlace<Value> {
        guard columns.indices.contains(index) else {
            throw .value("the rows have \(columns.count) columns, and none at \(index)")
        }
        let column = columns[index]
        let type = column.type.withoutOuterFrozen
        guard Value.canDecode(type) else {
            throw .value("column \(column.name) is of type \(type), which is no \(Value.self)")
        }
        return CQLColumnPlace(index: index, type: type)
    }
}

extension CQLRow {
    /// The cell at a place that was found before.
    package subscript<Value: CQLDecodable>(place: CQLColumnPlace<Value>) -> Value {
        get throws(CQLError) {
            let cell = page.rows.index(row: row, column: place.index)
            do {
                return try page.rows.cells.withBytes(of: cell) { bytes throws(CQLDecodingError) in
                    try Value.decodeCell(bytes, as: place.type)
                }
            } catch {
                throw .value("column \(page.columns[place.index].name): \(error)")
            }
        }
    }
}

extension CQLRows {
    /// All rows of the page as structures.
    package func decoded<Row: CQLDecodableRow>(_: Row.Type = Row.self) throws(CQLError) -> [Row] {
        let columns = try Row.columns(of: CQLResultColumns(self.columns))
        var rows: [Row] = []
        rows.reserveCapacity(count)
        for row in self { rows.append(try Row(row, at: columns)) }
        return rows
    }
}

extension CQLRowSequence {
    /// All rows as structures, page by page.
    package func decoded<Row: CQLDecodableRow>(_: Row.Type = Row.self) -> CQLDecodedRows<Row> {
        CQLDecodedRows(pages: pages)
    }
}

/// The rows of a result as structures of the caller.
package struct CQLDecodedRows<Row: CQLDecodableRow>: AsyncSequence, Sendable {
    package typealias Element = Row
    package typealias Failure = CQLError

    let pages: CQLPages

    package func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

    package struct Iterator: AsyncIteratorProtocol {
        private var pages: CQLPages.Iterator
        private var page: (rows: CQLRows, columns: Row.Columns)?
        private var position = 0

        fileprivate init(pages: CQLPages.Iterator) { self.pages = pages }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(CQLError) -> Row? {
            while true {
                if let page, position < page.rows.count {
                    defer { position += 1 }
                    return try Row(page.rows[position], at: page.columns)
                }
                guard let rows = try await pages.next(isolation: actor) else { return nil }
                page = (rows, try Row.columns(of: CQLResultColumns(rows.columns)))
                position = 0
            }
        }

        package mutating func next() async throws(CQLError) -> Row? {
            try await next(isolation: nil)
        }
    }
}
