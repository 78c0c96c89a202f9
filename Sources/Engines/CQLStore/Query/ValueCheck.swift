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
            guard isASCII(bytes) else {
                let first = bytes.first { $0 >= 0x80 } ?? 0
                throw .invalid("Invalid byte for ascii: \(Int8(bitPattern: first))")
            }
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
        case .duration: try duration(bytes)
        case .frozen(let inner): try check(bytes, inner)
        case .list, .set, .map: try collection(bytes, type)
        case .tuple(let parts): try fields(bytes, parts)
        case .udt(let user): try fields(bytes, user.fields.map(\.type), user.fields.map(\.name))
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

    /// Source: Cassandra's `DurationSerializer.validate`.
    private static func duration(_ bytes: UnsafeRawBufferPointer) throws(StatementError) {
        guard bytes.count >= 3 else {
            throw .invalid("Expected at least 3 bytes for a duration (\(bytes.count))")
        }
        let (months, days, nanoseconds): (Int64, Int64, Int64)
        do throws(WireError) {
            (months, days, nanoseconds) = try CQLDuration.parts(of: Array(bytes))
        } catch {
            throw .invalid("Not a valid duration: \(error.description)")
        }
        for (name, count) in [("months", months), ("days", days)]
        where Int32(exactly: count) == nil {
            throw .invalid("The duration \(name) must be a 32 bits integer but was: \(count)")
        }
        let parts = [months, days, nanoseconds]
        guard parts.allSatisfy({ $0 >= 0 }) || parts.allSatisfy({ $0 <= 0 }) else {
            throw .invalid(
                "The duration months, days and nanoseconds must be all of the same sign "
                    + "(\(months), \(days), \(nanoseconds))")
        }
    }

    /// The list that is bound to an IN: it may have nulls, which are looked at later.
    static func checkIn(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType
    ) throws(StatementError) {
        try collection(bytes, type, nulls: true)
    }

    private static func collection(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType, nulls: Bool = false
    ) throws(StatementError) {
        let (name, types) = parts(of: type)
        guard bytes.count >= 4 else { throw .invalid("Not enough bytes to read a \(name)") }
        let count = Int(bytes.big(as: Int32.self))
        guard count >= 0 else {
            throw .invalid("The data cannot be deserialized as a \(name)")
        }
        let parts =
            types.count == 2 ? CollectionBytes.mapParts(bytes) : CollectionBytes.elements(bytes)
        var used = 4
        for (index, part) in parts.enumerated() {
            let type = types[index % types.count]
            used += 4
            guard let part else {
                // A list's nulls are looked at last, as an IN may have them.
                if name == "list" { continue }
                throw .invalid(
                    type == .text || type == .ascii
                        ? "String didn't validate." : "null is not supported inside collections")
            }
            try check(part, type)
            used += part.count
        }
        guard parts.count == count * types.count else {
            throw .invalid("Not enough bytes to read a \(name)")
        }
        guard used == bytes.count else {
            throw .invalid("Unexpected extraneous bytes after \(name) value")
        }
        guard nulls || parts.allSatisfy({ $0 != nil }) else {
            throw .invalid("null is not supported inside collections")
        }
    }

    private static func parts(of type: CQLType) -> (name: String, types: [CQLType]) {
        if case .map(let key, let value) = type { return ("map", [key, value]) }
        if case .set(let element) = type { return ("set", [element]) }
        if case .list(let element) = type { return ("list", [element]) }
        return ("collection", [type])
    }

    /// - Parameter names: of a user-defined type's fields; none of a tuple.
    private static func fields(
        _ bytes: UnsafeRawBufferPointer, _ types: [CQLType], _ names: [String]? = nil
    ) throws(StatementError) {
        var used = 0
        for (index, type) in types.enumerated() {
            // Fields that a type was given later may be missing.
            guard used < bytes.count else { return }
            let place = names.map { "\(index)th field \($0[index])" } ?? "\(index)th component"
            guard bytes.count - used >= 4 else {
                throw .invalid("Not enough bytes to read size of \(place)")
            }
            let length = Int(bytes.big(used, as: Int32.self))
            used += 4
            guard length >= 0 else { continue }
            guard bytes.count - used >= length else {
                throw .invalid("Not enough bytes to read \(place)")
            }
            try check(bytes.part(used..<used + length), type)
            used += length
        }
        guard used == bytes.count else {
            throw .invalid(
                "Invalid remaining data after end of \(names == nil ? "tuple" : "UDT") value")
        }
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
