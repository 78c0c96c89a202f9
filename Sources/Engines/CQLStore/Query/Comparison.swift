// Compares values of one type.

import CQLProtocol

enum Comparison {
    /// Negative, zero or positive. The bytes must be valid for the type.
    static func order(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ type: CQLType
    ) -> Int {
        switch type {
        case .text, .ascii, .blob: return a.compare(b)
        default: break
        }
        if a.count == b.count {
            switch (type, a.count) {
            case (.int, 4): return order(a.big(as: Int32.self), b.big(as: Int32.self))
            case (.bigint, 8), (.timestamp, 8), (.counter, 8):
                return order(a.big(as: Int64.self), b.big(as: Int64.self))
            default: if a.compare(b) == 0 { return 0 }
            }
        }
        var left = RawBytes(capacity: a.count + 16)
        var right = RawBytes(capacity: b.count + 16)
        OrderedEncoding.append(a, type: type, descending: false, to: &left)
        OrderedEncoding.append(b, type: type, descending: false, to: &right)
        return left.bytes.compare(right.bytes)
    }

    @inline(__always)
    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int {
        a == b ? 0 : a < b ? -1 : 1
    }

    static func holds(_ operation: CQLOperator, _ order: Int) -> Bool {
        switch operation {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        case .contains, .containsKey, .like: false
        }
    }
}

/// A filter with its values, ready to be asked about row after row.
struct BoundFilter {
    private enum Test {
        case compare(CQLOperator, [UInt8], CQLType)
        case address(CQLOperator, [UInt8])
        case isIn([[UInt8]], CQLType)
        case contains([UInt8], CQLType, keys: Bool)
        case element([UInt8], key: CQLType, [UInt8], value: CQLType)
        case tuple([Int], CQLOperator, [[UInt8]])
        case tupleIn([Int], [[[UInt8]]])
    }

    private let slot: Int
    private let test: Test

    /// - Parameter isAttached: a storage-attached index serves the SELECT: IPv4 addresses stand
    ///   among the others as mapped IPv6 addresses.
    init(
        _ filter: Filter, _ table: Table, _ values: BoundValues, _ context: EvaluationContext,
        isAttached: Bool = false
    ) throws(StatementError) {
        slot = filter.slot
        let column = table.columns[filter.slot]
        func bytes(_ expression: Expression) throws(StatementError) -> [UInt8] {
            guard
                let bytes = try expression.evaluate(values, context).bytes(
                    unset: "Unsupported unset value for column \(column.name)")
            else { throw .invalid("Unsupported null value for column \(column.name)") }
            return bytes
        }
        func part(_ expression: Expression, _ what: String) throws(StatementError) -> [UInt8] {
            guard
                let bytes = try expression.evaluate(values, context).bytes(
                    unset: "Unsupported unset map \(what) for column \(column.name)")
            else { throw .invalid("Unsupported null map \(what) for column \(column.name)") }
            return bytes
        }
        func names(_ slots: [Int]) -> [String] { slots.map { table.columns[$0].name } }
        let type = column.type.withoutOuterFrozen
        switch filter.test {
        case .compare(let operation, let expression):
            let operand = try bytes(expression)
            test =
                isAttached && column.type == .inet
                ? .address(operation, Self.mapped(operand))
                : .compare(operation, operand, column.type)
        case .isIn(let source):
            test = .isIn(try source.values(values, context, column: column.name), column.type)
        case .contains(let expression):
            test = .contains(try bytes(expression), type, keys: false)
        case .containsKey(let expression):
            test = .contains(try bytes(expression), type, keys: true)
        case .element(let key, _, let value):
            guard case .map(let keyType, let valueType) = type else {
                throw .invalid("Column \(column.name) is no map")
            }
            test = .element(
                try part(key, "key"), key: keyType, try part(value, "value"), value: valueType)
        case .tuple(let slots, let operation, let value):
            test = .tuple(slots, operation, try value.values(values, context, names(slots)))
        case .tupleIn(let slots, let list):
            test = .tupleIn(slots, try list.values(values, context, names(slots)))
        }
    }

    func accepts(_ view: RowView) -> Bool {
        guard let value = view.bytes(slot) else { return false }
        switch test {
        case .compare(let operation, let operand, let type):
            return operand.withUnsafeBytes {
                Comparison.holds(operation, Comparison.order(value, $0, type))
            }
        case .address(let operation, let operand):
            let order = Self.mapped(Array(value)).withUnsafeBytes { mapped in
                operand.withUnsafeBytes { mapped.compare($0) }
            }
            return Comparison.holds(operation, order)
        case .isIn(let operands, let type):
            return operands.contains { operand in
                operand.withUnsafeBytes { Comparison.order(value, $0, type) == 0 }
            }
        case .contains(let operand, let type, let keys):
            return Self.contains(value, operand, type, keys)
        case .element(let key, let keyType, let operand, let valueType):
            guard let found = Self.element(of: value, key, keyType) else { return false }
            return operand.withUnsafeBytes { Comparison.order(found, $0, valueType) == 0 }
        case .tuple(let slots, let operation, let parts):
            return Comparison.holds(operation, Self.order(view, slots, parts))
        case .tupleIn(let slots, let alternatives):
            return alternatives.contains { Self.order(view, slots, $0) == 0 }
        }
    }

    /// An IPv4 address as an IPv6 address; any other as it is.
    private static func mapped(_ address: [UInt8]) -> [UInt8] {
        address.count == 4 ? [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address : address
    }

    private static func contains(
        _ value: UnsafeRawBufferPointer, _ operand: [UInt8], _ type: CQLType, _ keys: Bool
    ) -> Bool {
        let element: CQLType
        var parts: [UnsafeRawBufferPointer?]
        switch type {
        case .list(let inner), .set(let inner):
            (element, parts) = (inner, CollectionBytes.elements(value))
        case .map(let key, let inner):
            let all = CollectionBytes.mapParts(value)
            element = keys ? key : inner
            parts = stride(from: keys ? 0 : 1, to: all.count, by: 2).map { all[$0] }
        default: return false
        }
        return operand.withUnsafeBytes { operand in
            parts.contains { part in
                part.map { Comparison.order($0, operand, element) == 0 } ?? false
            }
        }
    }

    /// A map's value.
    static func element(
        of map: UnsafeRawBufferPointer, _ key: [UInt8], _ type: CQLType
    ) -> UnsafeRawBufferPointer? {
        let parts = CollectionBytes.mapParts(map)
        return key.withUnsafeBytes { key in
            for index in stride(from: 0, to: parts.count - 1, by: 2) {
                if let part = parts[index], Comparison.order(part, key, type) == 0 {
                    return parts[index + 1]
                }
            }
            return nil
        }
    }

    private static func order(_ view: RowView, _ slots: [Int], _ parts: [[UInt8]]) -> Int {
        for (slot, part) in zip(slots, parts) {
            guard let value = view.bytes(slot) else { return -1 }
            let order = part.withUnsafeBytes {
                Comparison.order(value, $0, view.table.columns[slot].type)
            }
            if order != 0 { return order }
        }
        return 0
    }
}
