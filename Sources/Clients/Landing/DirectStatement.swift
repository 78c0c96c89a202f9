// A prepared statement driven by SQLite's own calls: no value is boxed, no text copied.

import GRDB
import GRDBSQLite

/// One of GRDB's cached statements, for the time of one transaction. Bytes that are bound are not
/// copied: they must stay where they are until `step` has returned. `end` is to be called at last.
struct DirectStatement {
    /// Keeps `handle` alive.
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer?

    init(_ database: Database, _ sql: String) throws {
        statement = try database.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        connection = database.sqliteConnection
        end()
    }

    /// Forgets all values, so that no address outlives its bytes.
    func end() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: Values in; indices count from 1

    func bind(_ index: Int32, _ value: Int64) throws {
        try check(sqlite3_bind_int64(handle, index, value))
    }

    /// The destructor `nil` is SQLITE_STATIC: SQLite takes the address as it is.
    func bind(_ index: Int32, text: UnsafeRawBufferPointer) throws {
        let characters = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        try check(
            sqlite3_bind_text64(
                handle, index, characters, UInt64(text.count), nil, UInt8(SQLITE_UTF8)))
    }

    func bind(_ index: Int32, blob: UnsafeRawBufferPointer) throws {
        // Bytes without an address would be NULL.
        let code =
            blob.isEmpty
            ? sqlite3_bind_zeroblob(handle, index, 0)
            : sqlite3_bind_blob64(handle, index, blob.baseAddress, UInt64(blob.count), nil)
        try check(code)
    }

    // MARK: Steps

    /// - Returns: `false` when there is no further row. Until the next step, or `reset`, its
    ///   columns may be read.
    func step() throws -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = failure(code)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Keeps the values.
    func reset() { sqlite3_reset(handle) }

    /// A statement without rows, once.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func run() throws -> Int {
        while try step() {}
        let changed = Int(sqlite3_changes(connection))
        reset()
        return changed
    }

    // MARK: Values out; indices count from 0

    func int(_ index: Int32) -> Int64 { sqlite3_column_int64(handle, index) }

    /// Valid until the next step or reset. Empty for NULL.
    func bytes(_ index: Int32) -> UnsafeRawBufferPointer {
        // The address first: it may convert the value, and the count is of what it became.
        let start = sqlite3_column_blob(handle, index)
        return UnsafeRawBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, index)))
    }

    func text(_ index: Int32) -> String { String(decoding: bytes(index), as: UTF8.self) }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: connection.map { String(cString: sqlite3_errmsg($0)) })
    }
}
