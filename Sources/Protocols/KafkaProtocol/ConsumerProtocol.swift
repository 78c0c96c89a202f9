// What consumers put into the group protocol's opaque bytes: subscriptions and assignments.
// Source: apache/kafka clients/src/main/resources/common/message/ConsumerProtocol{Subscription,Assignment}.json

package import MillraceBase
package import NIOCore

/// What a consumer wants to read; the metadata of a member in a group of protocol type "consumer".
package struct ConsumerSubscription: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = nil

    package var topics: [String] = []
    package var userData: ByteBuffer?
    package var ownedPartitions: [ConsumerTopicPartitions] = []
    package var generation: Int32 = -1
    package var rackID: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.records(&userData, "UserData")
        if wire.version >= 1 { try wire.array(&ownedPartitions, "OwnedPartitions") }
        if wire.version >= 2 { try wire.int32(&generation, "GenerationId") }
        if wire.version >= 3 { try wire.string(&rackID, "RackId") }
    }
}

/// What a consumer is to read; the assignment of a member.
package struct ConsumerAssignment: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = nil

    package var assignedPartitions: [ConsumerTopicPartitions] = []
    package var userData: ByteBuffer?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&assignedPartitions, "AssignedPartitions")
        try wire.records(&userData, "UserData")
    }
}

package struct ConsumerTopicPartitions: KafkaFields {
    package var topic = ""
    package var partitions: [Int32] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&topic, "Topic")
        try wire.array(&partitions, "Partitions")
    }
}

extension KafkaMessage {
    /// Reads a message that has its version in front, as the consumer protocol's and those of
    /// internal topics have. A newer version is read as the newest one known: such versions only
    /// add fields at the end, which are passed over.
    package static func readVersioned(_ buffer: ByteBuffer) throws(WireError) -> Self {
        var body = buffer
        guard let version = body.readInteger(as: Int16.self) else {
            throw WireError(.cutShort, in: "version")
        }
        guard version >= versions.lowerBound else {
            throw WireError(.unsupported(Int(version)), in: "\(Self.self) version")
        }
        guard version > versions.upperBound else {
            return try Self(reading: body, version: version)
        }
        var reader = try KafkaReader(Self.self, body, version: versions.upperBound)
        var message = Self()
        try message.fields(&reader)
        return message
    }

    /// The message with its version in front.
    package func versionedBytes(version: Int16) throws(WireError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(version)
        try write(into: &buffer, version: version)
        return buffer
    }
}
