// DeleteTopics (API key 20): topics to remove, by name or id.
// Source: apache/kafka clients/src/main/resources/common/message/DeleteTopics{Request,Response}.json

package import MillraceBase

package struct DeleteTopicsRequest: KafkaRequest {
    package typealias Response = DeleteTopicsResponse
    package static let apiKey = ApiKey.deleteTopics
    package static let versions: ClosedRange<Int16> = 1...6
    package static let flexibleFrom: Int16? = 4

    package var topics: [DeleteTopicState] = []
    /// What versions below 6 delete, by name only.
    package var topicNames: [String] = []
    package var timeoutMilliseconds: Int32 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 6 { try wire.array(&topics, "Topics") }
        if wire.version <= 5 { try wire.array(&topicNames, "TopicNames") }
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.tags()
    }

    package struct DeleteTopicState: KafkaFields {
        package var name: String?
        package var topicID = KafkaUUID.zero

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.uuid(&topicID, "TopicId")
            try wire.tags()
        }
    }
}

package struct DeleteTopicsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...6
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var responses: [DeletableTopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&responses, "Responses")
        try wire.tags()
    }

    package struct DeletableTopicResult: KafkaFields {
        package var name: String?
        package var topicID = KafkaUUID.zero
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name", nullable: wire.version >= 6)
            if wire.version >= 6 { try wire.uuid(&topicID, "TopicId") }
            try wire.errorCode(&errorCode, "ErrorCode")
            if wire.version >= 5 { try wire.string(&errorMessage, "ErrorMessage") }
            try wire.tags()
        }
    }
}
