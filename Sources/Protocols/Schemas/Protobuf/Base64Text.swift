// Bytes as text. Source: RFC 4648, "Base 64 Encoding".

enum Base64Text {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(of bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var bits = UInt32(0)
            for index in 0..<3 {
                let place = start + index
                bits = bits << 8 | UInt32(place < bytes.count ? bytes[place] : 0)
            }
            for index in 0..<4 {
                let isPadding = index > part.count
                let digit = Int(bits >> UInt32(18 - 6 * index) & 63)
                out.append(isPadding ? UInt8(ascii: "=") : alphabet[digit])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// - Returns: `nil` when the text is no base 64; blanks after it do not count.
    static func bytes(of text: String) -> [UInt8]? {
        var digits = Array(text.utf8)
        while let last = digits.last, last <= 0x20 { digits.removeLast() }
        guard digits.count.isMultiple(of: 4) else { return nil }
        var padding = 0
        while padding < 2, digits.last == UInt8(ascii: "=") {
            digits.removeLast()
            padding += 1
        }
        var out: [UInt8] = []
        out.reserveCapacity(digits.count / 4 * 3)
        var bits = UInt32(0)
        var count = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return out
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
