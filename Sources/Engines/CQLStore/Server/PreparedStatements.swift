// The statements that clients prepared: found by id, kept over restarts, the unused ones given up.

import CQLProtocol
import Synchronization

/// A statement that a client prepared.
final class PreparedStatement: Sendable {
    let id: [UInt8]
    let text: String
    let keyspace: String?
    fileprivate let lastUse = Atomic<UInt64>(0)
    private let state: Mutex<State>

    private struct State: Sendable {
        /// `nil` after a restart, until it is used.
        var compiled: Compiled?
        /// What clients were told of its result first.
        var announcedID: [UInt8]?
        /// Clients may know other columns of the same text: the statement is from before a restart, or
        /// its columns changed once.
        var isSuspect = false
    }

    init(id: [UInt8], text: String, keyspace: String?, compiled: Compiled?) {
        self.id = id
        self.text = text
        self.keyspace = keyspace
        state = Mutex(State(compiled: compiled, announcedID: compiled?.resultID))
    }

    /// What Cassandra warns of as well, since after a USE the text means another table; `nil` for a
    /// statement that names its keyspace.
    var useWarning: String? {
        guard let keyspace else { return nil }
        return "`USE <keyspace>` with prepared statements is considered to be an anti-pattern due "
            + "to ambiguity in non-qualified table names. Please consider removing instances of "
            + "`Session#setKeyspace(<keyspace>)`, `Session#execute(\"USE <keyspace>\")` and "
            + "`cluster.newSession(<keyspace>)` from your code, and always use fully qualified "
            + "table names (e.g. <keyspace>.<table>). Keyspace used: \(keyspace), statement "
            + "keyspace: \(keyspace), statement id: \(id.hexText)"
    }

    /// Whether its result has the columns that clients were told when they prepared it. Before v5
    /// nothing but preparing it again tells them of others.
    func isAsAnnounced(_ compiled: Compiled) -> Bool {
        state.withLock { $0.announcedID == compiled.resultID }
    }

    /// Whether all clients know the columns, so that they can be left out.
    var mayOmitColumns: Bool { state.withLock { !$0.isSuspect } }

    fileprivate func suspect() { state.withLock { $0.isSuspect = true } }

    /// Whether `current` has nothing to compile.
    func isCompiled(for schema: Schema) -> Bool {
        state.withLock { $0.compiled?.schema === schema }
    }

    /// The statement on this schema; compiled anew when the schema has changed.
    ///
    /// - Throws: `unprepared`, once, when its markers have other types now: clients must hear of it
    ///   before they encode more values.
    func current(
        _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) -> Compiled {
        let known = state.withLock { $0.compiled }
        if let known, known.schema === schema { return known }
        let fresh: Compiled
        if let known {
            fresh = try known.current(schema, context)
        } else {
            fresh = try Compiled(
                StoreCore.parse(text), schema: schema, keyspace: keyspace, context: context)
        }
        state.withLock { state in
            state.compiled = fresh
            guard known == nil else { return }
            state.announcedID = fresh.resultID
            state.isSuspect = true
        }
        if let known, known.bind != fresh.bind { throw .unprepared(id: id) }
        return fresh
    }

    /// As `current`, for a PREPARE: it tells of the markers anyway.
    func preparedAnew(
        _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) -> Compiled {
        do throws(StatementError) {
            return try current(schema, context)
        } catch {
            guard case .unprepared = error else { throw error }
        }
        return try current(schema, context)
    }
}

/// By id; beyond a number of statements or bytes the longest unused are given up. Whoever loses one
/// is told so when it is executed, and prepares it again.
final class PreparedStatements: Sendable {
    private struct State: Sendable {
        var byID: [[UInt8]: PreparedStatement] = [:]
        var bytes = 0
        /// Statements whose columns have changed since they were first prepared.
        var changed: Set<[UInt8]> = []
    }

    private let state = Mutex(State())
    private let clock = Atomic<UInt64>(0)

    func find(_ id: [UInt8]) -> PreparedStatement? {
        guard let found = state.withLock({ $0.byID[id] }) else { return nil }
        found.lastUse.store(tick(), ordering: .relaxed)
        return found
    }

    /// - Returns: those that had to go.
    func add(_ statement: PreparedStatement) -> [PreparedStatement] {
        statement.lastUse.store(tick(), ordering: .relaxed)
        return state.withLock { state in
            if state.changed.contains(statement.id) { statement.suspect() }
            if let old = state.byID.updateValue(statement, forKey: statement.id) {
                state.bytes -= old.text.utf8.count
            }
            state.bytes += statement.text.utf8.count
            guard
                state.byID.count > StoreLimits.preparedStatementsMax
                    || state.bytes > StoreLimits.preparedBytesMax
            else { return [] }
            return Self.evict(&state)
        }
    }

    /// Its result has other columns now: everybody has to prepare it again.
    func remove(_ statement: PreparedStatement) {
        state.withLock { state in
            if state.changed.count >= StoreLimits.preparedStatementsMax { state.changed = [] }
            state.changed.insert(statement.id)
            guard state.byID[statement.id] === statement else { return }
            state.byID[statement.id] = nil
            state.bytes -= statement.text.utf8.count
        }
    }

    /// A sixteenth more than needed, so that the sorting is rare.
    private static func evict(_ state: inout State) -> [PreparedStatement] {
        let countMax = StoreLimits.preparedStatementsMax / 16 * 15
        let bytesMax = StoreLimits.preparedBytesMax / 16 * 15
        var gone: [PreparedStatement] = []
        let byUse = state.byID.values.map { ($0.lastUse.load(ordering: .relaxed), $0) }
        for (_, statement) in byUse.sorted(by: { $0.0 < $1.0 }) {
            guard state.byID.count > countMax || state.bytes > bytesMax, state.byID.count > 1
            else { break }
            state.byID[statement.id] = nil
            state.bytes -= statement.text.utf8.count
            gone.append(statement)
        }
        return gone
    }

    var all: [PreparedStatement] { state.withLock { Array($0.byID.values) } }

    private func tick() -> UInt64 { clock.add(1, ordering: .relaxed).newValue }
}

extension CQLStatement {
    /// Whether it means the same in every keyspace: then its id does not depend on the connection's.
    ///
    /// Source: Cassandra's QueryProcessor.prepare: only what reads or writes rows can be qualified.
    var namesItsKeyspace: Bool {
        switch self {
        case .insert(let insert): insert.table.keyspace != nil
        case .update(let update): update.table.keyspace != nil
        case .delete(let delete): delete.table.keyspace != nil
        case .select(let select): select.table.keyspace != nil
        case .batch(let batch): batch.statements.allSatisfy(\.namesItsKeyspace)
        case .use, .createKeyspace, .alterKeyspace, .dropKeyspace, .createTable, .alterTable,
            .dropTable, .truncate, .createType, .alterType, .dropType, .createView, .alterView,
            .dropView, .function, .trigger, .describe, .role, .index:
            false
        }
    }
}
