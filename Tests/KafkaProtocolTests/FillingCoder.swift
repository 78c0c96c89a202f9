// Fills messages with values drawn from a seed, for tests that walk every field of every version.

import MillraceBase
import NIOCore

@testable import KafkaProtocol

/// Random numbers that a seed repeats: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// A coder that sets each field a version has. What a version lacks keeps its default, so a message
/// filled for a version equals itself after a round trip.
struct FillingCoder: KafkaCoder {
    var version: Int16
    var isFlexible: Bool
    var generator: SeededGenerator
    /// Whether what may be null is; otherwise nothing is.
    var nulls = false

    mutating func bool(_ value: inout Bool, _ field: String) { value = generator.next() % 2 == 0 }
    mutating func int8(_ value: inout Int8, _ field: String) { value = number() }
    mutating func int16(_ value: inout Int16, _ field: String) { value = number() }
    mutating func int32(_ value: inout Int32, _ field: String) { value = number() }
    mutating func int64(_ value: inout Int64, _ field: String) { value = number() }

    mutating func uint16(_ value: inout UInt16, _ field: String) { value = number() }
    mutating func uint32(_ value: inout UInt32, _ field: String) { value = number() }

    mutating func float64(_ value: inout Double, _ field: String) {
        value = [0, -1.5, 1e300, .infinity][Int(generator.next() % 4)]
    }

    mutating func uuid(_ value: inout KafkaUUID, _ field: String) {
        value = KafkaUUID(high: generator.next(), low: generator.next())
    }

    mutating func string(_ value: inout String, _ field: String) {
        value = ["", "a", "topic-1", "größe.東京"][Int(generator.next() % 4)]
    }

    mutating func string(_ value: inout String?, _ field: String, nullable: Bool) {
        var text = ""
        string(&text, field)
        value = nullable && nulls ? nil : text
    }

    mutating func bytes(_ value: inout [UInt8], _ field: String) {
        value = (0..<generator.next() % 5).map { UInt8($0) }
    }

    mutating func bytes(_ value: inout [UInt8]?, _ field: String, nullable: Bool) {
        var filled: [UInt8] = []
        bytes(&filled, field)
        value = nullable && nulls ? nil : filled
    }

    mutating func records(_ value: inout ByteBuffer?, _ field: String) {
        value = nulls ? nil : ByteBuffer(repeating: 7, count: Int(generator.next() % 300))
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String
    ) throws(WireError) {
        value = []
        for _ in 0..<generator.next() % 4 {
            var element = Element()
            try element.fields(&self)
            value.append(element)
        }
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        var elements: [Element] = []
        try array(&elements, field)
        value = nullable && nulls ? nil : elements
    }

    mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String
    ) throws(WireError) {
        var fields = Fields()
        try fields.fields(&self)
        value = nulls ? nil : fields
    }

    mutating func tags() {}

    mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError) {
        guard isFlexible else { return }
        for tag in Target.tags where tag.since <= version && generator.next() % 4 > 0 {
            try target.tagged(tag.number, &self)
        }
    }

    private mutating func number<Number: FixedWidthInteger>() -> Number {
        switch generator.next() % 6 {
        case 0: .max
        case 1: .min
        case 2: 0
        default: Number(truncatingIfNeeded: generator.next())
        }
    }
}

extension KafkaMessage {
    static func filled(version: Int16, seed: UInt64, nulls: Bool = false) throws -> Self {
        var coder = FillingCoder(
            version: version, isFlexible: isFlexible(version),
            generator: SeededGenerator(state: seed), nulls: nulls)
        var message = Self()
        try message.fields(&coder)
        return message
    }
}
