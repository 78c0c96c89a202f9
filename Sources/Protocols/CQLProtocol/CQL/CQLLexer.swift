// Cuts a CQL text into tokens, bytes in, words out. Source: Cassandra's Lexer.g.

/// A lexer over UTF-8. Comments (`--`, `//`, `/* */`) and blanks are dropped.
package struct CQLLexer {
    private let bytes: [UInt8]
    private var at = 0

    package static func tokens(of bytes: [UInt8]) throws(CQLSyntaxError) -> [CQLToken] {
        var lexer = CQLLexer(bytes: bytes)
        var tokens: [CQLToken] = []
        tokens.reserveCapacity(bytes.count / 5 + 4)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ ahead: Int = 0) -> UInt8 {
        at + ahead < bytes.count ? bytes[at + ahead] : 0
    }

    private func failure(_ message: String, at offset: Int? = nil) -> CQLSyntaxError {
        CQLSyntaxError(at: offset ?? at, of: bytes, message)
    }

    private mutating func next() throws(CQLSyntaxError) -> CQLToken {
        try skipBlanks()
        guard at < bytes.count else { return token(.end, "", from: at) }
        let first = byte()
        switch first {
        case UInt8(ascii: "'"): return try quoted(UInt8(ascii: "'"), .string)
        case UInt8(ascii: "\""): return try quoted(UInt8(ascii: "\""), .quotedName)
        case UInt8(ascii: "$") where byte(1) == UInt8(ascii: "$"): return try dollarString()
        default: break
        }
        if let uuid = uuidLength() { return cut(.uuid, uuid) }
        if isDigit(first) { return number(signed: 0) }
        if first == UInt8(ascii: "-"), isDigit(byte(1)), minusIsSign { return number(signed: 1) }
        if first == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "P"),
            let length = isoDurationLength(from: 1)
        {
            return cut(.duration, length)
        }
        if isLetter(first) {
            if first == UInt8(ascii: "P"), let length = isoDurationLength(from: 0) {
                return cut(.duration, length)
            }
            var length = 1
            while isLetter(byte(length)) || isDigit(byte(length)) || byte(length) == 0x5F {
                length += 1
            }
            return cut(.word, length)
        }
        return try symbol(first)
    }

    /// `a-1` subtracts; after an operator, a comma or an opening bracket a minus is a sign.
    private var minusIsSign: Bool { !lastWasValue }
    private var lastWasValue = false

    private mutating func token(_ kind: CQLToken.Kind, _ text: String, from start: Int) -> CQLToken
    {
        switch kind {
        case .symbol: lastWasValue = text == ")" || text == "]" || text == "?"
        case .end: lastWasValue = false
        case .duration:
            // `1y-2mo` is two durations, which no statement has side by side.
            lastWasValue = false
        case .word, .quotedName, .emptyName, .string, .integer, .float, .uuid, .hex:
            lastWasValue = kind != .word || !CQLKeywords.reserved.contains(text.lowercased())
        }
        return CQLToken(
            kind: kind, text: text, folded: kind == .word ? text.lowercased() : text, offset: start)
    }

    private mutating func cut(_ kind: CQLToken.Kind, _ length: Int) -> CQLToken {
        let start = at
        at += length
        return token(kind, String(decoding: bytes[start..<at], as: UTF8.self), from: start)
    }

    private mutating func skipBlanks() throws(CQLSyntaxError) {
        while at < bytes.count {
            switch byte() {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"),
                UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                while at < bytes.count, byte() != 0x0A, byte() != 0x0D { at += 1 }
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
                try skipBlockComment()
            default: return
            }
        }
    }

    private mutating func skipBlockComment() throws(CQLSyntaxError) {
        at += 2
        while at + 1 < bytes.count {
            if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                at += 2
                return
            }
            at += 1
        }
        throw failure("mismatched character '<EOF>' expecting '*'", at: bytes.count)
    }

    private mutating func quoted(
        _ quote: UInt8, _ kind: CQLToken.Kind
    ) throws(CQLSyntaxError) -> CQLToken {
        let start = at
        var out: [UInt8] = []
        at += 1
        while at < bytes.count {
            let next = byte()
            at += 1
            if next == quote {
                guard byte() == quote, at < bytes.count else {
                    if kind == .quotedName, out.isEmpty {
                        return token(.emptyName, "", from: start)
                    }
                    return token(kind, String(decoding: out, as: UTF8.self), from: start)
                }
                at += 1
            }
            out.append(next)
        }
        throw failure(
            "mismatched character '<EOF>' expecting '\(Character(Unicode.Scalar(quote)))'",
            at: bytes.count)
    }

    private mutating func dollarString() throws(CQLSyntaxError) -> CQLToken {
        let start = at
        at += 2
        let from = at
        while at + 1 < bytes.count {
            if byte() == UInt8(ascii: "$"), byte(1) == UInt8(ascii: "$") {
                let text = String(decoding: bytes[from..<at], as: UTF8.self)
                at += 2
                return token(.string, text, from: start)
            }
            at += 1
        }
        throw failure("mismatched character '<EOF>' expecting '$'", at: bytes.count)
    }

    private mutating func symbol(_ first: UInt8) throws(CQLSyntaxError) -> CQLToken {
        switch first {
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            return cut(.symbol, byte(1) == UInt8(ascii: "=") ? 2 : 1)
        case UInt8(ascii: "!") where byte(1) == UInt8(ascii: "="),
            UInt8(ascii: ".") where byte(1) == UInt8(ascii: "."):
            return cut(.symbol, 2)
        default: break
        }
        guard Self.symbols.contains(first) else {
            let scalar = String(decoding: bytes[at...].prefix(4), as: UTF8.self).prefix(1)
            throw failure("no viable alternative at character '\(scalar)'")
        }
        return cut(.symbol, 1)
    }

    private static let symbols = Set("()[]{},;:.?=+-*/%".utf8)
}

