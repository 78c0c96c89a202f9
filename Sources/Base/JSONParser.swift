// The text of a JSON document, read strictly and in bounded depth. Source: RFC 8259.

/// Where and why a text is not JSON. Never carries the text.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was expected or is wrong, as half a sentence.
    public var what: String
    /// Bytes since the start of the text.
    public var position: Int

    public init(_ what: String, at position: Int) {
        self.what = what
        self.position = position
    }

    public var description: String { "not JSON: \(what) at byte \(position)" }
}

/// A strict parser over bytes; one document, nothing after it but white space.
public struct JSONParser {
    /// Arrays and objects inside each other, at most. Deeper input is refused, not followed.
    public static let depthMax = 128

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONError> in
            do throws(JSONError) { return .success(try parse(buffer)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The pointer is used only until this returns.
    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.at == bytes.count else {
            throw JSONError("more text after the document", at: parser.at)
        }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func skipBlanks() {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at += 1
        }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard at < bytes.count else { throw JSONError("the text ends too early", at: at) }
        return bytes[at]
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.depthMax else {
            throw JSONError("more than \(Self.depthMax) levels", at: at)
        }
        skipBlanks()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError)
        -> JSONValue
    {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, (at..<end).allSatisfy({ bytes[$0] == word.utf8Start[$0 - at] })
        else {
            throw JSONError("no value that JSON knows", at: at)
        }
        at = end
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        at += 1
        var object = JSONObject()
        skipBlanks()
        if try peek() == UInt8(ascii: "}") {
            at += 1
            return object
        }
        while true {
            skipBlanks()
            guard try peek() == UInt8(ascii: "\"") else {
                throw JSONError("a member's name is missing", at: at)
            }
            let name = try string()
            skipBlanks()
            guard try peek() == UInt8(ascii: ":") else {
                throw JSONError("a colon is missing", at: at)
            }
            at += 1
            object.members.append((name, try value(depth: depth)))
            if try closes(UInt8(ascii: "}")) { return object }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        at += 1
        var items: [JSONValue] = []
        skipBlanks()
        if try peek() == UInt8(ascii: "]") {
            at += 1
            return items
        }
        while true {
            items.append(try value(depth: depth))
            if try closes(UInt8(ascii: "]")) { return items }
        }
    }

    private mutating func closes(_ end: UInt8) throws(JSONError) -> Bool {
        skipBlanks()
        let byte = try peek()
        guard byte == end || byte == UInt8(ascii: ",") else {
            throw JSONError("a comma or the end is missing", at: at)
        }
        at += 1
        return byte == end
    }

    private mutating func number() throws(JSONError) -> String {
        let start = at
        func digit(_ index: Int) -> Bool {
            index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard digit(at) else { throw JSONError("no value that JSON knows", at: start) }
        let leadingZero = bytes[at] == 0x30
        at += 1
        if leadingZero, digit(at) { throw JSONError("a number starts with 0", at: start) }
        while digit(at) { at += 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard digit(at) else { throw JSONError("no digit after the point", at: at) }
            while digit(at) { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                at += 1
            }
            guard digit(at) else { throw JSONError("no digit in the exponent", at: at) }
            while digit(at) { at += 1 }
        }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                let text = try utf8(start..<at)
                at += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw JSONError("a control character in a string", at: at) }
            at += 1
        }
        throw JSONError("a string does not end", at: start - 1)
    }

    private func utf8(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw JSONError("a string is not UTF-8", at: range.lowerBound)
        }
        return text
    }

    /// The slow way, once a backslash was met. `at` stands on it.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var out = try utf8(start..<at)
        var plainFrom = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                out += try utf8(plainFrom..<at)
                at += 1
                return out
            }
            guard byte >= 0x20 else { throw JSONError("a control character in a string", at: at) }
            if byte == UInt8(ascii: "\\") {
                out += try utf8(plainFrom..<at)
                at += 1
                out.unicodeScalars.append(try escape())
                plainFrom = at
            } else {
                at += 1
            }
        }
        throw JSONError("a string does not end", at: start - 1)
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let byte = try peek()
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codePoint()
        default: throw JSONError("an unknown escape", at: at - 1)
        }
    }

    /// A lone half of a surrogate pair becomes U+FFFD, as most readers make of it.
    private mutating func codePoint() throws(JSONError) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let mark = at
        if first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let second = try fourDigits()
            if (0xDC00...0xDFFF).contains(second) {
                let value = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                return Unicode.Scalar(value) ?? "\u{FFFD}"
            }
            at = mark
        }
        return "\u{FFFD}"
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
            bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-")
        else { throw JSONError("four hexadecimal digits are missing", at: at) }
        at += 4
        return value
    }
}
