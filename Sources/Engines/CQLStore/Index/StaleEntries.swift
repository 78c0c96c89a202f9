// Entries of indexes that readers found without their value, until the write lane removes them.

import CQLProtocol
import Synchronization

/// Writes are blind: an entry is never removed with its value. Readers note what they found stale;
/// the write lane, where nothing can come between, looks again and removes.
final class StaleEntries: Sendable {
    /// By the entry's key.
    private let noted = Mutex<[[UInt8]: CQLName]>([:])

    /// Notes one; beyond a number of them it is left for the next reader.
    func note(_ key: [UInt8], of table: Table) {
        noted.withLock { noted in
            guard noted.count < StoreLimits.staleEntriesMax else { return }
            noted[key] = CQLName(keyspace: table.keyspace, table.name)
        }
    }

    func take() -> [[UInt8]: CQLName] {
        noted.withLock { noted in
            guard !noted.isEmpty else { return [:] }
            defer { noted.removeAll(keepingCapacity: true) }
            return noted
        }
    }
}

/// Removes entries whose value the stored row does not hold.
struct StaleEntryRemover {
    let database: Database
    let schema: Schema

    /// Runs on the write lane, with nothing waiting in its batch.
    ///
    /// A value counts as held as long as it is stored, even when something deletes it from outside or
    /// it has expired: then no clock decides, and compaction makes the entry stale in the end.
    func add(_ entries: [[UInt8]: CQLName], to batch: inout WriteBatch) throws(StorageFailure) {
        for (entry, name) in entries {
            guard let table = schema.keyspaces[name.keyspace ?? ""]?.tables[name.name],
                let index = index(of: entry, table),
                let placeAt = try placeAt(entry)
            else { continue }
            guard try !isHeld(entry, placeAt, index, table) else { continue }
            entry.withUnsafeBytes { batch.deleteIndex($0) }
        }
    }

    private func index(of entry: [UInt8], _ table: Table) -> IndexDefinition? {
        guard entry.count > 4 else { return nil }
        let id = entry.withUnsafeBytes { $0.big(as: UInt32.self) }
        return table.indexDefinitions.first { $0.storageID == id && !$0.isOfPartition }
    }

    private func placeAt(_ entry: [UInt8]) throws(StorageFailure) -> Int? {
        try entry.withUnsafeBufferPointer { key throws(StorageFailure) in
            let key = UnsafeRawBufferPointer(key)
            return try database.getIndex(key) { value in
                value.flatMap { IndexKey.place(key, $0) }.map { key.count - $0.count }
            }
        }
    }

    private func isHeld(
        _ entry: [UInt8], _ placeAt: Int, _ index: IndexDefinition, _ table: Table
    ) throws(StorageFailure) -> Bool {
        var key = RawBytes()
        StorageKey.appendTable(table.storageID, to: &key)
        key.append(Array(entry[placeAt...]))
        var writer = IndexWriter(leavesOut: true)
        return try database.get(key.bytes) { row in
            guard let row else { return false }
            var isHeld = false
            try? writer.entries(of: row, at: key.bytes, of: table, [index]) { found, _ in
                if entry.withUnsafeBytes({ found.compare($0) == 0 }) { isHeld = true }
            }
            return isHeld
        }
    }
}
