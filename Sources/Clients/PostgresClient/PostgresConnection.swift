// One connection to a PostgreSQL server, for async callers.

package import MillraceBase

/// A libpq connection on a thread of its own; calls wait for each other. It does not reconnect:
/// when an error says `isConnectionLost`, make a new one.
///
/// `@unchecked Sendable`: `session` is set once, before the connection is handed out, and used only
/// inside `thread`, one piece of work after the other; `close` drops it there too.
package final class PostgresConnection: @unchecked Sendable {
    private let thread: SerialThread
    private var session: PostgresSession?

    private init(_ thread: SerialThread) { self.thread = thread }

    /// Connects.
    ///
    /// - Parameters:
    ///   - endpoint: `postgres://user:password@host:5432/database?sslmode=require`; any libpq
    ///     keyword may be an option.
    ///   - onNotice: gets the server's notices, one line each, on the connection's thread.
    package static func connect(
        _ endpoint: Endpoint, onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(PostgresError) -> PostgresConnection {
        let address = PostgresAddress(endpoint)
        let connection = PostgresConnection(SerialThread("postgres"))
        try await connection.onThread { () throws(PostgresError) in
            connection.session = try PostgresSession(address, onNotice: onNotice)
        }
        return connection
    }

    /// Runs `body` on the connection's thread, where it may call the session as often as it likes
    /// without others in between. Task cancellation does not interrupt it.
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        try await onThread { () throws(PostgresError) in
            guard let session = self.session else {
                throw PostgresError(message: "the connection is closed", isConnectionLost: true)
            }
            return try body(session)
        }
    }

    @discardableResult
    package func query(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) async throws(PostgresError) -> PostgresRows {
        try await run { session throws(PostgresError) in try session.query(sql, parameters) }
    }

    /// Several statements without parameters, one after the other.
    package func execute(_ sql: String) async throws(PostgresError) {
        try await run { session throws(PostgresError) in _ = try session.execute(sql) }
    }

    /// `COPY … FROM STDIN` with all its data at hand.
    package func copyIn(_ sql: String, _ data: [UInt8]) async throws(PostgresError) -> Int {
        try await run { session throws(PostgresError) in
            var rest: [UInt8]? = data
            return try session.copyIn(sql) {
                defer { rest = nil }
                return rest
            }
        }
    }

    package func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        try await run { session throws(PostgresError) in try session.transaction(body) }
    }

    package func close() async {
        try? await onThread { () throws(PostgresError) in self.session = nil }
    }

    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let result: Result<Value, PostgresError>? = try? await thread.run {
            do throws(PostgresError) { return .success(try work()) } catch {
                return .failure(error)
            }
        }
        guard let result else { throw PostgresError(message: "the thread is gone") }
        return try result.get()
    }
}
