// Constants of a statement as bytes of the type they meet.

import CQLProtocol

/// Source: `fromString` of each of Cassandra's types. Which constant may stand for which type is
/// checked before (`ArgumentShape`).
enum Literals {
    /// - Parameters:
    ///   - receiver: what takes the value, for messages.
    ///   - now: milliseconds since 1970.
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
        case .string(let text): return try string(text, type, term, receiver, now)
        case .integer(let text): return try integer(text, type, term, receiver)
        case .float(let text): return try float(text, type, term, receiver)
        case .boolean(let value):
            guard type == .boolean else { throw mismatch(term, type, receiver) }
            return .boolean(value)
        case .uuid(let text): return try uuid(text, type, term, receiver)
        case .hex(let text):
            guard let bytes = bytes(hex: text) else {
                throw .invalid("cannot parse '\(text)' as hex bytes")
            }
            return .blob(bytes)
        case .duration(let text):
            guard type == .duration else { throw mismatch(term, type, receiver) }
            return .duration(try DurationParser.parse(text))
        default: throw .invalid("Invalid constant for \"\(receiver)\" of type \(type)")
        }
    }

    static func mismatch(
        _ term: CQLTerm, _ type: CQLType, _ receiver: String
    ) -> StatementError {
        let kind =
            switch term {
            case .string: "STRING"
            case .integer: "INTEGER"
            case .float: "FLOAT"
            case .boolean: "BOOLEAN"
            case .uuid: "UUID"
            case .hex: "HEX"
            case .duration: "DURATION"
            default: ""
            }
        var text = term.description
        if case .string(let plain) = term { text = plain }
        return .invalid("Invalid \(kind) constant (\(text)) for \"\(receiver)\" of type \(type)")
    }

    private static func string(
        _ text: String, _ type: CQLType, _ term: CQLTerm, _ receiver: String, _ now: Int64
    ) throws(StatementError) -> CQLValue {
        switch type {
        case .text: return .text(text)
        case .ascii:
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw .invalid("Invalid ASCII character in string literal")
            }
            return .ascii(text)
        case .inet:
            if text.isEmpty { return .empty }
            guard let value = CQLInet(text) else {
                throw .invalid("Unable to make inet address from '\(text)'")
            }
            // Java reads an IPv4 address in an IPv6 one as the IPv4 one.
            let isMapped =
                value.bytes.count == 16
                && value.bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            return .inet(isMapped ? CQLInet(bytes: value.bytes.suffix(4)) ?? value : value)
        case .timestamp: return text.isEmpty ? .empty : try timestamp(text, now)
        case .date: return try date(text)
        case .time: return try time(text)
        case .tuple(let types): return .tuple(try tuple(text, types, now))
        default: throw mismatch(term, type, receiver)
        }
    }

    /// `1:a`: parts between colons, `@` for null, both escaped by a backslash.
    private static func tuple(
        _ text: String, _ types: [CQLType], _ now: Int64
    ) throws(StatementError) -> [CQLValue] {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped || character != ":" {
                if character == "\\", !isEscaped {
                    isEscaped = true
                    continue
                }
                if isEscaped, character != ":", character != "@" { parts[parts.count - 1] += "\\" }
                parts[parts.count - 1].append(character)
            } else {
                parts.append("")
            }
            isEscaped = false
        }
        guard parts.count <= types.count else {
            throw .invalid(
                "Invalid tuple literal: too many elements. Type \(CQLType.tuple(types)) expects "
                    + "\(types.count) but got \(parts.count)")
        }
        var values: [CQLValue] = []
        for (part, type) in zip(parts, types) {
            values.append(part == "@" ? .null : try plain(part, type.withoutOuterFrozen, now))
        }
        return values
    }

    /// A value of a type from its text alone.
    private static func plain(
        _ text: String, _ type: CQLType, _ now: Int64
    ) throws(StatementError) -> CQLValue {
        let term: CQLTerm =
            switch type {
            case .int, .bigint, .smallint, .tinyint, .varint, .counter: .integer(text)
            case .float, .double, .decimal: .float(text)
            case .boolean: .boolean(text.lowercased() == "true")
            case .uuid, .timeuuid: .uuid(text)
            case .blob: .hex(text)
            case .duration: .duration(text)
            default: .string(text)
            }
        return try value(term, type, "", now)
    }

    private static func integer(
        _ text: String, _ type: CQLType, _ term: CQLTerm, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        /// - Parameter name: Java's.
        func fits<Value: FixedWidthInteger>(
            _: Value.Type, _ name: String
        ) throws(StatementError) -> Value {
            guard let value = Value(text) else {
                throw .invalid("Unable to make \(name) from '\(text)'")
            }
            return value
        }
        switch type {
        case .int: return .int(try fits(Int32.self, "int"))
        case .bigint: return .bigint(try fits(Int64.self, "long"))
        case .counter: return .counter(try fits(Int64.self, "long"))
        case .smallint: return .smallint(try fits(Int16.self, "short"))
        case .tinyint: return .tinyint(try fits(Int8.self, "byte"))
        case .timestamp: return try timestamp(text, 0)
        case .date: return try date(text)
        case .time: return try time(text)
        case .varint:
            guard let value = CQLVarint(text) else {
                throw .invalid("unable to make int from '\(text)'")
            }
            return .varint(value)
        case .duration: throw .invalid("Unable to convert '\(text)' to a duration")
        case .decimal, .float, .double: return try float(text, type, term, receiver)
        default: throw mismatch(term, type, receiver)
        }
    }

    private static func float(
        _ text: String, _ type: CQLType, _ term: CQLTerm, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        // Java knows no sign of NaN.
        let plain = text == "-NaN" ? "NaN" : javaNumber(text)
        switch type {
        case .float:
            guard let value = plain.flatMap({ Float($0) }) else {
                throw .invalid("Unable to make float from '\(text)'")
            }
            return .float(value)
        case .double:
            guard let value = plain.flatMap({ Double($0) }) else {
                throw .invalid("Unable to make double from '\(text)'")
            }
            return .double(value)
        case .decimal:
            guard let value = CQLDecimal(text) else {
                throw .invalid("unable to make BigDecimal from '\(text)'")
            }
            return .decimal(value)
        default: throw mismatch(term, type, receiver)
        }
    }

    /// Without the forms that Swift reads and Java does not, such as `inf` and hexadecimal digits.
    private static func javaNumber(_ text: String) -> String? {
        if ["NaN", "Infinity", "-Infinity", "+Infinity"].contains(text) { return text }
        // `1.` is a number of both, `1.e5` only of Java.
        let point = text.split(separator: ".e", omittingEmptySubsequences: false)
        let plain = point.count == 2 ? "\(point[0]).0e\(point[1])" : text
        return plain.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte)
        } ? (plain.hasSuffix(".") ? plain + "0" : plain) : nil
    }

    private static func uuid(
        _ text: String, _ type: CQLType, _ term: CQLTerm, _ receiver: String
    ) throws(StatementError) -> CQLValue {
        guard let value = CQLUUID(text) else { throw mismatch(term, type, receiver) }
        switch type {
        case .uuid: return .uuid(value)
        case .timeuuid:
            guard value.version == 1 else {
                throw .invalid("TimeUUID supports only version 1 UUIDs")
            }
            return .timeuuid(value)
        default: throw mismatch(term, type, receiver)
        }
    }

    static func bytes(hex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}

