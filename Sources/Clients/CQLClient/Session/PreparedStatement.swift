// A statement that the server has parsed.

package import CQLProtocol
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
    private let current: Mutex<State>

    struct State: Sendable {
        var id: [UInt8]
        /// v5: which version of `resultColumns` we know.
        var resultMetadataID: [UInt8]?
        var resultColumns: [CQLColumn]
    }

    init(cql: String, prepared: PreparedResult) {
        self.cql = cql
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

    private static func state(_ prepared: PreparedResult) -> State {
        State(
            id: prepared.id, resultMetadataID: prepared.resultMetadataID,
            resultColumns: prepared.result.columns)
    }
}
