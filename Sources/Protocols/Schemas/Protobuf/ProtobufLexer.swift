// The words of a .proto text. Source: protobuf.dev, "Lexical elements".

enum ProtobufToken: Equatable {
    /// `[A-Za-z_][A-Za-z0-9_]*`
    case word(String)
    /// A number as it was written, without its sign.
    case number(String)
    case string(String)
    case symbol(Character)
    case end
}

/// Reads one token at a time. Comments and blanks are between tokens.
struct ProtobufLexer {
    private let bytes: [UInt8]
    private(set) var at = 0
    /// Where the last token began.
    private(set) var start = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// "line 3, column 7" of the last token.
    var place: String {
        let before = bytes[..<min(start, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = start - (before.lastIndex(of: 0x0A) ?? -1)
        return "line \(line), column \(column)"
    }

    mutating func next() throws(SchemaError) -> ProtobufToken {
        try skipBlanks()
        start = at
        guard at < bytes.count else { return .end }
        let byte = bytes[at]
        if Self.isLetter(byte) {
            return .word(take { Self.isLetter($0) || Self.isDigit($0) })
        }
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && Self.isDigit(peek(1))) {
            return .number(number())
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return .string(try string(end: byte))
        }
        guard (0x21..<0x7F).contains(byte) else {
            throw SchemaError("a character that no schema has", at: place)
        }
        at += 1
        return .symbol(Character(Unicode.Scalar(byte)))
    }

    private func peek(_ offset: Int) -> UInt8 {
        at + offset < bytes.count ? bytes[at + offset] : 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private mutating func take(_ belongs: (UInt8) -> Bool) -> String {
        let from = at
        while at < bytes.count, belongs(bytes[at]) { at += 1 }
        return String(decoding: bytes[from..<at], as: UTF8.self)
    }

    /// Digits, letters, dots, and a sign after an exponent's letter.
    private mutating func number() -> String {
        let from = at
        let isHex = peek(0) == UInt8(ascii: "0") && peek(1) | 0x20 == UInt8(ascii: "x")
        while at < bytes.count {
            let byte = bytes[at]
            let follows = at > from ? bytes[at - 1] | 0x20 : 0
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            let isPart =
                Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".")
                || (isSign && follows == UInt8(ascii: "e") && !isHex)
            guard isPart else { break }
            at += 1
        }
        return String(decoding: bytes[from..<at], as: UTF8.self)
    }

    private mutating func skipBlanks() throws(SchemaError) {
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                at += 1
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
                while at < bytes.count, bytes[at] != 0x0A { at += 1 }
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                start = at
                at += 2
                while !(peek(0) == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) {
                    guard at < bytes.count else {
                        throw SchemaError("a comment does not end", at: place)
                    }
                    at += 1
                }
                at += 2
            } else {
                return
            }
        }
    }
}

// MARK: - Strings

extension ProtobufLexer {
    private mutating func string(end: UInt8) throws(SchemaError) -> String {
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == end { return String(decoding: out, as: UTF8.self) }
            if byte == 0x0A { break }
            if byte == UInt8(ascii: "\\") { try escape(into: &out) } else { out.append(byte) }
        }
        throw SchemaError("a string does not end", at: place)
    }

    private mutating func escape(into out: inout [UInt8]) throws(SchemaError) {
        let byte = peek(0)
        at += 1
        switch byte {
        case UInt8(ascii: "a"): out.append(0x07)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "v"): out.append(0x0B)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            out.append(UInt8(truncatingIfNeeded: try digits(upTo: 2, radix: 16)))
        case UInt8(ascii: "u"): try scalar(digits: 4, into: &out)
        case UInt8(ascii: "U"): try scalar(digits: 8, into: &out)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            at -= 1
            out.append(UInt8(truncatingIfNeeded: try digits(upTo: 3, radix: 8)))
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"):
            out.append(byte)
        default: throw SchemaError("an unknown escape in a string", at: place)
        }
    }

    private mutating func digits(upTo count: Int, radix: Int) throws(SchemaError) -> UInt32 {
        var value: UInt32 = 0
        var read = 0
        while read < count, let digit = Character(Unicode.Scalar(peek(0))).hexDigitValue,
            digit < radix
        {
            value = value << (radix == 16 ? 4 : 3) | UInt32(digit)
            at += 1
            read += 1
        }
        guard read > 0 else { throw SchemaError("an escape without digits", at: place) }
        return value
    }

    private mutating func scalar(digits count: Int, into out: inout [UInt8]) throws(SchemaError) {
        guard let scalar = Unicode.Scalar(try digits(upTo: count, radix: 16)) else {
            throw SchemaError("an escape that is no character", at: place)
        }
        out.append(contentsOf: Array(String(Character(scalar)).utf8))
    }
}
