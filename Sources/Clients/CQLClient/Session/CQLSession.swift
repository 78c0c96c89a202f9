// A session with a Cassandra, or with anything that speaks its protocol.

package import CQLProtocol
package import Logging
package import MillraceBase
import Synchronization

/// Connections to the hosts of one cluster, shared by any number of tasks.
///
///     let session = try await CQLSession.connect(endpoint, logger: logger)
///     let insert = try await session.prepare("INSERT INTO people (id, name) VALUES (?, ?)")
///     try await session.execute(insert, [.uuid(id), .text("Ada")])
///     for try await row in session.rows("SELECT id, name FROM people") { … }
///     await session.close()
///
/// It finds the cluster's hosts and sends a prepared statement to a replica of its rows, reconnects
/// by itself, and prepares statements again on servers that have forgotten them. Writes carry
/// timestamps of this client's clock. `USE` holds for the whole session.
package final class CQLSession: Sendable {
    let pool: SessionPool
    let options: SessionOptions
    let timestamps = TimestampClock()
    let statements = PreparedStatements()

    private init(_ pool: SessionPool) {
        self.pool = pool
        options = pool.options
    }

    /// Opens a session: at least one host has answered, and has told of the others, when it returns.
    ///
    /// - Parameter endpoint: `cassandra://user:password@host:9042,…/keyspace?…`; options are listed
    ///   in `SessionOptions.help`.
    /// - Throws: `.unreachable`, `.server` (refused: wrong password, unknown keyspace), or
    ///   `.configuration`. Tries each host once: whoever waits for a store to start, calls again.
    package static func connect(
        _ endpoint: Endpoint, logger: Logger
    ) async throws(CQLError) -> CQLSession {
        try await connect(try SessionOptions(endpoint), logger: logger)
    }

    /// The same with settings that were changed after they were read from a URL.
    package static func connect(
        _ options: SessionOptions, logger: Logger
    ) async throws(CQLError) -> CQLSession {
        let pool = try SessionPool(options, logger: logger)
        pool.start()
        do throws(CQLError) {
            _ = try await pool.acquire(isFirst: true)
            try await pool.firstLook.value()
        } catch {
            await pool.close()
            throw error
        }
        return CQLSession(pool)
    }

    /// Closes all connections. What is under way fails as `.closed`.
    package func close() async { await pool.close() }

    /// What the cluster said of itself; `nil` when it was not asked, or said nothing.
    package var cluster: ClusterDescription? { pool.cluster }

    /// The keyspace of names without one: the URL's, or the last one that was USEd.
    package var keyspace: String? { pool.keyspace }

    /// The consistency level of statements that name none.
    package var consistency: Consistency { options.consistency }

    /// The version of the protocol that is spoken.
    package var protocolVersion: ProtocolVersion { pool.state.withLock { $0.version } }

    // MARK: Statements

    /// Executes a statement that is not worth preparing. Values are encoded by their own types: an
    /// int column takes `.int`, not `.bigint`; prepare it to have values fitted to their columns.
    @discardableResult
    package func execute(
        _ cql: String, _ values: [CQLValue] = [], options: CQLStatementOptions
    ) async throws(CQLError) -> CQLRows {
        var parameters = parameters(options)
        for value in values { try parameters.bind(value, as: value.naturalType) }
        let request = RequestEnvelope(
            .query(cql, parameters), isTraced: options.isTraced,
            customPayload: options.customPayload)
        return try await attempt(options, options.routing) {
            (connection, level) throws(CQLError) in
            var request = request
            if let level, case .query(let cql, var parameters) = request.request {
                parameters.consistency = level
                request.request = .query(cql, parameters)
            }
            let answer = try await connection.send(
                request, timeout: options.timeout ?? self.options.requestTimeout)
            let read = try CQLRows.read(answer, knownColumns: [], host: connection.host)
            if let keyspace = read.keyspace {
                await self.pool.use(keyspace, saidTo: connection)
            }
            return read.rows
        }
    }

    /// Executes a prepared statement. A whole number fits any column of whole numbers that is wide
    /// enough; values left out at the end are an error.
    @discardableResult
    package func execute(
        _ statement: PreparedStatement, _ values: [CQLValue] = [], options: CQLStatementOptions
    ) async throws(CQLError) -> CQLRows {
        var parameters = parameters(options)
        parameters.values = try statement.cells(values)
        let bound = parameters
        let routing = pool.routesByToken ? statement.routing(bound.values) : nil
        return try await attempt(options, options.routing ?? routing) {
            (connection, level) throws(CQLError) in
            try await self.execute(statement, bound, level, options, on: connection)
        }
    }

    @discardableResult
    package func execute(
        _ cql: String, _ values: [CQLValue] = [], pageSize: Int32? = nil,
        pagingState: [UInt8]? = nil, consistency: Consistency? = nil, timeout: Duration? = nil,
        isIdempotent: Bool = false
    ) async throws(CQLError) -> CQLRows {
        try await execute(
            cql, values,
            options: .init(pageSize, pagingState, consistency, timeout, isIdempotent))
    }

    @discardableResult
    package func execute(
        _ statement: PreparedStatement, _ values: [CQLValue] = [], pageSize: Int32? = nil,
        pagingState: [UInt8]? = nil, consistency: Consistency? = nil, timeout: Duration? = nil,
        isIdempotent: Bool = false
    ) async throws(CQLError) -> CQLRows {
        try await execute(
            statement, values,
            options: .init(pageSize, pagingState, consistency, timeout, isIdempotent))
    }

    // MARK: Parts

    private func execute(
        _ statement: PreparedStatement, _ parameters: QueryParameters, _ level: Consistency?,
        _ options: CQLStatementOptions, on connection: CQLConnection
    ) async throws(CQLError) -> CQLRows {
        for _ in 0..<CQLClientLimits.reprepareMax {
            let state = statement.state
            var parameters = parameters
            if let level { parameters.consistency = level }
            // Without an id for the metadata (before v5) an altered table would go unnoticed.
            parameters.skipsMetadata = connection.version >= .v5 && !state.resultColumns.isEmpty
            let request = RequestEnvelope(
                .execute(
                    id: state.id, resultMetadataID: state.resultMetadataID, parameters),
                isTraced: options.isTraced, customPayload: options.customPayload)
            do throws(CQLError) {
                let answer = try await connection.send(
                    request, timeout: options.timeout ?? self.options.requestTimeout)
                let found = try CQLRows.read(
                    answer, knownColumns: state.resultColumns, host: connection.host)
                if let id = found.changedID {
                    statement.resultChanged(id: id, columns: found.rows.columns)
                }
                return found.rows
            } catch {
                guard error.serverCode == .unprepared else { throw error }
                statement.prepared(
                    again: try await prepare(statement.cql, statement.keyspace, on: connection))
            }
        }
        throw .forgetful(connection.host)
    }

    private func parameters(_ options: CQLStatementOptions) -> QueryParameters {
        var parameters = QueryParameters(
            consistency: options.consistency ?? self.options.consistency)
        parameters.serialConsistency = options.serialConsistency ?? self.options.serialConsistency
        parameters.pageSize = options.pageSize ?? self.options.pageSize
        parameters.pagingState = options.pagingState
        parameters.timestampMicroseconds = timestamp(options)
        parameters.keyspace = options.keyspace
        parameters.nowInSeconds = options.nowInSeconds
        return parameters
    }

    func timestamp(_ options: CQLStatementOptions) -> Int64? {
        if options.usesServerTimestamp { return nil }
        return options.timestampMicroseconds ?? timestamps.next()
    }
}

extension CQLStatementOptions {
    fileprivate init(
        _ pageSize: Int32?, _ pagingState: [UInt8]?, _ consistency: Consistency?,
        _ timeout: Duration?, _ isIdempotent: Bool
    ) {
        self.init(isIdempotent: isIdempotent)
        self.pageSize = pageSize
        self.pagingState = pagingState
        self.consistency = consistency
        self.timeout = timeout
    }
}

extension CQLError {
    static func forgetful(_ host: String) -> CQLError {
        .server(
            CQLServerError(
                .unprepared, "the server forgets statements as fast as it prepares them"),
            host: host)
    }
}

extension QueryParameters {
    fileprivate mutating func bind(
        _ value: CQLValue, as type: CQLType
    ) throws(CQLError) {
        do {
            try values.append(value, as: type)
        } catch {
            throw .value(error.description)
        }
    }
}
