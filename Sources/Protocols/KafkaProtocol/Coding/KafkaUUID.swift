// The 128-bit ids of topics and directories.
// Source: apache/kafka clients/src/main/java/org/apache/kafka/common/Uuid.java

/// A UUID as Kafka writes it: 16 bytes on the wire, 22 characters of URL-safe base64 in text.
package struct KafkaUUID: Hashable, Sendable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    /// All bits 0: no id.
    package static let zero = KafkaUUID(high: 0, low: 0)

    package init(high: UInt64 = 0, low: UInt64 = 0) {
        self.high = high
        self.low = low
    }

    /// A random id of version 4 whose text does not begin with a dash, as Kafka makes them.
    package static func random(using generator: inout some RandomNumberGenerator) -> KafkaUUID {
        while true {
            let high = generator.next() & 0xffff_ffff_ffff_0fff | 0x4000
            let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
            // The first character is the top six bits; 62 stands for "-".
            if high >> 58 != 62 { return KafkaUUID(high: high, low: low) }
        }
    }

    /// - Returns: `nil` unless `text` is 22 characters of URL-safe base64 whose last 4 bits are 0.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 22 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, character) in characters.enumerated() {
            guard let sextet = Self.alphabet.firstIndex(of: character) else { return nil }
            // The last character carries two bits; its other four must be 0.
            let bits: UInt64 = index == 21 ? 2 : 6
            let value = UInt64(sextet)
            if bits == 2 && value & 0xf != 0 { return nil }
            high = high << bits | low >> (64 - bits)
            low = low << bits | (bits == 2 ? value >> 4 : value)
        }
        self.init(high: high, low: low)
    }

    package var description: String {
        var characters: [UInt8] = []
        for index in 0..<21 {
            characters.append(Self.alphabet[Int(sextet(at: index * 6))])
        }
        characters.append(Self.alphabet[Int(low & 0x3) << 4])
        return String(decoding: characters, as: UTF8.self)
    }

    /// Six bits from the bit `start` on, counted from the highest.
    private func sextet(at start: Int) -> UInt64 {
        if start + 6 <= 64 { return high >> UInt64(58 - start) & 0x3f }
        if start >= 64 { return low >> UInt64(122 - start) & 0x3f }
        let inHigh = UInt64(64 - start)
        return (high << (6 - inHigh) | low >> (58 + inHigh)) & 0x3f
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
