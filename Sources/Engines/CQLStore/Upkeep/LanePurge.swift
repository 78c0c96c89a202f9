// The write lane's part of removing what may go: it looks again, and nobody writes meanwhile.

import CQLProtocol

/// Memory for the lane's orders, used again.
///
/// Why in the lane: it is the only writer. Between its look at a key and its write of what is left
/// no other write can come, so the write replaces exactly what was looked at, wherever the parts of
/// the key lie: in memory, in the highest or in the lowest level. RocksDB's own order of writes then
/// hides them for good. Nothing depends on when something is flushed or compacted.
struct LanePurge: ~Copyable {
    private var rest = RawBytes()

    /// Adds to the batch what the order allows.
    ///
    /// - Parameter oldestWrite: of the writes to this table since the watch began; `nil` when
    ///   another table was watched.
    mutating func add(
        _ order: PurgeOrder, _ table: Table, now: UInt32, oldestWrite: Int64?,
        _ database: Database, to batch: inout WriteBatch
    ) throws(StorageFailure) -> PurgeResult {
        var result = PurgeResult()
        let times = PurgeTimes(now: now, graceSeconds: table.graceSeconds)
        for row in order.rows { try purge(row, table, times, database, &batch, &result) }
        for deletion in order.deletions {
            // A write that is not newer than the deletion may have come into rows that the sweeper
            // had passed already: it must stay deleted.
            guard deletion.isCovered || oldestWrite.map({ $0 > deletion.seen.timestamp }) ?? false
            else { continue }
            try purge(deletion, database, &batch, &result)
        }
        if !order.entries.isEmpty {
            result.entriesRemoved = try StaleEntryRemover(database: database)
                .add(order.entries, table, to: &batch)
        }
        result.isDone = true
        return result
    }

    private mutating func purge(
        _ row: PurgeOrder.RowKey, _ table: Table, _ times: PurgeTimes, _ database: Database,
        _ batch: inout WriteBatch, _ result: inout PurgeResult
    ) throws(StorageFailure) {
        rest.clear()
        let outcome = try database.value(row.key) { value in
            guard let value else { return RowPurge.Outcome.keep }
            return RowPurge.purge(
                value, floor: row.floor, slotOfID: table.slotOfID, times, into: &rest)
        }
        switch outcome {
        case .keep, .damaged: break
        case .remove:
            row.key.withUnsafeBytes { batch.delete($0) }
            result.rowsRemoved += 1
        case .rewrite:
            row.key.withUnsafeBytes { batch.put($0, rest.bytes) }
            result.rowsRewritten += 1
        }
    }

    private func purge(
        _ deletion: PurgeOrder.DeletionKey, _ database: Database, _ batch: inout WriteBatch,
        _ result: inout PurgeResult
    ) throws(StorageFailure) {
        let found = try database.value(deletion.key) { $0.flatMap { Reconcile.deletion($0) } }
        // A newer one is not ours to remove.
        guard found == deletion.seen else { return }
        deletion.key.withUnsafeBytes { batch.delete($0) }
        result.deletionsRemoved += 1
    }
}

extension Database {
    /// As `get`, by an array, with memory that `body` may fill.
    func value<Value>(
        _ key: [UInt8], _ body: (UnsafeRawBufferPointer?) -> Value
    ) throws(StorageFailure) -> Value {
        try key.withUnsafeBufferPointer { key throws(StorageFailure) in
            try get(UnsafeRawBufferPointer(key), body)
        }
    }
}
