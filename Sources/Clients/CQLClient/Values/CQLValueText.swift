// Values as text and back, losslessly: for tables of people's files and for what they type.

package import CQLProtocol

/// The text of a value by its type. What stands alone is plain (`Ada`, `2026-11-23T08:00:00.000Z`,
/// `0xff`); inside a collection, tuple or user type texts are quoted as in CQL
/// (`{'a': ['b', 'c']}`, `{street: 'x', zip: null}`). `value(_:as:)` reads all of it again.
package enum CQLValueText {
    package static func text(_ value: CQLValue, as type: CQLType) -> String {
        switch value {
        case .null: return ""
        case .empty: return ""
        default: return nested(value, type, isAlone: true)
        }
    }

    private static func nested(_ value: CQLValue, _ type: CQLType, isAlone: Bool) -> String {
        let type = type.withoutOuterFrozen
        switch (value, type) {
        case (.list(let values), .list(let element)),
            (.vector(let values), .vector(let element, _)):
            return "[" + joined(values, element) + "]"
        case (.set(let values), .set(let element)): return "{" + joined(values, element) + "}"
        case (.map(let entries), .map(let key, let element)):
            return "{"
                + entries.map {
                    nested($0.key, key, isAlone: false) + ": "
                        + nested($0.value, element, isAlone: false)
                }.joined(separator: ", ") + "}"
        case (.tuple(let values), .tuple(let parts)):
            return "("
                + zip(values, parts).map { nested($0, $1, isAlone: false) }
                .joined(separator: ", ") + ")"
        case (.udt(let values), .udt(let user)):
            return "{"
                + zip(user.fields, values).map {
                    CQLIdentifier.quoted($0.name) + ": " + nested($1, $0.type, isAlone: false)
                }.joined(separator: ", ") + "}"
        case (.empty, _): return isAlone ? "" : "''"
        default: return isAlone ? value.description : value.literal
        }
    }

    private static func joined(_ values: [CQLValue], _ element: CQLType) -> String {
        values.map { nested($0, element, isAlone: false) }.joined(separator: ", ")
    }

    /// Reads a value's text.
    ///
    /// - Throws: what is wrong with it, without the text.
    package static func value(
        _ text: String, as type: CQLType
    ) throws(CQLEncodingError) -> CQLValue {
        let inner = type.withoutOuterFrozen
        switch inner {
        case .list, .set, .map, .tuple, .udt, .vector:
            var scanner = LiteralScanner(text, type)
            let value = try scanner.value(inner, depth: 0)
            try scanner.expectEnd()
            return value
        default: return try scalar(text, as: inner)
        }
    }

    /// A value that is no collection, from its text without quotes.
    static func scalar(_ text: String, as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        if let value = scalarValue(text, type) { return value }
        throw CQLEncodingError(type, "cannot be read from this text")
    }

    private static func scalarValue(_ text: String, _ type: CQLType) -> CQLValue? {
        switch type {
        case .text: .text(text)
        case .ascii: text.utf8.allSatisfy { $0 < 0x80 } ? .ascii(text) : nil
        case .boolean:
            switch text.lowercased() {
            case "true": .boolean(true)
            case "false": .boolean(false)
            default: nil
            }
        case .bigint, .counter: Int64(text).map { .bigint($0) }
        case .int: Int32(text).map { .int($0) }
        case .smallint: Int16(text).map { .smallint($0) }
        case .tinyint: Int8(text).map { .tinyint($0) }
        case .varint: CQLVarint(text).map { .varint($0) }
        case .decimal: CQLDecimal(text).map { .decimal($0) }
        case .double: floating(text).map { .double($0) }
        case .float: floatingSingle(text).map { .float($0) }
        case .uuid: CQLUUID(text).map { .uuid($0) }
        case .timeuuid: CQLUUID(text).flatMap { $0.version == 1 ? .timeuuid($0) : nil }
        case .inet: CQLInet(text).map { .inet($0) }
        case .blob: bytes(text).map { .blob($0) }
        case .custom: bytes(text).map { .custom($0) }
        case .date: CQLTimeText.date(text).map { .date($0) }
        case .time: CQLTimeText.time(text[...]).map { .time($0) }
        case .timestamp: CQLTimeText.timestamp(text).map { .timestamp($0) }
        case .duration: CQLTimeText.duration(text).map { .duration($0) }
        case .list, .set, .map, .tuple, .udt, .vector, .frozen: nil
        }
    }

    private static func floating(_ text: String) -> Double? {
        switch text.lowercased() {
        case "nan": .nan
        case "infinity": .infinity
        case "-infinity": -.infinity
        default: text.utf8.allSatisfy { numberBytes.contains($0) } ? Double(text) : nil
        }
    }

    private static func floatingSingle(_ text: String) -> Float? {
        switch text.lowercased() {
        case "nan": .nan
        case "infinity": .infinity
        case "-infinity": -.infinity
        default: text.utf8.allSatisfy { numberBytes.contains($0) } ? Float(text) : nil
        }
    }

    private static let numberBytes = Set("0123456789+-.eE".utf8)

    private static func bytes(_ text: String) -> [UInt8]? {
        guard text.hasPrefix("0x") || text.hasPrefix("0X"), text.utf8.count % 2 == 0 else {
            return nil
        }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.dropFirst(2) {
            guard let nibble = digit.hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(nibble))
                high = nil
            } else {
                high = UInt8(nibble)
            }
        }
        return bytes
    }
}
