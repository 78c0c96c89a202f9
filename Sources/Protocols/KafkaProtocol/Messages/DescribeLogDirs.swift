// DescribeLogDirs (API key 35): how many bytes each partition takes on disk.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeLogDirs{Request,Response}.json

package import MillraceBase

package struct DescribeLogDirsRequest: KafkaRequest {
    package typealias Response = DescribeLogDirsResponse
    package static let apiKey = ApiKey.describeLogDirs
    package static let versions: ClosedRange<Int16> = 1...5
    package static let flexibleFrom: Int16? = 2

    /// `nil` asks for all.
    package var topics: [DescribableLogDirTopic]? = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias DescribableLogDirTopic = TopicPartitions
}

package struct DescribeLogDirsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...5
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var results: [LogDirResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        if wire.version >= 3 { try wire.errorCode(&errorCode, "ErrorCode") }
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct LogDirResult: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var logDir = ""
        package var topics: [Topic] = []
        package var totalBytes: Int64 = -1
        package var usableBytes: Int64 = -1
        package var isCordoned = false

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&logDir, "LogDir")
            try wire.array(&topics, "Topics")
            if wire.version >= 4 {
                try wire.int64(&totalBytes, "TotalBytes")
                try wire.int64(&usableBytes, "UsableBytes")
            }
            if wire.version >= 5 { try wire.bool(&isCordoned, "IsCordoned") }
            try wire.tags()
        }

        package typealias Topic = PartitionsOfTopic<Partition>

        package struct Partition: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var partitionSize: Int64 = 0
            package var offsetLag: Int64 = 0
            package var isFutureKey = false

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.int64(&partitionSize, "PartitionSize")
                try wire.int64(&offsetLag, "OffsetLag")
                try wire.bool(&isFutureKey, "IsFutureKey")
                try wire.tags()
            }
        }
    }
}
