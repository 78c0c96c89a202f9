// Writes the fields of a message into a buffer, or into pieces that share their record bytes.

package import MillraceBase
package import NIOCore

/// A coder that writes each field.
package struct KafkaWriter: KafkaCoder {
    package let version: Int16
    package let isFlexible: Bool
    /// What is written last; in front of it stand `pieces`.
    var buffer = ByteBuffer()
    private var pieces: [ByteBuffer] = []
    private let gathers: Bool

    /// - Parameter gathers: whether large records become pieces of their own instead of copies.
    package init<Message: KafkaMessage>(
        _ message: Message.Type, version: Int16, gathers: Bool = false
    ) throws(WireError) {
        guard message.versions.contains(version) else {
            throw WireError(.unsupported(Int(version)), in: "\(message) version")
        }
        self.init(version: version, isFlexible: message.isFlexible(version), gathers: gathers)
    }

    package init(version: Int16, isFlexible: Bool, gathers: Bool = false) {
        self.version = version
        self.isFlexible = isFlexible
        self.gathers = gathers
    }

    /// Everything written, in order. One piece unless the writer gathers.
    package consuming func finish() -> [ByteBuffer] {
        if buffer.readableBytes > 0 { pieces.append(buffer) }
        return pieces
    }

    // MARK: Numbers

    package mutating func bool(_ value: inout Bool, _ field: String) {
        buffer.writeInteger(value ? 1 : 0, as: UInt8.self)
    }

    package mutating func int8(_ value: inout Int8, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func int16(_ value: inout Int16, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func int32(_ value: inout Int32, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func int64(_ value: inout Int64, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func uint16(_ value: inout UInt16, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func uint32(_ value: inout UInt32, _ field: String) {
        buffer.writeInteger(value)
    }

    package mutating func float64(_ value: inout Double, _ field: String) {
        buffer.writeInteger(value.bitPattern)
    }

    package mutating func uuid(_ value: inout KafkaUUID, _ field: String) {
        buffer.writeInteger(value.high)
        buffer.writeInteger(value.low)
    }

    // MARK: Strings and bytes

    package mutating func string(_ value: inout String, _ field: String) throws(WireError) {
        // Nobody reads a longer one, not even where a compact length could say so.
        guard let length = Int16(exactly: value.utf8.count) else {
            throw WireError(.badLength(Int64(value.utf8.count)), in: field)
        }
        if isFlexible {
            try writeCompact(length: Int(length), field)
        } else {
            buffer.writeInteger(length)
        }
        buffer.writeString(value)
    }

    package mutating func string(
        _ value: inout String?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if value != nil {
            var text = value ?? ""
            try string(&text, field)
        } else {
            guard nullable else { throw WireError(.invalid("is null"), in: field) }
            if isFlexible { writeVarint(0) } else { buffer.writeInteger(-1, as: Int16.self) }
        }
    }

    package mutating func bytes(_ value: inout [UInt8], _ field: String) throws(WireError) {
        try write(length: value.count, field)
        buffer.writeBytes(value)
    }

    package mutating func bytes(
        _ value: inout [UInt8]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if var bytes = value { return try self.bytes(&bytes, field) }
        guard nullable else { throw WireError(.invalid("is null"), in: field) }
        writeNullLength()
    }

    package mutating func records(_ value: inout ByteBuffer?, _ field: String) throws(WireError) {
        guard let records = value else { return writeNullLength() }
        try write(length: records.readableBytes, field)
        guard gathers, records.readableBytes >= Limits.pieceBytesMin else {
            buffer.writeImmutableBuffer(records)
            return
        }
        if buffer.readableBytes > 0 { pieces.append(buffer) }
        pieces.append(records)
        buffer = ByteBuffer()
    }

    // MARK: Structures

    package mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String
    ) throws(WireError) {
        try write(length: value.count, field)
        // Copies of the elements: walking them in place would copy the whole array, which is shared.
        for element in value {
            var element = element
            try element.fields(&self)
        }
    }

    package mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool
    ) throws(WireError) {
        if var elements = value { return try array(&elements, field) }
        guard nullable else { throw WireError(.invalid("is null"), in: field) }
        writeNullLength()
    }

    package mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String
    ) throws(WireError) {
        buffer.writeInteger(value == nil ? -1 : 1, as: Int8.self)
        guard var fields = value else { return }
        try fields.fields(&self)
    }

    package mutating func tags() {
        if isFlexible { writeVarint(0) }
    }

    package mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError) {
        guard isFlexible else { return }
        let held = Target.tags.filter { $0.since <= version && target.holds(tag: $0.number) }
        writeVarint(UInt32(held.count))
        for tag in held {
            var inner = KafkaWriter(version: version, isFlexible: true)
            try target.tagged(tag.number, &inner)
            writeVarint(tag.number)
            writeVarint(UInt32(inner.buffer.readableBytes))
            buffer.writeImmutableBuffer(inner.buffer)
        }
    }

    // MARK: Parts

    private mutating func write(length: Int, _ field: String) throws(WireError) {
        if isFlexible { return try writeCompact(length: length, field) }
        guard let count = Int32(exactly: length) else {
            throw WireError(.badLength(Int64(length)), in: field)
        }
        buffer.writeInteger(count)
    }

    private mutating func writeCompact(length: Int, _ field: String) throws(WireError) {
        guard let count = Int32(exactly: length), count < .max else {
            throw WireError(.badLength(Int64(length)), in: field)
        }
        writeVarint(UInt32(count) + 1)
    }

    private mutating func writeNullLength() {
        if isFlexible { writeVarint(0) } else { buffer.writeInteger(-1, as: Int32.self) }
    }

    private mutating func writeVarint(_ value: UInt32) {
        var rest = value
        while rest > 0x7f {
            buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.writeInteger(UInt8(truncatingIfNeeded: rest))
    }
}
