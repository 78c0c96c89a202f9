// What is known of the arguments of a function before the function is chosen.

import CQLProtocol
import MillraceBase

/// How well a value fits a type. Source: Cassandra's `AssignmentTestable.TestResult`.
enum Fit: Int, Comparable, Sendable {
    case none, weak, exact

    static func < (left: Fit, right: Fit) -> Bool { left.rawValue < right.rawValue }
}

/// The shape of an argument: as much of its type as it says itself.
indirect enum ArgumentShape: Sendable {
    /// A marker: any type.
    case anything
    case null
    case typed(CQLType)
    /// A constant, which fits several types and prefers one.
    case constant(CQLTerm)
    case list([ArgumentShape])
    case set([ArgumentShape])
    /// Keys and values in turn.
    case map([ArgumentShape])
    /// The same in a selection, where it could be a user-defined value too: only a hint decides.
    case entries([ArgumentShape])
    case tuple([ArgumentShape])
    /// Fields of a user-defined type.
    case fields([String: ArgumentShape])
    /// An operation, which gives what its receiver asks for: the types it can give.
    case operation([CQLType: Fit])
}

struct FunctionArgument: Sendable {
    var shape: ArgumentShape
    /// As it is shown in messages and in the names of result columns.
    var text: String
}

extension ArgumentShape {
    func fit(_ type: CQLType) -> Fit {
        let type = type.withoutOuterFrozen
        switch self {
        case .anything: return .weak
        case .operation(let fits): return fits[type] ?? .none
        case .null: return type.isCounter ? .none : .weak
        case .typed(let given):
            if given.matches(type) { return .exact }
            return type.acceptsValues(of: given) ? .weak : .none
        case .constant(let term): return Self.fit(term, type)
        case .list(let parts):
            switch type {
            case .list(let element): return Self.all(parts, element)
            case .vector(let element, let dimensions):
                return parts.count == dimensions ? Self.all(parts, element) : .none
            default: return .none
            }
        case .set(let parts):
            if case .map = type, parts.isEmpty { return .weak }
            guard case .set(let element) = type else { return .none }
            return Self.all(parts, element)
        case .map(let parts), .entries(let parts): return Self.fit(entries: parts, type)
        case .tuple(let parts):
            if parts.count == 1 {
                if case .tuple = type {} else { return parts[0].fit(type) }
            }
            guard case .tuple(let types) = type, parts.count <= types.count else { return .none }
            return zip(parts, types).map { $0.fit($1) }.min() ?? .exact
        case .fields(let parts):
            guard case .udt(let user) = type else { return .none }
            var least = Fit.exact
            for (name, part) in parts {
                guard let field = user.fields.first(where: { $0.name == name }) else {
                    return .none
                }
                least = min(least, part.fit(field.type))
            }
            return least
        }
    }

    private static func all(_ parts: [ArgumentShape], _ element: CQLType) -> Fit {
        parts.map { $0.fit(element) }.min() ?? .weak
    }

    private static func fit(entries parts: [ArgumentShape], _ type: CQLType) -> Fit {
        guard case .map(let key, let value) = type else { return .none }
        return parts.enumerated().map { $1.fit($0 % 2 == 0 ? key : value) }.min() ?? .weak
    }

    /// Which constants may stand for which types (`Constants.Literal.testAssignment`).
    private static func fit(_ term: CQLTerm, _ type: CQLType) -> Fit {
        switch type {
        case .custom, .tuple: return .weak
        default: break
        }
        if preferredType(term) == type { return .exact }
        let fits: Bool
        switch (term, type) {
        case (.string, .ascii), (.string, .text), (.string, .inet), (.string, .date),
            (.string, .time), (.string, .timestamp):
            fits = true
        case (.integer, .duration), (.integer, .date), (.integer, .time), (.integer, .timestamp):
            fits = true
        case (.integer, _): fits = Arithmetic.numericTypes.contains(type)
        case (.float, .decimal), (.float, .double), (.float, .float): fits = true
        case (.uuid, .uuid), (.uuid, .timeuuid): fits = true
        case (.boolean, .boolean), (.hex, .blob), (.duration, .duration): fits = true
        default: fits = false
        }
        return fits ? .weak : .none
    }

    /// The type that a constant has where it could have several.
    static func preferredType(_ term: CQLTerm) -> CQLType? {
        switch term {
        case .string(let text): text.utf8.allSatisfy { $0 < 0x80 } ? .ascii : .text
        case .integer(let text):
            Int32(text) != nil ? .int : Int64(text) != nil ? .bigint : .varint
        case .float(let text): preferredFloat(text)
        case .boolean: .boolean
        case .uuid: .uuid
        case .hex: .blob
        case .duration: .duration
        default: nil
        }
    }

