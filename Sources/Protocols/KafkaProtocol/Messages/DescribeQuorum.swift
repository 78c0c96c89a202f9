// DescribeQuorum (API key 55): the voters and the leader of a metadata quorum.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeQuorum{Request,Response}.json

package import MillraceBase

package struct DescribeQuorumRequest: KafkaRequest {
    package typealias Response = DescribeQuorumResponse
    package static let apiKey = ApiKey.describeQuorum
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var topicName = ""
        package var partitions: [Partition] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topicName, "TopicName")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var partitionIndex: Int32 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.tags()
            }
        }
    }
}

package struct DescribeQuorumResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var topics: [Topic] = []
    package var nodes: [Node] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        if wire.version >= 2 { try wire.string(&errorMessage, "ErrorMessage") }
        try wire.array(&topics, "Topics")
        if wire.version >= 2 { try wire.array(&nodes, "Nodes") }
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var topicName = ""
        package var partitions: [Partition] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topicName, "TopicName")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var errorCode = KafkaErrorCode.none
            package var errorMessage: String?
            package var leaderID: Int32 = 0
            package var leaderEpoch: Int32 = 0
            package var highWatermark: Int64 = 0
            package var currentVoters: [ReplicaState] = []
            package var observers: [ReplicaState] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.errorCode(&errorCode, "ErrorCode")
                if wire.version >= 2 { try wire.string(&errorMessage, "ErrorMessage") }
                try wire.int32(&leaderID, "LeaderId")
                try wire.int32(&leaderEpoch, "LeaderEpoch")
                try wire.int64(&highWatermark, "HighWatermark")
                try wire.array(&currentVoters, "CurrentVoters")
                try wire.array(&observers, "Observers")
                try wire.tags()
            }
        }
    }

    package struct Node: KafkaFields {
        package var nodeID: Int32 = 0
        package var listeners: [Listener] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&nodeID, "NodeId")
            try wire.array(&listeners, "Listeners")
            try wire.tags()
        }

        package struct Listener: KafkaFields {
            package var name = ""
            package var host = ""
            package var port: UInt16 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.string(&host, "Host")
                try wire.uint16(&port, "Port")
                try wire.tags()
            }
        }
    }

    package struct ReplicaState: KafkaFields {
        package var replicaID: Int32 = 0
        package var replicaDirectoryID = KafkaUUID.zero
        package var logEndOffset: Int64 = 0
        package var lastFetchTimestamp: Int64 = -1
        package var lastCaughtUpTimestamp: Int64 = -1

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&replicaID, "ReplicaId")
            if wire.version >= 2 { try wire.uuid(&replicaDirectoryID, "ReplicaDirectoryId") }
            try wire.int64(&logEndOffset, "LogEndOffset")
            if wire.version >= 1 {
                try wire.int64(&lastFetchTimestamp, "LastFetchTimestamp")
                try wire.int64(&lastCaughtUpTimestamp, "LastCaughtUpTimestamp")
            }
            try wire.tags()
        }
    }
}
