// Compiles what SET assigns, and which fields DELETE names.

import CQLProtocol

extension WriteCompiler {
    mutating func change(
        _ assignment: CQLAssignment, _ column: Column
    ) throws(StatementError) -> CellChange {
        let name = column.name
        switch assignment {
        case .set(_, let term):
            guard !column.type.isCounter else {
                throw .invalid(
                    "Cannot set the value of counter column \(name) (counters can only be "
                        + "incremented/decremented, not set)"
                )
            }
            return .set(try terms.compile(term, as: column.type, receiver: name))
        case .add(_, let term), .subtract(_, let term):
            let subtracts = if case .subtract = assignment { true } else { false }
            if column.type.isCounter {
                return .count(
                    try terms.compile(term, as: .counter, receiver: name), negated: subtracts)
            }
            let shown = "\(name) = \(name) \(subtracts ? "-" : "+") \(term)"
            guard column.type.withoutOuterFrozen.isCollection else {
                let isTuple =
                    switch column.type.withoutOuterFrozen {
                    case .tuple, .udt: true
                    default: false
                    }
                throw .invalid(
                    "Invalid operation (\(shown)) for \(isTuple ? "tuple" : "non counter") column "
                        + name)
            }
            guard column.isMultiCell else {
                throw .invalid("Invalid operation (\(shown)) for frozen collection column \(name)")
            }
            guard case .map(let key, _) = column.type else {
                let value = try terms.compile(term, as: column.type, receiver: name)
                return subtracts ? .remove(value) : .add(value)
            }
            let operand = subtracts ? CQLType.frozen(.set(key)) : column.type
            do throws(StatementError) {
                let value = try terms.compile(term, as: operand, receiver: name)
                return subtracts ? .remove(value) : .add(value)
            } catch {
                guard case .invalid = error, !term.isMapOperand(ofSet: subtracts) else {
                    throw error
                }
                throw .invalid(
                    subtracts
                        ? "Value for a map subtraction has to be a set, but was: '\(term)'"
                        : "Value for a map addition has to be a map, but was: '\(term)'")
            }
        case .prepend(_, let term):
            guard case .list = column.type else {
                let isFrozenList =
                    if case .list = column.type.withoutOuterFrozen { true } else { false }
                throw .invalid(
                    "Invalid operation (\(name) = \(term) - \(name)) for "
                        + (isFrozenList ? "frozen list" : "non list") + " column \(name)")
            }
            return .prepend(try terms.compile(term, as: column.type, receiver: name))
        case .element(_, let key, let value):
            let shown = "\(name)[\(key)] = \(value)"
            guard let (keyType, valueType) = Self.elementTypes(column.type) else {
                let what = column.type.withoutOuterFrozen.isCollection ? "frozen" : "non"
                throw .invalid("Invalid operation (\(shown)) for \(what) collection column \(name)")
            }
            if case .set = column.type {
                throw .invalid("Invalid operation (\(shown)) for set column \(name)")
            }
            return .setElement(
                key: try terms.compile(
                    key, as: keyType,
                    receiver: column.type.isList
                        ? "idx(\(name))" : "key(\(name))"),
                value: try terms.compile(value, as: valueType, receiver: "value(\(name))"))
        case .field(_, let field, let term):
            guard case .udt(let user) = column.type else {
                let isFrozen = if case .udt = column.type.withoutOuterFrozen { true } else { false }
                throw .invalid(
                    "Invalid operation (\(name).\(field) = \(term)) for "
                        + (isFrozen ? "frozen UDT" : "non-UDT") + " column \(name)")
            }
            let index = try Self.fieldIndex(field, user, name)
            return .setElement(
                key: .constant(UInt16(index).bigBytes),
                value: try terms.compile(
                    term, as: user.fields[index].type, receiver: "\(name).\(field)"))
        }
    }

    /// The types of a key and of a value of a collection; `nil` for other types and frozen ones.
    static func elementTypes(_ type: CQLType) -> (CQLType, CQLType)? {
        switch type {
        case .list(let element): (.int, element)
        case .map(let key, let value): (key, value)
        case .set(let element): (element, element)
        default: nil
        }
    }

    static func fieldIndex(
        _ field: String, _ type: CQLUserType, _ column: String
    ) throws(StatementError) -> Int {
        guard let index = type.fields.firstIndex(where: { $0.name == field }) else {
            throw .invalid("UDT column \(column) does not have a field named \(field)")
        }
        return index
    }

    func deletedField(
        _ field: String, _ column: Column
    ) throws(StatementError) -> Int {
        switch column.type {
        case .udt(let user): return try Self.fieldIndex(field, user, column.name)
        case .frozen(.udt):
            throw .invalid("Frozen UDT column \(column.name) does not support field deletion")
        default:
            throw .invalid(
                "Invalid field deletion operation for non-UDT column \(column.name)")
        }
    }
}

extension CQLTerm {
    /// Whether it is of the right shape: then it is something inside that is wrong.
    fileprivate func isMapOperand(ofSet isSet: Bool) -> Bool {
        switch self {
        case .set(let items): isSet || items.isEmpty
        case .map: !isSet
        default: false
        }
    }
}

extension CQLType {
    var isList: Bool { if case .list = self { true } else { false } }
}
