// A statement that the server has parsed.

package import CQLProtocol
import MillraceBase
import Synchronization

/// What `CQLSession.prepare` gives. One statement may be executed at the same time from many tasks
/// and on any host: where the server does not know it, it is prepared there again.
package final class PreparedStatement: Sendable {
    /// The text it was prepared from.
    package let cql: String
    /// The bind markers in their order: name and type of each.
    package let columns: [CQLColumn]
    /// For each partition key column in order, which marker binds it; empty when not all are bound.
    package let partitionKeyIndexes: [UInt16]
    /// The keyspace of names without one when it was prepared.
    let keyspace: String?
    private let current: Mutex<State>

    struct State: Sendable {
        var id: [UInt8]
        /// v5: which version of `resultColumns` we know.
        var resultMetadataID: [UInt8]?
        var resultColumns: [CQLColumn]
    }

    init(cql: String, keyspace: String?, prepared: PreparedResult) {
        self.cql = cql
        self.keyspace = keyspace
        columns = prepared.bind.columns
        partitionKeyIndexes = prepared.bind.partitionKeyIndexes
        current = Mutex(Self.state(prepared))
    }

    /// The columns of its rows, as far as known; empty for a statement without a result.
    package var resultColumns: [CQLColumn] { current.withLock { $0.resultColumns } }

    /// The marker of that name, as the schema writes it.
    package func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

    var state: State { current.withLock { $0 } }

    /// A server was asked to prepare it again.
    func prepared(again result: PreparedResult) {
        current.withLock { $0 = Self.state(result) }
    }

    /// v5: the table was altered, the server sent the new columns.
    func resultChanged(id: [UInt8], columns: [CQLColumn]) {
        current.withLock {
            $0.resultMetadataID = id
            $0.resultColumns = columns
        }
    }

    /// The values as their columns have them.
    ///
    /// - Throws: `.value` that names the marker, never the value.
    func cells(_ values: [CQLValue]) throws(CQLError) -> CellList {
        guard values.count == columns.count else {
            throw .value(
                "the statement has \(columns.count) markers, \(values.count) values came")
        }
        var cells = CellList()
        for (value, column) in zip(values, columns) {
            do {
                try cells.append(value, as: column.type)
            } catch {
                throw .value("\(column.name): \(error.description)")
            }
        }
        return cells
    }

    /// Where the rows are; `nil` when the values do not say.
    func routing(_ cells: CellList) -> CQLRouting? {
        guard let keyspace = columns.first?.keyspace,
            let token = PartitionToken.of(cells, keyAt: partitionKeyIndexes)
        else { return nil }
        return CQLRouting(keyspace: keyspace, token: token)
    }

    private static func state(_ prepared: PreparedResult) -> State {
        State(
            id: prepared.id, resultMetadataID: prepared.resultMetadataID,
            resultColumns: prepared.result.columns)
    }
}

extension CQLSession {
    /// Has a statement parsed by the server, or takes it from those that this session has prepared.
    package func prepare(_ cql: String) async throws(CQLError) -> PreparedStatement {
        let keyspace = pool.keyspace
        return try await statements.statement((keyspace ?? "") + "\u{0}" + cql) {
            () throws(CQLError) in
            let result = try await self.withRetries { (connection) throws(CQLError) in
                try await self.prepare(cql, keyspace, on: connection)
            }
            return PreparedStatement(cql: cql, keyspace: keyspace, prepared: result)
        }
    }

    func prepare(
        _ cql: String, _ keyspace: String?, on connection: CQLConnection
    ) async throws(CQLError) -> PreparedResult {
        // Each connection knows the keyspace; only one that USE has not reached yet must be told.
        let other = keyspace == pool.keyspace ? nil : keyspace
        let request = RequestEnvelope(.prepare(cql, keyspace: other))
        let answer = try await connection.send(request, timeout: options.requestTimeout)
        guard case .result(.prepared(let result)) = answer.response else {
            let opcode = Int(answer.response.opcode.rawValue)
            throw .wire(WireError(.unsupported(opcode), in: "answer"), host: connection.host)
        }
        return result
    }
}
