// What of a row may go for good: shadowed and expired cells, old tombstones, dropped columns.

/// From when on what may be forgotten.
struct PurgeTimes: Sendable {
    /// Seconds; what expires up to then is gone.
    var now: UInt32
    /// Seconds: a tombstone that was written before may go. It is `gc_grace_seconds` before now.
    var graceEnd: UInt32

    init(now: UInt32, graceSeconds: Int64) {
        self.now = now
        graceEnd = UInt32(clamping: Int64(now) - graceSeconds)
    }

    func allows(_ deletion: Deletion) -> Bool { deletion.localTime < graceEnd }
}

/// Pure. What it leaves reads the same as what it was given, at `now` and at any later time, and so
/// does what it leaves joined with any write that is newer than what it took.
///
/// Source: Cassandra's `BTreeRow.purge` and `AbstractCell.purge`. An expired cell is a tombstone
/// that was written when the cell was (`expiry - ttl`).
///
/// Only a whole row may be given: what RocksDB gives for a key, with all operands joined. Part of a
/// row would let an older part below it come back.
enum RowPurge {
    enum Outcome: Equatable {
        case keep
        /// Nothing is left of it.
        case remove
        /// The rest is in `out`.
        case rewrite
        case damaged
    }

    /// - Parameters:
    ///   - floor: what is not newer is deleted by the partition or a range, and stays deleted.
    ///   - slotOfID: by column id; what has no slot was dropped.
    static func purge(
        _ bytes: UnsafeRawBufferPointer, floor given: Int64?, slotOfID: [Int], _ times: PurgeTimes,
        into out: inout RawBytes
    ) -> Outcome {
        guard var reader = RowReader(bytes) else { return .damaged }
        var changed = false
        var deletion = reader.deletion
        if let found = deletion, times.allows(found) || found.timestamp <= given ?? .min {
            deletion = nil
            changed = true
        }
        let floor = [given, reader.deletion?.timestamp].compactMap { $0 }.max()
        var marker = reader.marker
        if let found = marker, isGone(found, floor, times) {
            marker = nil
            changed = true
        }
        var cells: [Cell] = []
        var collection: (column: UInt16, timestamp: Int64)?
        while let cell = reader.next() {
            if cell.deletesCollection { collection = (cell.column, cell.timestamp) }
            let isShadowed =
                cell.isElement && collection?.column == cell.column
                && cell.timestamp <= collection?.timestamp ?? .min
            let id = Int(cell.column)
            let isDropped = id >= slotOfID.count || slotOfID[id] < 0
            guard !isShadowed, !isDropped, floor.map({ cell.timestamp > $0 }) ?? true,
                let rest = purged(cell, times)
            else {
                changed = true
                continue
            }
            if rest.flags != cell.flags { changed = true }
            cells.append(rest)
        }
        if reader.isDamaged { return .damaged }
        guard changed else { return .keep }
        guard marker != nil || deletion != nil || !cells.isEmpty else { return .remove }
        let writer = RowWriter(
            to: &out, base: cells.first?.timestamp ?? 0, marker: marker, deletion: deletion,
            clustering: reader.clustering)
        for cell in cells { writer.append(cell, to: &out) }
        return .rewrite
    }

    private static func isGone(
        _ marker: RowMarker, _ floor: Int64?, _ times: PurgeTimes
    ) -> Bool {
        if let floor, marker.timestamp <= floor { return true }
        return marker.expiry != 0 && marker.expiry <= times.now && marker.expiry < times.graceEnd
    }

    /// - Returns: `nil` when the cell may go; an expired one loses its value.
    private static func purged(_ cell: Cell, _ times: PurgeTimes) -> Cell? {
        if cell.isTombstone || cell.deletesCollection {
            return cell.time < times.graceEnd ? nil : cell
        }
        guard cell.expires, cell.time <= times.now else { return cell }
        let written = cell.time &- min(cell.timeToLive, cell.time)
        guard written >= times.graceEnd else { return nil }
        var tombstone = cell
        tombstone.flags =
            RowFormat.CellFlag.tombstone | (cell.flags & RowFormat.CellFlag.path)
        tombstone.time = written
        tombstone.timeToLive = 0
        tombstone.value = UnsafeRawBufferPointer(start: nil, count: 0)
        return tombstone
    }
}
