// A session with a Cassandra, or with anything that speaks its protocol.

package import CQLProtocol
package import Logging
package import MillraceBase
import Synchronization

/// Connections to one or more hosts of one cluster, shared by any number of tasks.
///
///     let session = try await CQLSession.connect(endpoint, logger: logger)
///     let insert = try await session.prepare("INSERT INTO people (id, name) VALUES (?, ?)")
///     try await session.execute(insert, [.uuid(id), .text("Ada")])
///     for try await row in session.rows("SELECT id, name FROM people") { … }
///     await session.close()
///
/// It reconnects by itself, and prepares statements again on servers that have forgotten them. Writes
/// carry timestamps of this client's clock. `USE` through a session reaches one connection only: put
/// the keyspace into the URL or into the statements.
package final class CQLSession: Sendable {
    let pool: SessionPool
    let options: SessionOptions
    let timestamps = TimestampClock()
    private let prepared = Mutex<[String: PreparedStatement]>([:])

    private init(_ pool: SessionPool) {
        self.pool = pool
        options = pool.options
    }

    /// Opens a session: at least one host has answered when it returns.
    ///
    /// - Parameter endpoint: `cassandra://user:password@host:9042,…/keyspace?…`; options are listed
    ///   at `SessionOptions`.
    /// - Throws: `.unreachable`, `.server` (refused: wrong password, unknown keyspace), or
    ///   `.configuration`. Tries each host once: whoever waits for a store to start, calls again.
    package static func connect(
        _ endpoint: Endpoint, logger: Logger
    ) async throws(CQLError) -> CQLSession {
        let pool = SessionPool(try SessionOptions(endpoint), logger: logger)
        pool.start()
        do throws(CQLError) {
            _ = try await pool.acquire(isFirst: true)
        } catch {
            await pool.close()
            throw error
        }
        return CQLSession(pool)
    }

    /// Closes all connections. What is under way fails as `.closed`.
    package func close() async { await pool.close() }

    /// Executes a statement that is not worth preparing. Values are encoded by their own types: an
    /// int column takes `.int`, not `.bigint`; prepare it to have values fitted to their columns.
    ///
    /// - Parameters:
    ///   - pagingState: of the page before, to get the next one.
    ///   - timeout: for this request instead of the session's.
    ///   - isIdempotent: whether it may be sent again when nobody knows if it was done.
    @discardableResult
    package func execute(
        _ cql: String, _ values: [CQLValue] = [], pageSize: Int32 = CQLClientLimits.pageSize,
        pagingState: [UInt8]? = nil, consistency: Consistency? = nil, timeout: Duration? = nil,
        isIdempotent: Bool = false
    ) async throws(CQLError) -> CQLRows {
        var parameters = parameters(consistency, pageSize, pagingState)
        for value in values { try parameters.bind(value, as: value.naturalType) }
        let request = RequestEnvelope(.query(cql, parameters))
        return try await withRetries(isIdempotent: isIdempotent) {
            (connection) throws(CQLError) in
            let answer = try await connection.send(
                request, timeout: timeout ?? self.options.requestTimeout)
            return try Self.rows(in: answer, knownColumns: [], host: connection.host).rows
        }
    }

    /// Executes a prepared statement. A whole number fits any column of whole numbers that is wide
    /// enough; values left out at the end are an error.
    @discardableResult
    package func execute(
        _ statement: PreparedStatement, _ values: [CQLValue] = [],
        pageSize: Int32 = CQLClientLimits.pageSize, pagingState: [UInt8]? = nil,
        consistency: Consistency? = nil, timeout: Duration? = nil, isIdempotent: Bool = false
    ) async throws(CQLError) -> CQLRows {
        guard values.count == statement.columns.count else {
            throw .value(
                "the statement has \(statement.columns.count) markers, \(values.count) values came")
        }
        var parameters = parameters(consistency, pageSize, pagingState)
        for (value, column) in zip(values, statement.columns) {
            try parameters.bind(value, as: column.type, name: column.name)
        }
        let bound = parameters
        return try await withRetries(isIdempotent: isIdempotent) {
            (connection) throws(CQLError) in
            try await self.execute(
                statement, bound, on: connection, timeout: timeout ?? self.options.requestTimeout)
        }
    }

    /// Executes several statements as one. The default is a logged batch: all of them or none.
    package func execute(_ batch: BatchRequest) async throws(CQLError) {
        var batch = batch
        if batch.timestampMicroseconds == nil { batch.timestampMicroseconds = timestamps.next() }
        let request = RequestEnvelope(.batch(batch))
        try await withRetries(isIdempotent: false) { (connection) throws(CQLError) in
            _ = try await connection.send(request, timeout: self.options.requestTimeout)
        }
    }

    /// Has a statement parsed by the server, or takes it from those that this session has prepared.
    package func prepare(_ cql: String) async throws(CQLError) -> PreparedStatement {
        if let known = prepared.withLock({ $0[cql] }) { return known }
        let result = try await withRetries(isIdempotent: true) { (connection) throws(CQLError) in
            try await self.prepare(cql, on: connection)
        }
        let statement = PreparedStatement(cql: cql, prepared: result)
        return prepared.withLock { prepared in
            if let known = prepared[cql] { return known }
            if prepared.count >= CQLClientLimits.preparedMax { prepared.removeAll() }
            prepared[cql] = statement
            return statement
        }
    }

    // MARK: Parts

    func prepare(
        _ cql: String, on connection: CQLConnection
    ) async throws(CQLError) -> PreparedResult {
        let request = RequestEnvelope(.prepare(cql, keyspace: nil))
        let answer = try await connection.send(request, timeout: options.requestTimeout)
        guard case .result(.prepared(let result)) = answer.response else {
            throw Self.unexpected(answer, host: connection.host)
        }
        return result
    }

    private func execute(
        _ statement: PreparedStatement, _ parameters: QueryParameters,
        on connection: CQLConnection, timeout: Duration
    ) async throws(CQLError) -> CQLRows {
        for _ in 0..<CQLClientLimits.reprepareMax {
            let state = statement.state
            var parameters = parameters
            // Without an id for the metadata (before v5) an altered table would go unnoticed.
            parameters.skipsMetadata = connection.version >= .v5 && !state.resultColumns.isEmpty
            let request = RequestEnvelope(
                .execute(
                    id: state.id, resultMetadataID: state.resultMetadataID, parameters))
            do throws(CQLError) {
                let answer = try await connection.send(request, timeout: timeout)
                let found = try Self.rows(
                    in: answer, knownColumns: state.resultColumns, host: connection.host)
                if let id = found.changedID {
                    statement.resultChanged(id: id, columns: found.rows.columns)
                }
                return found.rows
            } catch {
                guard error.serverCode == .unprepared else { throw error }
                statement.prepared(again: try await prepare(statement.cql, on: connection))
            }
        }
        throw .server(
            CQLServerError(
                .unprepared, "the server forgets statements as fast as it prepares them"),
            host: connection.host)
    }

    private func parameters(
        _ consistency: Consistency?, _ pageSize: Int32, _ pagingState: [UInt8]?
    ) -> QueryParameters {
        var parameters = QueryParameters(consistency: consistency ?? options.consistency)
        parameters.pageSize = pageSize
        parameters.pagingState = pagingState
        parameters.timestampMicroseconds = timestamps.next()
        return parameters
    }

    private static func rows(
        in answer: ResponseEnvelope, knownColumns: [CQLColumn], host: String
    ) throws(CQLError) -> (rows: CQLRows, changedID: [UInt8]?) {
        guard case .result(let result) = answer.response else {
            throw unexpected(answer, host: host)
        }
        guard case .rows(let rows) = result else { return (.none(answer, host: host), nil) }
        let columns = rows.metadata.columns.isEmpty ? knownColumns : rows.metadata.columns
        guard columns.count == rows.metadata.columnCount else {
            throw .wire(WireError(.badLength(Int64(columns.count)), in: "columns"), host: host)
        }
        let page = CQLRows(
            columns: columns, pagingState: rows.metadata.pagingState, warnings: answer.warnings,
            tracingID: answer.tracingID, rows: rows, host: host)
        return (page, rows.metadata.changedID)
    }

    private static func unexpected(_ answer: ResponseEnvelope, host: String) -> CQLError {
        let opcode = Int(answer.response.opcode.rawValue)
        return .wire(WireError(.unsupported(opcode), in: "answer"), host: host)
    }
}

extension QueryParameters {
    fileprivate mutating func bind(
        _ value: CQLValue, as type: CQLType, name: String? = nil
    ) throws(CQLError) {
        do {
            try values.append(value, as: type)
        } catch {
            throw .value((name.map { "\($0): " } ?? "") + error.description)
        }
    }
}
