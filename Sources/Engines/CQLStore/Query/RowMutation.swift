// Turns the changes of a statement into the bytes of one row.

import CQLProtocol

/// Times of one statement.
struct WriteTimes {
    /// Microseconds.
    var timestamp: Int64
    /// Microseconds, of whole rows and ranges that are deleted.
    var deletionTimestamp: Int64
    /// Seconds, the local deletion time of tombstones.
    var now: UInt32
    /// Seconds; 0 for never.
    var timeToLive: UInt32
    var expiry: UInt32

    init(timestamp: Int64, now: UInt32, timeToLive: Int64) {
        self.timestamp = timestamp
        deletionTimestamp = timestamp
        self.now = now
        self.timeToLive = UInt32(clamping: timeToLive)
        expiry =
            timeToLive > 0 ? UInt32(min(Int64(now) + timeToLive, StoreLimits.expiryMax)) : 0
    }
}

/// An element of a collection, before it is put in order.
struct PendingCell {
    var deletesCollection = false
    var isTombstone = false
    var timestamp: Int64
    var path: [UInt8] = []
    var value: [UInt8] = []
}

/// Builds rows from column changes. What must be read first comes in as `stored`.
struct RowMutation {
    let values: BoundValues
    let context: EvaluationContext
    let times: WriteTimes
    /// The row as it is; only for changes that need it.
    let stored: StoredRow?

    /// Appends a whole row.
    func append(
        _ changes: [ColumnChanges], marker: Bool, deletion: Deletion?,
        clustering: UnsafeRawBufferPointer, to out: inout RawBytes
    ) throws(StatementError) {
        let rowMarker =
            marker
            ? RowMarker(
                timestamp: times.timestamp, expiry: times.expiry, timeToLive: times.timeToLive)
            : nil
        let writer = RowWriter(
            to: &out, base: times.timestamp, marker: rowMarker, deletion: deletion,
            clustering: clustering)
        for change in changes {
            if !change.column.isMultiCell, change.changes.count == 1 {
                try appendSimple(change.changes[0], change.column, writer, to: &out)
            } else if change.column.type.isCounter {
                try appendCounts(change.changes, change.column, writer, to: &out)
            } else {
                try appendCollection(change, writer, to: &out)
            }
        }
    }

    @inline(__always)
    private func live(_ column: Column) -> Cell {
        var cell = Cell(column: column.id, flags: 0, timestamp: times.timestamp)
        if times.expiry != 0 {
            cell.flags = RowFormat.CellFlag.expires
            cell.time = times.expiry
            cell.timeToLive = times.timeToLive
        }
        return cell
    }

    @inline(__always)
    private func tombstone(_ column: Column) -> Cell {
        Cell(
            column: column.id, flags: RowFormat.CellFlag.tombstone, timestamp: times.timestamp,
            time: times.now)
    }

    private func appendSimple(
        _ change: CellChange, _ column: Column, _ writer: RowWriter, to out: inout RawBytes
    ) throws(StatementError) {
        switch change {
        case .set(.marker(let index, let type)):
            // The way of prepared inserts: from the request to the row without a copy between.
            let cells = values.cells
            guard index < cells.count else { throw .invalid("Invalid amount of bind variables") }
            if cells.isUnset(index) { return }
            try cells.withBytes(of: index) { bytes throws(StatementError) in
                guard let bytes else { return writer.append(tombstone(column), to: &out) }
                try ValueCheck.check(bytes, type)
                if CollectionOrder.matters(type) {
                    let sorted = CollectionOrder.sorted(bytes, type)
                    return append(sorted, live(column), writer, to: &out)
                }
                var cell = live(column)
                cell.value = bytes
                writer.append(cell, to: &out)
            }
        case .set(let expression):
            switch try expression.evaluate(values, context) {
            case .unset: return
            case .null: writer.append(tombstone(column), to: &out)
            case .bytes(let bytes): append(bytes, live(column), writer, to: &out)
            }
        case .delete: writer.append(tombstone(column), to: &out)
        case .count: try appendCounts([change], column, writer, to: &out)
        case .add, .prepend, .remove, .setElement, .deleteElement:
            throw .invalid("Invalid operation on non-collection column \(column.name)")
        }
    }

