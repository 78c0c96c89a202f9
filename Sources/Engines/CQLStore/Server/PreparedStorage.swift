// Keeps prepared statements in `system.prepared_statements`, so that clients need not prepare them
// again after a restart.

import CQLProtocol
import MillraceBase

struct PreparedStorage: Sendable {
    let core: StoreCore
    let writes: WriteLane

    /// Written behind the answer: a statement that is lost is only prepared again.
    func save(_ statement: PreparedStatement, gone: [PreparedStatement]) {
        var values = CellList()
        values.append(statement.id)
        values.append(statement.keyspace.map { Array($0.utf8) })
        values.append(Array(statement.text.utf8))
        write(
            "INSERT INTO system.prepared_statements (prepared_id, logged_keyspace, query_string) "
                + "VALUES (?, ?, ?)", [values])
        guard !gone.isEmpty else { return }
        write(
            "DELETE FROM system.prepared_statements WHERE prepared_id = ?",
            gone.map { statement in
                var values = CellList()
                values.append(statement.id)
                return values
            })
    }

    private func write(_ text: String, _ rows: [CellList]) {
        do throws(StatementError) {
            let compiled = try core.compile(text, keyspace: nil, core.context())
            let entries = rows.map { (compiled: compiled, values: BoundValues(cells: $0)) }
            writes.add(WriteJob(work: .batch(entries, .unlogged), reply: .nobody()))
        } catch {
            // The table is the store's own and is always there; without it nothing is kept.
            return
        }
    }

    /// Reads them when the store opens; each is compiled when it is first used.
    static func load(into core: StoreCore) {
        do {
            let compiled = try core.compile(
                "SELECT prepared_id, logged_keyspace, query_string FROM system.prepared_statements "
                    + "LIMIT \(StoreLimits.preparedStatementsMax)",
                keyspace: nil, core.context())
            guard case .select(let plan) = compiled.kind, !plan.table.isVirtual else { return }
            let run = try SelectRun(plan, .none, ReadOptions(), core.context())
            var result: CQLResult?
            while result == nil { result = try run.read(core.database) }
            guard case .builtRows(let content) = result else { return }
            let rows = try content.result()
            for row in 0..<rows.rowCount {
                let cells = try (0..<3).map {
                    try rows.cells.value(
                        rows.index(row: row, column: $0), as: $0 == 0 ? .blob : .text)
                }
                guard case .blob(let id) = cells[0], case .text(let text) = cells[2] else {
                    continue
                }
                var keyspace: String?
                if case .text(let name) = cells[1] { keyspace = name }
                _ = core.statements.add(
                    PreparedStatement(id: id, text: text, keyspace: keyspace, compiled: nil))
            }
        } catch {
            // Clients prepare again what is missing.
            return
        }
    }
}
