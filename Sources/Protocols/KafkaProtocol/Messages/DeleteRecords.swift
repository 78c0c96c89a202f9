// DeleteRecords (API key 21): a new log start offset.
// Source: apache/kafka clients/src/main/resources/common/message/DeleteRecords{Request,Response}.json

package import MillraceBase

package struct DeleteRecordsRequest: KafkaRequest {
    package typealias Response = DeleteRecordsResponse
    package static let apiKey = ApiKey.deleteRecords
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    package var topics: [Topic] = []
    package var timeoutMilliseconds: Int32 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        /// Everything below goes; -1 is the high watermark.
        package var offset: Int64 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.int64(&offset, "Offset")
            try wire.tags()
        }
    }
}

package struct DeleteRecordsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [TopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct TopicResult: KafkaFields {
        package var name = ""
        package var partitions: [PartitionResult] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct PartitionResult: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var lowWatermark: Int64 = 0
            package var errorCode = KafkaErrorCode.none

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.int64(&lowWatermark, "LowWatermark")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.tags()
            }
        }
    }
}
