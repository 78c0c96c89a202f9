// The one walk over a message's fields: who takes it (a reader, a writer) and who offers it (a message).
// Source: https://kafka.apache.org/protocol.html#protocol_types

package import MillraceBase
package import NIOCore

/// Visits the fields of a message in the order of the wire: a reader sets them, a writer writes them.
///
/// Each method knows the classic and the compact form and takes the one the version asks for.
package protocol KafkaCoder {
    /// The version of the API that is spoken.
    var version: Int16 { get }
    /// Whether lengths are compact (varints, n + 1) and structures end in tagged fields.
    var isFlexible: Bool { get }

    mutating func bool(_ value: inout Bool, _ field: String) throws(WireError)
    mutating func int8(_ value: inout Int8, _ field: String) throws(WireError)
    mutating func int16(_ value: inout Int16, _ field: String) throws(WireError)
    mutating func int32(_ value: inout Int32, _ field: String) throws(WireError)
    mutating func int64(_ value: inout Int64, _ field: String) throws(WireError)
    mutating func uint16(_ value: inout UInt16, _ field: String) throws(WireError)
    mutating func uint32(_ value: inout UInt32, _ field: String) throws(WireError)
    mutating func float64(_ value: inout Double, _ field: String) throws(WireError)
    mutating func uuid(_ value: inout KafkaUUID, _ field: String) throws(WireError)
    mutating func string(_ value: inout String, _ field: String) throws(WireError)
    /// - Parameter nullable: whether this version allows `nil`.
    mutating func string(
        _ value: inout String?, _ field: String, nullable: Bool) throws(WireError)
    mutating func bytes(_ value: inout [UInt8], _ field: String) throws(WireError)
    /// - Parameter nullable: whether this version allows `nil`.
    mutating func bytes(
        _ value: inout [UInt8]?, _ field: String, nullable: Bool) throws(WireError)
    /// Record batches as they stand on the wire and in the log. Read as a slice of the frame.
    mutating func records(_ value: inout ByteBuffer?, _ field: String) throws(WireError)
    mutating func array<Element: KafkaFields>(
        _ value: inout [Element], _ field: String) throws(WireError)
    /// - Parameter nullable: whether this version allows `nil`.
    mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String, nullable: Bool) throws(WireError)
    /// A structure that is always there: its fields, and nothing in front of them.
    mutating func structure<Fields: KafkaFields>(
        _ value: inout Fields, _ field: String) throws(WireError)
    /// A structure that may be absent: -1, or 1 and its fields.
    mutating func optional<Fields: KafkaFields>(
        _ value: inout Fields?, _ field: String) throws(WireError)
    /// The tagged fields that end each structure of a flexible version, when none is known.
    mutating func tags() throws(WireError)
    /// The tagged fields that end each structure of a flexible version.
    mutating func tags<Target: KafkaTagged>(_ target: inout Target) throws(WireError)
}

extension KafkaCoder {
    package mutating func string(_ value: inout String?, _ field: String) throws(WireError) {
        try string(&value, field, nullable: true)
    }

    package mutating func bytes(_ value: inout [UInt8]?, _ field: String) throws(WireError) {
        try bytes(&value, field, nullable: true)
    }

    package mutating func structure<Fields: KafkaFields>(
        _ value: inout Fields, _ field: String
    ) throws(WireError) {
        try value.fields(&self)
    }

    package mutating func array<Element: KafkaFields>(
        _ value: inout [Element]?, _ field: String
    ) throws(WireError) {
        try array(&value, field, nullable: true)
    }

    package mutating func errorCode(_ value: inout KafkaErrorCode, _ field: String)
        throws(WireError)
    {
        try int16(&value.rawValue, field)
    }
}

/// A structure with fields on the wire: a message, or a part of one.
package protocol KafkaFields: Equatable, Sendable {
    /// All fields at the values that Kafka gives them when a version leaves them out.
    init()

    /// Walks the fields in the order of the wire. The order and the versions are written here only.
    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError)
}

extension KafkaFields {
    /// The defaults, changed by `set`: `HeartbeatRequest { $0.groupID = "g" }`.
    package init<Failure: Error>(_ set: (inout Self) throws(Failure) -> Void) throws(Failure) {
        self.init()
        try set(&self)
    }
}

/// A tagged field: its number, and the first version that has it.
package struct KafkaTag: Equatable, Sendable {
    package var number: UInt32
    package var since: Int16

    package init(_ number: UInt32, since: Int16) {
        self.number = number
        self.since = since
    }
}

/// A structure some of whose fields are tagged: left out when they have their default.
package protocol KafkaTagged: KafkaFields {
    static var tags: [KafkaTag] { get }

    /// Whether the field of this tag differs from its default, so that it must be written.
    func holds(tag: UInt32) -> Bool

    /// Walks the one field of this tag. Called with numbers out of `tags` only.
    mutating func tagged(_ tag: UInt32, _ wire: inout some KafkaCoder) throws(WireError)
}

/// A request, a response, or another versioned structure that stands alone.
package protocol KafkaMessage: KafkaFields {
    /// The versions whose fields are known.
    static var versions: ClosedRange<Int16> { get }
    /// The first version with compact lengths and tagged fields; `nil` when there is none.
    static var flexibleFrom: Int16? { get }
}

/// A message that asks, and what answers it.
package protocol KafkaRequest: KafkaMessage {
    associatedtype Response: KafkaMessage
    static var apiKey: ApiKey { get }
}

extension KafkaMessage {
    package static func isFlexible(_ version: Int16) -> Bool {
        flexibleFrom.map { version >= $0 } ?? false
    }

    /// Reads a message that fills all readable bytes of `buffer`; record bytes stay slices of it.
    package init(reading buffer: ByteBuffer, version: Int16) throws(WireError) {
        var reader = try KafkaReader(Self.self, buffer, version: version)
        self.init()
        try fields(&reader)
        try reader.finish("\(Self.self)")
    }

    package init(reading bytes: [UInt8], version: Int16) throws(WireError) {
        try self.init(reading: ByteBuffer(bytes: bytes), version: version)
    }

    /// Appends the message to `buffer`.
    package func write(into buffer: inout ByteBuffer, version: Int16) throws(WireError) {
        var writer = try KafkaWriter(Self.self, version: version)
        swap(&writer.buffer, &buffer)
        defer { swap(&writer.buffer, &buffer) }
        var copy = self
        try copy.fields(&writer)
    }

    package func bytes(version: Int16) throws(WireError) -> [UInt8] {
        var buffer = ByteBuffer()
        try write(into: &buffer, version: version)
        return Array(buffer.readableBytesView)
    }
}
