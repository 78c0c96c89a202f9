// Whether bytes that a client bound are a value of their type. No value is decoded.

import CQLProtocol
import MillraceBase

/// Checks as Cassandra's serializers `validate`; on the way of every write, so it allocates nothing
/// for a value that is right.
enum ValueCheck {
    static func check(_ bytes: UnsafeRawBufferPointer, _ type: CQLType) throws(StatementError) {
        switch type {
        case .text:
            guard isUTF8(bytes) else { throw .invalid("String didn't validate.") }
        case .ascii:
            guard isASCII(bytes) else { throw .invalid("Invalid byte for ascii: it is above 127") }
        case .blob, .custom: return
        case .int, .float: try length(bytes, 4, type)
        case .bigint, .counter, .timestamp, .double: try length(bytes, 8, type)
        case .boolean: try length(bytes, 1, type)
        case .uuid: try length(bytes, 16, type)
        case .timeuuid:
            try length(bytes, 16, type)
            guard bytes.isEmpty || bytes[6] & 0xF0 == 0x10 else {
                throw .invalid("Invalid version for TimeUUID type.")
            }
        case .smallint: try exactly(bytes, 2, type)
        case .tinyint: try exactly(bytes, 1, type)
        case .date: try exactly(bytes, 4, type)
        case .time:
            try exactly(bytes, 8, type)
            let value = bytes.big(as: Int64.self)
            guard (0..<86_400_000_000_000).contains(value) else {
                throw .invalid("Input long out of bounds for time type: \(value)")
            }
        case .inet:
            guard [0, 4, 16].contains(bytes.count) else {
                throw .invalid("Expected 4 or 16 byte inetaddress; got \(bytes.count)")
            }
        case .varint: return
        case .decimal:
            guard bytes.isEmpty || bytes.count > 4 else {
                throw .invalid("Expected 0 or at least 4 bytes (\(bytes.count))")
            }
        case .duration: try decoded(bytes, type)
        case .frozen(let inner): try check(bytes, inner)
        case .list, .set, .map: try collection(bytes, type)
        case .tuple(let parts): try fields(bytes, parts)
        case .udt(let user): try fields(bytes, user.fields.map(\.type))
        case .vector(let element, let dimensions): try vector(bytes, element, dimensions)
        }
    }

    private static func vector(
        _ bytes: UnsafeRawBufferPointer, _ element: CQLType, _ dimensions: Int
    ) throws(StatementError) {
        let parts = CollectionBytes.vectorElements(bytes, element)
        var used = 0
        for part in parts.prefix(dimensions) {
            guard let part else { continue }
            try check(part, element)
            used += part.count
            if element.fixedBytes == nil { used += vintBytes(part.count) }
        }
        guard parts.count >= dimensions else {
            throw .invalid(
                "Not enough bytes to read a vector<\(element), \(dimensions)>")
        }
        guard used == bytes.count else {
            throw .invalid(
                "Unexpected \(bytes.count - used) extraneous bytes after "
                    + "vector<\(element), \(dimensions)> value")
        }
    }

    private static func vintBytes(_ value: Int) -> Int {
        let bits = Int.bitWidth - value.leadingZeroBitCount
        return 1 + min(max(bits - 1, 0) / 7, 8)
    }

    private static func length(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ type: CQLType
    ) throws(StatementError) {
        guard bytes.count == count || bytes.isEmpty else {
            throw .invalid("Expected \(count) or 0 byte \(type) (\(bytes.count))")
        }
    }

    private static func exactly(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ type: CQLType
    ) throws(StatementError) {
        guard bytes.count == count else {
            throw .invalid("Expected \(count) byte \(type) (\(bytes.count))")
        }
    }

    private static func decoded(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType
    ) throws(StatementError) {
        do {
            _ = try CQLValue.decode(Array(bytes), as: type)
        } catch {
            throw .invalid("Not a valid \(type): \(error.description)")
        }
    }

    private static func collection(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType
    ) throws(StatementError) {
        guard bytes.count >= 4, case let count = Int(bytes.big(as: Int32.self)), count >= 0 else {
            throw .invalid("Not enough bytes to read a \(type)")
        }
        let types: [CQLType]
        switch type {
        case .list(let element), .set(let element): types = [element]
        case .map(let key, let value): types = [key, value]
        default: return
        }
        let parts =
            types.count == 2 ? CollectionBytes.mapParts(bytes) : CollectionBytes.elements(bytes)
        guard parts.count == count * types.count else {
            throw .invalid("Not enough bytes to read a \(type)")
        }
        var used = 4
        for (index, part) in parts.enumerated() {
            guard let part else { throw .invalid("null is not supported inside collections") }
            try check(part, types[index % types.count])
            used += 4 + part.count
        }
        guard used == bytes.count else {
            throw .invalid("Unexpected extraneous bytes after \(type) value")
        }
    }

    private static func fields(
        _ bytes: UnsafeRawBufferPointer, _ types: [CQLType]
    ) throws(StatementError) {
        let parts = CollectionBytes.fields(bytes)
        guard parts.count <= types.count else {
            throw .invalid("Invalid remaining data after end of tuple value")
        }
        var used = 0
        for (part, type) in zip(parts, types) {
            used += 4 + (part?.count ?? 0)
            if let part { try check(part, type) }
        }
        guard used == bytes.count else { throw .invalid("Not enough bytes to read a tuple") }
    }

    @inline(__always)
    static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 != 0 { return false }
            at += 8
        }
        while at < bytes.count {
            if bytes[at] >= 0x80 { return false }
            at += 1
        }
        return true
    }

    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil
    }
}
