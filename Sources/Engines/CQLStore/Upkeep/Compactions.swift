// Compactions that clients asked for: the table they are asked in, and the one that shows them.

import CQLProtocol
import Foundation
import Synchronization

/// What `nodetool compact` is to Cassandra:
///
///     INSERT INTO system_views.compaction_requests (keyspace_name, table_name) VALUES ('ks', 't')
///
/// An empty table name means all of a keyspace, two empty names everything. It is answered at once;
/// `system_views.sstable_tasks` shows what waits and what is under way.
final class Compactions: Sendable {
    struct Request: Sendable {
        let id: CQLUUID
        let table: Table
        /// Keys looked at so far.
        var progress = 0
        /// Bytes of the table when it was asked for, roughly.
        var totalBytes: UInt64
    }

    static let tableName = "compaction_requests"
    static let declaration =
        "compaction_requests (keyspace_name text, table_name text, "
        + "PRIMARY KEY ((keyspace_name, table_name)))"

    private let waiting = Mutex<[Request]>([])
    /// Rung when something waits.
    let bell = DispatchSemaphore(value: 0)

    /// What waits and, first, what is under way.
    var tasks: [Request] { waiting.withLock { $0 } }

    /// The next one to work on; it stays in `tasks` until `finish`.
    var next: Request? { waiting.withLock { $0.first } }

    func finish(_ id: CQLUUID) { waiting.withLock { $0.removeAll { $0.id == id } } }

    func report(_ id: CQLUUID, keysSeen: Int) {
        waiting.withLock { waiting in
            guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
            waiting[index].progress = keysSeen
        }
    }

    /// An INSERT into the table of requests.
    func request(
        _ plan: WritePlan, _ values: BoundValues, _ context: EvaluationContext, _ schema: Schema,
        _ database: Database
    ) throws(StatementError) {
        guard plan.table.name == Self.tableName, plan.insertsRow, !plan.isConditional else {
            throw .invalid(
                "Modification is not supported by table \(plan.table.keyspace).\(plan.table.name)")
        }
        for key in try KeyBuilder.partitionKeys(plan.partition, plan.table, values, context) {
            let names = key.withUnsafeBytes { bytes in
                PartitionKey.parts(bytes, count: 2).map { String(decoding: $0, as: UTF8.self) }
            }
            guard names.count == 2 else { throw .invalid("a keyspace and a table are needed") }
            let tables = schema.storedTables.filter {
                (names[0].isEmpty || $0.keyspace == names[0])
                    && (names[1].isEmpty || $0.name == names[1])
            }
            guard !tables.isEmpty || names[1].isEmpty else {
                throw .invalid("table \(names[0]).\(names[1]) does not exist")
            }
            for table in tables { add(table, context, database) }
        }
    }

    private func add(_ table: Table, _ context: EvaluationContext, _ database: Database) {
        let bytes = try? database.approximateBytes(
            from: table.storageID.bigBytes, to: (table.storageID + 1).bigBytes)
        waiting.withLock { waiting in
            guard waiting.count < StoreLimits.compactionsWaitingMax,
                !waiting.dropFirst().contains(where: { $0.table.storageID == table.storageID })
            else { return }
            waiting.append(Request(id: .random(), table: table, totalBytes: bytes ?? 0))
        }
        bell.signal()
    }
}
