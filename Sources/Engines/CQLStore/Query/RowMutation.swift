// Turns the changes of a statement into the bytes of one row.

import CQLProtocol

/// Times of one statement.
struct WriteTimes {
    /// Microseconds.
    var timestamp: Int64
    /// Seconds, the local deletion time of tombstones.
    var now: UInt32
    /// Seconds; 0 for never.
    var timeToLive: UInt32
    var expiry: UInt32

    init(timestamp: Int64, now: UInt32, timeToLive: Int64) {
        self.timestamp = timestamp
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
        case .count(let expression, let negated):
            guard
                let bytes = try expression.evaluate(values, context).bytes(
                    unset: "Invalid unset value for counter increment"), bytes.count == 8
            else { throw .invalid("Invalid null value for counter increment") }
            let delta: Int64 = bytes.withUnsafeBytes { $0.big() }
            let before = stored?.value(column.id).flatMap { bytes in
                bytes.count == 8 ? bytes.withUnsafeBytes { $0.big(as: Int64.self) } : nil
            }
            append(
                ((before ?? 0) &+ (negated ? 0 &- delta : delta)).bigBytes, live(column), writer,
                to: &out)
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

    // MARK: Collections

    private func appendCollection(
        _ change: ColumnChanges, _ writer: RowWriter, to out: inout RawBytes
    ) throws(StatementError) {
        var pending: [PendingCell] = []
        for one in change.changes { try collect(one, change.column, &pending) }
        // In their order; of equal places the last one said.
        let sorted = pending.enumerated().sorted { a, b in
            if a.element.deletesCollection != b.element.deletesCollection {
                return a.element.deletesCollection
            }
            if a.element.path != b.element.path {
                return a.element.path.isLess(than: b.element.path)
            }
            return a.offset < b.offset
        }.map(\.element)
        for (index, item) in sorted.enumerated() {
            if index + 1 < sorted.count, sorted[index + 1].path == item.path,
                sorted[index + 1].deletesCollection == item.deletesCollection
            {
                continue
            }
            append(item, change.column, writer, to: &out)
        }
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

    private func collect(
        _ change: CellChange, _ column: Column, _ pending: inout [PendingCell]
    ) throws(StatementError) {
        let timestamp = times.timestamp
        switch change {
        case .set(let expression):
            let value = try expression.evaluate(values, context)
            if value == .unset { return }
            // Older elements go; those of this very statement stay.
            pending.append(PendingCell(deletesCollection: true, timestamp: timestamp - 1))
            if case .bytes(let bytes) = value { try addElements(bytes, column, false, &pending) }
        case .delete:
            pending.append(PendingCell(deletesCollection: true, timestamp: timestamp))
        case .add(let expression), .prepend(let expression):
            let atFront = if case .prepend = change { true } else { false }
            if case .bytes(let bytes) = try expression.evaluate(values, context) {
                try addElements(bytes, column, atFront, &pending)
            }
        case .remove(let expression):
            guard case .bytes(let bytes) = try expression.evaluate(values, context) else { return }
            try removeElements(bytes, column, &pending)
        case .setElement(let key, let value): try setElement(key, value, column, &pending)
        case .deleteElement(let key):
            guard
                let bytes = try key.evaluate(values, context).bytes(
                    unset: "Invalid unset value for element of \(column.name)")
            else { throw .invalid("Invalid null value for element of \(column.name)") }
            pending.append(
                PendingCell(
                    isTombstone: true, timestamp: timestamp,
                    path: try path(of: bytes, column)))
        case .count: throw .invalid("Invalid operation on column \(column.name)")
        }
    }

    private func addElements(
        _ bytes: [UInt8], _ column: Column, _ atFront: Bool, _ pending: inout [PendingCell]
    ) throws(StatementError) {
        let isMap = if case .map = column.type { true } else { false }
        let parts: [[UInt8]] = bytes.withUnsafeBytes { all in
            (isMap ? CollectionBytes.mapParts(all) : CollectionBytes.elements(all))
                .compactMap { $0.map { Array($0) } }
        }
        switch column.type {
        case .set:
            for part in parts {
                pending.append(PendingCell(timestamp: times.timestamp, path: part))
            }
        case .map:
            for index in stride(from: 0, to: parts.count - 1, by: 2) {
                pending.append(
                    PendingCell(
                        timestamp: times.timestamp, path: parts[index], value: parts[index + 1]))
            }
        default:
            for part in atFront ? parts.reversed() : parts {
                pending.append(
                    PendingCell(
                        timestamp: times.timestamp, path: listPath(atFront: atFront), value: part))
            }
        }
    }

    /// Places rise with time at the end of a list and fall with time at its front.
    private func listPath(atFront: Bool) -> [UInt8] {
        let tick = context.ids.nextTick(milliseconds: context.nowMilliseconds)
        return (atFront ? 1 << 63 - 1 - tick : 1 << 63 + tick).bigBytes
    }

    private func removeElements(
        _ bytes: [UInt8], _ column: Column, _ pending: inout [PendingCell]
    ) throws(StatementError) {
        let parts: [[UInt8]] = bytes.withUnsafeBytes { all in
            CollectionBytes.elements(all).compactMap { $0.map { Array($0) } }
        }
        if case .list = column.type {
            for element in stored?.elements(column.id) ?? [] where parts.contains(element.value) {
                pending.append(
                    PendingCell(isTombstone: true, timestamp: times.timestamp, path: element.path))
            }
            return
        }
        for part in parts {
            pending.append(PendingCell(isTombstone: true, timestamp: times.timestamp, path: part))
        }
    }

    private func setElement(
        _ key: Expression, _ value: Expression, _ column: Column, _ pending: inout [PendingCell]
    ) throws(StatementError) {
        if case .set = column.type {
            throw .invalid(
                "Invalid operation (\(column.name)[…] = …) for set column \(column.name)")
        }
        guard
            let keyBytes = try key.evaluate(values, context).bytes(
                unset: "Invalid unset map key")
        else { throw .invalid("Invalid null map key") }
        let value = try value.evaluate(values, context)
        if value == .unset { return }
        var cell = PendingCell(timestamp: times.timestamp, path: try path(of: keyBytes, column))
        if case .bytes(let bytes) = value { cell.value = bytes } else { cell.isTombstone = true }
        pending.append(cell)
    }

    /// The stored place of an element: of a list, that of its index.
    private func path(of key: [UInt8], _ column: Column) throws(StatementError) -> [UInt8] {
        guard case .list = column.type else { return key }
        guard key.count == 4 else { throw .invalid("Invalid null value for list index") }
        let index = Int(key.withUnsafeBytes { $0.big(as: Int32.self) })
        let elements = stored?.elements(column.id) ?? []
        guard elements.indices.contains(index) else {
            throw .invalid(
                elements.isEmpty
                    ? "Attempted to set an element on a list which is null"
                    : "List index \(index) out of bound, list has size \(elements.count)")
        }
        return elements[index].path
    }
}

/// A stored row, kept for changes that depend on it.
struct StoredRow {
    private var values: [UInt16: [UInt8]] = [:]
    private var lists: [UInt16: [(path: [UInt8], value: [UInt8])]] = [:]

    /// - Parameter floor: what is not newer is deleted.
    init(_ bytes: UnsafeRawBufferPointer, floor given: Int64?, now: UInt32) {
        guard var reader = RowReader(bytes) else { return }
        let floor = [given, reader.deletion?.timestamp].compactMap { $0 }.max()
        var collection: (column: UInt16, timestamp: Int64)?
        while let cell = reader.next() {
            if let floor, cell.timestamp <= floor { continue }
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