    private func append(
        _ bytes: [UInt8], _ cell: Cell, _ writer: RowWriter, to out: inout RawBytes
    ) {
        bytes.withUnsafeBytes { value in
            var cell = cell
            cell.value = value
            writer.append(cell, to: &out)
        }
    }

    /// All increments of one statement; one that is unset changes nothing.
    private func appendCounts(
        _ changes: [CellChange], _ column: Column, _ writer: RowWriter, to out: inout RawBytes
    ) throws(StatementError) {
        var sum: Int64?
        for change in changes {
            guard case .count(let expression, let negated) = change else { continue }
            switch try expression.evaluate(values, context) {
            case .unset: continue
            case .null: throw .invalid("Invalid null value for counter increment")
            case .bytes(let bytes):
                guard bytes.count == 8 else {
                    throw .invalid("Invalid null value for counter increment")
                }
                let delta: Int64 = bytes.withUnsafeBytes { $0.big() }
                guard !negated || delta != .min else {
                    throw .invalid(
                        "The negation of \(delta) overflows supported counter precision (signed 8 "
                            + "bytes integer)")
                }
                sum = (sum ?? 0) &+ (negated ? 0 &- delta : delta)
            }
        }
        guard let sum else { return }
        let before = stored?.value(column.id).flatMap { bytes in
            bytes.count == 8 ? bytes.withUnsafeBytes { $0.big(as: Int64.self) } : nil
        }
        append(((before ?? 0) &+ sum).bigBytes, live(column), writer, to: &out)
    }

    // MARK: Collections

    private func appendCollection(
        _ change: ColumnChanges, _ writer: RowWriter, to out: inout RawBytes
    ) throws(StatementError) {
        var mutation = CollectionMutation(change.column, self)
        for one in change.changes { try mutation.add(one) }
        for cell in mutation.cells { append(cell, change.column, writer, to: &out) }
    }

    private func append(
        _ item: PendingCell, _ column: Column, _ writer: RowWriter, to out: inout RawBytes
    ) {
        item.path.withUnsafeBytes { path in
            item.value.withUnsafeBytes { value in
                var cell = item.isTombstone ? tombstone(column) : live(column)
                if item.deletesCollection {
                    cell = tombstone(column)
                    cell.flags = RowFormat.CellFlag.collection
                } else {
                    cell.flags |= RowFormat.CellFlag.path
                    cell.path = path
                    cell.value = value
                }
                cell.timestamp = item.timestamp
                writer.append(cell, to: &out)
            }
        }
    }
}

/// A stored row, kept for changes that depend on it.
struct StoredRow {
    private var values: [UInt16: [UInt8]] = [:]
    private var lists: [UInt16: [(path: [UInt8], value: [UInt8])]] = [:]

    /// - Parameter floor: what is not newer is deleted.
    init(
        _ bytes: UnsafeRawBufferPointer, of table: Table, floor given: Int64?, now: UInt32
    ) {
        guard var reader = RowReader(bytes) else { return }
        let floor = [given, reader.deletion?.timestamp].compactMap { $0 }.max()
        var collection: (column: UInt16, timestamp: Int64)?
        while let cell = reader.next() {
            if let floor, cell.timestamp <= floor { continue }
            if table.isDropped(cell) { continue }
            if cell.deletesCollection {
                collection = (cell.column, cell.timestamp)
                continue
            }
            guard cell.isLive(at: now) else { continue }
            if let collection, collection.column == cell.column,
                cell.timestamp <= collection.timestamp
            {
                continue
            }
            if cell.isElement {
                lists[cell.column, default: []].append((Array(cell.path), Array(cell.value)))
            } else {
                values[cell.column] = Array(cell.value)
            }
        }
    }

    func value(_ column: UInt16) -> [UInt8]? { values[column] }

    func elements(_ column: UInt16) -> [(path: [UInt8], value: [UInt8])] { lists[column] ?? [] }
}
