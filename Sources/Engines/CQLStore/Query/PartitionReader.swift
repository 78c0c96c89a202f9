// Reads one partition: its deletions, its static row, then its rows in either order.

import CRocksDB

/// What to do after a row.
enum RowVerdict {
    case next
    /// Enough of this partition.
    case endPartition
    /// Enough of everything.
    case stop
}

enum PartitionReader {
    /// Reads what stands before the rows.
    ///
    /// - Parameter cursor: on the partition's first key, or behind the partition; afterwards on its
    ///   first row or behind the partition.
    static func readHead(
        _ cursor: inout RowCursor, prefix: UnsafeRawBufferPointer, into view: RowView
    ) -> PartitionDeletions {
        var deletions = PartitionDeletions()
        while cursor.isValid {
            let key = cursor.key
            guard key.count > prefix.count, key.part(0..<prefix.count).compare(prefix) == 0 else {
                break
            }
            guard key[prefix.count] != StorageKey.Kind.row else {
                deletions.flatten()
                return deletions
            }
            take(
                key: key, value: cursor.value, prefixCount: prefix.count, into: view, &deletions)
            cursor.next()
        }
        deletions.flatten()
        return deletions
    }

    /// Takes one key that stands before the rows.
    static func take(
        key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, prefixCount: Int,
        into view: RowView, _ deletions: inout PartitionDeletions
    ) {
        switch key[prefixCount] {
        case StorageKey.Kind.partitionDeletion:
            deletions.partition = Reconcile.deletion(value)
        case StorageKey.Kind.staticRow:
            view.loadStatic(value, floor: deletions.partition?.timestamp)
        case StorageKey.Kind.rangeDeletion:
            guard let bounds = StorageKey.bounds(of: key, after: prefixCount),
                let deletion = Reconcile.deletion(value)
            else { return }
            deletions.add(ClusteringRange(start: bounds.start, end: bounds.end), deletion)
        default: break
        }
    }

    /// Reads the rows of one partition.
    ///
    /// - Parameters:
    ///   - key: the serialised partition key.
    ///   - ranges: in clustering order; only rows inside are seen, in that order or from its end.
    ///   - row: called for each live row with the bytes of its clustering values.
    ///   - end: called behind the last row, or when there was none; not after `.stop`.
    static func read(
        _ handles: Database.Handles, _ key: UnsafeRawBufferPointer, ranges: [ClusteringRange],
        reversed: Bool, into view: RowView, row: (UnsafeRawBufferPointer) -> RowVerdict
    ) throws(StorageFailure) -> RowVerdict {
        var prefix = RawBytes()
        StorageKey.appendPartition(table: view.table.storageID, key: key, to: &prefix)
        view.beginPartition(raw: key)
        let prefixCount = prefix.count
        var cursor = RowCursor(handles, partition: prefix.bytes)
        cursor.seekFirst()
        let deletions = readHead(&cursor, prefix: prefix.bytes, into: view)
        // What failed before the rows may have been a deletion of them.
        if !cursor.isValid { try cursor.checkEnd() }
        view.tombstones += deletions.tombstones(in: ranges)
        prefix.append(StorageKey.Kind.row)
        for range in reversed ? ranges.reversed() : ranges {
            prefix.truncate(to: prefixCount + 1)
            prefix.append(reversed ? range.end : range.start)
            if reversed {
                cursor.seekBack(prefix.bytes)
            } else if !cursor.isValid || cursor.key.isLess(than: prefix.bytes) {
                cursor.seek(prefix.bytes)
            }
            // The end itself is outside.
            if reversed, cursor.isValid, cursor.key.compare(prefix.bytes) == 0 { cursor.previous() }
            while cursor.isValid {
                let found = cursor.key
                guard found.count > prefixCount, found[prefixCount] == StorageKey.Kind.row else {
                    break
                }
                let clustering = found.part(prefixCount + 1..<found.count)
                let isInside = range.end.withUnsafeBytes { end in
                    range.start.withUnsafeBytes { start in
                        reversed ? !clustering.isLess(than: start) : clustering.isLess(than: end)
                    }
                }
                guard isInside else { break }
                if view.loadRow(
                    clustering: clustering, value: cursor.value,
                    floor: deletions.floor(at: clustering))
                {
                    switch row(clustering) {
                    case .next: break
                    case .endPartition: return .endPartition
                    case .stop: return .stop
                    }
                } else if view.tombstones > StoreLimits.tombstonesMax {
                    return .stop
                }
                if reversed { cursor.previous() } else { cursor.next() }
            }
            try cursor.checkEnd()
        }
        return .next
    }

    /// Reads the only row of a partition of a table without clustering columns.
    ///
    /// - Parameter view: must own its rows, since the value goes away when this returns.
    static func readSingle(
        _ database: Database, _ key: UnsafeRawBufferPointer, into view: RowView,
        scratch: inout RawBytes
    ) throws(StorageFailure) -> Bool {
        scratch.clear()
        StorageKey.appendPartition(table: view.table.storageID, key: key, to: &scratch)
        scratch.append(StorageKey.Kind.row)
        view.beginPartition(raw: key)
        return try database.get(scratch.bytes) { value in
            guard let value else { return false }
            return view.loadRow(
                clustering: UnsafeRawBufferPointer(start: nil, count: 0), value: value, floor: nil)
        }
    }
}

extension PartitionReader {
    /// Only what is deleted in the partition of a key, and its static row.
    static func deletions(
        _ database: Database, _ key: UnsafeRawBufferPointer, kindIndex: Int, _ view: RowView
    ) throws(StorageFailure) -> PartitionDeletions {
        let prefix = key.part(0..<kindIndex)
        return try database.read { handles throws(StorageFailure) in
            var lower = RawBytes()
            lower.append(prefix)
            var upper = RawBytes()
            upper.append(prefix)
            upper.append(StorageKey.Kind.row)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: false)
            cursor.seekFirst()
            view.beginPartition(escaped: key.part(StorageKey.partitionAt..<kindIndex))
            let deletions = readHead(&cursor, prefix: prefix, into: view)
            try cursor.checkEnd()
            return deletions
        }
    }
}
