// Whether one condition of IF holds for what is stored.
// Source: Cassandra's ColumnCondition.

import CQLProtocol

/// Evaluates tests of one statement.
struct ConditionHolds {
    let table: Table
    let values: BoundValues
    let context: EvaluationContext

    private static let unset = "Invalid 'unset' value in condition"

    /// - Parameter stored: the whole column.
    func holds(_ test: ConditionTest, _ stored: [UInt8]?) throws(StatementError) -> Bool {
        let column = table.columns[test.slot]
        switch test.test {
        case .compare(let operation, let expression):
            let operand = try expression.evaluate(values, context)
            // Of columns with cells, CONTAINS nothing at all is just not so.
            if case .unset = operand, column.isMultiCell,
                operation == .contains || operation == .containsKey
            {
                return false
            }
            return try compare(
                stored, operation, try operand.bytes(unset: Self.unset), column.type)
        case .isIn(let source): return try isIn(stored, source, column.type)
        case .element(let key, let operation, let expression):
            let (element, type) = try element(of: stored, key, column.type)
            return try compare(
                element, operation,
                try expression.evaluate(values, context).bytes(
                    unset: Self.unset), type)
        case .elementIn(let key, let source):
            let (element, type) = try element(of: stored, key, column.type)
            return try isIn(element, source, type)
        }
    }

    private func isIn(
        _ stored: [UInt8]?, _ source: ValueSource, _ type: CQLType
    ) throws(StatementError) -> Bool {
        for candidate in try candidates(source) where try compare(stored, .equal, candidate, type) {
            return true
        }
        return false
    }

    /// Null is a value to be found here; what is unset is left out.
    private func candidates(_ source: ValueSource) throws(StatementError) -> [[UInt8]?] {
        var out: [[UInt8]?] = []
        switch source {
        case .one(let expression): try append(expression, to: &out)
        case .several(let several): for expression in several { try append(expression, to: &out) }
        case .list(let expression, let element):
            guard
                let bytes = try expression.evaluateList(values, context).bytes(unset: Self.unset)
            else { throw .invalid("Invalid null list in IN condition") }
            out = bytes.withUnsafeBytes { all in
                CollectionBytes.elements(all).map { $0.map { Array($0) } }
            }
            for part in out { try part?.check(as: element) }
        case .tuples, .inTuple: break
        }
        return out
    }

    private func append(
        _ expression: Expression, to out: inout [[UInt8]?]
    ) throws(StatementError) {
        switch try expression.evaluate(values, context) {
        case .unset: break
        case .null: out.append(nil)
        case .bytes(let bytes): out.append(bytes)
        }
    }

    // MARK: Parts of a column

    private func element(
        of stored: [UInt8]?, _ key: Expression, _ type: CQLType
    ) throws(StatementError) -> ([UInt8]?, CQLType) {
        let what = if case .map = type.withoutOuterFrozen { "map" } else { "list" }
        guard
            let key = try key.evaluate(values, context).bytes(
                unset: "Invalid 'unset' value in \(what) element access")
        else { throw .invalid("Invalid null value for \(what) element access") }
        switch type.withoutOuterFrozen {
        case .map(let keyType, let valueType):
            let found = stored?.withUnsafeBytes { all in
                BoundFilter.element(of: all, key, keyType).map { Array($0) }
            }
            return (found ?? nil, valueType)
        case .list(let element):
            let index = key.count == 4 ? Int(key.withUnsafeBytes { $0.big(as: Int32.self) }) : -1
            guard index >= 0 else { throw .invalid("Invalid negative list index \(index)") }
            return (Self.part(of: stored, index, CollectionBytes.elements), element)
        case .udt(let user):
            let index = key.count == 2 ? Int(key.withUnsafeBytes { $0.big(as: UInt16.self) }) : -1
            guard user.fields.indices.contains(index) else { return (nil, type) }
            return (Self.part(of: stored, index, CollectionBytes.fields), user.fields[index].type)
        default: return (nil, type)
        }
    }

    private static func part(
        _ index: Int, of parts: [UnsafeRawBufferPointer?]
    ) -> [UInt8]? {
        parts.indices.contains(index) ? parts[index].map { Array($0) } : nil
    }

    private static func part(
        of stored: [UInt8]?, _ index: Int,
        _ parts: (UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?]
    ) -> [UInt8]? {
        guard let stored else { return nil }
        return stored.withUnsafeBytes { part(index, of: parts($0)) }
    }

    // MARK: Comparison

    /// Null equals null alone, and nothing is less or greater than it.
    private func compare(
        _ stored: [UInt8]?, _ operation: CQLOperator, _ operand: [UInt8]?, _ type: CQLType
    ) throws(StatementError) -> Bool {
        if operation == .contains || operation == .containsKey {
            return try contains(stored, operation, operand, type)
        }
        guard let operand else {
            switch operation {
            case .equal: return stored == nil
            case .notEqual: return stored != nil
            case .less, .lessOrEqual, .greater, .greaterOrEqual, .contains, .containsKey, .like:
                throw .invalid(
                    "Invalid comparison with null for operator \"\(operation.rawValue)\"")
            }
        }
        // A collection that is not frozen is null when it is empty.
        let isCollection =
            switch type {
            case .list, .set, .map: true
            default: false
            }
        guard let stored = stored ?? (isCollection ? Int32(0).bigBytes : nil) else {
            return operation == .notEqual
        }
        return stored.withUnsafeBytes { a in
            operand.withUnsafeBytes { b in
                Comparison.holds(operation, Comparison.order(a, b, type))
            }
        }
    }

    private func contains(
        _ stored: [UInt8]?, _ operation: CQLOperator, _ operand: [UInt8]?, _ type: CQLType
    ) throws(StatementError) -> Bool {
        guard let operand else {
            throw .invalid("Invalid comparison with null for operator \"\(operation.rawValue)\"")
        }
        guard let stored else { return false }
        return stored.withUnsafeBytes { all in
            operand.withUnsafeBytes { wanted in
                let parts: [UnsafeRawBufferPointer?]
                let partType: CQLType
                switch type.withoutOuterFrozen {
                case .list(let element), .set(let element):
                    (parts, partType) = (CollectionBytes.elements(all), element)
                case .map(let key, let value):
                    let isKey = operation == .containsKey
                    let pairs = CollectionBytes.mapParts(all)
                    parts = pairs.indices.filter { $0 % 2 == (isKey ? 0 : 1) }.map { pairs[$0] }
                    partType = isKey ? key : value
                default: return false
                }
                return parts.contains { part in
                    part.map { Comparison.order($0, wanted, partType) == 0 } ?? false
                }
            }
        }
    }
}
