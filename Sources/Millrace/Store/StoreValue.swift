// What a pipeline binds to statements and finds in rows.

import CQLClient
import CQLProtocol
public import Foundation

/// A value of a statement or a row. Literals will do for most:
///
///     try await store.execute(
///         "INSERT INTO shop.orders (id, total, tags, paid) VALUES (?, ?, ?, ?)",
///         [.uuid(id), 12.5, ["new", "gift"], true])
///
/// A value is fitted to its column: an integer to any column of numbers that it fits, a text also to
/// types that CQL writes as text (uuid, inet, decimal, duration, date, …).
public enum StoreValue: Sendable, Hashable {
    case null
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case bytes([UInt8])
    case uuid(UUID)
    /// A timestamp (to the millisecond) or a date (UTC).
    case time(Date)
    /// A list, set, tuple or vector.
    case list([StoreValue])
    /// A map; of a user type the names of its fields and their values.
    case map([StoreValue: StoreValue])

    public var text: String? { if case .text(let text) = self { text } else { nil } }
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var double: Double? { if case .double(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
    public var uuid: UUID? { if case .uuid(let uuid) = self { uuid } else { nil } }
    public var time: Date? { if case .time(let time) = self { time } else { nil } }
    public var list: [StoreValue]? { if case .list(let values) = self { values } else { nil } }
    public var map: [StoreValue: StoreValue]? {
        if case .map(let entries) = self { entries } else { nil }
    }
}

extension StoreValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: StoreValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (StoreValue, StoreValue)...) {
        self = .map(Dictionary(elements, uniquingKeysWith: { $1 }))
    }

    public init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    public init(_ value: Double?) { self = value.map { .double($0) } ?? .null }
    public init(_ value: UUID?) { self = value.map { .uuid($0) } ?? .null }
    public init(_ value: Date?) { self = value.map { .time($0) } ?? .null }
}

extension StoreValue {
    /// The value as a column of that type has it.
    func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        let inner = type.withoutOuterFrozen
        switch self {
        case .null: return .null
        case .text(let text): return try text.cqlValue(as: inner)
        case .integer(let value): return try value.cqlValue(as: inner)
        case .double(let value):
            if inner == .decimal { return try "\(value)".cqlValue(as: inner) }
            return try value.cqlValue(as: inner)
        case .boolean(let value): return .boolean(value)
        case .bytes(let bytes): return .blob(bytes)
        case .uuid(let uuid): return try uuid.cqlValue(as: inner)
        case .time(let date): return try date.cqlValue(as: inner)
        case .list(let values): return try Self.list(values, inner)
        case .map(let entries): return try Self.map(entries, inner)
        }
    }

    private static func list(
        _ values: [StoreValue], _ type: CQLType
    ) throws(CQLEncodingError) -> CQLValue {
        func converted(_ element: CQLType) throws(CQLEncodingError) -> [CQLValue] {
            var out: [CQLValue] = []
            for value in values { out.append(try value.cqlValue(as: element)) }
            return out
        }
        switch type {
        case .list(let element): return .list(try converted(element))
        case .set(let element): return .set(try converted(element))
        case .vector(let element, _): return .vector(try converted(element))
        case .tuple(let parts) where parts.count >= values.count:
            var out: [CQLValue] = []
            for (value, part) in zip(values, parts) { out.append(try value.cqlValue(as: part)) }
            return .tuple(out)
        default: throw CQLEncodingError(type, "is a list")
        }
    }

    private static func map(
        _ entries: [StoreValue: StoreValue], _ type: CQLType
    ) throws(CQLEncodingError) -> CQLValue {
        switch type {
        case .map(let key, let element):
            var out: [CQLValue.MapEntry] = []
            for (name, value) in entries {
                out.append(.init(try name.cqlValue(as: key), try value.cqlValue(as: element)))
            }
            return .map(out)
        case .udt(let user):
            guard
                entries.keys.allSatisfy({ name in user.fields.contains { .text($0.name) == name } })
            else { throw CQLEncodingError(type, "has a field that its type has not") }
            var out: [CQLValue] = []
            for field in user.fields {
                out.append(try (entries[.text(field.name)] ?? .null).cqlValue(as: field.type))
            }
            return .udt(out)
        default: throw CQLEncodingError(type, "is a map")
        }
    }

    /// What a cell holds; numbers of any size beyond `Int64` and spans come as text.
    init(_ value: CQLValue, as type: CQLType) {
        let type = type.withoutOuterFrozen
        switch (value, type) {
        case (.null, _), (.unset, _), (.empty, _): self = .null
        case (.text(let text), _), (.ascii(let text), _): self = .text(text)
        case (.boolean(let value), _): self = .boolean(value)
        case (.double(let value), _): self = .double(value)
        case (.float(let value), _): self = .double(Double(value))
        case (.blob(let bytes), _), (.custom(let bytes), _): self = .bytes(bytes)
        case (.timestamp(let value), _):
            self = .time(Date(timeIntervalSince1970: Double(value) / 1_000))
        case (.date(let days), _): self = .time(Date(timeIntervalSince1970: Double(days) * 86_400))
        case (.uuid(let uuid), _), (.timeuuid(let uuid), _):
            self = UUID(uuidString: uuid.description).map { .uuid($0) } ?? .text(uuid.description)
        case (.list(let values), .list(let element)), (.set(let values), .set(let element)),
            (.vector(let values), .vector(let element, _)):
            self = .list(values.map { StoreValue($0, as: element) })
        case (.tuple(let values), .tuple(let parts)):
            self = .list(zip(values, parts).map { StoreValue($0, as: $1) })
        case (.map(let entries), .map(let key, let element)):
            self = .map(
                Dictionary(
                    entries.map {
                        (StoreValue($0.key, as: key), StoreValue($0.value, as: element))
                    }, uniquingKeysWith: { $1 }))
        case (.udt(let values), .udt(let user)):
            self = .map(
                Dictionary(
                    zip(user.fields, values).map {
                        (.text($0.name), StoreValue($1, as: $0.type))
                    }, uniquingKeysWith: { $1 }))
        default: self = value.int64.map { .integer($0) } ?? .text(value.description)
        }
    }
}
