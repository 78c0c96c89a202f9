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

/// Removes entries whose value nothing stored holds.
struct StaleEntryRemover {
    let database: Database

    /// Runs on the write lane, with nothing waiting in its batch.
    func add(
        _ entries: [[UInt8]: CQLName], _ schema: Schema, to batch: inout WriteBatch
    ) throws(StorageFailure) {
        var keysLeft = StoreLimits.staleEntriesKeysMax
        for (entry, name) in entries {
            guard let table = schema.keyspaces[name.keyspace ?? ""]?.tables[name.name] else {
                continue
            }
            _ = try add([entry], table, keysLeft: &keysLeft, to: &batch)
        }
    }

    /// Runs on the write lane, with nothing waiting in its batch that belongs to the table.
    ///
    /// - Returns: how many are removed.
    func add(
        _ entries: [[UInt8]], _ table: Table, to batch: inout WriteBatch
    ) throws(StorageFailure) -> Int {
        var keysLeft = StoreLimits.staleEntriesKeysMax
        return try add(entries, table, keysLeft: &keysLeft, to: &batch)
    }

    private func add(
        _ entries: [[UInt8]], _ table: Table, keysLeft: inout Int, to batch: inout WriteBatch
    ) throws(StorageFailure) -> Int {
        var count = 0
        for entry in entries {
            guard let index = Self.index(of: entry, table), let placeAt = try placeAt(entry),
                try !isHeld(entry, placeAt, index, table, keysLeft: &keysLeft)
            else { continue }
            entry.withUnsafeBytes { batch.deleteIndex($0) }
            count += 1
        }
        return count
    }

    private static func index(of entry: [UInt8], _ table: Table) -> IndexDefinition? {
        guard entry.count > IndexKey.tableBytes else { return nil }
        let id = entry.withUnsafeBytes { $0.big(as: UInt32.self) }
        return table.indexDefinitions.first { $0.storageID == id }
    }

    private func placeAt(_ entry: [UInt8]) throws(StorageFailure) -> Int? {
        try entry.withUnsafeBufferPointer { key throws(StorageFailure) in
            let key = UnsafeRawBufferPointer(key)
            return try database.getIndex(key) { value in
                value.flatMap { IndexKey.place(key, $0) }.map { key.count - $0.count }
            }
        }
    }

    /// Whether what the entry names holds its value.
    ///
    /// A value counts as held as long as it is stored, even when something deletes it from outside or
    /// it has expired: then no clock decides, and the sweep of the table makes the entry stale.
    ///
    /// - Parameters:
    ///   - placeAt: where in the entry the base row's key begins.
    ///   - keysLeft: keys of partitions that may still be looked at. What is not found within them,
    ///     or within `StoreLimits.staleEntryKeysMax`, counts as held: a later sweep looks again, and
    ///     the sweep of the table makes such partitions small.
    func isHeld(
        _ entry: [UInt8], _ placeAt: Int, _ index: IndexDefinition, _ table: Table,
        keysLeft: inout Int
    ) throws(StorageFailure) -> Bool {
        var key = RawBytes()
        StorageKey.appendTable(table.storageID, to: &key)
        key.append(Array(entry[placeAt...]))
        if index.column.kind == .partitionKey {
            return try isAnyRowHeld(
                key.bytes.part(0..<key.count - 1), entry, index, table, keysLeft: &keysLeft)
        }
        return try database.get(key.bytes) { row in
            row.map { Self.holds($0, at: key.bytes, entry, index, table) } ?? false
        }
    }

    /// A part of a partition's key is there as long as the partition has a row.
    ///
    /// - Parameter prefix: of the partition's keys, up to the kind.
    private func isAnyRowHeld(
        _ prefix: UnsafeRawBufferPointer, _ entry: [UInt8], _ index: IndexDefinition,
        _ table: Table, keysLeft: inout Int
    ) throws(StorageFailure) -> Bool {
        guard keysLeft > 0 else { return true }
        let most = min(keysLeft, StoreLimits.staleEntryKeysMax)
        // To look at all is work, even where there is no key.
        var looked = 1
        defer { keysLeft -= looked }
        return try database.read { handles throws(StorageFailure) in
            var cursor = RowCursor(handles, partition: prefix)
            cursor.seekFirst()
            while cursor.isValid {
                guard looked <= most else { return true }
                looked += 1
                let kind = cursor.key[prefix.count]
                if kind == StorageKey.Kind.staticRow || kind == StorageKey.Kind.row,
                    Self.holds(cursor.value, at: cursor.key, entry, index, table)
                {
                    return true
                }
                cursor.next()
            }
            try cursor.checkEnd()
            return false
        }
    }

    private static func holds(
        _ row: UnsafeRawBufferPointer, at key: UnsafeRawBufferPointer, _ entry: [UInt8],
        _ index: IndexDefinition, _ table: Table
    ) -> Bool {
        var writer = IndexWriter(leavesOut: true)
        var isHeld = false
        try? writer.entries(of: row, at: key, of: table, [index]) { found, _ in
            if entry.withUnsafeBytes({ found.compare($0) == 0 }) { isHeld = true }
        }
        return isHeld
    }
}
