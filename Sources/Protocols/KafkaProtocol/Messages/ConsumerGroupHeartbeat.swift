// ConsumerGroupHeartbeat (API key 68): a member of a KIP-848 group joins, stays or leaves.
// Source: apache/kafka clients/src/main/resources/common/message/ConsumerGroupHeartbeat{Request,Response}.json

package import MillraceBase

package struct ConsumerGroupHeartbeatRequest: KafkaRequest {
    package typealias Response = ConsumerGroupHeartbeatResponse
    package static let apiKey = ApiKey.consumerGroupHeartbeat
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var groupID = ""
    package var memberID = ""
    /// 0 joins, -1 leaves, -2 leaves for a while (static members).
    package var memberEpoch: Int32 = 0
    /// `nil`, as in the fields below: none, or as before.
    package var instanceID: String?
    package var rackID: String?
    /// -1: as before.
    package var rebalanceTimeoutMilliseconds: Int32 = -1
    package var subscribedTopicNames: [String]?
    /// In the syntax of RE2.
    package var subscribedTopicRegex: String?
    package var serverAssignor: String?
    /// What the member owns; `nil` when unchanged.
    package var topicPartitions: [TopicPartitions]?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.string(&memberID, "MemberId")
        try wire.int32(&memberEpoch, "MemberEpoch")
        try wire.string(&instanceID, "InstanceId")
        try wire.string(&rackID, "RackId")
        try wire.int32(&rebalanceTimeoutMilliseconds, "RebalanceTimeoutMs")
        try wire.array(&subscribedTopicNames, "SubscribedTopicNames")
        if wire.version >= 1 { try wire.string(&subscribedTopicRegex, "SubscribedTopicRegex") }
        try wire.string(&serverAssignor, "ServerAssignor")
        try wire.array(&topicPartitions, "TopicPartitions")
        try wire.tags()
    }

    package typealias TopicPartitions = TopicIDPartitions
}

package struct ConsumerGroupHeartbeatResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var memberID: String?
    package var memberEpoch: Int32 = 0
    package var heartbeatIntervalMilliseconds: Int32 = 0
    /// `nil` when unchanged.
    package var assignment: Assignment?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.string(&memberID, "MemberId")
        try wire.int32(&memberEpoch, "MemberEpoch")
        try wire.int32(&heartbeatIntervalMilliseconds, "HeartbeatIntervalMs")
        try wire.optional(&assignment, "Assignment")
        try wire.tags()
    }

    package struct Assignment: KafkaFields {
        package var topicPartitions: [TopicPartitions] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.array(&topicPartitions, "TopicPartitions")
            try wire.tags()
        }
    }

    package typealias TopicPartitions = TopicIDPartitions
}
