// The types a column can have.

/// A column's type, named as Spark names it.
///
/// | case | values | Spark |
/// | --- | --- | --- |
/// | `string` | UTF-8 text | `string` |
/// | `binary` | bytes | `binary` |
/// | `boolean` | true, false | `boolean` |
/// | `int` | 32 bits, signed | `int` |
/// | `long` | 64 bits, signed | `bigint` |
/// | `double` | IEEE 754, 64 bits | `double` |
/// | `timestamp` | microseconds since 1970-01-01T00:00Z | `timestamp` |
public enum DataType: String, Sendable, Hashable, Codable, CaseIterable, CustomStringConvertible {
    case string, binary, boolean, int
    case long = "bigint"
    case double, timestamp

    public var description: String { rawValue }

    /// Whether arithmetic takes it.
    public var isNumeric: Bool {
        switch self {
        case .int, .long, .double: true
        case .string, .binary, .boolean, .timestamp: false
        }
    }
}
