// Reads the fields of a message out of a buffer, and never past its end.

package import MillraceBase
package import NIOCore

/// A coder that sets each field from the bytes.
///
/// Nothing is allocated for a claimed length: a count above the bytes left is refused first. What the
/// values take in memory is counted, so that a small frame of tiny elements cannot grow without end.
package struct KafkaReader: KafkaCoder {
    package let version: Int16
    package let isFlexible: Bool
    private var buffer: ByteBuffer
    /// What the values that are still to be read may take in memory.
    private var valueBytesLeft: Int

    package init<Message: KafkaMessage>(
        _ message: Message.Type, _ buffer: ByteBuffer, version: Int16
    ) throws(WireError) {
        guard message.versions.contains(version) else {
            throw WireError(.unsupported(Int(version)), in: "\(message) version")
        }
        self.init(buffer, version: version, isFlexible: message.isFlexible(version))
    }

    package init(_ buffer: ByteBuffer, version: Int16, isFlexible: Bool) {
        self.buffer = buffer
        self.version = version
        self.isFlexible = isFlexible
        valueBytesLeft =
            Limits.valueBytesMin + Limits.valueBytesPerWireByte * buffer.readableBytes
    }

    /// - Throws: when bytes are left.
    package func finish(_ field: String) throws(WireError) {
        guard buffer.readableBytes == 0 else {
            throw WireError(.leftOver(buffer.readableBytes), in: field)
        }
    }

    /// What is not read yet.
    var rest: ByteBuffer { buffer }

    // MARK: Numbers

    package mutating func bool(_ value: inout Bool, _ field: String) throws(WireError) {
        value = try integer(field, as: UInt8.self) != 0
    }

    package mutating func int8(_ value: inout Int8, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func int16(_ value: inout Int16, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func int32(_ value: inout Int32, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func int64(_ value: inout Int64, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func uint16(_ value: inout UInt16, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func uint32(_ value: inout UInt32, _ field: String) throws(WireError) {
        value = try integer(field)
    }

    package mutating func float64(_ value: inout Double, _ field: String) throws(WireError) {
        value = Double(bitPattern: try integer(field))
    }

    package mutating func uuid(_ value: inout KafkaUUID, _ field: String) throws(WireError) {
        value.high = try integer(field)
        value.low = try integer(field)
    }

    // MARK: Strings and bytes

    package mutating func string(_ value: inout String, _ field: String) throws(WireError) {
        guard let text = try text(field) else { throw Self.isNull(field) }
        value = text
    }

    package mutating func string(
        _ value: inout String?, _ field: String, nullable: Bool
    ) throws(WireError) {
        value = try text(field)
        if value == nil && !nullable { throw Self.isNull(field) }
    }

    package mutating func bytes(_ value: inout [UInt8], _ field: String) throws(WireError) {
        var read: [UInt8]?
        try bytes(&read, field, nullable: false)
        value = read ?? []
    }

    package mutating func bytes(
        _ value: inout [UInt8]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        guard let length = try length(field) else {
            guard nullable else { throw Self.isNull(field) }
            value = nil
            return
        }
        guard length <= buffer.readableBytes else { throw WireError(.cutShort, in: field) }
        try charge(length, of: 1, field)
        value = buffer.readBytes(length: length)
    }

    package mutating func records(_ value: inout ByteBuffer?, _ field: String) throws(WireError) {
        guard let length = try length(field) else {
            value = nil
            return
        }
        guard let slice = buffer.readSlice(length: length) else {
            throw WireError(.cutShort, in: field)
        }
        value = slice
    }

    // MARK: Structures

    package mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String
    ) throws(WireError) {
        guard let elements: [Element] = try elements(field) else { throw Self.isNull(field) }
        value = elements
    }

    package mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        value = try elements(field)
        if value == nil && !nullable { throw Self.isNull(field) }
    }

    package mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String
    ) throws(WireError) {
        guard try integer(field, as: Int8.self) >= 0 else {
            value = nil
            return
        }
        var fields = Fields()
        try fields.fields(&self)
        value = fields
    }

    package mutating func tags() throws(WireError) {
        guard isFlexible else { return }
        var last: Int64 = -1
        for _ in 0..<(try unsignedVarint("tagged fields")) { _ = try tag(after: &last) }
    }

    package mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError) {
        guard isFlexible else { return }
        var last: Int64 = -1
        for _ in 0..<(try unsignedVarint("tagged fields")) {
            let (number, slice) = try tag(after: &last)
            let isKnown = Target.tags.contains { $0.number == number && $0.since <= version }
            guard isKnown else { continue }
            var inner = KafkaReader(slice, version: version, isFlexible: true)
            inner.valueBytesLeft = valueBytesLeft
            try target.tagged(number, &inner)
            try inner.finish("tagged field \(number)")
            valueBytesLeft = inner.valueBytesLeft
        }
    }

    // MARK: Parts

    /// Tags rise strictly; each says its size, so an unknown one can be passed over.
    private mutating func tag(
        after last: inout Int64
    ) throws(WireError) -> (number: UInt32, slice: ByteBuffer) {
        let number = try unsignedVarint("tag")
        guard Int64(number) > last else {
            throw WireError(.invalid("does not rise"), in: "tag \(number)")
        }
        last = Int64(number)
        let size = Int(try unsignedVarint("size of tag \(number)"))
        guard let slice = buffer.readSlice(length: size) else {
            throw WireError(.cutShort, in: "tagged field \(number)")
        }
        return (number, slice)
    }

    /// Takes the memory of an array, a long string or bytes.
    private mutating func charge(
        _ count: Int, of strideBytes: Int, _ field: String
    ) throws(WireError) {
        guard count > 0 else { return }
        valueBytesLeft -= Limits.allocationBytes + count * strideBytes
        guard valueBytesLeft >= 0 else { throw WireError(.badLength(Int64(count)), in: field) }
    }

    private mutating func elements<Element: KafkaFields>(
        _ field: String
    ) throws(WireError) -> [Element]? {
        let claimed =
            isFlexible
            ? Int64(try unsignedVarint(field)) - 1 : Int64(try integer(field, as: Int32.self))
        if claimed == -1 { return nil }
        guard claimed >= 0 else { throw WireError(.badLength(claimed), in: field) }
        // Every element takes a byte at least.
        guard claimed <= buffer.readableBytes else { throw WireError(.cutShort, in: field) }
        try charge(Int(claimed), of: MemoryLayout<Element>.stride, field)
        var elements: [Element] = []
        for _ in 0..<claimed {
            var element = Element()
            try element.fields(&self)
            elements.append(element)
        }
        return elements
    }

    private mutating func text(_ field: String) throws(WireError) -> String? {
        let claimed =
            isFlexible
            ? Int64(try unsignedVarint(field)) - 1 : Int64(try integer(field, as: Int16.self))
        if claimed == -1 { return nil }
        // A compact length could claim more; Kafka takes it of neither form.
        guard 0...Limits.stringBytesMax ~= claimed else {
            throw WireError(.badLength(claimed), in: field)
        }
        guard let view = buffer.readSlice(length: Int(claimed))?.readableBytesView else {
            throw WireError(.cutShort, in: field)
        }
        if claimed > Limits.stringBytesInline { try charge(Int(claimed), of: 1, field) }
        guard let text = String(validating: view, as: UTF8.self) else {
            throw WireError(.invalid("is no UTF-8"), in: field)
        }
        return text
    }

    /// The length of bytes or records; `nil` for null.
    private mutating func length(_ field: String) throws(WireError) -> Int? {
        let claimed =
            isFlexible
            ? Int64(try unsignedVarint(field)) - 1 : Int64(try integer(field, as: Int32.self))
        if claimed == -1 { return nil }
        guard claimed >= 0 else { throw WireError(.badLength(claimed), in: field) }
        return Int(claimed)
    }

    private mutating func integer<Number: FixedWidthInteger>(
        _ field: String, as type: Number.Type = Number.self
    ) throws(WireError) -> Number {
        guard let number = buffer.readInteger(as: type) else {
            throw WireError(.cutShort, in: field)
        }
        return number
    }

    private mutating func unsignedVarint(_ field: String) throws(WireError) -> UInt32 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            let byte: UInt8 = try integer(field)
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            guard byte & 0x80 != 0 else {
                guard let number = UInt32(exactly: value) else { break }
                return number
            }
        }
        throw WireError(.invalid("is no varint of 32 bits"), in: field)
    }

    private static func isNull(_ field: String) -> WireError {
        WireError(.invalid("is null"), in: field)
    }
}
