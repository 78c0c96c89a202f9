// How one row, or one deletion, stands in a value of RocksDB.

/// The layout of values, all integers little endian, all lengths in 7 bits a byte:
///
///     row       ┌─────┬───────┬────────────┬──────────┬────────────┬─────────────┬─────────
///               │ 'R' │ flags │ base       │ [marker] │ [deletion] │ [clustering]│ cells …
///               │     │  u8   │ i64, µs    │          │            │ len, bytes  │
///               └─────┴───────┴────────────┴──────────┴────────────┴─────────────┴─────────
///     marker    [expiry u32, ttl u32]                  its timestamp is the base
///     deletion  timestamp i64, local deletion time u32
///     cell      column u16, flags u8, [timestamp i64], [expiry or local deletion time u32],
///               [ttl u32], [path: len, bytes], [value: len, bytes]
///     deletion  ┌─────┬───────────────┬─────────────────────┐   of a partition or a range
///     of more   │ 'D' │ timestamp i64 │ local deletion u32  │
///     than one  └─────┴───────────────┴─────────────────────┘
///
/// A cell without a timestamp of its own has the base. Cells rise strictly by (column, is not a
/// deletion of the whole collection, path). `clustering` keeps the client's bytes of clustering
/// values whose key form cannot be turned back (1.0 and 1.00 are one key).
/// Timestamps are microseconds since 1970, expiries and deletion times seconds since 1970.
enum RowFormat {
    static let row = UInt8(ascii: "R")
    static let deletion = UInt8(ascii: "D")
    static let deletionBytes = 13

    enum Flag {
        static let marker: UInt8 = 1
        static let markerExpires: UInt8 = 2
        static let deletion: UInt8 = 4
        static let clustering: UInt8 = 8
    }

    enum CellFlag {
        /// The cell is deleted; it has a local deletion time and no value.
        static let tombstone: UInt8 = 1
        static let expires: UInt8 = 2
        /// One element of a collection.
        static let path: UInt8 = 4
        static let ownTimestamp: UInt8 = 8
        /// All elements of a collection are deleted; like a tombstone, and first of its column.
        static let collection: UInt8 = 16
    }
}

/// Since when something is deleted, and when that was said.
struct Deletion: Equatable, Sendable {
    /// Microseconds; what is not newer is gone.
    var timestamp: Int64
    /// Seconds since 1970.
    var localTime: UInt32

    /// The one that deletes more.
    static func later(_ a: Deletion?, _ b: Deletion?) -> Deletion? {
        guard let a else { return b }
        guard let b else { return a }
        return (a.timestamp, a.localTime) >= (b.timestamp, b.localTime) ? a : b
    }
}

/// What INSERT leaves beside the cells: it makes the row exist even when all its cells are null.
struct RowMarker: Equatable, Sendable {
    var timestamp: Int64
    /// Seconds since 1970; 0 for never.
    var expiry: UInt32 = 0
    var timeToLive: UInt32 = 0
}

/// One cell as it is read; its pointers live as long as the row's bytes.
struct Cell {
    var column: UInt16
    /// Of `RowFormat.CellFlag`, without `ownTimestamp`.
    var flags: UInt8
    var timestamp: Int64
    /// The expiry of a cell that expires, the local deletion time of a tombstone, else 0.
    var time: UInt32 = 0
    var timeToLive: UInt32 = 0
    var path = UnsafeRawBufferPointer(start: nil, count: 0)
    var value = UnsafeRawBufferPointer(start: nil, count: 0)

    @inline(__always) var isTombstone: Bool { flags & RowFormat.CellFlag.tombstone != 0 }
    @inline(__always) var expires: Bool { flags & RowFormat.CellFlag.expires != 0 }
    @inline(__always) var isElement: Bool { flags & RowFormat.CellFlag.path != 0 }
    @inline(__always) var deletesCollection: Bool {
        flags & RowFormat.CellFlag.collection != 0
    }

    /// Whether the cell holds a value at that second.
    @inline(__always)
    func isLive(at now: UInt32) -> Bool {
        !isTombstone && !deletesCollection && !(expires && time <= now)
    }

    /// Whether this one comes first in its row, is the same place (0), or comes later.
    @inline(__always)
    func order(to other: Cell) -> Int {
        if column != other.column { return column < other.column ? -1 : 1 }
        if deletesCollection != other.deletesCollection { return deletesCollection ? -1 : 1 }
        return path.compare(other.path)
    }
}

/// Walks a row's bytes. Bytes that are no row end the walk with `isDamaged`, never beyond the end.
struct RowReader {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private let base: Int64
    let marker: RowMarker?
    let deletion: Deletion?
    let clustering: UnsafeRawBufferPointer
    private(set) var isDamaged = false

