// DescribeTopicPartitions (API key 75): topics and partitions, page by page.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeTopicPartitions{Request,Response}.json

package import MillraceBase

package struct DescribeTopicPartitionsRequest: KafkaRequest {
    package typealias Response = DescribeTopicPartitionsResponse
    package static let apiKey = ApiKey.describeTopicPartitions
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var topics: [Topic] = []
    package var responsePartitionLimit: Int32 = 2000
    /// Where the page begins; `nil` for the start.
    package var cursor: Cursor?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.int32(&responsePartitionLimit, "ResponsePartitionLimit")
        try wire.optional(&cursor, "Cursor")
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var name = ""

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.tags()
        }
    }

    package struct Cursor: KafkaFields {
        package var topicName = ""
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topicName, "TopicName")
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.tags()
        }
    }
}

package struct DescribeTopicPartitionsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []
    /// Where the next page begins; `nil` when this is the last.
    package var nextCursor: Cursor?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.optional(&nextCursor, "NextCursor")
        try wire.tags()
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
            try wire.string(&name, "Name")
            try wire.uuid(&topicID, "TopicId")
            try wire.bool(&isInternal, "IsInternal")
            try wire.array(&partitions, "Partitions")
            try wire.int32(&topicAuthorizedOperations, "TopicAuthorizedOperations")
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var errorCode = KafkaErrorCode.none
            package var partitionIndex: Int32 = 0
            package var leaderID: Int32 = 0
            package var leaderEpoch: Int32 = -1
            package var replicaNodes: [Int32] = []
            package var isrNodes: [Int32] = []
            package var eligibleLeaderReplicas: [Int32]?
            package var lastKnownEligibleLeaderReplicas: [Int32]?
            package var offlineReplicas: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.int32(&leaderID, "LeaderId")
                try wire.int32(&leaderEpoch, "LeaderEpoch")
                try wire.array(&replicaNodes, "ReplicaNodes")
                try wire.array(&isrNodes, "IsrNodes")
                try wire.array(&eligibleLeaderReplicas, "EligibleLeaderReplicas")
                try wire.array(&lastKnownEligibleLeaderReplicas, "LastKnownElr")
                try wire.array(&offlineReplicas, "OfflineReplicas")
                try wire.tags()
            }
        }
    }

    package struct Cursor: KafkaFields {
        package var topicName = ""
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topicName, "TopicName")
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.tags()
        }
    }
}
