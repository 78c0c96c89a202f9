// Why some bytes are not the message they claim to be.

/// Bytes that do not fit their format. Never carries the bytes themselves, which may be private.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        /// The bytes end before the field does.
        case cutShort
        /// Bytes are left after the last field; the number of them.
        case leftOver(Int)
        /// A count, size or length that no message can have; its value.
        case badLength(Int64)
        /// A value outside what the format allows, in words.
        case invalid(String)
        /// A version or kind that is not spoken; its number.
        case unsupported(Int)
    }

    public var reason: Reason
    /// The field's name in the specification.
    public var field: String

    public init(_ reason: Reason, in field: String) {
        self.reason = reason
        self.field = field
    }

    public var description: String {
        switch reason {
        case .cutShort: "the bytes end inside \(field)"
        case .leftOver(let count): "\(count) bytes are left over after \(field)"
        case .badLength(let value): "\(field) cannot have the length \(value)"
        case .invalid(let why): "\(field) \(why)"
        case .unsupported(let number): "\(field) \(number) is not spoken here"
        }
    }
}