extension CQLLexer {
    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    private func uuidLength() -> Int? {
        guard isHex(byte()), at + 36 <= bytes.count else { return nil }
        for index in 0..<36 {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? byte(index) == 0x2D : isHex(byte(index)) else { return nil }
        }
        let after = byte(36)
        return isLetter(after) || isDigit(after) || after == 0x5F ? nil : 36
    }

    private mutating func number(signed sign: Int) -> CQLToken {
        if sign == 0, byte() == UInt8(ascii: "0"), byte(1) | 0x20 == UInt8(ascii: "x") {
            var length = 2
            while isHex(byte(length)) { length += 1 }
            return cut(.hex, length)
        }
        var length = sign
        while isDigit(byte(length)) { length += 1 }
        if let duration = unitDurationLength(from: length) { return cut(.duration, duration) }
        var isFloat = false
        // `1..2` is a range, and so is `1...2`, from `1.` on; `1.` and `1.e5` are numbers.
        let dot = UInt8(ascii: ".")
        if byte(length) == dot, byte(length + 1) != dot || byte(length + 2) == dot {
            isFloat = true
            length += 1
            while isDigit(byte(length)) { length += 1 }
        }
        if byte(length) | 0x20 == UInt8(ascii: "e") {
            var exponent = length + 1
            if byte(exponent) == UInt8(ascii: "+") || byte(exponent) == UInt8(ascii: "-") {
                exponent += 1
            }
            if isDigit(byte(exponent)) {
                isFloat = true
                length = exponent
                while isDigit(byte(length)) { length += 1 }
            }
        }
        return cut(isFloat ? .float : .integer, length)
    }

    /// The length of `1y2mo3w4d5h6m7s8ms9us10ns` whose first digits end at `from`.
    private func unitDurationLength(from: Int) -> Int? {
        var length = from
        while true {
            guard let unit = unitLength(at: length) else { return nil }
            length += unit
            guard isDigit(byte(length)) else { break }
            while isDigit(byte(length)) { length += 1 }
        }
        return isLetter(byte(length)) || byte(length) == 0x5F ? nil : length
    }

    private func unitLength(at index: Int) -> Int? {
        let second = byte(index + 1) | 0x20
        switch byte(index) | 0x20 {
        case UInt8(ascii: "y"), UInt8(ascii: "w"), UInt8(ascii: "d"), UInt8(ascii: "h"),
            UInt8(ascii: "s"):
            return 1
        case UInt8(ascii: "m"):
            return second == UInt8(ascii: "o") || second == UInt8(ascii: "s") ? 2 : 1
        case UInt8(ascii: "u"), UInt8(ascii: "n"):
            return second == UInt8(ascii: "s") ? 2 : nil
        case 0xE2 where byte(index) == 0xC2 && byte(index + 1) == 0xB5:
            return byte(index + 2) | 0x20 == UInt8(ascii: "s") ? 3 : nil
        default: return nil
        }
    }

    /// The length of `P1Y2M3DT4H5M6S`, `P3W` or `P0001-02-03T04:05:06`, from `from` after `at`.
    /// Only capitals, as in Cassandra: `p1` is a name.
    private func isoDurationLength(from: Int) -> Int? {
        let length =
            patternLength("dddd-dd-ddTdd:dd:dd", from: from + 1)
            ?? designatorLength(UInt8(ascii: "W"), from: from + 1) ?? periodLength(from: from + 1)
        guard let length, length > from + 1 else { return nil }
        let after = byte(length)
        return isLetter(after) || isDigit(after) || after == 0x5F ? nil : length
    }

    /// Years, months and days, then hours, minutes and seconds; each may be missing.
    private func periodLength(from: Int) -> Int? {
        var length = from
        for unit in "YMD".utf8 { length = designatorLength(unit, from: length) ?? length }
        guard byte(length) == UInt8(ascii: "T") else { return length }
        let start = length + 1
        length = start
        for unit in "HMS".utf8 { length = designatorLength(unit, from: length) ?? length }
        return length > start ? length : nil
    }

    /// Where the digits from `from` on end, with this letter behind them.
    private func designatorLength(_ unit: UInt8, from: Int) -> Int? {
        var length = from
        while isDigit(byte(length)) { length += 1 }
        return length > from && byte(length) == unit ? length + 1 : nil
    }

    /// - Parameter pattern: `d` is a digit, all else itself.
    private func patternLength(_ pattern: StaticString, from: Int) -> Int? {
        var length = from
        let fits = pattern.withUTF8Buffer { pattern in
            for expected in pattern {
                let next = byte(length)
                guard expected == UInt8(ascii: "d") ? isDigit(next) : next == expected else {
                    return false
                }
                length += 1
            }
            return true
        }
        return fits ? length : nil
    }
}
