// The changes of one collection, or of one user-defined type, by one statement.

import CQLProtocol

/// Collects cells, one for each element that changes. Changes act one after the other, as in Cassandra:
/// an index of a list counts what those before it have added and taken out.
struct CollectionMutation {
    private let column: Column
    private let values: BoundValues
    private let context: EvaluationContext
    private let timestamp: Int64
    private var pending: [PendingCell] = []
    /// A list as it is after the changes so far. Only for changes that need what is stored.
    private var list: [Element]

    private struct Element {
        var path: [UInt8]
        var value: [UInt8]
        /// Set by this statement: of two values the greater one stays.
        var isNew = false
    }

    init(_ column: Column, _ mutation: RowMutation) {
        self.column = column
        values = mutation.values
        context = mutation.context
        timestamp = mutation.times.timestamp
        list =
            if case .list = column.type {
                (mutation.stored?.elements(column.id) ?? []).map {
                    Element(path: $0.path, value: $0.value)
                }
            } else {
                []
            }
    }

    private var isList: Bool { if case .list = column.type { true } else { false } }

    /// One cell for each place, in their order: of one timestamp, a deletion wins and then the greater
    /// value.
    var cells: [PendingCell] {
        let sorted = pending.sorted { a, b in
            if a.deletesCollection != b.deletesCollection { return a.deletesCollection }
            if a.path != b.path { return a.path.isLess(than: b.path) }
            if a.isTombstone != b.isTombstone { return b.isTombstone }
            return a.deletesCollection
                ? a.timestamp < b.timestamp : a.value.isLess(than: b.value)
        }
        var out: [PendingCell] = []
        for cell in sorted {
            if let last = out.last, last.path == cell.path,
                last.deletesCollection == cell.deletesCollection
            {
                out.removeLast()
            }
            out.append(cell)
        }
        return out
    }

    mutating func add(_ change: CellChange) throws(StatementError) {
        switch change {
        case .set(let expression):
            let value = try expression.evaluate(values, context)
            if value == .unset { return }
            // Older elements go; those of this very statement stay.
            pending.append(PendingCell(deletesCollection: true, timestamp: timestamp - 1))
            list = []
            if case .bytes(let bytes) = value { addElements(bytes, atFront: false) }
        case .delete:
            pending.append(PendingCell(deletesCollection: true, timestamp: timestamp))
            list = []
        case .add(let expression), .prepend(let expression):
            let atFront = if case .prepend = change { true } else { false }
            if case .bytes(let bytes) = try expression.evaluate(values, context) {
                addElements(bytes, atFront: atFront)
            }
        case .remove(let expression):
            guard case .bytes(let bytes) = try expression.evaluate(values, context) else { return }
            removeElements(bytes)
        case .setElement(let key, let value): try setElement(key, value)
        case .deleteElement(let key): try deleteElement(key)
        case .count: throw .invalid("Invalid operation on column \(column.name)")
        }
    }

    // MARK: Whole elements

    private mutating func addElements(_ bytes: [UInt8], atFront: Bool) {
        let isMap = if case .map = column.type { true } else { false }
        if case .udt = column.type { return addFields(bytes) }
        let parts: [[UInt8]] = bytes.withUnsafeBytes { all in
            (isMap ? CollectionBytes.mapParts(all) : CollectionBytes.elements(all))
                .compactMap { $0.map { Array($0) } }
        }
        switch column.type {
        case .set:
            for part in parts { pending.append(PendingCell(timestamp: timestamp, path: part)) }
        case .map:
            for index in stride(from: 0, to: parts.count - 1, by: 2) {
                pending.append(
                    PendingCell(timestamp: timestamp, path: parts[index], value: parts[index + 1]))
            }
        default:
            for part in atFront ? parts.reversed() : parts {
                let element = Element(path: listPath(atFront: atFront), value: part, isNew: true)
                pending.append(
                    PendingCell(timestamp: timestamp, path: element.path, value: part))
                list.insert(element, at: atFront ? 0 : list.count)
            }
        }
    }

    /// Fields that are null have no cell: the deletion of the whole value before them is enough.
    private mutating func addFields(_ bytes: [UInt8]) {
        let parts = bytes.withUnsafeBytes { all in
            CollectionBytes.fields(all).map { $0.map { Array($0) } }
        }
        for (index, part) in parts.enumerated() {
            guard let part else { continue }
            pending.append(
                PendingCell(
                    timestamp: timestamp, path: UInt16(clamping: index).bigBytes, value: part))
        }
    }

    /// Places rise with time at the end of a list and fall with time at its front.
    private func listPath(atFront: Bool) -> [UInt8] {
        let tick = context.ids.nextTick(milliseconds: context.nowMilliseconds)
        return (atFront ? 1 << 63 - 1 - tick : 1 << 63 + tick).bigBytes
    }

    private mutating func removeElements(_ bytes: [UInt8]) {
        let parts: [[UInt8]] = bytes.withUnsafeBytes { all in
            CollectionBytes.elements(all).compactMap { $0.map { Array($0) } }
        }
        guard isList else {
            for part in parts {
                pending.append(PendingCell(isTombstone: true, timestamp: timestamp, path: part))
            }
            return
        }
        for element in list where parts.contains(element.value) {
            pending.append(
                PendingCell(isTombstone: true, timestamp: timestamp, path: element.path))
        }
        list.removeAll { parts.contains($0.value) }
    }

    // MARK: One element

    private mutating func setElement(
        _ key: Expression, _ value: Expression
    ) throws(StatementError) {
        let key = try elementKey(key)
        let value = try value.evaluate(values, context)
        if value == .unset { return }
        var cell = PendingCell(timestamp: timestamp, path: key)
        if case .bytes(let bytes) = value { cell.value = bytes } else { cell.isTombstone = true }
        if isList {
            let index = try index(key, "set an element on")
            cell.path = list[index].path
            if cell.isTombstone {
                list.remove(at: index)
            } else {
                let isKept = list[index].isNew && cell.value.isLess(than: list[index].value)
                if !isKept { list[index].value = cell.value }
                list[index].isNew = true
            }
        }
        pending.append(cell)
    }

    private mutating func deleteElement(_ key: Expression) throws(StatementError) {
        // An index that is not set deletes nothing.
        if isList, try key.evaluate(values, context) == .unset { return }
        var path = try elementKey(key)
        if isList {
            let index = try index(path, "delete an element from")
            path = list.remove(at: index).path
        }
        pending.append(PendingCell(isTombstone: true, timestamp: timestamp, path: path))
    }

    /// What names an element: a list's index, a map's key, a set's value, a field's place.
    private func elementKey(_ key: Expression) throws(StatementError) -> [UInt8] {
        guard
            let bytes = try key.evaluate(values, context).bytes(
                unset: isList ? "Invalid unset value for list index" : "Invalid unset map key")
        else {
            throw .invalid(isList ? "Invalid null value for list index" : "Invalid null map key")
        }
        return bytes
    }

    /// - Parameter what: is to be done with the element, for the message.
    private func index(_ key: [UInt8], _ what: String) throws(StatementError) -> Int {
        guard key.count == 4 else { throw .invalid("Invalid null value for list index") }
        let index = Int(key.withUnsafeBytes { $0.big(as: Int32.self) })
        guard list.indices.contains(index) else {
            throw .invalid(
                list.isEmpty
                    ? "Attempted to \(what) a list which is null"
                    : "List index \(index) out of bound, list has size \(list.count)")
        }
        return index
    }
}
