// Gives terms their types: the step from what was written to what can run.

import CQLProtocol
import MillraceBase

/// Compiles the terms of one statement, noting its bind markers.
///
/// Errors are Cassandra's: `Constants`, `Lists`, `Sets`, `Maps`, `Tuples`, `UserTypes` and `Vectors` of
/// its package cql3.
struct TermCompiler {
    var markers: MarkerList
    let keyspace: Keyspace
    /// For constants like 'now'.
    let context: EvaluationContext
    /// The table of the statement, whose partition key `token` takes.
    var table: Table?

    /// - Parameters:
    ///   - receiver: the column or argument that takes the value; names a marker without a name.
    mutating func compile(
        _ term: CQLTerm, as type: CQLType, receiver: String
    ) throws(StatementError) -> Expression {
        switch term {
        case .null:
            guard !type.isCounter else {
                throw .invalid("Invalid null value for counter increment/decrement")
            }
            return .constant(nil)
        case .marker(let marker):
            markers.add(marker, name: receiver, type: type)
            return .marker(marker.index, type)
        case .list(let items): return try list(items, type, receiver)
        case .set(let items): return try set(items, type, receiver)
        case .map(let entries): return try map(entries, type, receiver)
        case .fields(let entries): return try fields(entries, type, receiver)
        case .tuple(let items): return try tuple(items, type, receiver)
        case .function(let name, let arguments):
            return try function(name, arguments, as: type, receiver)
        case .hint(let syntax, let inner):
            return try hinted(inner, syntax, term, as: type, receiver)
        case .cast(let inner, let syntax): return try cast(inner, syntax, as: type, receiver)
        case .negated(let inner):
            if let literal = inner.negatedLiteral {
                return try compile(literal, as: type, receiver: receiver)
            }
            return try operation(term, as: type, receiver)
        case .arithmetic: return try operation(term, as: type, receiver)
        case .string, .integer, .float, .boolean, .uuid, .hex, .duration:
            guard ArgumentShape.constant(term).fit(type) > .none else {
                throw Literals.mismatch(term, type, receiver)
            }
            return .constant(
                try Literals.encode(
                    term, as: type, receiver: receiver, now: context.nowMilliseconds))
        }
    }

    /// Constant collections become constants, so that running them costs nothing.
    func folded(
        _ expression: Expression, _ parts: [Expression]
    ) throws(StatementError) -> Expression {
        for part in parts {
            guard case .constant = part else { return expression }
        }
        switch try expression.evaluate(.none, context) {
        case .bytes(let bytes): return .constant(bytes)
        case .null: return .constant(nil)
        case .unset: return expression
        }
    }

    // MARK: Collections

    /// - Throws: Cassandra's sentence about the part that is of another type.
    private mutating func parts(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String, _ what: String
    ) throws(StatementError) -> [Expression] {
        for item in items where shape(item).fit(type) == .none {
            throw .invalid(
                "Invalid \(what) literal for \(receiver): value \(item) is not of type \(type)")
        }
        var parts: [Expression] = []
        for item in items {
            parts.append(try compile(item, as: type, receiver: "value(\(receiver))"))
        }
        return parts
    }

    private mutating func list(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        switch type.withoutOuterFrozen {
        case .list(let element):
            let parts = try parts(items, element, receiver, "list")
            return try folded(.collection(type, parts), parts)
        case .vector(let element, let dimensions):
            guard items.count == dimensions else {
                throw .invalid(
                    "Invalid vector literal for \(receiver) of type \(type); expected "
                        + "\(dimensions) elements, but given \(items.count)")
            }
            let parts = try parts(items, element, receiver, "vector")
            return try folded(.vector(element, parts), parts)
        default: throw .invalid("Invalid list literal for \(receiver) of type \(type)")
        }
    }

    private mutating func set(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        switch type.withoutOuterFrozen {
        case .set(let element):
            let parts = try parts(items, element, receiver, "set")
            return try folded(.collection(type, parts), parts)
        case .map where items.isEmpty: return try folded(.collection(type, []), [])
        default: throw .invalid("Invalid set literal for \(receiver) of type \(type)")
        }
    }

    private mutating func map(
        _ entries: [CQLMapEntry], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .map(let key, let value) = type.withoutOuterFrozen else {
            throw .invalid("Invalid map literal for \(receiver) of type \(type)")
        }
        for entry in entries {
            guard shape(entry.key).fit(key) > .none else {
                throw .invalid(
                    "Invalid map literal for \(receiver): key \(entry.key) is not of type \(key)")
            }
            guard shape(entry.value).fit(value) > .none else {
                throw .invalid(
                    "Invalid map literal for \(receiver): value \(entry.value) is not of type "
                        + "\(value)")
            }
        }
        var parts: [Expression] = []
        for entry in entries {
            parts.append(try compile(entry.key, as: key, receiver: "key(\(receiver))"))
            parts.append(try compile(entry.value, as: value, receiver: "value(\(receiver))"))
        }
        return try folded(.collection(type, parts), parts)
    }

    // MARK: Fields

    private mutating func fields(
        _ entries: [CQLFieldEntry], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .udt(let user) = type.withoutOuterFrozen else {
            throw .invalid("Invalid user type literal for \(receiver) of type \(type)")
        }
        for entry in entries {
            guard let field = user.fields.first(where: { $0.name == entry.name }) else {
                throw .invalid(
                    "Unknown field '\(entry.name)' in value of user defined type \(user.name)")
            }
            guard shape(entry.value).fit(field.type) > .none else {
                throw .invalid(
                    "Invalid user type literal for \(receiver): field \(entry.name) is not of "
                        + "type \(field.type)")
            }
        }
        var parts: [Expression] = []
        for field in user.fields {
            let given = entries.last { $0.name == field.name }?.value ?? .null
            parts.append(try compile(given, as: field.type, receiver: "\(receiver).\(field.name)"))
        }
        return try folded(.userType(user, parts), parts)
    }

    private mutating func tuple(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .tuple(let types) = type.withoutOuterFrozen else {
            throw .invalid("Invalid tuple type literal for \(receiver) of type \(type)")
        }
        guard items.count <= types.count else {
            throw .invalid(
                "Invalid tuple literal for \(receiver): too many elements. Type \(type) expects "
                    + "\(types.count) but got \(items.count)")
        }
        for (index, item) in items.enumerated() where shape(item).fit(types[index]) == .none {
            throw .invalid(
                "Invalid tuple literal for \(receiver): component \(index) is not of type "
                    + "\(types[index])")
        }
        var parts: [Expression] = []
        for (index, item) in items.enumerated() {
            parts.append(
                try compile(item, as: types[index], receiver: "\(receiver)[\(index)]"))
        }
        return try folded(.fields(parts), parts)
    }
}

extension CQLTerm {
    /// `-` before a number or duration is its sign.
    var negatedLiteral: CQLTerm? {
        switch self {
        case .integer(let text) where !text.hasPrefix("-"): .integer("-" + text)
        case .float(let text) where !text.hasPrefix("-"): .float("-" + text)
        case .duration(let text) where !text.hasPrefix("-"): .duration("-" + text)
        default: nil
        }
    }
}
