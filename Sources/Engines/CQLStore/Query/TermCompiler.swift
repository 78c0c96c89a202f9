// Gives terms their types: the step from what was written to what can run.

import CQLProtocol
import MillraceBase

/// Compiles the terms of one statement, noting its bind markers.
struct TermCompiler {
    var markers: MarkerList
    let keyspace: Keyspace
    /// For constants like 'now'.
    let context: EvaluationContext

    /// - Parameters:
    ///   - receiver: the column or argument that takes the value; names a marker without a name.
    mutating func compile(
        _ term: CQLTerm, as type: CQLType, receiver: String
    ) throws(StatementError) -> Expression {
        switch term {
        case .null: return .constant(nil)
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
            let hinted = try TypeResolver.resolve(
                syntax, types: keyspace.types, keyspace: keyspace.name)
            guard hinted.matches(type) else {
                throw .invalid(
                    "Cannot assign value of type \(hinted) to \(receiver) of type \(type)")
            }
            return try compile(inner, as: hinted, receiver: receiver)
        case .negated(let inner): return try negated(inner, type, receiver)
        case .arithmetic:
            throw .invalid("arithmetic in terms is not supported in this release")
        case .string, .integer, .float, .boolean, .uuid, .hex, .duration:
            return .constant(
                try Literals.encode(
                    term, as: type, receiver: receiver, now: context.nowMilliseconds))
        }
    }

    private mutating func negated(
        _ inner: CQLTerm, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        switch inner {
        case .integer(let text) where !text.hasPrefix("-"):
            return try compile(.integer("-" + text), as: type, receiver: receiver)
        case .float(let text) where !text.hasPrefix("-"):
            return try compile(.float("-" + text), as: type, receiver: receiver)
        case .duration(let text) where !text.hasPrefix("-"):
            return try compile(.duration("-" + text), as: type, receiver: receiver)
        default: throw .invalid("arithmetic in terms is not supported in this release")
        }
    }

    private mutating func parts(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> [Expression] {
        var parts: [Expression] = []
        for item in items {
            parts.append(try compile(item, as: type, receiver: "value(\(receiver))"))
        }
        return parts
    }

    /// Constant collections become constants, so that running them costs nothing.
    private func folded(_ expression: Expression, _ parts: [Expression]) throws(StatementError)
        -> Expression
    {
        for part in parts {
            guard case .constant = part else { return expression }
        }
        guard case .bytes(let bytes) = try expression.evaluate(.none, context) else {
            return expression
        }
        return .constant(bytes)
    }

    private mutating func list(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        switch type.withoutOuterFrozen {
        case .list(let element):
            let parts = try parts(items, element, receiver)
            return try folded(.collection(type, parts), parts)
        case .vector(let element, let dimensions):
            guard items.count == dimensions else {
                throw .invalid(
                    "Invalid vector literal for \(receiver) of type \(type); expected "
                        + "\(dimensions) elements, but given \(items.count)")
            }
            var bytes: [UInt8] = []
            for item in items {
                guard case .constant(let part?) = try compile(item, as: element, receiver: receiver)
                else {
                    throw .invalid("markers inside of vectors are not supported in this release")
                }
                bytes += part
            }
            return .constant(bytes)
        default: throw .invalid("Invalid list literal for \(receiver) of type \(type)")
        }
    }

    private mutating func set(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        switch type.withoutOuterFrozen {
        case .set(let element):
            let parts = try parts(items, element, receiver)
            return try folded(.collection(type, parts), parts)
        case .map where items.isEmpty: return try folded(.collection(type, []), [])
        case .udt where items.isEmpty: return .constant([])
        default: throw .invalid("Invalid set literal for \(receiver) of type \(type)")
        }
    }

    private mutating func map(
        _ entries: [CQLMapEntry], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .map(let key, let value) = type.withoutOuterFrozen else {
            throw .invalid("Invalid map literal for \(receiver) of type \(type)")
        }
        var parts: [Expression] = []
        for entry in entries {
            parts.append(try compile(entry.key, as: key, receiver: "key(\(receiver))"))
            parts.append(try compile(entry.value, as: value, receiver: "value(\(receiver))"))
        }
        return try folded(.collection(type, parts), parts)
    }

    private mutating func fields(
        _ entries: [CQLFieldEntry], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .udt(let user) = type.withoutOuterFrozen else {
            throw .invalid("Invalid user type literal for \(receiver) of type \(type)")
        }
        for entry in entries where !user.fields.contains(where: { $0.name == entry.name }) {
            throw .invalid(
                "Unknown field '\(entry.name)' in value of user defined type \(user.name)")
        }
        var parts: [Expression] = []
        for field in user.fields {
            let given = entries.last { $0.name == field.name }?.value ?? .null
            parts.append(try compile(given, as: field.type, receiver: "\(receiver).\(field.name)"))
        }
        return try folded(.fields(parts), parts)
    }

    private mutating func tuple(
        _ items: [CQLTerm], _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard case .tuple(let types) = type.withoutOuterFrozen else {
            // Brackets around one value of another type.
            guard items.count == 1 else {
                throw .invalid("Invalid tuple literal for \(receiver) of type \(type)")
            }
            return try compile(items[0], as: type, receiver: receiver)
        }
        guard items.count <= types.count else {
            throw .invalid(
                "Invalid tuple literal for \(receiver): too many elements. Type \(type) expects "
                    + "\(types.count) but got \(items.count)")
        }
        var parts: [Expression] = []
        for (item, part) in zip(items, types) {
            parts.append(try compile(item, as: part, receiver: receiver))
        }
        return try folded(.fields(parts), parts)
    }

    private mutating func function(
        _ name: CQLName, _ arguments: [CQLTerm], as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        let known = arguments.map { Self.naturalType($0, keyspace) }
        let function = try ScalarFunction.find(name, known, as: type)
        guard
            function.result.matches(type) || (type == .uuid && function.result == .timeuuid)
                || (type == .blob)
        else {
            throw .invalid(
                "Type error: cannot assign result of function system.\(function.name) (type "
                    + "\(function.result)) to \(receiver) (type \(type))")
        }
        var parts: [Expression] = []
        for (argument, parameter) in zip(arguments, function.parameters) {
            parts.append(
                try compile(argument, as: parameter, receiver: "arg(\(function.name))"))
        }
        let call = Expression.call(function, parts)
        return function.isPure ? try folded(call, parts) : call
    }

    /// The type of a term that says it itself; `nil` for constants and markers, which fit several.
    static func naturalType(_ term: CQLTerm, _ keyspace: Keyspace) -> CQLType? {
        switch term {
        case .hint(let syntax, _):
            try? TypeResolver.resolve(syntax, types: keyspace.types, keyspace: keyspace.name)
        case .function(let name, let arguments):
            try? ScalarFunction.find(
                name, arguments.map { naturalType($0, keyspace) }, as: nil
            ).result
        case .hex: .blob
        case .uuid(let text): CQLUUID(text)?.version == 1 ? .timeuuid : .uuid
        default: nil
        }
    }
}
