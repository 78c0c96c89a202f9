// Strings of a JSON record: plain ones as places, escaped ones unescaped.

extension JSONRecordReader {
    /// Reads a string; `at` stands on its quotation mark.
    mutating func string() throws(JSONSurprise) -> Value {
        let quote = at.pointee
        at += 1
        let start = at
        while true {
            let span = JSONBytes.plain(from: at, end: end)
            at = span.stop
            if quote == UInt8(ascii: "'") {
                // The fast scan knows double quotes only: look for the single one in what it found.
                if let mark = (start..<at).first(where: { $0.pointee == quote }) {
                    at = mark + 1
                    return .string(try plain(start, mark))
                }
            }
            guard at < end else { throw .malformed }
            let byte = at.pointee
            if byte == quote {
                at += 1
                return .string(try plain(start, at - 1))
            }
            if byte == UInt8(ascii: "\\") {
                return .unescaped(try escaped(from: start, quote: quote))
            }
            guard byte == UInt8(ascii: "\"") else { throw .malformed }
            at += 1
        }
    }

    private func plain(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>)
        throws(JSONSurprise) -> TextCell
    {
        guard JSONBytes.isUTF8(start, count: stop - start) else { throw .notUTF8 }
        return TextCell(bits: memory.cell(start, stop))
    }

    /// The slow way, once a backslash was met. `at` stands on it.
    private mutating func escaped(from start: UnsafePointer<UInt8>, quote: UInt8)
        throws(JSONSurprise) -> Range<Int>
    {
        let mark = scratch.count
        guard JSONBytes.isUTF8(start, count: at - start) else { throw .notUTF8 }
        scratch.append(contentsOf: UnsafeBufferPointer(start: start, count: at - start))
        while at < end {
            let byte = at.pointee
            if byte == quote {
                at += 1
                return mark..<scratch.count
            }
            if byte == UInt8(ascii: "\\") {
                at += 1
                try escape()
            } else {
                guard byte >= 0x20 else { throw .malformed }
                let from = at
                while at < end, at.pointee >= 0x20, at.pointee != quote,
                    at.pointee != UInt8(ascii: "\\")
                {
                    at += 1
                }
                guard JSONBytes.isUTF8(from, count: at - from) else { throw .notUTF8 }
                scratch.append(contentsOf: UnsafeBufferPointer(start: from, count: at - from))
            }
        }
        throw .malformed
    }

    private mutating func escape() throws(JSONSurprise) {
        guard at < end else { throw .malformed }
        let byte = at.pointee
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try codePoint()
            scratch.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Self.replacement)
        default: throw .malformed
        }
    }

    private static let replacement = Unicode.UTF8.encodedReplacementCharacter

    /// A lone half of a surrogate pair becomes U+FFFD.
    private mutating func codePoint() throws(JSONSurprise) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let mark = at
        if first < 0xDC00, end - at >= 2, at[0] == UInt8(ascii: "\\"), at[1] == UInt8(ascii: "u") {
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

    private mutating func fourDigits() throws(JSONSurprise) -> UInt32 {
        guard end - at >= 4 else { throw .malformed }
        var value: UInt32 = 0
        for place in 0..<4 {
            let byte = at[place]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw .malformed
            }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }
}
