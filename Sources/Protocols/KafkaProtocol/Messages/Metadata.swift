// Metadata (API key 3): brokers, topics, partitions and their leaders.
// Source: apache/kafka clients/src/main/resources/common/message/Metadata{Request,Response}.json

package import MillraceBase

package struct MetadataRequest: KafkaRequest {
    package typealias Response = MetadataResponse
    package static let apiKey = ApiKey.metadata
    package static let versions: ClosedRange<Int16> = 0...13
    package static let flexibleFrom: Int16? = 9

    /// `nil` asks for all topics, an empty array for none; version 0 asks for all by an empty array.
    package var topics: [Topic]? = []
    package var allowAutoTopicCreation = true
    package var includeClusterAuthorizedOperations = false
    package var includeTopicAuthorizedOperations = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics", nullable: wire.version >= 1)
        if wire.version >= 4 { try wire.bool(&allowAutoTopicCreation, "AllowAutoTopicCreation") }
        if (8...10).contains(wire.version) {
            try wire.bool(&includeClusterAuthorizedOperations, "IncludeClusterAuthorizedOperations")
        }
        if wire.version >= 8 {
            try wire.bool(&includeTopicAuthorizedOperations, "IncludeTopicAuthorizedOperations")
        }
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var topicID = KafkaUUID.zero
        package var name: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version >= 10 { try wire.uuid(&topicID, "TopicId") }
            try wire.string(&name, "Name", nullable: wire.version >= 10)
            try wire.tags()
        }
    }
}

package struct MetadataResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...13
    package static let flexibleFrom: Int16? = 9

    package var throttleTimeMilliseconds: Int32 = 0
    package var brokers: [Broker] = []
    package var clusterID: String?
    package var controllerID: Int32 = -1
    package var topics: [Topic] = []
    package var clusterAuthorizedOperations: Int32 = .min
    package var errorCode = KafkaErrorCode.none

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 3 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.array(&brokers, "Brokers")
        if wire.version >= 2 { try wire.string(&clusterID, "ClusterId") }
        if wire.version >= 1 { try wire.int32(&controllerID, "ControllerId") }
        try wire.array(&topics, "Topics")
        if (8...10).contains(wire.version) {
            try wire.int32(&clusterAuthorizedOperations, "ClusterAuthorizedOperations")
        }
        if wire.version >= 13 { try wire.errorCode(&errorCode, "ErrorCode") }
        try wire.tags()
    }

    package struct Broker: KafkaFields {
        package var nodeID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        /// `nil` when the broker has none.
        package var rack: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&nodeID, "NodeId")
            try wire.string(&host, "Host")
            try wire.int32(&port, "Port")
            if wire.version >= 1 { try wire.string(&rack, "Rack") }
            try wire.tags()
        }
    }

    package struct Topic: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var name: String?
        package var topicID = KafkaUUID.zero
        package var isInternal = false
        package var partitions: [Partition] = []
        package var topicAuthorizedOperations: Int32 = .min

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&name, "Name", nullable: wire.version >= 12)
            if wire.version >= 10 { try wire.uuid(&topicID, "TopicId") }
            if wire.version >= 1 { try wire.bool(&isInternal, "IsInternal") }
            try wire.array(&partitions, "Partitions")
            if wire.version >= 8 {
                try wire.int32(&topicAuthorizedOperations, "TopicAuthorizedOperations")
            }
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var errorCode = KafkaErrorCode.none
            package var partitionIndex: Int32 = 0
            package var leaderID: Int32 = 0
            package var leaderEpoch: Int32 = -1
            package var replicaNodes: [Int32] = []
            package var isrNodes: [Int32] = []
            package var offlineReplicas: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.int32(&leaderID, "LeaderId")
                if wire.version >= 7 { try wire.int32(&leaderEpoch, "LeaderEpoch") }
                try wire.array(&replicaNodes, "ReplicaNodes")
                try wire.array(&isrNodes, "IsrNodes")
                if wire.version >= 5 { try wire.array(&offlineReplicas, "OfflineReplicas") }
                try wire.tags()
            }
        }
    }
}
