// A connection as seen from its own thread, where libpq's calls may block.

import CPostgres
import MillraceBase

/// One libpq connection. Its calls block; it never leaves the thread of its `PostgresConnection`,
/// and is only handed to closures that run there.
package final class PostgresSession {
    private let connection: OpaquePointer
    private let onNotice: @Sendable (String) -> Void
    private var isInTransaction = false

    /// Connects; blocks for up to `connect_timeout` for each host.
    init(
        _ address: PostgresAddress, onNotice: @escaping @Sendable (String) -> Void
    ) throws(PostgresError) {
        self.onNotice = onNotice
        let opened = CStrings.with(address.parameters.map(\.keyword)) { keywords in
            CStrings.with(address.parameters.map(\.value)) { values in
                PQconnectdbParams(keywords, values, 0)
            }
        }
        guard let opened else {
            throw PostgresError(message: "out of memory", isConnectionLost: true)
        }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = PostgresError.line(PQerrorMessage(opened))
            PQfinish(opened)
            throw PostgresError(message: message, isConnectionLost: true)
        }
        connection = opened
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context else { return }
                let session = Unmanaged<PostgresSession>.fromOpaque(context).takeUnretainedValue()
                session.onNotice(PostgresError.line(PQresultErrorMessage(result)))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { PQfinish(connection) }

    /// 150_003 for version 15.3.
    package var serverVersion: Int { Int(PQserverVersion(connection)) }

    /// Runs one or several statements without parameters; the rows of the last one.
    @discardableResult
    package func execute(_ sql: String) throws(PostgresError) -> PostgresRows {
        try checked(PQexec(connection, sql))
    }

    /// Runs one statement; rows come in binary format.
    ///
    /// Numbers, booleans, texts and bytes can be read from the rows; cast other types to text.
    @discardableResult
    package func query(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) throws(PostgresError) -> PostgresRows {
        precondition(parameters.count <= PostgresLimits.parametersMax, "too many parameters")
        let types = parameters.map { Oid($0.type) }
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        // All values one after the other, a pointer into it for each.
        var joined: [UInt8] = []
        joined.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for parameter in parameters { joined += parameter.bytes ?? [] }
        joined.append(0)
        let result = joined.withUnsafeBytes { bytes in
            let characters = bytes.bindMemory(to: CChar.self)
            var at = 0
            let values = parameters.map { parameter -> UnsafePointer<CChar>? in
                guard let count = parameter.bytes?.count else { return nil }
                defer { at += count }
                return characters.baseAddress.map { $0 + at }
            }
            return PQexecParams(
                connection, sql, Int32(parameters.count), types, values, lengths, formats, 1)
        }
        return try checked(result)
    }

    /// Runs `COPY … FROM STDIN`.
    ///
    /// - Parameter next: gives the next piece of data, in the format that the statement names, or
    ///   `nil`.
    /// - Returns: the rows copied.
    package func copyIn(
        _ sql: String, next: () -> [UInt8]?
    ) throws(PostgresError) -> Int {
        guard let started = PQexec(connection, sql) else { throw lost() }
        guard PQresultStatus(started) == PGRES_COPY_IN else {
            _ = try checked(started)
            throw PostgresError(message: "the statement is no COPY FROM STDIN")
        }
        PQclear(started)
        while let piece = next() {
            for start in stride(from: 0, to: piece.count, by: PostgresLimits.copyChunkBytes) {
                let part = piece[start..<min(start + PostgresLimits.copyChunkBytes, piece.count)]
                let sent = part.withUnsafeBytes { bytes in
                    PQputCopyData(
                        connection, bytes.bindMemory(to: CChar.self).baseAddress,
                        Int32(bytes.count))
                }
                guard sent == 1 else { throw lost() }
            }
        }
        guard PQputCopyEnd(connection, nil) == 1 else { throw lost() }
        let rows = try checked(PQgetResult(connection))
        while let rest = PQgetResult(connection) { PQclear(rest) }
        return rows.touched
    }

    /// Runs `body` between BEGIN and COMMIT; any error rolls back.
    ///
    /// An error of COMMIT leaves open whether it happened: repeat only what may be repeated.
    package func transaction<Value>(
        _ body: (PostgresSession) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        precondition(!isInTransaction, "transactions do not nest")
        try execute("BEGIN")
        isInTransaction = true
        defer { isInTransaction = false }
        do throws(PostgresError) {
            let value = try body(self)
            try execute("COMMIT")
            return value
        } catch {
            if !error.isConnectionLost { _ = try? execute("ROLLBACK") }
            throw error
        }
    }

    private func lost() -> PostgresError {
        let message = PostgresError.line(PQerrorMessage(connection))
        return PostgresError(
            message: message, isConnectionLost: PQstatus(connection) != CONNECTION_OK)
    }

    private func checked(_ result: OpaquePointer?) throws(PostgresError) -> PostgresRows {
        guard let result else { throw lost() }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return PostgresRows(result)
        default:
            defer { PQclear(result) }
            throw PostgresError(
                of: result, connectionIsBad: PQstatus(connection) != CONNECTION_OK)
        }
    }
}

/// Arrays of C strings that end with NULL.
private enum CStrings {
    static func with<Value>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        let bytes = strings.map { $0.utf8CString }
        let joined = bytes.flatMap { $0 }
        return joined.withUnsafeBufferPointer { buffer in
            var at = 0
            var pointers: [UnsafePointer<CChar>?] = bytes.map { string in
                defer { at += string.count }
                return buffer.baseAddress.map { $0 + at }
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
