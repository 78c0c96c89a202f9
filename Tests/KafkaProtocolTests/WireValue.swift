// A message as a tree of Kafka's field names and values: out of a message, into a message, and JSON.

import MillraceBase
import NIOCore

@testable import KafkaProtocol

/// A value by its meaning. Bytes, ids and fractions are text: hexadecimal digits behind a letter.
enum WireValue: Equatable {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case list([WireValue])
    case structure([String: WireValue])

    static func bytes(_ bytes: some Sequence<UInt8>) -> WireValue { .text("b:" + hex(bytes)) }
}

extension WireValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([WireValue].self) {
            self = .list(list)
        } else {
            self = .structure(try container.decode([String: WireValue].self))
        }
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }.joined()
}

/// A coder that notes each field a version has, under its name.
struct NotingCoder: KafkaCoder {
    let version: Int16
    let isFlexible: Bool
    private(set) var fields: [String: WireValue] = [:]

    /// Elements that are numbers or strings note themselves as "element".
    var value: WireValue { fields["element"] ?? .structure(fields) }

    init(version: Int16, isFlexible: Bool) {
        self.version = version
        self.isFlexible = isFlexible
    }

    mutating func bool(_ value: inout Bool, _ field: String) { fields[field] = .bool(value) }
    mutating func int8(_ value: inout Int8, _ field: String) { note(value, field) }
    mutating func int16(_ value: inout Int16, _ field: String) { note(value, field) }
    mutating func int32(_ value: inout Int32, _ field: String) { note(value, field) }
    mutating func int64(_ value: inout Int64, _ field: String) { note(value, field) }
    mutating func uint16(_ value: inout UInt16, _ field: String) { note(value, field) }
    mutating func uint32(_ value: inout UInt32, _ field: String) { note(value, field) }

    mutating func float64(_ value: inout Double, _ field: String) {
        var buffer = ByteBuffer(integer: value.bitPattern)
        fields[field] = .text("f:" + hex(buffer.readBytes(length: 8) ?? []))
    }

    mutating func uuid(_ value: inout KafkaUUID, _ field: String) {
        var buffer = ByteBuffer(integer: value.high)
        buffer.writeInteger(value.low)
        fields[field] = .text("u:" + hex(buffer.readableBytesView))
    }

    mutating func string(_ value: inout String, _ field: String) { fields[field] = .text(value) }

    mutating func string(_ value: inout String?, _ field: String, nullable: Bool) {
        fields[field] = value.map(WireValue.text) ?? .null
    }

    mutating func bytes(_ value: inout [UInt8], _ field: String) { fields[field] = .bytes(value) }

    mutating func bytes(_ value: inout [UInt8]?, _ field: String, nullable: Bool) {
        fields[field] = value.map(WireValue.bytes) ?? .null
    }

    mutating func records(_ value: inout ByteBuffer?, _ field: String) {
        fields[field] = value.map { WireValue.bytes($0.readableBytesView) } ?? .null
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String
    ) throws(WireError) {
        var list: [WireValue] = []
        for element in value { list.append(try note(element)) }
        fields[field] = .list(list)
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if var elements = value { return try array(&elements, field) }
        fields[field] = .null
    }

    mutating func structure<Fields: KafkaFields>(
        _ value: inout Fields, _ field: String
    ) throws(WireError) {
        fields[field] = try note(value)
    }

    mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String
    ) throws(WireError) {
        if let value { fields[field] = try note(value) } else { fields[field] = .null }
    }

    mutating func tags() {}

    /// Fields at their default are noted too.
    mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError) {
        guard isFlexible else { return }
        for tag in Target.tags where tag.since <= version {
            try target.tagged(tag.number, &self)
        }
    }

    private mutating func note(_ value: some BinaryInteger, _ field: String) {
        fields[field] = .number(Int64(value))
    }

    private func note(_ value: some KafkaFields) throws(WireError) -> WireValue {
        var coder = NotingCoder(version: version, isFlexible: isFlexible)
        var value = value
        try value.fields(&coder)
        return coder.value
    }
}
