// AlterPartitionReassignments (API key 45): moves partitions between brokers.
// Source: apache/kafka clients/src/main/resources/common/message/AlterPartitionReassignments{Request,Response}.json

package import MillraceBase

package struct AlterPartitionReassignmentsRequest: KafkaRequest {
    package typealias Response = AlterPartitionReassignmentsResponse
    package static let apiKey = ApiKey.alterPartitionReassignments
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var timeoutMilliseconds: Int32 = 60000
    package var allowReplicationFactorChange = true
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        if wire.version >= 1 {
            try wire.bool(&allowReplicationFactorChange, "AllowReplicationFactorChange")
        }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        /// `nil` stops a move.
        package var replicas: [Int32]?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.array(&replicas, "Replicas")
            try wire.tags()
        }
    }
}

package struct AlterPartitionReassignmentsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var allowReplicationFactorChange = true
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var responses: [TopicResponse] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        if wire.version >= 1 {
            try wire.bool(&allowReplicationFactorChange, "AllowReplicationFactorChange")
        }
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.array(&responses, "Responses")
        try wire.tags()
    }

    package typealias TopicResponse = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
