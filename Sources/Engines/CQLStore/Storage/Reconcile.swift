// Last write wins: the one rule by which two versions of a row become one.

/// Joins versions of rows and deletions. Pure; commutative, associative and idempotent, down to the
/// bytes, so it does not matter when RocksDB joins what.
///
/// Source: Cassandra's `Cells.reconcile`, `LivenessInfo.supersedes` and `DeletionTime.supersedes`,
/// in the order they have since 4.1.
enum Reconcile {
    /// - Returns: `false` when either is not in our format; then `out` is of no use.
    static func join(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, into out: inout RawBytes
    ) -> Bool {
        guard let first = a.first, first == b.first else { return false }
        if first == RowFormat.deletion {
            guard let winner = Deletion.later(deletion(a), deletion(b)) else { return false }
            append(winner, to: &out)
            return true
        }
        guard let left = RowReader(a), let right = RowReader(b) else { return false }
        return join(left, right, into: &out)
    }

    /// Reads a deletion of a partition or a range.
    static func deletion(_ bytes: UnsafeRawBufferPointer) -> Deletion? {
        guard bytes.count == RowFormat.deletionBytes, bytes[0] == RowFormat.deletion else {
            return nil
        }
        return Deletion(timestamp: bytes.little(1), localTime: bytes.little(9))
    }

    static func append(_ deletion: Deletion, to out: inout RawBytes) {
        out.append(RowFormat.deletion)
        out.appendLittle(deletion.timestamp)
        out.appendLittle(deletion.localTime)
    }

    private static func join(
        _ left: RowReader, _ right: RowReader, into out: inout RawBytes
    ) -> Bool {
        let deletion = Deletion.later(left.deletion, right.deletion)
        let floor = deletion?.timestamp ?? .min
        var marker = later(left.marker, right.marker)
        if let found = marker, deletion != nil, found.timestamp <= floor { marker = nil }
        let clustering =
            left.clustering.compare(right.clustering) >= 0 ? left.clustering : right.clustering
        var cells = CellMerger(left, right, floor: deletion == nil ? nil : floor)
        var cell = cells.next()
        let writer = RowWriter(
            to: &out, base: cell?.timestamp ?? 0, marker: marker, deletion: deletion,
            clustering: clustering)
        while let found = cell {
            writer.append(found, to: &out)
            cell = cells.next()
        }
        return !cells.isDamaged
    }

    /// The newer marker; of equal age the one that expires, then the one that expires later.
    private static func later(_ a: RowMarker?, _ b: RowMarker?) -> RowMarker? {
        guard let a else { return b }
        guard let b else { return a }
        if a.timestamp != b.timestamp { return a.timestamp > b.timestamp ? a : b }
        if a.expiry != b.expiry { return a.expiry > b.expiry ? a : b }
        return a.timeToLive <= b.timeToLive ? a : b
    }

    /// The cell that stays, of two at the same place.
    @inline(__always)
    static func winner(_ a: Cell, _ b: Cell) -> Cell {
        if a.timestamp != b.timestamp { return a.timestamp > b.timestamp ? a : b }
        let aEnds = a.isTombstone || a.expires || a.deletesCollection
        let bEnds = b.isTombstone || b.expires || b.deletesCollection
        if aEnds != bEnds { return aEnds ? a : b }
        if aEnds {
            if a.expires != b.expires { return a.expires ? b : a }
            if a.time != b.time { return a.time > b.time ? a : b }
            if a.timeToLive != b.timeToLive { return a.timeToLive < b.timeToLive ? a : b }
        }
        return a.value.compare(b.value) >= 0 ? a : b
    }
}

/// Walks two rows at once, giving the cells that stay in their order.
struct CellMerger {
    private var left: RowReader
    private var right: RowReader
    private var a: Cell?
    private var b: Cell?
    /// What is not newer than this is deleted with the row.
    private let floor: Int64?
    private var collection: (column: UInt16, timestamp: Int64)?

    init(_ left: RowReader, _ right: RowReader, floor: Int64?) {
        (self.left, self.right, self.floor) = (left, right, floor)
        a = self.left.next()
        b = self.right.next()
    }

    var isDamaged: Bool { left.isDamaged || right.isDamaged }

    @inline(__always)
    mutating func next() -> Cell? {
        while let cell = joined() {
            if let floor, cell.timestamp <= floor { continue }
            if cell.deletesCollection {
                collection = (cell.column, cell.timestamp)
                return cell
            }
            if let collection, collection.column == cell.column, cell.isElement,
                cell.timestamp <= collection.timestamp
            {
                continue
            }
            return cell
        }
        return nil
    }

    @inline(__always)
    private mutating func joined() -> Cell? {
        guard let x = a else {
            defer { b = right.next() }
            return b
        }
        guard let y = b else {
            defer { a = left.next() }
            return x
        }
        let order = x.order(to: y)
        if order < 0 {
            a = left.next()
            return x
        }
        if order > 0 {
            b = right.next()
            return y
        }
        a = left.next()
        b = right.next()
        return Reconcile.winner(x, y)
    }
}