    /// - Returns: `nil` when the bytes do not start as a row does.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 10, bytes[0] == RowFormat.row else { return nil }
        self.bytes = bytes
        let flags = bytes[1]
        base = bytes.little(2)
        at = 10
        let expires = flags & RowFormat.Flag.markerExpires != 0
        let deleted = flags & RowFormat.Flag.deletion != 0
        guard bytes.count >= at + (expires ? 8 : 0) + (deleted ? 12 : 0) else { return nil }
        if flags & RowFormat.Flag.marker != 0 {
            var marker = RowMarker(timestamp: base)
            if expires {
                marker.expiry = bytes.little(at)
                marker.timeToLive = bytes.little(at + 4)
                at += 8
            }
            self.marker = marker
        } else {
            marker = nil
        }
        if deleted {
            deletion = Deletion(timestamp: bytes.little(at), localTime: bytes.little(at + 8))
            at += 12
        } else {
            deletion = nil
        }
        if flags & RowFormat.Flag.clustering != 0 {
            guard let length = Self.length(bytes, &at), bytes.count - at >= length else {
                return nil
            }
            clustering = bytes.part(at..<at + length)
            at += length
        } else {
            clustering = UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    @inline(__always)
    private static func length(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Int? {
        var value = 0
        var shift = 0
        while at < bytes.count, shift < 56 {
            let byte = bytes[at]
            at += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    @inline(__always)
    mutating func next() -> Cell? {
        guard at < bytes.count, !isDamaged else { return nil }
        guard let cell = read() else {
            isDamaged = true
            return nil
        }
        return cell
    }

    @inline(__always)
    private mutating func read() -> Cell? {
        guard bytes.count - at >= 3 else { return nil }
        let flags = bytes[at + 2]
        var cell = Cell(
            column: bytes.little(at), flags: flags & ~RowFormat.CellFlag.ownTimestamp,
            timestamp: base)
        at += 3
        let owns = flags & RowFormat.CellFlag.ownTimestamp != 0
        let isDeleted =
            flags & (RowFormat.CellFlag.tombstone | RowFormat.CellFlag.collection) != 0
        guard bytes.count - at >= (owns ? 8 : 0) + (cell.expires ? 8 : 0) + (isDeleted ? 4 : 0)
        else { return nil }
        if owns {
            cell.timestamp = bytes.little(at)
            at += 8
        }
        if isDeleted || cell.expires {
            cell.time = bytes.little(at)
            at += 4
        }
        if cell.expires {
            cell.timeToLive = bytes.little(at)
            at += 4
        }
        if cell.isElement {
            guard let path = slice() else { return nil }
            cell.path = path
        }
        if !isDeleted {
            guard let value = slice() else { return nil }
            cell.value = value
        }
        return cell
    }

    @inline(__always)
    private mutating func slice() -> UnsafeRawBufferPointer? {
        guard let length = Self.length(bytes, &at), bytes.count - at >= length else { return nil }
        defer { at += length }
        return bytes.part(at..<at + length)
    }
}

/// Writes a row; cells must be appended in their order.
struct RowWriter {
    private var base: Int64 = 0

    /// Writes the head. `base` is what most cells have as their timestamp.
    init(
        to out: inout RawBytes, base: Int64, marker: RowMarker?, deletion: Deletion?,
        clustering: UnsafeRawBufferPointer = .init(start: nil, count: 0)
    ) {
        self.base = marker?.timestamp ?? base
        var flags: UInt8 = 0
        if let marker {
            flags |= RowFormat.Flag.marker
            if marker.expiry != 0 { flags |= RowFormat.Flag.markerExpires }
        }
        if deletion != nil { flags |= RowFormat.Flag.deletion }
        if clustering.count > 0 { flags |= RowFormat.Flag.clustering }
        out.append(RowFormat.row)
        out.append(flags)
        out.appendLittle(self.base)
        if let marker, marker.expiry != 0 {
            out.appendLittle(marker.expiry)
            out.appendLittle(marker.timeToLive)
        }
        if let deletion {
            out.appendLittle(deletion.timestamp)
            out.appendLittle(deletion.localTime)
        }
        if clustering.count > 0 {
            out.appendLength(clustering.count)
            out.append(clustering)
        }
    }

    @inline(__always)
    func append(_ cell: Cell, to out: inout RawBytes) {
        let owns = cell.timestamp != base
        out.appendLittle(cell.column)
        out.append(cell.flags | (owns ? RowFormat.CellFlag.ownTimestamp : 0))
        if owns { out.appendLittle(cell.timestamp) }
        let isDeleted = cell.isTombstone || cell.deletesCollection
        if isDeleted || cell.expires { out.appendLittle(cell.time) }
        if cell.expires { out.appendLittle(cell.timeToLive) }
        if cell.isElement {
            out.appendLength(cell.path.count)
            out.append(cell.path)
        }
        if !isDeleted {
            out.appendLength(cell.value.count)
            out.append(cell.value)
        }
    }
}
