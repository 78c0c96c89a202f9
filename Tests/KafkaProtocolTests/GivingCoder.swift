// Fills a message from a tree of Kafka's field names and values.

import MillraceBase
import NIOCore

@testable import KafkaProtocol

/// A coder that sets each field from the value of its name. One that is not there is an error.
struct GivingCoder: KafkaCoder {
    let version: Int16
    let isFlexible: Bool
    /// The structure whose fields are set, or the number or string that an element is.
    let value: WireValue

    mutating func bool(_ value: inout Bool, _ field: String) throws(WireError) {
        guard case .bool(let flag) = try given(field) else { throw Self.wrong(field) }
        value = flag
    }

    mutating func int8(_ value: inout Int8, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func int16(_ value: inout Int16, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func int32(_ value: inout Int32, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func int64(_ value: inout Int64, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func uint16(_ value: inout UInt16, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func uint32(_ value: inout UInt32, _ field: String) throws(WireError) {
        value = try number(field)
    }

    mutating func float64(_ value: inout Double, _ field: String) throws(WireError) {
        var buffer = ByteBuffer(bytes: try digits("f:", field))
        guard let bits = buffer.readInteger(as: UInt64.self) else { throw Self.wrong(field) }
        value = Double(bitPattern: bits)
    }

    mutating func uuid(_ value: inout KafkaUUID, _ field: String) throws(WireError) {
        var buffer = ByteBuffer(bytes: try digits("u:", field))
        guard let (high, low) = buffer.readMultipleIntegers(as: (UInt64, UInt64).self) else {
            throw Self.wrong(field)
        }
        value = KafkaUUID(high: high, low: low)
    }

    mutating func string(_ value: inout String, _ field: String) throws(WireError) {
        guard case .text(let text) = try given(field) else { throw Self.wrong(field) }
        value = text
    }

    mutating func string(
        _ value: inout String?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if try isNull(field, nullable) {
            value = nil
        } else {
            var text = ""
            try string(&text, field)
            value = text
        }
    }

    mutating func bytes(_ value: inout [UInt8], _ field: String) throws(WireError) {
        value = try digits("b:", field)
    }

    mutating func bytes(
        _ value: inout [UInt8]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        value = try isNull(field, nullable) ? nil : digits("b:", field)
    }

    mutating func records(_ value: inout ByteBuffer?, _ field: String) throws(WireError) {
        value = try isNull(field, true) ? nil : ByteBuffer(bytes: digits("b:", field))
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String
    ) throws(WireError) {
        guard case .list(let list) = try given(field) else { throw Self.wrong(field) }
        value = []
        for given in list { value.append(try part(given)) }
    }

    mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if try isNull(field, nullable) {
            value = nil
        } else {
            var elements: [Element] = []
            try array(&elements, field)
            value = elements
        }
    }

    mutating func structure<Fields: KafkaFields>(
        _ value: inout Fields, _ field: String
    ) throws(WireError) {
        value = try part(try given(field))
    }

    mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String
    ) throws(WireError) {
        value = try isNull(field, true) ? nil : part(given(field))
    }

    mutating func tags() {}

    mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError) {
        guard isFlexible else { return }
        for tag in Target.tags where tag.since <= version {
            try target.tagged(tag.number, &self)
        }
    }

    // MARK: Parts

    private func given(_ field: String) throws(WireError) -> WireValue {
        guard case .structure(let fields) = value else { return value }
        guard let given = fields[field] else {
            throw WireError(.invalid("is not given"), in: field)
        }
        return given
    }

    private func isNull(_ field: String, _ nullable: Bool) throws(WireError) -> Bool {
        guard try given(field) == .null else { return false }
        guard nullable else { throw Self.wrong(field) }
        return true
    }

    private func number<Number: FixedWidthInteger>(_ field: String) throws(WireError) -> Number {
        guard case .number(let wide) = try given(field), let number = Number(exactly: wide) else {
            throw Self.wrong(field)
        }
        return number
    }

    private func digits(_ kind: String, _ field: String) throws(WireError) -> [UInt8] {
        guard case .text(let text) = try given(field), text.hasPrefix(kind) else {
            throw Self.wrong(field)
        }
        return KafkaProtocolTests.bytes(String(text.dropFirst(kind.count)))
    }

    private func part<Fields: KafkaFields>(_ given: WireValue) throws(WireError) -> Fields {
        var coder = GivingCoder(version: version, isFlexible: isFlexible, value: given)
        var fields = Fields()
        try fields.fields(&coder)
        return fields
    }

    private static func wrong(_ field: String) -> WireError {
        WireError(.invalid("is not of the right kind"), in: field)
    }
}
