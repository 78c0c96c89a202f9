// Fills a new materialized view from the rows that its base has.

import CQLProtocol

enum ViewBuild {
    /// Puts all rows that the view shows into the database, in batches.
    ///
    /// Runs in the write lane before the view is part of the schema: nobody writes meanwhile, and
    /// what is there after a crash belongs to a storage id that is never used again.
    static func run(
        _ view: Table, base: Table, _ keyspace: Keyspace, now: UInt32, _ database: Database,
        _ writer: inout ViewWriter
    ) throws(StatementError) {
        let plan = try ViewPlan(view, base: base, keyspace: keyspace)
        do throws(StorageFailure) {
            try database.read { handles throws(StorageFailure) in
                try copy(plan, base, handles, now: now, database, &writer)
            }
        } catch {
            throw .writeFailed(error.text)
        }
    }

    /// Writes while it reads: nobody else closes or reopens the database while the lane is here.
    private static func copy(
        _ plan: ViewPlan, _ base: Table, _ handles: Database.Handles, now: UInt32,
        _ database: Database, _ writer: inout ViewWriter
    ) throws(StorageFailure) {
        var batch = WriteBatch(handles)
        var lower = RawBytes()
        StorageKey.appendTable(base.storageID, to: &lower)
        var upper = RawBytes()
        StorageKey.appendTable(base.storageID + 1, to: &upper)
        var cursor = RowCursor(handles, from: lower, to: upper, scans: true)
        cursor.seekFirst()
        let head = RowView(base, now: 0)
        var partition = RawBytes()
        var prefix = RawBytes()
        while cursor.isValid {
            guard let kindIndex = StorageKey.kindIndex(of: cursor.key) else {
                cursor.next()
                continue
            }
            prefix.clear()
            prefix.append(cursor.key.part(0..<kindIndex))
            partition.clear()
            _ = OrderedEncoding.unescape(
                prefix.bytes, at: StorageKey.partitionAt, mask: 0, to: &partition)
            let deletions = PartitionReader.readHead(&cursor, prefix: prefix.bytes, into: head)
            while cursor.isValid, cursor.key.count > kindIndex,
                cursor.key.part(0..<kindIndex).compare(prefix.bytes) == 0
            {
                let clustering = cursor.key.part(kindIndex + 1..<cursor.key.count)
                _ = writer.build(
                    plan, base, partition.bytes, clustering, cursor.value,
                    floor: deletions.floor(at: clustering), now: now, to: &batch)
                if batch.count >= StoreLimits.viewBuildRowsMax {
                    try database.write(batch, synced: false)
                    batch.clear()
                }
                cursor.next()
            }
        }
        try cursor.checkEnd()
        if batch.count > 0 { try database.write(batch, synced: false) }
    }
}
