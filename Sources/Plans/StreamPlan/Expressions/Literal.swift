// A value written into a query.

/// A constant of a query.
public enum Literal: Sendable, Hashable, Codable, CustomStringConvertible {
    case null
    case string(String)
    case boolean(Bool)
    case int(Int32)
    case long(Int64)
    case double(Double)
    /// Microseconds since 1970-01-01T00:00Z.
    case timestamp(Int64)

    /// `nil` for null, which fits every type.
    public var type: DataType? {
        switch self {
        case .null: nil
        case .string: .string
        case .boolean: .boolean
        case .int: .int
        case .long: .long
        case .double: .double
        case .timestamp: .timestamp
        }
    }

    public var description: String {
        switch self {
        case .null: "NULL"
        case .string(let text): "'\(text)'"
        case .boolean(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .long(let value): String(value)
        case .double(let value): String(value)
        case .timestamp(let value): "timestamp_micros(\(value))"
        }
    }
}

/// What may stand beside a column in an expression: another column, or a Swift value, which is
/// taken as a constant.
public protocol ColumnOperand: Sendable {
    var column: Column { get }
}

extension Column: ColumnOperand {
    public var column: Column { self }
}

extension String: ColumnOperand {
    public var column: Column { Column(.literal(.string(self))) }
}

extension Bool: ColumnOperand {
    public var column: Column { Column(.literal(.boolean(self))) }
}

extension Int: ColumnOperand {
    /// An `int` where the value fits one, otherwise a `bigint`.
    public var column: Column {
        Column(.literal(Int32(exactly: self).map(Literal.int) ?? .long(Int64(self))))
    }
}

extension Int64: ColumnOperand {
    public var column: Column { Column(.literal(.long(self))) }
}

extension Double: ColumnOperand {
    public var column: Column { Column(.literal(.double(self))) }
}

extension Literal: ColumnOperand {
    public var column: Column { Column(.literal(self)) }
}