// MARK: Times

extension Literals {
    private static func isWhole(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func timestamp(
        _ text: String, _ now: Int64
    ) throws(StatementError) -> CQLValue {
        if isWhole(text) {
            guard let value = Int64(text) else {
                throw .invalid("Unable to make long (for date) from: '\(text)'")
            }
            return .timestamp(value)
        }
        guard let value = CivilTime.parseTimestamp(text, now: now) else {
            throw .invalid("Unable to parse a date/time from '\(text)'")
        }
        return .timestamp(value)
    }

    /// A number counts days with 2^31 at 1970-01-01.
    private static func date(_ text: String) throws(StatementError) -> CQLValue {
        if isWhole(text) {
            guard let raw = UInt32(text) else {
                throw .invalid("Unable to make unsigned int (for date) from: '\(text)'")
            }
            return .date(Int32(truncatingIfNeeded: Int64(raw) - 1 << 31))
        }
        guard let days = CivilTime.parseDate(Substring(text)) else {
            throw .invalid("Unable to coerce '\(text)' to a formatted date (long)")
        }
        guard let fitting = Int32(exactly: days) else {
            throw .invalid(
                days < 0
                    ? "Input date \(text) is less than min supported date -5877641-06-23"
                    : "Input date \(text) is greater than max supported date 5881580-07-11")
        }
        return .date(fitting)
    }

    private static func time(_ text: String) throws(StatementError) -> CQLValue {
        if isWhole(text) {
            guard let value = Int64(text), (0..<86_400_000_000_000).contains(value) else {
                throw .invalid("Unable to make long (for time) from: '\(text)'")
            }
            return .time(value)
        }
        guard let value = CivilTime.parseTime(Substring(text), secondsNeeded: true) else {
            throw .invalid("(TimeType) Unable to coerce '\(text)' to a formatted time (long)")
        }
        return .time(value)
    }
}
