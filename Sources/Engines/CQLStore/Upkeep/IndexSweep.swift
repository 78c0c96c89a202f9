// One pass over the entries of an index in search of those whose values are gone.

import CQLProtocol
import CRocksDB

/// Reads on the sweeper's thread; what it finds becomes orders for the write lane, which looks again.
///
/// Readers hand over the stale entries of rows that they meet. This finds the others: of static
/// columns and of parts of a partition's key, which readers do not look at one by one, and of values
/// that nobody asks for.
struct IndexSweep: ~Copyable {
    private let table: Table
    private let index: IndexDefinition
    private(set) var isFinished = false
    private let sliceKeys: Int
    private var next: [UInt8]
    private let end: [UInt8]

    /// - Parameter sliceKeys: how many entries a slice reads at most.
    init(
        _ table: Table, _ index: IndexDefinition, sliceKeys: Int = StoreLimits.indexSweepKeysMax
    ) {
        self.table = table
        self.index = index
        self.sliceKeys = sliceKeys
        next = withUnsafeBytes(of: index.storageID.bigEndian, Array.init)
        end = withUnsafeBytes(of: (index.storageID + 1).bigEndian, Array.init)
    }

    /// Reads on, over a bounded number of entries.
    ///
    /// - Returns: `nil` when none of them is stale.
    mutating func slice(_ database: Database) throws(StorageFailure) -> PurgeOrder? {
        let remover = StaleEntryRemover(database: database)
        var stale: [[UInt8]] = []
        for entry in try entries(database) {
            // What the lane would not look through is not worth an order.
            var keysLeft = StoreLimits.staleEntryKeysMax
            let isHeld = try remover.isHeld(
                entry.key, entry.placeAt, index, table, keysLeft: &keysLeft)
            if !isHeld { stale.append(entry.key) }
        }
        guard !stale.isEmpty else { return nil }
        return PurgeOrder(storageID: table.storageID, entries: stale)
    }

    private mutating func entries(_ database: Database) throws(StorageFailure) -> [IndexEntry] {
        var found: [IndexEntry] = []
        try database.read { handles throws(StorageFailure) in
            var lower = RawBytes()
            var upper = RawBytes()
            lower.append(next)
            upper.append(end)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: true, entries: true)
            cursor.seekFirst()
            while cursor.isValid, found.count < sliceKeys {
                let key = cursor.key
                if let place = IndexKey.place(key, cursor.value) {
                    found.append(IndexEntry(key: Array(key), placeAt: key.count - place.count))
                }
                cursor.next()
            }
            isFinished = !cursor.isValid
            if !isFinished { next = Array(cursor.key) }
            try cursor.checkEnd()
        }
        return found
    }
}
