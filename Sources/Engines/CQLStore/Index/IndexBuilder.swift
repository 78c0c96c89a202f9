// Fills a new index from the rows that were there before it.

import CQLProtocol
import CRocksDB

/// An index to build, and who waits for it.
struct IndexBuildJob: Sendable {
    var build: IndexBuild
    /// What CREATE INDEX is answered once the index is built; `nil` after a restart.
    var waiting: (reply: Reply, answer: CQLResult)?
}

/// Walks a table and writes entries, beside all reads and writes.
///
/// Nothing needs to be held still: from the schema's change on, writes add their own entries, and an
/// entry that is late or stale does no harm, since readers look at the row. The index counts as built
/// when the walk has come to its end; after a crash it begins again.
struct IndexBuilder {
    enum Outcome { case built, gone, stopped }

    let core: StoreCore

    /// - Parameter step: called after each part; `false` ends the walk.
    func run(
        _ build: IndexBuild, step: () -> Bool
    ) throws(StorageFailure) -> Outcome {
        var writer = IndexWriter(leavesOut: true)
        var last: [UInt8]?
        while true {
            guard let (table, index) = find(build) else {
                // What came after the index was dropped stands under an id that nobody uses.
                try write { $0.dropTable(build.index) }
                return .gone
            }
            last = try add(table, index, behind: last, &writer)
            guard last != nil else { return .built }
            guard step() else { return .stopped }
        }
    }

    /// Fills a batch while the database cannot be closed under it, and writes it.
    private func write(_ fill: (inout WriteBatch) -> Void) throws(StorageFailure) {
        let batch = try core.database.read { handles in
            var batch = WriteBatch(handles)
            fill(&batch)
            return batch
        }
        if batch.count > 0 { try core.database.write(batch, synced: false) }
    }

    private func find(_ build: IndexBuild) -> (Table, IndexDefinition)? {
        guard
            let table = core.schema.keyspaces[build.table.keyspace ?? ""]?.tables[build.table.name],
            let index = table.indexDefinitions.first(where: { $0.storageID == build.index })
        else { return nil }
        return (table, index)
    }

    /// - Returns: the last row's key, `nil` behind the last row.
    private func add(
        _ table: Table, _ index: IndexDefinition, behind: [UInt8]?, _ writer: inout IndexWriter
    ) throws(StorageFailure) -> [UInt8]? {
        let rows = try rows(of: table, behind: behind)
        try write { batch in
            for row in rows {
                row.key.withUnsafeBytes { key in
                    row.value.withUnsafeBytes { value in
                        // A value that cannot be indexed has no entry.
                        try? writer.entries(of: value, at: key, of: table, [index]) {
                            batch.putIndex($0, $1)
                        }
                    }
                }
            }
        }
        return rows.count < StoreLimits.indexBuildRowsMax ? nil : rows.last?.key
    }

    private func rows(
        of table: Table, behind: [UInt8]?
    ) throws(StorageFailure) -> [(key: [UInt8], value: [UInt8])] {
        try core.database.read { handles throws(StorageFailure) in
            var from = RawBytes()
            if let behind {
                from.append(behind)
                from.append(0)
            } else {
                StorageKey.appendTable(table.storageID, to: &from)
            }
            var to = RawBytes()
            StorageKey.appendTable(table.storageID + 1, to: &to)
            var cursor = RowCursor(handles, from: from, to: to, scans: true)
            cursor.seekFirst()
            var rows: [(key: [UInt8], value: [UInt8])] = []
            while cursor.isValid, rows.count < StoreLimits.indexBuildRowsMax {
                rows.append((Array(cursor.key), Array(cursor.value)))
                cursor.next()
            }
            try cursor.checkEnd()
            return rows
        }
    }
}

extension Schema {
    /// Indexes whose building was cut short.
    var unbuiltIndexes: [IndexBuild] {
        keyspaces.values.flatMap { keyspace in
            keyspace.tables.values.flatMap { table in
                table.indexes.filter { !$0.isBuilt }.map {
                    IndexBuild(
                        table: CQLName(keyspace: keyspace.name, table.name), index: $0.storageID)
                }
            }
        }
    }
}
