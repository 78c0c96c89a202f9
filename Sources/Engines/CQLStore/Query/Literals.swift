// Constants of a statement as bytes of the type they meet.

import CQLProtocol

/// Source: which constant may stand for which type is the table of Cassandra's CQL reference,
/// section
/// "Native types".
enum Literals {
    /// - Parameter receiver: what takes the value, for messages.
    static func encode(
        _ term: CQLTerm, as type: CQLType, receiver: String, now: Int64
    ) throws(StatementError) -> [UInt8] {
        let value = try value(term, type.withoutOuterFrozen, receiver, now)
        do {
            return try value.encoded(as: type) ?? []
        } catch {
            throw .invalid(error.description)
        }
    }

    private static func value(
        _ term: CQLTerm, _ type: CQLType, _ receiver: String, _ now: Int64
    ) throws(StatementError) -> CQLValue {
        switch term {
        case .string(let text): try string(text, type, receiver, now)
        case .integer(let text): try integer(text, type, receiver)
        case .float(let text): try float(text, type, receiver)
        case .boolean(let value):
            switch type {
            case .boolean: .boolean(value)
            default: throw mismatch("BOOLEAN", String(value), type, receiver)
            }
        case .uuid(let text): try uuid(text, type, receiver)
        case .hex(let text): try hex(text, type, receiver)
        case .duration(let text): try duration(text, type, receiver)
        default: throw .invalid("Invalid constant for \"\(receiver)\" of type \(type)")
        }
    }

    static func mismatch(
        _ kind: String, _ text: String, _ type: CQLType, _ receiver: String
    ) -> StatementError {
        .invalid("Invalid \(kind) constant (\(text)) for \"\(receiver)\" of type \(type)")
    }

    private static func string(
        _ text: String, _ type: CQLType, _ receiver: String, _ now: Int64
    ) throws(StatementError) -> CQLValue {
        switch type {
        case .text: return .text(text)
        case .ascii:
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw .invalid("Invalid ASCII character in string literal")
            }
            return .ascii(text)
        case .inet:
            guard let value = CQLInet(text) else {
                throw .invalid("Unable to make inet address from '\(text)'")
            }
            return .inet(value)
        case .timestamp:
            guard let value = CivilTime.parseTimestamp(text, now: now) else {
                throw .invalid("Unable to parse a date/time from '\(text)'")
            }
            return .timestamp(value)
        case .date:
            if let number = Int64(text) { return try date(number) }
            guard let days = CivilTime.parseDate(Substring(text)), let days = Int32(exactly: days)
            else { throw .invalid("Unable to coerce '\(text)' to a formatted date (long)") }
            return .date(days)
        case .time:
            if let number = Int64(text) { return .time(number) }
            guard let value = CivilTime.parseTime(Substring(text), secondsNeeded: true) else {
                throw .invalid("Unable to coerce '\(text)' to a formatted time (long)")
            }
            return .time(value)
        default: throw mismatch("STRING", text, type, receiver)
        }
    }

    /// CQL's integer of a date counts days with 2^31 at 1970-01-01.
    private static func date(_ number: Int64) throws(StatementError) -> CQLValue {
        guard let days = Int32(exactly: number &- 1 << 31) else {
            throw .invalid("Unable to make a date from \(number)")
        }
        return .date(days)
    }

    private static func integer(
        _ text: String, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        func fits<Value: FixedWidthInteger>(_: Value.Type) throws(StatementError) -> Value {
            guard let value = Value(text) else {
                throw .invalid("Unable to make \(type) from '\(text)'")
            }
            return value
        }
        switch type {
        case .int: return .int(try fits(Int32.self))
        case .bigint: return .bigint(try fits(Int64.self))
        case .counter: return .counter(try fits(Int64.self))
        case .smallint: return .smallint(try fits(Int16.self))
        case .tinyint: return .tinyint(try fits(Int8.self))
        case .timestamp: return .timestamp(try fits(Int64.self))
        case .date: return try date(try fits(Int64.self))
        case .time: return .time(try fits(Int64.self))
        case .varint:
            guard let value = CQLVarint(text) else {
                throw mismatch("INTEGER", text, type, receiver)
            }
            return .varint(value)
        case .duration:
            guard text == "0" || text == "-0" else {
                throw mismatch("INTEGER", text, type, receiver)
            }
            return .duration(CQLDuration(months: 0, days: 0, nanoseconds: 0))
        case .decimal, .float, .double: return try float(text, type, receiver)
        default: throw mismatch("INTEGER", text, type, receiver)
        }
    }

    private static func float(
        _ text: String, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        switch type {
        case .float:
            guard let value = Float(text) else { throw mismatch("FLOAT", text, type, receiver) }
            return .float(value)
        case .double:
            guard let value = Double(text) else { throw mismatch("FLOAT", text, type, receiver) }
            return .double(value)
        case .decimal:
            guard let value = CQLDecimal(text) else {
                throw mismatch("FLOAT", text, type, receiver)
            }
            return .decimal(value)
        default: throw mismatch("FLOAT", text, type, receiver)
        }
    }

    private static func uuid(
        _ text: String, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        guard let value = CQLUUID(text) else { throw mismatch("UUID", text, type, receiver) }
        switch type {
        case .uuid: return .uuid(value)
        case .timeuuid:
            guard value.version == 1 else {
                throw .invalid("TimeUUID supports only version 1 UUIDs")
            }
            return .timeuuid(value)
        default: throw mismatch("UUID", text, type, receiver)
        }
    }

    private static func hex(
        _ text: String, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        switch type {
        case .blob, .custom: break
        default: throw mismatch("HEX", "0x" + text, type, receiver)
        }
        guard let bytes = bytes(hex: text) else {
            throw .invalid("An hex string representing bytes must have an even length")
        }
        return .blob(bytes)
    }

    static func bytes(hex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func duration(
        _ text: String, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        switch type {
        case .duration: break
        default: throw mismatch("DURATION", text, type, receiver)
        }
        guard let value = DurationParser.parse(text) else {
            throw .invalid("Unable to convert '\(text)' to a duration")
        }
        return .duration(value)
    }
}
