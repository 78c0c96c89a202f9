// A UUID as 16 bytes, with no Foundation in the way.

/// A UUID of any version (RFC 9562), in the order of its bytes.
///
/// `Comparable` compares unsigned bytes; CQL's own order of uuid and timeuuid columns is the store's.
package struct CQLUUID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes 0…7, the first one highest.
    package var high: UInt64
    /// Bytes 8…15, the eighth one highest.
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Returns: `nil` unless there are 16 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (place, byte) in bytes.enumerated() {
            if place < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }

    /// Parses `8-4-4-4-12` hexadecimal digits of any case.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let uuid = text.withUTF8({ CQLUUID(ascii: UnsafeRawBufferPointer($0)) }) else {
            return nil
        }
        self = uuid
    }

    /// Parses 36 ASCII bytes; the way for hot loops: no text is made.
    package init?(ascii bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 36, bytes[8] == 0x2D, bytes[13] == 0x2D, bytes[18] == 0x2D,
            bytes[23] == 0x2D
        else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var invalid: UInt8 = 0
        for place in 0..<36 where place != 8 && place != 13 && place != 18 && place != 23 {
            let nibble = Self.nibbles[Int(bytes[place])]
            invalid |= nibble
            if place < 18 {
                high = high << 4 | UInt64(nibble & 15)
            } else {
                low = low << 4 | UInt64(nibble & 15)
            }
        }
        guard invalid & 0x80 == 0 else { return nil }
        self.init(high: high, low: low)
    }

    package static func random() -> CQLUUID {
        var generator = SystemRandomNumberGenerator()
        return CQLUUID(
            high: generator.next() & ~0xF000 | 0x4000,
            low: generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    package var version: Int { Int(high >> 12 & 15) }

    /// Of a version 1 UUID: 100-nanosecond ticks since 1582-10-15T00:00Z.
    package var timestampTicks: UInt64? {
        guard version == 1 else { return nil }
        return high >> 32 | (high >> 16 & 0xFFFF) << 32 | (high & 0x0FFF) << 48
    }

    /// Of a version 1 UUID: milliseconds since 1970-01-01T00:00Z.
    package var unixMilliseconds: Int64? {
        timestampTicks.map { (Int64($0) - Self.epochTicks) / 10_000 }
    }

    /// Ticks of 100 ns between 1582-10-15 and 1970-01-01.
    package static let epochTicks: Int64 = 0x01B2_1DD2_1381_4000

    /// A version 1 UUID of that moment, node and clock sequence.
    package static func time(
        unixMilliseconds: Int64, extraTicks: UInt16 = 0, clockSequenceAndNode: UInt64
    ) -> CQLUUID {
        let ticks = UInt64(
            bitPattern: unixMilliseconds &* 10_000 &+ epochTicks &+ Int64(extraTicks))
        let high = ticks << 32 | (ticks >> 32 & 0xFFFF) << 16 | 0x1000 | (ticks >> 48 & 0x0FFF)
        return CQLUUID(high: high, low: clockSequenceAndNode)
    }

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(16)
        for shift in stride(from: 56, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
        return out
    }

    /// In lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { space in
            var place = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    space[place] = 0x2D
                    place += 1
                }
                let half = nibble < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - nibble % 16 * 4) & 15)
                space[place] = value < 10 ? 0x30 + value : 0x57 + value
                place += 1
            }
            return 36
        }
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The value of each ASCII digit; 0x80 for what is no hexadecimal digit.
    private static let nibbles: [UInt8] = (0...255).map { code in
        switch UInt8(code) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(code) - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt8(code) - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt8(code) - UInt8(ascii: "A") + 10
        default: 0x80
        }
    }
}
