// OffsetDelete (API key 47): committed offsets to forget.
// Source: apache/kafka clients/src/main/resources/common/message/OffsetDelete{Request,Response}.json

package import MillraceBase

package struct OffsetDeleteRequest: KafkaRequest {
    package typealias Response = OffsetDeleteResponse
    package static let apiKey = ApiKey.offsetDelete
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = nil

    package var groupID = ""
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.array(&topics, "Topics")
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.tags()
        }
    }
}

package struct OffsetDeleteResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = nil

    package var errorCode = KafkaErrorCode.none
    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
    }

    package typealias Topic = PartitionsOfTopic<PartitionError>
}