    private static func preferredFloat(_ text: String) -> CQLType {
        guard let exact = CQLDecimal(text), let double = Double(text),
            let back = CQLDecimal(double)
        else { return Double(text).map { !$0.isFinite } == true ? .double : .decimal }
        return exact.stripped() == back.stripped() ? .double : .decimal
    }

    /// The type it must have, when there is only one.
    var exactType: CQLType? {
        switch self {
        case .typed(let type): type
        case .anything, .null, .constant, .fields, .operation, .entries: nil
        case .list(let parts): parts.lazy.compactMap(\.exactType).first.map { .list($0) }
        case .set(let parts): parts.lazy.compactMap(\.exactType).first.map { .set($0) }
        case .map(let parts): Self.mapType(parts, \.exactType)
        case .tuple(let parts): Self.tupleType(parts, \.exactType)
        }
    }

    /// The type it takes when nothing else decides.
    var compatibleType: CQLType? {
        switch self {
        case .typed(let type): type
        case .anything, .null, .fields, .entries: nil
        case .operation(let fits): Arithmetic.numericTypes.first { fits[$0] == .exact }
        case .constant(let term): Self.preferredType(term)
        case .list(let parts): Self.widest(parts).map { .list($0) }
        case .set(let parts): Self.widest(parts).map { .set($0) }
        case .map(let parts):
            Self.mapType(parts, \.compatibleType)
        // It could be a tuple as well as a value in brackets.
        case .tuple(let parts):
            parts.count == 1 ? nil : Self.tupleType(parts, \.compatibleType)
        }
    }

    private static func mapType(
        _ parts: [ArgumentShape], _ type: (ArgumentShape) -> CQLType?
    ) -> CQLType? {
        let keys = stride(from: 0, to: parts.count, by: 2).compactMap { type(parts[$0]) }
        let values = stride(from: 1, to: parts.count, by: 2).compactMap { type(parts[$0]) }
        guard let key = keys.first, let value = values.first else { return nil }
        return .map(key, value)
    }

    private static func tupleType(
        _ parts: [ArgumentShape], _ type: (ArgumentShape) -> CQLType?
    ) -> CQLType? {
        let types = parts.compactMap(type)
        guard types.count == parts.count else { return nil }
        return types.count == 1 ? types[0] : .tuple(types)
    }

    /// Of the types that the parts prefer, the one that takes the values of all others.
    private static func widest(_ parts: [ArgumentShape]) -> CQLType? {
        let types = parts.compactMap(\.compatibleType)
        return types.first { type in types.allSatisfy { type.acceptsValues(of: $0) } }
    }
}

extension CQLType {
    /// Whether it has a frozen form of its own: a type hint is meant that way.
    var isFreezable: Bool {
        switch self {
        case .list, .set, .map, .udt: true
        case .tuple, .frozen, .vector, .custom, .ascii, .bigint, .blob, .boolean, .counter,
            .decimal, .double, .float, .int, .timestamp, .uuid, .text, .varint, .timeuuid, .inet,
            .date, .time, .smallint, .tinyint, .duration:
            false
        }
    }

    /// Whether bytes of the other type may stand where this one is wanted. Source: Cassandra's
    /// `isValueCompatibleWith` of each type.
    func acceptsValues(of other: CQLType) -> Bool {
        let (mine, other) = (withoutOuterFrozen, other.withoutOuterFrozen)
        if mine.matches(other) { return true }
        switch (mine, other) {
        case (.blob, _): return true
        case (.text, .ascii), (.uuid, .timeuuid): return true
        case (.varint, .int), (.varint, .bigint), (.varint, .timestamp): return true
        case (.bigint, .timestamp), (.timestamp, .bigint), (.time, .bigint): return true
        case (.date, .int): return true
        case (.list(let a), .list(let b)), (.set(let a), .set(let b)):
            return a.acceptsValues(of: b)
        case (.map(let aKey, let aValue), .map(let bKey, let bValue)):
            return aKey.acceptsValues(of: bKey) && aValue.acceptsValues(of: bValue)
        case (.tuple(let a), .tuple(let b)):
            return a.count >= b.count && zip(a, b).allSatisfy { $0.acceptsValues(of: $1) }
        default: return false
        }
    }
}
