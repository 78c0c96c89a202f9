// One row as it is now: its stored cells reconciled with all that deletes, ready to be looked at.

import CQLProtocol

/// The live value of one column.
struct SlotValue {
    /// `nil` is null; a value of no bytes has a start as well.
    var start: UnsafeRawPointer?
    var count = 0
    var timestamp: Int64 = 0
    /// Seconds since 1970; 0 for never.
    var expiry: UInt32 = 0

    @inline(__always)
    var bytes: UnsafeRawBufferPointer? {
        start.map { UnsafeRawBufferPointer(start: $0, count: count) }
    }
}

/// The current partition and row of a reader. Used by one thread, and filled again for each row:
/// values are pointers that live until the next row is loaded.
final class RowView {
    let table: Table
    /// Seconds; what expires up to then is gone.
    private(set) var now: UInt32
    /// Whether a row is copied when it is loaded, so that it outlives what it was read from.
    private let ownsRows: Bool
    private(set) var slots: [SlotValue]
    /// The serialised partition key.
    private(set) var partitionKey = RawBytes()
    private(set) var staticIsLive = false
    /// Whether an INSERT made the row: then it is there without any value.
    private(set) var hasMarker = false
    /// The newest timestamp that was met since the partition began, deletions included.
    private(set) var newestTimestamp = Int64.min
    /// Deleted and expired cells, deleted rows and ends of deleted ranges that were met, as
    /// Cassandra counts them.
    var tombstones = 0
    private var keyScratch = RawBytes()
    private var staticBytes = RawBytes()
    private var staticScratch = RawBytes()
    private var scratch = RawBytes()
    private var owned = RawBytes()
    /// Room for the null fields of user-defined types, in bytes of one row.
    private let fieldBytes: Int
    /// Columns of many cells whose times are kept, and these times by slot: in the order of the
    /// elements or fields, `nil` for a field that is not there.
    var timedSlots: Set<Int> = []
    private(set) var elementTimes: [Int: [CellTime?]] = [:]
    private typealias Element = (
        path: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, time: CellTime
    )
    private var elements: [Element] = []

    init(_ table: Table, now: UInt32, ownsRows: Bool = false) {
        self.table = table
        self.ownsRows = ownsRows
        self.now = now
        slots = Array(repeating: SlotValue(), count: table.columns.count)
        fieldBytes = table.columns.reduce(0) { sum, column in
            if case .udt(let type) = column.type { sum + 4 * type.fields.count } else { sum }
        }
    }

    /// For another request on the same table.
    func reuse(now: UInt32) {
        self.now = now
        tombstones = 0
    }

    @inline(__always)
    func bytes(_ slot: Int) -> UnsafeRawBufferPointer? { slots[slot].bytes }

    func array(_ slot: Int) -> [UInt8]? { slots[slot].bytes.map { Array($0) } }

    // MARK: Partition

    /// - Parameter key: as it stands in storage keys, escaped, without what is before and behind.
    func beginPartition(escaped key: UnsafeRawBufferPointer) {
        partitionKey.clear()
        _ = OrderedEncoding.unescape(key, at: 0, mask: 0, to: &partitionKey)
        setPartitionSlots()
    }

    func beginPartition(raw key: UnsafeRawBufferPointer) {
        partitionKey.clear()
        partitionKey.append(key)
        setPartitionSlots()
    }

    private func setPartitionSlots() {
        let parts = PartitionKey.parts(partitionKey.bytes, count: table.partitionKey.count)
        for slot in table.partitionKey.indices {
            slots[slot] = SlotValue()
            if slot < parts.count { set(slot, parts[slot]) }
        }
        staticIsLive = false
        newestTimestamp = .min
        for slot in table.staticSlots { slots[slot] = SlotValue() }
    }

