// ListPartitionReassignments (API key 46): the moves of partitions that go on.
// Source: apache/kafka clients/src/main/resources/common/message/ListPartitionReassignments{Request,Response}.json

package import MillraceBase

package struct ListPartitionReassignmentsRequest: KafkaRequest {
    package typealias Response = ListPartitionReassignmentsResponse
    package static let apiKey = ApiKey.listPartitionReassignments
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var timeoutMilliseconds: Int32 = 60000
    /// `nil` for all.
    package var topics: [Topic]?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = PartitionIndexesOfTopic
}

package struct ListPartitionReassignmentsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var replicas: [Int32] = []
        package var addingReplicas: [Int32] = []
        package var removingReplicas: [Int32] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.array(&replicas, "Replicas")
            try wire.array(&addingReplicas, "AddingReplicas")
            try wire.array(&removingReplicas, "RemovingReplicas")
            try wire.tags()
        }
    }
}
