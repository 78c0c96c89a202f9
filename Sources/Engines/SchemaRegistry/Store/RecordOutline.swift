// The members of a JSON object by their places, found in one pass that makes no values.

/// What a record of `_schemas` is about, without its text: thousands are looked over at a start.
struct RecordOutline {
    /// The bytes of each member's value, quotes included.
    private(set) var members: [(name: String, value: Range<Int>)] = []

    /// - Returns: `nil` when the bytes are no object, or its strings and brackets do not end. What
    ///   stands inside is not looked at.
    init?(_ bytes: [UInt8]) {
        let found: [(name: Range<Int>, value: Range<Int>)]? = bytes.withUnsafeBufferPointer {
            var walk = Walk(bytes: $0)
            return walk.object()
        }
        guard let found else { return nil }
        members = found.map { (String(decoding: bytes[$0.name], as: UTF8.self), $0.value) }
    }

    subscript(name: String) -> Range<Int>? { members.last { $0.name == name }?.value }

    private struct Walk {
        let bytes: UnsafeBufferPointer<UInt8>
        var at = 0

        mutating func object() -> [(name: Range<Int>, value: Range<Int>)]? {
            var found: [(name: Range<Int>, value: Range<Int>)] = []
            guard skip(UInt8(ascii: "{")) else { return nil }
            if skip(UInt8(ascii: "}")) { return found }
            repeat {
                skipBlanks()
                guard let name = string(), skip(UInt8(ascii: ":")), let value = value() else {
                    return nil
                }
                found.append((name.lowerBound + 1..<name.upperBound - 1, value))
            } while skip(UInt8(ascii: ","))
            return skip(UInt8(ascii: "}")) ? found : nil
        }

        private mutating func skipBlanks() {
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        }

        private mutating func skip(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard at < bytes.count, bytes[at] == byte else { return false }
            at += 1
            return true
        }

        /// Quotes included.
        private mutating func string() -> Range<Int>? {
            let start = at
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
            at += 1
            while at < bytes.count {
                let byte = bytes[at]
                at += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { return start..<at }
            }
            return nil
        }

        private mutating func value() -> Range<Int>? {
            skipBlanks()
            let start = at
            var depth = 0
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""): if string() == nil { return nil }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    at += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return start < at ? start..<at : nil }
                    depth -= 1
                    at += 1
                case UInt8(ascii: ","):
                    if depth == 0 { return start < at ? start..<at : nil }
                    at += 1
                default: at += 1
                }
                if depth == 0, bytes[start] == UInt8(ascii: "\"") { return start..<at }
            }
            return nil
        }
    }
}
