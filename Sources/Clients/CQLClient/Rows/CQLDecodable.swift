// Swift values straight from a cell's bytes.

package import CQLProtocol
package import Foundation

/// A type whose values can be read from cells. The bytes are read as they lie in the page: no
/// `CQLValue` is made on the way, and nothing is looked up by name.
package protocol CQLDecodable: Sendable {
    /// Whether cells of that type can be read; asked once for a result's column.
    static func canDecode(_ type: CQLType) -> Bool

    /// - Parameters:
    ///   - bytes: of a cell that is not null, of a type that `canDecode` took.
    ///   - type: the column's.
    static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Self

    /// What a null is; `nil` when this type has no value for it.
    static var ofNull: Self? { get }
}

/// Why a cell is not the Swift value that was asked for. Names types, never values.
package struct CQLDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }

    static func badLength(_ count: Int, _ type: CQLType) -> Self {
        Self("a cell of type \(type) has \(count) bytes")
    }
}

extension CQLDecodable {
    package static var ofNull: Self? { nil }
}

extension CQLDecodable where Self: FixedWidthInteger {
    /// Any type of whole numbers; a number that does not fit is an error of its row.
    package static func canDecode(_ type: CQLType) -> Bool {
        switch type {
        case .bigint, .counter, .int, .smallint, .tinyint, .varint, .timestamp, .time: true
        default: false
        }
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Self {
        guard !bytes.isEmpty, bytes.count <= 8 else {
            throw .badLength(bytes.count, type)
        }
        // Big endian, two's complement: all of them are the shorter form of the same.
        var value: Int64 = bytes[0] >= 0x80 ? -1 : 0
        for byte in bytes { value = value << 8 | Int64(byte) }
        guard let fitting = Self(exactly: value) else {
            throw CQLDecodingError("a number of type \(type) does not fit \(Self.self)")
        }
        return fitting
    }
}

extension Int: CQLDecodable {}
extension Int64: CQLDecodable {}
extension Int32: CQLDecodable {}
extension Int16: CQLDecodable {}
extension Int8: CQLDecodable {}

extension Bool: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { type == .boolean }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Bool {
        guard bytes.count == 1 else { throw .badLength(bytes.count, type) }
        return bytes[0] != 0
    }
}

extension Double: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { type == .double || type == .float }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Double {
        if type == .float { return Double(try Float.decodeCQL(bytes, as: type)) }
        guard bytes.count == 8 else { throw .badLength(bytes.count, type) }
        return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }
}

extension Float: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { type == .float }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Float {
        guard bytes.count == 4 else { throw .badLength(bytes.count, type) }
        return Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    }
}

extension String: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { type == .text || type == .ascii }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension CQLUUID: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { type == .uuid || type == .timeuuid }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> CQLUUID {
        guard bytes.count == 16 else { throw .badLength(bytes.count, type) }
        return CQLUUID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}

extension UUID: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { CQLUUID.canDecode(type) }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> UUID {
        guard bytes.count == 16 else { throw .badLength(bytes.count, type) }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Date: CQLDecodable {
    /// A timestamp, or the midnight (UTC) at the start of a date.
    package static func canDecode(_ type: CQLType) -> Bool {
        type == .timestamp || type == .date
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Date {
        if type == .date {
            guard bytes.count == 4 else { throw .badLength(bytes.count, type) }
            let days = Int64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))) - 0x8000_0000
            return Date(timeIntervalSince1970: Double(days) * 86_400)
        }
        let milliseconds = try Int64.decodeCQL(bytes, as: type)
        return Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }
}

extension Data: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool {
        if case .custom = type { true } else { type == .blob }
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Data { Data(bytes) }
}

extension CQLValue: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { true }
    package static var ofNull: CQLValue? { CQLValue.null }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> CQLValue {
        do {
            return try CQLValue.decode(bytes, as: type)
        } catch {
            throw CQLDecodingError("\(error)")
        }
    }
}
