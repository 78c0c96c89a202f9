// The fields of the records of `__cluster_metadata`, on the wire.
// Source: apache/kafka metadata/src/main/resources/common/metadata/*.json

package import KafkaProtocol
package import MillraceBase

/// A record's type: its number, and the version we write. All of them are flexible.
package protocol MetadataMessage: KafkaMessage {
    static var number: UInt32 { get }
    static var writtenVersion: Int16 { get }
}

extension MetadataMessage {
    package static var flexibleFrom: Int16? { 0 }
    package static var versions: ClosedRange<Int16> { 0...writtenVersion }
}

/// A UUID as an element of an array.
package struct UUIDElement: KafkaFields {
    package var id = KafkaUUID.zero

    package init() {}

    package init(_ id: KafkaUUID) { self.id = id }

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&id, "element")
    }
}

package struct TopicRecord: MetadataMessage {
    package static let number: UInt32 = 2
    package static let writtenVersion: Int16 = 0

    package var name = ""
    package var topicID = KafkaUUID.zero

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.uuid(&topicID, "TopicId")
        try wire.tags()
    }
}

package struct PartitionRecord: MetadataMessage {
    package static let number: UInt32 = 3
    package static let writtenVersion: Int16 = 1

    package var partitionID: Int32 = -1
    package var topicID = KafkaUUID.zero
    package var replicas: [Int32] = []
    package var isr: [Int32] = []
    package var removingReplicas: [Int32] = []
    package var addingReplicas: [Int32] = []
    package var leader: Int32 = -1
    package var leaderEpoch: Int32 = -1
    package var partitionEpoch: Int32 = -1
    package var directories: [UUIDElement] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&partitionID, "PartitionId")
        try wire.uuid(&topicID, "TopicId")
        try wire.array(&replicas, "Replicas")
        try wire.array(&isr, "Isr")
        try wire.array(&removingReplicas, "RemovingReplicas")
        try wire.array(&addingReplicas, "AddingReplicas")
        try wire.int32(&leader, "Leader")
        try wire.int32(&leaderEpoch, "LeaderEpoch")
        try wire.int32(&partitionEpoch, "PartitionEpoch")
        if wire.version >= 1 { try wire.array(&directories, "Directories") }
        try wire.tags()
    }
}

package struct RemoveTopicRecord: MetadataMessage {
    package static let number: UInt32 = 9
    package static let writtenVersion: Int16 = 0

    package var topicID = KafkaUUID.zero

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&topicID, "TopicId")
        try wire.tags()
    }
}

package struct ConfigRecord: MetadataMessage {
    package static let number: UInt32 = 4
    package static let writtenVersion: Int16 = 0

    package var resourceType: Int8 = 0
    package var resourceName = ""
    package var name = ""
    /// `nil` takes the setting away.
    package var value: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int8(&resourceType, "ResourceType")
        try wire.string(&resourceName, "ResourceName")
        try wire.string(&name, "Name")
        try wire.string(&value, "Value")
        try wire.tags()
    }
}

package struct FeatureLevelRecord: MetadataMessage {
    package static let number: UInt32 = 12
    package static let writtenVersion: Int16 = 0

    package var name = ""
    /// 0 takes the feature away.
    package var featureLevel: Int16 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.int16(&featureLevel, "FeatureLevel")
        try wire.tags()
    }
}

package struct ProducerIDsRecord: MetadataMessage {
    package static let number: UInt32 = 15
    package static let writtenVersion: Int16 = 0

    package var brokerID: Int32 = 0
    package var brokerEpoch: Int64 = -1
    /// The first id that is not given to a broker yet.
    package var nextProducerID: Int64 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&brokerID, "BrokerId")
        try wire.int64(&brokerEpoch, "BrokerEpoch")
        try wire.int64(&nextProducerID, "NextProducerId")
        try wire.tags()
    }
}

package struct NoOpRecord: MetadataMessage {
    package static let number: UInt32 = 20
    package static let writtenVersion: Int16 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.tags()
    }
}
