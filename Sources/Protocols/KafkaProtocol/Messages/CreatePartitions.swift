// CreatePartitions (API key 37): more partitions for topics.
// Source: apache/kafka clients/src/main/resources/common/message/CreatePartitions{Request,Response}.json

package import MillraceBase

package struct CreatePartitionsRequest: KafkaRequest {
    package typealias Response = CreatePartitionsResponse
    package static let apiKey = ApiKey.createPartitions
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = 2

    package var topics: [Topic] = []
    package var timeoutMilliseconds: Int32 = 0
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.bool(&validateOnly, "ValidateOnly")
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var name = ""
        package var count: Int32 = 0
        package var assignments: [Assignment]? = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int32(&count, "Count")
            try wire.array(&assignments, "Assignments")
            try wire.tags()
        }

        package struct Assignment: KafkaFields {
            package var brokerIDs: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.array(&brokerIDs, "BrokerIds")
                try wire.tags()
            }
        }
    }
}

package struct CreatePartitionsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [TopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct TopicResult: KafkaFields {
        package var name = ""
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
