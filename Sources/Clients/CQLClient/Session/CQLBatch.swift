// Several statements as one request.

package import CQLProtocol
import MillraceBase

/// Statements that are done together.
///
///     var batch = CQLBatch(.logged)
///     try batch.add(insert, [.uuid(id), .text("Ada")])
///     batch.add("DELETE FROM people WHERE id = 7")
///     try await session.execute(batch)
///
/// A logged batch is done whole or not at all; an unlogged one of a single partition is cheaper and
/// the same there; a counter batch holds updates of counters only.
package struct CQLBatch: Sendable {
    private enum Entry: Sendable {
        case text(String, CellList)
        case prepared(PreparedStatement, CellList)
    }

    package let kind: BatchRequest.Kind
    private var entries: [Entry] = []

    package init(_ kind: BatchRequest.Kind = .logged) { self.kind = kind }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    /// - Throws: `.value` for values that do not fit the markers, or too many statements.
    package mutating func add(
        _ statement: PreparedStatement, _ values: [CQLValue] = []
    ) throws(CQLError) {
        try checkRoom()
        entries.append(.prepared(statement, try statement.cells(values)))
    }

    /// Values are encoded by their own types.
    package mutating func add(_ cql: String, _ values: [CQLValue] = []) throws(CQLError) {
        try checkRoom()
        var cells = CellList()
        for value in values {
            do {
                try cells.append(value, as: value.naturalType)
            } catch {
                throw .value(error.description)
            }
        }
        entries.append(.text(cql, cells))
    }

    private func checkRoom() throws(CQLError) {
        guard entries.count < CQLClientLimits.batchMax else {
            throw .value("a batch has at most \(CQLClientLimits.batchMax) statements")
        }
    }

    /// With the ids that the servers know now.
    func request() -> BatchRequest {
        BatchRequest(
            kind: kind,
            entries: entries.map { entry in
                switch entry {
                case .text(let text, let cells): .init(.text(text), values: cells)
                case .prepared(let statement, let cells):
                    .init(.prepared(id: statement.state.id), values: cells)
                }
            })
    }

    var routing: CQLRouting? {
        for entry in entries {
            if case .prepared(let statement, let cells) = entry,
                let routing = statement.routing(cells)
            {
                return routing
            }
        }
        return nil
    }

    func statement(id: [UInt8]) -> PreparedStatement? {
        for entry in entries {
            if case .prepared(let statement, _) = entry, statement.state.id == id {
                return statement
            }
        }
        return nil
    }
}

extension CQLSession {
    /// Executes a batch.
    ///
    /// - Returns: the answer to its conditions, when it has any (`wasApplied`).
    @discardableResult
    package func execute(
        _ batch: CQLBatch, options: CQLStatementOptions = .standard
    ) async throws(CQLError) -> CQLRows {
        let timestamp = timestamp(options)
        let routing = pool.routesByToken ? batch.routing : nil
        return try await attempt(options, options.routing ?? routing) {
            (connection, level) throws(CQLError) in
            // Each statement of it may be one that this server does not know.
            for _ in 0...batch.count {
                var request = batch.request()
                request.consistency = level ?? options.consistency ?? self.options.consistency
                request.serialConsistency =
                    options.serialConsistency ?? self.options.serialConsistency
                request.timestampMicroseconds = timestamp
                request.keyspace = options.keyspace
                request.nowInSeconds = options.nowInSeconds
                do throws(CQLError) {
                    let answer = try await connection.send(
                        RequestEnvelope(
                            .batch(request), isTraced: options.isTraced,
                            customPayload: options.customPayload),
                        timeout: options.timeout ?? self.options.requestTimeout)
                    return try CQLRows.read(answer, knownColumns: [], host: connection.host).rows
                } catch {
                    guard case .server(let answer, _) = error,
                        case .unprepared(let id) = answer.detail,
                        let statement = batch.statement(id: id)
                    else { throw error }
                    statement.prepared(
                        again: try await self.prepare(
                            statement.cql, statement.keyspace, on: connection))
                }
            }
            throw .forgetful(connection.host)
        }
    }

    /// The same from the protocol's own value.
    package func execute(_ batch: BatchRequest) async throws(CQLError) {
        var batch = batch
        if batch.timestampMicroseconds == nil { batch.timestampMicroseconds = timestamps.next() }
        let request = RequestEnvelope(.batch(batch))
        try await attempt(.standard, nil) { (connection, _) throws(CQLError) in
            let answer = try await connection.send(request, timeout: self.options.requestTimeout)
            return try CQLRows.read(answer, knownColumns: [], host: connection.host).rows
        }
    }
}
