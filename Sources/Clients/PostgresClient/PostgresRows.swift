// The rows that a statement returned.

import CPostgres

/// Rows in binary format. The texts and numbers are copied out of libpq's own result, which is kept
/// as long as this is.
///
/// `@unchecked Sendable`: libpq never changes a result once it was returned, and reading one takes
/// no lock and no connection (PostgreSQL 15 manual, 34.20); it is freed once, by `deinit`.
package final class PostgresRows: @unchecked Sendable {
    private let result: OpaquePointer

    /// Takes the result over.
    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    package var count: Int { Int(PQntuples(result)) }

    package var columns: [String] {
        (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
    }

    /// Rows that an INSERT, UPDATE, DELETE or COPY touched.
    package var touched: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    private func value(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
        precondition(
            row >= 0 && row < count && column >= 0 && column < Int(PQnfields(result)),
            "a value is asked for inside the rows")
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column)
        else { return nil }
        let length = Int(PQgetlength(result, row, column))
        return UnsafeRawBufferPointer(start: start, count: length).bindMemory(to: UInt8.self)
    }

    /// The bytes of a `bytea`, or of any type's binary form; `nil` for NULL.
    package func bytes(_ row: Int, _ column: Int) -> [UInt8]? { value(row, column).map(Array.init) }

    /// A `text`, `name`, `varchar`.
    package func text(_ row: Int, _ column: Int) -> String? {
        value(row, column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// An `int2`, `int4`, `int8` or `oid`.
    package func int(_ row: Int, _ column: Int) -> Int64? {
        guard let value = value(row, column) else { return nil }
        precondition([2, 4, 8].contains(value.count), "column \(column) is an integer")
        let isNegative = value[0] >= 0x80
        return value.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    package func bool(_ row: Int, _ column: Int) -> Bool? { value(row, column).map { $0[0] != 0 } }
}
