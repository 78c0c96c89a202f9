// Fields that several messages have alike.
// Source: apache/kafka clients/src/main/resources/common/message; each use names its own file.

package import MillraceBase

/// A topic by its name, and one entry for each partition.
package struct PartitionsOfTopic<Entry: KafkaFields>: KafkaFields {
    package typealias Partition = Entry

    package var name = ""
    package var partitions: [Entry] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.array(&partitions, "Partitions")
        try wire.tags()
    }
}

/// A topic by its name, and the numbers of partitions.
package struct PartitionIndexesOfTopic: KafkaFields {
    package var name = ""
    package var partitionIndexes: [Int32] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.array(&partitionIndexes, "PartitionIndexes")
        try wire.tags()
    }
}

/// The same where the field is called `Topic`.
package struct TopicPartitions: KafkaFields {
    package var topic = ""
    package var partitions: [Int32] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&topic, "Topic")
        try wire.array(&partitions, "Partitions")
        try wire.tags()
    }
}

/// A topic by its id, and the numbers of partitions.
package struct TopicIDPartitions: KafkaFields {
    package var topicID = KafkaUUID.zero
    package var partitions: [Int32] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&topicID, "TopicId")
        try wire.array(&partitions, "Partitions")
        try wire.tags()
    }
}

/// A message that named topics until some version, and gives their ids since.
package protocol NamesTopics: KafkaMessage {
    static var lastVersionWithNames: Int16 { get }
}

/// A topic by its name or, in later versions, its id, and one entry for each partition.
package struct NamedOrIdentifiedTopic<Owner: NamesTopics, Entry: KafkaFields>: KafkaFields {
    package typealias Partition = Entry

    /// Up to `Owner.lastVersionWithNames`; `topicID` above.
    package var name = ""
    package var topicID = KafkaUUID.zero
    package var partitions: [Entry] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version <= Owner.lastVersionWithNames {
            try wire.string(&name, "Name")
        } else {
            try wire.uuid(&topicID, "TopicId")
        }
        try wire.array(&partitions, "Partitions")
        try wire.tags()
    }
}

/// A partition, and what came of it.
package struct PartitionError: KafkaFields {
    package var partitionIndex: Int32 = 0
    package var errorCode = KafkaErrorCode.none

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&partitionIndex, "PartitionIndex")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.tags()
    }
}

/// A user, a client id or an address that a quota is for.
package struct QuotaEntityFields: KafkaFields {
    /// `user`, `client-id` or `ip`.
    package var entityType = ""
    /// `nil` for the default of that type.
    package var entityName: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&entityType, "EntityType")
        try wire.string(&entityName, "EntityName")
        try wire.tags()
    }
}

/// A resource whose settings were asked to change, and what came of it.
package struct AlteredResource: KafkaFields {
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var resourceType: Int8 = 0
    package var resourceName = ""

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.int8(&resourceType, "ResourceType")
        try wire.string(&resourceName, "ResourceName")
        try wire.tags()
    }
}

/// Who leads a partition now, for a client that asked the wrong one (KIP-951).
package struct LeaderIDAndEpoch: KafkaFields {
    package var leaderID: Int32 = -1
    package var leaderEpoch: Int32 = -1

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&leaderID, "LeaderId")
        try wire.int32(&leaderEpoch, "LeaderEpoch")
        try wire.tags()
    }
}

/// Where a node is reached (KIP-951).
package struct NodeEndpoint: KafkaFields {
    package var nodeID: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var rack: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&nodeID, "NodeId")
        try wire.string(&host, "Host")
        try wire.int32(&port, "Port")
        try wire.string(&rack, "Rack")
        try wire.tags()
    }
}
