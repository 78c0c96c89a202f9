// The rows of `system_views` that tell of the storage: sizes, what may be forgotten, compactions.

import CQLProtocol
import MillraceBase

struct StorageViewRows {
    private typealias Cells = SystemCells

    let core: StoreCore

    /// `system_views.storage_statistics`
    func statistics() -> [SystemRow] {
        let all = (try? core.database.statistics()) ?? []
        let own: [(name: String, value: UInt64)] = [
            ("refuses_writes", core.health.isBroken ? 1 : 0)
        ]
        return (all + own).map {
            ["name": Cells.text($0.name), "value": Cells.bigint(Int(clamping: $0.value))]
        }
    }

    /// `system_views.table_statistics`
    func tables(_ schema: Schema) -> [SystemRow] {
        schema.storedTables.sorted { ($0.keyspace, $0.name) < ($1.keyspace, $1.name) }.map {
            table in
            let bytes = try? core.database.approximateBytes(
                from: table.storageID.bigBytes, to: (table.storageID + 1).bigBytes)
            let garbage = core.garbage.known(table.storageID)
            return [
                "keyspace_name": Cells.text(table.keyspace), "table_name": Cells.text(table.name),
                "bytes": Cells.bigint(Int(clamping: bytes ?? 0)),
                "garbage": Cells.bigint(garbage.count),
                "garbage_due": garbage.count > 0
                    ? Cells.bigint(Int(garbage.firstDue) * 1000) : nil,
            ]
        }
    }

    /// `system_views.sstable_tasks`: compactions that clients asked for.
    func tasks() -> [SystemRow] {
        core.compactions.tasks.map { task in
            [
                "keyspace_name": Cells.text(task.table.keyspace),
                "table_name": Cells.text(task.table.name), "task_id": task.id.bytes,
                "kind": Cells.text("compaction"), "progress": Cells.bigint(task.progress),
                "total": Cells.bigint(Int(clamping: task.totalBytes)), "unit": Cells.text("keys"),
                "completion_ratio": Cells.double(0), "sstables": Cells.int(0),
            ]
        }
    }
}
