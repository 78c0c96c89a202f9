// ElectLeaders (API key 43): asks for the preferred, or any, leader of partitions.
// Source: apache/kafka clients/src/main/resources/common/message/ElectLeaders{Request,Response}.json

package import MillraceBase

package struct ElectLeadersRequest: KafkaRequest {
    package typealias Response = ElectLeadersResponse
    package static let apiKey = ApiKey.electLeaders
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    /// 0 the preferred replica, 1 any (unclean).
    package var electionType: Int8 = 0
    /// `nil` for all partitions.
    package var topicPartitions: [TopicPartitions]? = []
    package var timeoutMilliseconds: Int32 = 60000

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int8(&electionType, "ElectionType") }
        try wire.array(&topicPartitions, "TopicPartitions")
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.tags()
    }
}

package struct ElectLeadersResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var replicaElectionResults: [TopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        if wire.version >= 1 { try wire.errorCode(&errorCode, "ErrorCode") }
        try wire.array(&replicaElectionResults, "ReplicaElectionResults")
        try wire.tags()
    }

    package struct TopicResult: KafkaFields {
        package var topic = ""
        package var partitionResult: [PartitionResult] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topic, "Topic")
            try wire.array(&partitionResult, "PartitionResult")
            try wire.tags()
        }

        package struct PartitionResult: KafkaFields {
            package var partitionID: Int32 = 0
            package var errorCode = KafkaErrorCode.none
            package var errorMessage: String?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionID, "PartitionId")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.string(&errorMessage, "ErrorMessage")
                try wire.tags()
            }
        }
    }
}
