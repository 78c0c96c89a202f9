// An integer of any size.

/// The value of CQL's varint: two's complement, big endian, in as few bytes as possible.
///
/// Text forms are bounded by `CQLLimits.numberDigitsMax`, because turning bytes into digits takes time
/// that grows with the square of their number.
package struct CQLVarint: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// At least one byte; no leading byte that only repeats the sign.
    package let bytes: [UInt8]

    /// - Parameter bytes: two's complement, big endian; none stands for 0.
    package init(bytes: some Collection<UInt8>) {
        var bytes = Array(bytes)
        if bytes.isEmpty { bytes = [0] }
        var extra = 0
        while extra + 1 < bytes.count {
            let isPadding =
                bytes[extra] == 0 && bytes[extra + 1] < 0x80
                || bytes[extra] == 0xFF && bytes[extra + 1] >= 0x80
            guard isPadding else { break }
            extra += 1
        }
        self.bytes = extra == 0 ? bytes : Array(bytes[extra...])
    }

    package init(_ value: some FixedWidthInteger) {
        let wide = Int64(clamping: value)
        if wide == value {
            self.init(bytes: withUnsafeBytes(of: wide.bigEndian, Array.init))
        } else {
            self.init(
                bytes: [0] + withUnsafeBytes(of: UInt64(clamping: value).bigEndian, Array.init))
        }
    }

    /// Parses an optional sign and decimal digits, up to `CQLLimits.numberDigitsMax` of them.
    package init?(_ text: some StringProtocol) {
        var digits = Array(text.utf8)
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        guard !digits.isEmpty, digits.count <= CQLLimits.numberDigitsMax else { return nil }
        var words: [UInt32] = []
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            var carry = UInt64(digit - 0x30)
            for index in words.indices {
                carry += UInt64(words[index]) * 10
                words[index] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            if carry > 0 { words.append(UInt32(carry)) }
        }
        var bytes: [UInt8] = [0]
        for word in words.reversed() { withUnsafeBytes(of: word.bigEndian) { bytes += $0 } }
        self.init(bytes: isNegative ? Self.negated(bytes) : bytes)
    }

    package var isNegative: Bool { bytes[0] >= 0x80 }

    /// `nil` when it does not fit.
    package var int64: Int64? {
        guard bytes.count <= 8 else { return nil }
        return bytes.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    /// Decimal digits. Longer than `CQLLimits.numberDigitsMax`, it is given as `0x…` instead.
    package var description: String {
        if let small = int64 { return String(small) }
        guard bytes.count * 5 / 2 <= CQLLimits.numberDigitsMax else {
            return (isNegative ? "-0x" : "0x")
                + magnitude.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        var words: [UInt32] = []
        let padded = [UInt8](repeating: 0, count: (4 - magnitude.count % 4) % 4) + magnitude
        for start in stride(from: 0, to: padded.count, by: 4) {
            words.append(padded[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        var groups: [String] = []
        while let first = words.first(where: { _ in true }) {
            if first == 0 {
                words.removeFirst()
                continue
            }
            var remainder: UInt64 = 0
            for index in words.indices {
                let value = remainder << 32 | UInt64(words[index])
                words[index] = UInt32(value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            groups.append(String(remainder))
        }
        var out = isNegative ? "-" : ""
        for (place, group) in groups.reversed().enumerated() {
            if place > 0 { out += String(repeating: "0", count: 9 - group.utf8.count) }
            out += group
        }
        return out
    }

    /// The absolute value, big endian and unsigned.
    private var magnitude: [UInt8] { isNegative ? Self.negated(bytes) : bytes }

    private static func negated(_ bytes: [UInt8]) -> [UInt8] {
        // One byte more holds the negative of 0x80….
        var out = [bytes[0] >= 0x80 ? 0xFF : 0x00] + bytes
        for index in out.indices { out[index] = ~out[index] }
        for index in out.indices.reversed() {
            out[index] &+= 1
            if out[index] != 0 { break }
        }
        return out
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        if left.bytes.count != right.bytes.count {
            return (left.bytes.count < right.bytes.count) != left.isNegative
        }
        return left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