    private func set(_ slot: Int, _ bytes: UnsafeRawBufferPointer, _ cell: Cell? = nil) {
        slots[slot] = SlotValue(
            start: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), count: bytes.count,
            timestamp: cell?.timestamp ?? 0, expiry: cell.map { $0.expires ? $0.time : 0 } ?? 0)
    }

    /// - Parameter floor: the partition's deletion.
    func loadStatic(_ value: UnsafeRawBufferPointer, floor: Int64?) {
        staticBytes.clear()
        staticBytes.append(value)
        staticScratch.clear()
        staticScratch.reserve(2 * value.count + 256 + 8 * table.columns.count + fieldBytes)
        guard let reader = RowReader(staticBytes.bytes) else { return }
        staticIsLive = load(reader, floor: floor, scratch: &staticScratch)
    }

    // MARK: Row

    /// The static part alone: a partition without rows.
    func clearRow() {
        for slot in table.columns.indices
        where table.columns[slot].kind == .regular || table.columns[slot].kind == .clustering {
            slots[slot] = SlotValue()
        }
    }

    /// - Parameters:
    ///   - clustering: the bytes behind the kind in the row's key.
    ///   - floor: what is not newer is deleted; the latest of all deletions but the row's own.
    /// - Returns: whether there is a row.
    func loadRow(
        clustering: UnsafeRawBufferPointer, value given: UnsafeRawBufferPointer, floor: Int64?
    ) -> Bool {
        var value = given
        if ownsRows {
            owned.clear()
            owned.append(given)
            value = owned.bytes
        }
        clearRow()
        scratch.clear()
        scratch.reserve(2 * value.count + 256 + 8 * table.columns.count + fieldBytes)
        guard let reader = RowReader(value) else { return false }
        hasMarker =
            reader.marker.map { marker in
                marker.timestamp > max(floor ?? .min, reader.deletion?.timestamp ?? .min)
                    && !(marker.expiry != 0 && marker.expiry <= now)
            } ?? false
        let before = tombstones
        let hasCells = load(reader, floor: floor, scratch: &scratch)
        guard hasMarker || (hasCells && !table.needsMarker) else {
            if tombstones == before, reader.deletion != nil, table.hasClustering { tombstones += 1 }
            return false
        }
        loadClustering(clustering, kept: reader.clustering)
        return true
    }

    private func loadClustering(
        _ key: UnsafeRawBufferPointer, kept: UnsafeRawBufferPointer
    ) {
        let first = table.partitionKey.count
        if table.keepsClustering {
            let parts = CollectionBytes.fields(kept)
            for (index, part) in parts.enumerated() where index < table.clustering.count {
                if let part { set(first + index, part) }
            }
            return
        }
        keyScratch.clear()
        keyScratch.reserve(key.count + 16 * table.clustering.count)
        var at = 0
        for (index, column) in table.clustering.enumerated() {
            let start = keyScratch.count
            guard
                let next = OrderedEncoding.decode(
                    key, at: at, type: column.type, descending: column.descending, to: &keyScratch)
            else { return }
            set(first + index, keyScratch.bytes.part(start..<keyScratch.count))
            at = next
        }
    }

    /// - Returns: whether any cell is live.
    private func load(
        _ reader: RowReader, floor given: Int64?, scratch: inout RawBytes
    ) -> Bool {
        var reader = reader
        let floor = max(given ?? .min, reader.deletion?.timestamp ?? .min)
        let hasFloor = given != nil || reader.deletion != nil
        newestTimestamp = max(newestTimestamp, floor, reader.marker?.timestamp ?? .min)
        var isLive = false
        var open = -1
        var collectionFloor = floor
        while let cell = reader.next() {
            newestTimestamp = max(newestTimestamp, cell.timestamp)
            let id = Int(cell.column)
            let slot = id < table.slotOfID.count ? table.slotOfID[id] : -1
            if open >= 0, slot != open {
                isLive = closeCollection(open, &scratch) || isLive
                open = -1
            }
            guard slot >= 0, !hasFloor || cell.timestamp > floor else { continue }
            if table.isDropped(cell) { continue }
            guard cell.isElement || cell.deletesCollection else {
                guard cell.isLive(at: now) else {
                    tombstones += 1
                    continue
                }
                set(slot, cell.value, cell)
                isLive = true
                continue
            }
            if open < 0 {
                open = slot
                collectionFloor = .min
                elements.removeAll(keepingCapacity: true)
            }
            if cell.deletesCollection {
                collectionFloor = cell.timestamp
            } else if !cell.isLive(at: now) {
                tombstones += 1
            } else if cell.timestamp > collectionFloor {
                let time = CellTime(
                    timestamp: cell.timestamp, expiry: cell.expires ? cell.time : 0)
                elements.append((cell.path, cell.value, time))
            }
        }
        if open >= 0 { isLive = closeCollection(open, &scratch) || isLive }
        return isLive
    }

    /// Serialises the elements of a collection into its slot; none is null.
    private func closeCollection(_ slot: Int, _ scratch: inout RawBytes) -> Bool {
        guard !elements.isEmpty else { return false }
        if timedSlots.contains(slot) { elementTimes[slot] = times(of: slot) }
        let start = scratch.count
        if case .udt(let user) = table.columns[slot].type {
            appendFields(user, &scratch)
            set(slot, scratch.bytes.part(start..<scratch.count))
            return true
        }
        scratch.appendBig(Int32(elements.count))
        switch table.columns[slot].type {
        case .list:
            for element in elements { CollectionBytes.appendPart(element.value, to: &scratch) }
        case .set(let type):
            for element in sorted(type) { CollectionBytes.appendPart(element.path, to: &scratch) }
        case .map(let key, _):
            for element in sorted(key) {
                CollectionBytes.appendPart(element.path, to: &scratch)
                CollectionBytes.appendPart(element.value, to: &scratch)
            }
        default: return false
        }
        set(slot, scratch.bytes.part(start..<scratch.count))
        return true
    }

    private func times(of slot: Int) -> [CellTime?] {
        switch table.columns[slot].type {
        case .set(let type), .map(let type, _): return sorted(type).map(\.time)
        case .udt(let user):
            var times = [CellTime?](repeating: nil, count: user.fields.count)
            for element in elements where element.path.count == 2 {
                let index = Int(element.path.big(as: UInt16.self))
                if index < times.count { times[index] = element.time }
            }
            return times
        default: return elements.map(\.time)
        }
    }

    /// The fields of a user-defined type by their places, null where there is no cell.
    private func appendFields(_ type: CQLUserType, _ scratch: inout RawBytes) {
        var next = 0
        for element in elements where element.path.count == 2 {
            let index = Int(element.path.big(as: UInt16.self))
            guard index >= next, index < type.fields.count else { continue }
            while next < index {
                scratch.appendBig(Int32(-1))
                next += 1
            }
            CollectionBytes.appendPart(element.value, to: &scratch)
            next += 1
        }
        while next < type.fields.count {
            scratch.appendBig(Int32(-1))
            next += 1
        }
    }

    /// Paths are stored in the order of their bytes; most types have another one.
    private func sorted(_ type: CQLType) -> [Element] {
        switch type {
        case .text, .ascii, .blob, .inet: return elements
        default: break
        }
        let keyed = elements.map { element in
            (CollectionBuilder.ordered(Array(element.path), type), element)
        }
        return keyed.sorted { $0.0.isLess(than: $1.0) }.map(\.1)
    }

    /// The key of a virtual table's row.
    func setVirtualPartition(_ key: UnsafeRawBufferPointer) {
        partitionKey.clear()
        partitionKey.append(key)
    }

    /// Fills the row from values that are not stored: a virtual table's.
    func load(virtual values: [[UInt8]?]) {
        scratch.clear()
        scratch.reserve(values.reduce(0) { $0 + ($1?.count ?? 0) })
        for (slot, value) in values.enumerated() {
            slots[slot] = SlotValue()
            guard let value else { continue }
            let start = scratch.count
            scratch.append(value)
            set(slot, scratch.bytes.part(start..<scratch.count))
        }
    }
}
