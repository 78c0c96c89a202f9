// The values of CQL.

/// A value of a column, bind marker, field or element.
package indirect enum CQLValue: Sendable, Hashable {
    case null
    /// v4 and later, bound values only: leave the column as it is.
    case unset
    /// A value of no bytes where the type says there should be some; legal for most types, and not null.
    case empty
    case ascii(String)
    case bigint(Int64)
    case blob([UInt8])
    case boolean(Bool)
    case counter(Int64)
    case decimal(CQLDecimal)
    case double(Double)
    case float(Float)
    case int(Int32)
    /// Milliseconds since 1970-01-01T00:00Z.
    case timestamp(Int64)
    case uuid(CQLUUID)
    case text(String)
    case varint(CQLVarint)
    case timeuuid(CQLUUID)
    case inet(CQLInet)
    /// Days since 1970-01-01.
    case date(Int32)
    /// Nanoseconds since midnight.
    case time(Int64)
    case smallint(Int16)
    case tinyint(Int8)
    case duration(CQLDuration)
    case list([CQLValue])
    /// In the order of the wire; the store sends it sorted and without duplicates.
    case set([CQLValue])
    /// In the order of the wire; the store sends it sorted by key.
    case map([MapEntry])
    /// Parts in their order, `.null` for those that are not there.
    case tuple([CQLValue])
    /// Fields in the type's order, `.null` for those that are not there. Their names are in the type.
    case udt([CQLValue])
    case vector([CQLValue])
    /// Of a type not known here.
    case custom([UInt8])

    package struct MapEntry: Sendable, Hashable {
        package var key: CQLValue
        package var value: CQLValue

        package init(_ key: CQLValue, _ value: CQLValue) {
            self.key = key
            self.value = value
        }
    }

    package var isNull: Bool { self == .null }

    /// The text of an ascii or text value.
    package var string: String? {
        switch self {
        case .ascii(let text), .text(let text): text
        default: nil
        }
    }

    /// Any whole number that fits: tinyint to bigint, counter, varint, timestamp, time, date.
    package var int64: Int64? {
        switch self {
        case .bigint(let value), .counter(let value), .timestamp(let value), .time(let value): value
        case .int(let value), .date(let value): Int64(value)
        case .smallint(let value): Int64(value)
        case .tinyint(let value): Int64(value)
        case .varint(let value): value.int64
        default: nil
        }
    }

    package var uuid: CQLUUID? {
        switch self {
        case .uuid(let value), .timeuuid(let value): value
        default: nil
        }
    }

    package var boolean: Bool? {
        guard case .boolean(let value) = self else { return nil }
        return value
    }

    package var bytes: [UInt8]? {
        switch self {
        case .blob(let bytes), .custom(let bytes): bytes
        default: nil
        }
    }

    /// The type that this value is encoded as when nothing says another. An element's type comes from
    /// the first element that is no null.
    package var naturalType: CQLType {
        switch self {
        case .null, .unset, .empty, .blob, .custom: .blob
        case .ascii: .ascii
        case .bigint: .bigint
        case .boolean: .boolean
        case .counter: .counter
        case .decimal: .decimal
        case .double: .double
        case .float: .float
        case .int: .int
        case .timestamp: .timestamp
        case .uuid: .uuid
        case .text: .text
        case .varint: .varint
        case .timeuuid: .timeuuid
        case .inet: .inet
        case .date: .date
        case .time: .time
        case .smallint: .smallint
        case .tinyint: .tinyint
        case .duration: .duration
        case .list(let values): .list(Self.elementType(values))
        case .set(let values): .set(Self.elementType(values))
        case .vector(let values): .vector(Self.elementType(values), dimensions: values.count)
        case .map(let entries):
            .map(Self.elementType(entries.map(\.key)), Self.elementType(entries.map(\.value)))
        case .tuple(let values), .udt(let values): .tuple(values.map(\.naturalType))
        }
    }

    private static func elementType(_ values: [CQLValue]) -> CQLType {
        values.first { !$0.isNull }?.naturalType ?? .blob
    }
}
