// Turns types as written into types, with the rules of where `frozen` must stand.

import CQLProtocol

enum TypeResolver {
    /// - Parameter types: the keyspace's user-defined types.
    static func resolve(
        _ syntax: CQLTypeSyntax, types: [String: CQLUserType], keyspace: String
    ) throws(StatementError) -> CQLType {
        let type = try plain(syntax, types: types, keyspace: keyspace)
        // Messages name a user-defined type as the statement does: with its keyspace if that stood there.
        let spelled = try plain(syntax, types: types, keyspace: keyspace, isSpelled: true)
        try checkNesting(spelled, isInside: false, isFrozen: false)
        return type
    }

    private static func plain(
        _ syntax: CQLTypeSyntax, types: [String: CQLUserType], keyspace: String,
        isSpelled: Bool = false
    ) throws(StatementError) -> CQLType {
        func inner(_ syntax: CQLTypeSyntax) throws(StatementError) -> CQLType {
            try plain(syntax, types: types, keyspace: keyspace, isSpelled: isSpelled)
        }
        switch syntax {
        case .named(let name):
            if name.keyspace == nil, let simple = CQLType.simpleTypes[name.name] { return simple }
            guard name.keyspace == nil || name.keyspace == keyspace else {
                throw .invalid(
                    "Statement on keyspace \(keyspace) cannot refer to a user type in keyspace "
                        + "\(name.keyspace ?? ""); user types can only be used in the "
                        + "keyspace they "
                        + "are defined in")
            }
            guard var type = types[name.name] else {
                throw .invalid("Unknown type \(keyspace).\(name.name)")
            }
            if isSpelled, let keyspace = name.keyspace { type.name = "\(keyspace).\(type.name)" }
            return .udt(type)
        case .list(let element): return .list(try inner(element))
        case .set(let element): return .set(try inner(element))
        case .map(let key, let value): return .map(try inner(key), try inner(value))
        case .frozen(let type):
            let type = try inner(type)
            // A tuple is always frozen; saying so changes nothing.
            if case .tuple = type { return type }
            return .frozen(type)
        case .tuple(let parts):
            guard parts.count <= StoreLimits.typePartsMax else {
                throw .invalid("A tuple may have \(StoreLimits.typePartsMax) elements at most")
            }
            var resolved: [CQLType] = []
            for part in parts { resolved.append(try inner(part)) }
            return .tuple(resolved)
        case .vector(let element, let dimensions):
            guard dimensions > 0 else {
                throw .invalid("vectors may only have positive dimensions; given \(dimensions)")
            }
            return .vector(try inner(element), dimensions: dimensions)
        case .custom(let name):
            do {
                return try JavaTypeName.parse(name)
            } catch {
                throw .invalid(error.description)
            }
        }
    }

    /// Without the quotes of its names.
    private static func text(_ type: CQLType) -> String { type.description.filter { $0 != "\"" } }

    private static func checkNesting(
        _ type: CQLType, isInside: Bool, isFrozen: Bool
    ) throws(StatementError) {
        switch type {
        case .frozen(let inner):
            switch inner {
            case .list, .set, .map, .tuple, .udt, .vector: break
            default:
                throw .invalid(
                    "frozen<> is only allowed on collections, tuples, and user-defined types "
                        + "(got \(inner))")
            }
            try checkNesting(inner, isInside: isInside, isFrozen: true)
        case .list(let element), .set(let element):
            try checkCollection(type, [element], isInside: isInside, isFrozen: isFrozen)
        case .map(let key, let value):
            try checkCollection(type, [key, value], isInside: isInside, isFrozen: isFrozen)
        case .tuple(let parts):
            for part in parts {
                guard !part.isCounter else {
                    throw .invalid("Counters are not allowed inside tuples")
                }
                try checkNesting(part, isInside: true, isFrozen: true)
            }
        case .vector(let element, _):
            guard !element.isCounter else {
                throw .invalid("Counters are not allowed inside collections: \(text(type))")
            }
            try checkNesting(element, isInside: true, isFrozen: true)
        default: break
        }
    }

    private static func checkCollection(
        _ type: CQLType, _ elements: [CQLType], isInside: Bool, isFrozen: Bool
    ) throws(StatementError) {
        guard !isInside || isFrozen else {
            throw .invalid(
                "Non-frozen collections are not allowed inside collections: \(text(type))")
        }
        if case .list = type {
        } else if elements[0] == .duration {
            let shown = isFrozen ? CQLType.frozen(type) : type
            throw .invalid(
                "Durations are not allowed "
                    + (elements.count == 1 ? "inside sets" : "as map keys") + ": \(shown)")
        }
        for element in elements {
            guard !element.isCounter else {
                throw .invalid("Counters are not allowed inside collections: \(text(type))")
            }
            if case .udt = element, !isFrozen {
                throw .invalid("Non-frozen UDTs are not allowed inside collections: \(text(type))")
            }
            if element.isMultiCell, !isFrozen {
                throw .invalid(
                    "Non-frozen collections are not allowed inside collections: \(text(type))")
            }
            try checkNesting(element, isInside: true, isFrozen: isFrozen)
        }
    }
}
