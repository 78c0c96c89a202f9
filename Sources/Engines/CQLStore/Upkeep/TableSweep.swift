// One pass over a table in search of what may go, a slice at a time.

import CRocksDB

/// Reads on the sweeper's thread; what it finds becomes orders for the write lane.
///
/// Deletions of partitions and ranges are given to the lane last: behind the orders for every row
/// that they cover, of a scan that began after the lane had begun to watch the table.
struct TableSweep: ~Copyable {
    let table: Table
    let times: PurgeTimes
    /// What was met and may not go yet.
    private(set) var left = Garbage()
    private(set) var keysSeen = 0
    private(set) var isFinished = false
    private let sliceKeys: Int
    private var next: [UInt8]
    private let end: [UInt8]
    private var prefix: [UInt8] = []
    private var deletions = PartitionDeletions()
    /// Of the partition that is being read.
    private var open: [PurgeOrder.DeletionKey] = []
    private var scratch = RawBytes()

    /// - Parameter sliceKeys: how many keys a slice reads at most.
    init(_ table: Table, _ times: PurgeTimes, sliceKeys: Int = StoreLimits.sweepKeysMax) {
        self.table = table
        self.times = times
        self.sliceKeys = sliceKeys
        next = withUnsafeBytes(of: table.storageID.bigEndian, Array.init)
        end = withUnsafeBytes(of: (table.storageID + 1).bigEndian, Array.init)
    }

    /// What the lane is asked before the first slice.
    var firstOrder: PurgeOrder {
        PurgeOrder(storageID: table.storageID, now: times.now, watches: true)
    }

    /// Reads on, over a bounded number of keys.
    ///
    /// - Returns: the orders of this slice; the next slice may be read once all are done.
    mutating func slice(_ database: Database) throws(StorageFailure) -> [PurgeOrder] {
        var rows: [PurgeOrder.RowKey] = []
        var closed: [PurgeOrder.DeletionKey] = []
        try database.read { handles throws(StorageFailure) in
            var lower = RawBytes()
            var upper = RawBytes()
            lower.append(next)
            upper.append(end)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: true)
            cursor.seekFirst()
            var seen = 0
            while cursor.isValid, seen < sliceKeys,
                rows.count < StoreLimits.purgeKeysMax
            {
                look(cursor.key, cursor.value, &rows, &closed)
                seen += 1
                cursor.next()
            }
            keysSeen += seen
            isFinished = !cursor.isValid
            if !isFinished { next = Array(cursor.key) }
            try cursor.checkEnd()
        }
        if isFinished { close(&closed) }
        return orders(rows, closed)
    }

    private mutating func close(_ closed: inout [PurgeOrder.DeletionKey]) {
        closed += open
        open.removeAll()
        deletions = PartitionDeletions()
    }

    private func orders(
        _ rows: [PurgeOrder.RowKey], _ closed: [PurgeOrder.DeletionKey]
    ) -> [PurgeOrder] {
        var orders: [PurgeOrder] = []
        let most = StoreLimits.purgeKeysMax
        for start in stride(from: 0, to: max(rows.count, 1), by: most) where !rows.isEmpty {
            orders.append(
                PurgeOrder(
                    storageID: table.storageID, now: times.now,
                    rows: Array(rows[start..<min(start + most, rows.count)])))
        }
        for start in stride(from: 0, to: closed.count, by: most) {
            orders.append(
                PurgeOrder(
                    storageID: table.storageID, now: times.now,
                    deletions: Array(closed[start..<min(start + most, closed.count)])))
        }
        // In the middle of a partition the watch that saw its beginning must go on.
        guard !isFinished, open.isEmpty else { return orders }
        if orders.isEmpty { return [firstOrder] }
        orders[orders.count - 1].watches = true
        return orders
    }

    // MARK: One key

    private mutating func look(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        _ rows: inout [PurgeOrder.RowKey], _ closed: inout [PurgeOrder.DeletionKey]
    ) {
        if !isInside(key) {
            close(&closed)
            // A key that is none of ours is left alone.
            guard let kindIndex = StorageKey.kindIndex(of: key) else { return }
            prefix = Array(key.part(0..<kindIndex))
        }
        switch key[prefix.count] {
        case StorageKey.Kind.partitionDeletion:
            guard let deletion = Reconcile.deletion(value) else { return }
            deletions.partition = deletion
            note(deletion, key, isCovered: false)
        case StorageKey.Kind.rangeDeletion:
            guard let deletion = Reconcile.deletion(value),
                let bounds = StorageKey.bounds(of: key, after: prefix.count)
            else { return }
            deletions.add(ClusteringRange(start: bounds.start, end: bounds.end), deletion)
            note(
                deletion, key,
                isCovered: deletions.partition.map { $0.timestamp >= deletion.timestamp } ?? false)
        case StorageKey.Kind.staticRow:
            lookAtRow(key, value, floor: deletions.partition?.timestamp, &rows)
        default:
            deletions.flatten()
            let clustering = key.part(prefix.count + 1..<key.count)
            lookAtRow(key, value, floor: deletions.floor(at: clustering), &rows)
        }
    }

    private func isInside(_ key: UnsafeRawBufferPointer) -> Bool {
        guard !prefix.isEmpty, key.count > prefix.count else { return false }
        return prefix.withUnsafeBytes { key.part(0..<$0.count).compare($0) == 0 }
    }

    private mutating func note(
        _ deletion: Deletion, _ key: UnsafeRawBufferPointer, isCovered: Bool
    ) {
        if isCovered || times.allows(deletion) {
            open.append(
                PurgeOrder.DeletionKey(key: Array(key), seen: deletion, isCovered: isCovered))
        } else {
            left.add(dueAt: due(deletion.localTime))
        }
    }

    private mutating func lookAtRow(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, floor: Int64?,
        _ rows: inout [PurgeOrder.RowKey]
    ) {
        scratch.clear()
        let outcome = RowPurge.purge(
            value, floor: floor, slotOfID: table.slotOfID, times, into: &scratch)
        switch outcome {
        case .keep: countLeft(value)
        case .remove, .rewrite:
            rows.append(PurgeOrder.RowKey(key: Array(key), floor: floor))
            if outcome == .rewrite { countLeft(scratch.bytes) }
        case .damaged: break
        }
    }

    private mutating func countLeft(_ value: UnsafeRawBufferPointer) {
        guard var reader = RowReader(value) else { return }
        if let deletion = reader.deletion { left.add(dueAt: due(deletion.localTime)) }
        if let marker = reader.marker, marker.expiry != 0 { left.add(dueAt: due(marker.expiry)) }
        while let cell = reader.next() {
            if cell.isTombstone || cell.deletesCollection {
                left.add(dueAt: due(cell.time))
            } else if cell.expires {
                let written = cell.time - min(cell.timeToLive, cell.time)
                left.add(dueAt: max(cell.time, due(written)))
            }
        }
    }

    private func due(_ second: UInt32) -> UInt32 {
        second.addingReportingOverflow(times.now - times.graceEnd).partialValue
    }
}
