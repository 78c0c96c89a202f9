// Compiles the conditions of IF.

import CQLProtocol

extension WriteCompiler {
    mutating func compile(
        _ conditions: CQLConditions
    ) throws(StatementError) -> WriteConditions {
        switch conditions {
        case .none: return .none
        case .ifExists: return .exists
        case .ifNotExists: return .notExists
        case .all(let list):
            var tests: [ConditionTest] = []
            for condition in list { tests.append(try test(condition)) }
            guard !table.isCounter else {
                throw .invalid("Conditional updates are not supported on counter tables")
            }
            return .all(tests)
        }
    }

    private mutating func test(_ condition: CQLCondition) throws(StatementError) -> ConditionTest {
        func slot(_ name: String) throws(StatementError) -> Int {
            let slot = try RestrictionAnalyzer.slot(name, table)
            guard !table.columns[slot].isKey else {
                throw .invalid("PRIMARY KEY column '\(name)' cannot have IF conditions")
            }
            guard !table.columns[slot].type.isCounter else {
                throw .invalid("Conditions on counters are not supported")
            }
            return slot
        }
        switch condition {
        case .compare(let name, let operation, let term):
            let slot = try slot(name)
            let type = table.columns[slot].type
            try checkOperator(operation, name, type)
            let value = try terms.compile(
                term, as: Self.operandType(operation, type), receiver: name)
            return ConditionTest(slot: slot, test: .compare(operation, value))
        case .isIn(let name, let list):
            let slot = try slot(name)
            return ConditionTest(
                slot: slot,
                test: .isIn(try RestrictionAnalyzer.source(list, table.columns[slot], &terms)))
        case .element(let name, let key, let operation, let term):
            let slot = try slot(name)
            let (keyType, valueType) = try elementTypes(of: table.columns[slot])
            return ConditionTest(
                slot: slot,
                test: .element(
                    try terms.compile(key, as: keyType, receiver: "key(\(name))"), operation,
                    try terms.compile(term, as: valueType, receiver: "value(\(name))")))
        case .elementIn(let name, let key, let list):
            let slot = try slot(name)
            let (keyType, valueType) = try elementTypes(of: table.columns[slot])
            var receiver = table.columns[slot]
            (receiver.name, receiver.type) = ("value(\(name))", valueType)
            return ConditionTest(
                slot: slot,
                test: .elementIn(
                    try terms.compile(key, as: keyType, receiver: "key(\(name))"),
                    try RestrictionAnalyzer.source(list, receiver, &terms)))
        case .field(let name, let field, let operation, let term):
            let slot = try slot(name)
            let (index, type) = try self.field(field, of: table.columns[slot])
            return ConditionTest(
                slot: slot,
                test: .element(
                    index, operation,
                    try terms.compile(term, as: type, receiver: "\(name).\(field)")))
        case .fieldIn(let name, let field, let list):
            let slot = try slot(name)
            let (index, type) = try self.field(field, of: table.columns[slot])
            var receiver = table.columns[slot]
            (receiver.name, receiver.type) = ("\(name).\(field)", type)
            return ConditionTest(
                slot: slot,
                test: .elementIn(
                    index, try RestrictionAnalyzer.source(list, receiver, &terms)))
        }
    }

    /// What CONTAINS compares with is a part of the column.
    private static func operandType(_ operation: CQLOperator, _ type: CQLType) -> CQLType {
        switch (operation, type.withoutOuterFrozen) {
        case (.contains, .list(let part)), (.contains, .set(let part)),
            (.contains, .map(_, let part)),
            (.containsKey, .map(let part, _)):
            part
        default: type
        }
    }

    private func checkOperator(
        _ operation: CQLOperator, _ name: String, _ type: CQLType
    ) throws(StatementError) {
        switch operation {
        case .equal, .notEqual: break
        case .like: throw .invalid("LIKE is not supported in conditions")
        case .contains, .containsKey:
            guard type.withoutOuterFrozen.isCollection else {
                throw .invalid(
                    "Cannot use \(operation.rawValue) on non-collection column \(name)")
            }
            guard operation == .contains || Self.isMap(type) else {
                throw .invalid("Cannot use CONTAINS KEY on non-map column \(name)")
            }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard type.hasDuration else { return }
            let place =
                switch type.withoutOuterFrozen {
                case .duration: "durations"
                case .list, .set, .map: "collections containing durations"
                case .tuple: "tuples containing durations"
                default: "UDTs containing durations"
                }
            throw .invalid(
                "Slice conditions ( \(operation.rawValue) ) are not supported on \(place)")
        }
    }

    private static func isMap(_ type: CQLType) -> Bool {
        if case .map = type.withoutOuterFrozen { true } else { false }
    }

    private func elementTypes(of column: Column) throws(StatementError) -> (CQLType, CQLType) {
        switch column.type.withoutOuterFrozen {
        case .list, .map:
            if let types = Self.elementTypes(column.type.withoutOuterFrozen) { return types }
            throw .invalid("Invalid element access syntax for column \(column.name)")
        case .set: throw .invalid("Invalid element access syntax for set column \(column.name)")
        default:
            throw .invalid(
                "Invalid element access syntax for non-collection column \(column.name)")
        }
    }

    /// The field's place, as its path is stored, and its type.
    private func field(
        _ field: String, of column: Column
    ) throws(StatementError) -> (Expression, CQLType) {
        guard case .udt(let user) = column.type.withoutOuterFrozen else {
            throw .invalid(
                "Invalid field access syntax for non-UDT column \(column.name)")
        }
        guard let index = user.fields.firstIndex(where: { $0.name == field }) else {
            throw .invalid("Unknown field \(field) for column \(column.name)")
        }
        return (.constant(UInt16(index).bigBytes), user.fields[index].type)
    }
}

extension CQLConditions {
    /// Whether a condition is on a column that is not static; of IF EXISTS that is not said.
    func touchRegular(of table: Table) -> Bool {
        guard case .all(let list) = self else { return false }
        return list.contains { table.column($0.column)?.kind == .regular }
    }
}

extension CQLCondition {
    var column: String {
        switch self {
        case .compare(let name, _, _), .isIn(let name, _), .element(let name, _, _, _),
            .elementIn(let name, _, _), .field(let name, _, _, _), .fieldIn(let name, _, _):
            name
        }
    }
}

extension CQLType {
    /// Whether a duration is somewhere in it: durations have no order.
    var hasDuration: Bool {
        switch self {
        case .duration: true
        case .list(let part), .set(let part), .frozen(let part), .vector(let part, _):
            part.hasDuration
        case .map(let key, let value): key.hasDuration || value.hasDuration
        case .tuple(let parts): parts.contains(where: \.hasDuration)
        case .udt(let user): user.fields.contains { $0.type.hasDuration }
        default: false
        }
    }
}
