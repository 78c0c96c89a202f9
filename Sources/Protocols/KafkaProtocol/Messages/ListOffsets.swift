// ListOffsets (API key 2): the offset for a timestamp, or for the start or end.
// Source: apache/kafka clients/src/main/resources/common/message/ListOffsets{Request,Response}.json

package import MillraceBase

package struct ListOffsetsRequest: KafkaRequest {
    package typealias Response = ListOffsetsResponse
    package static let apiKey = ApiKey.listOffsets
    package static let versions: ClosedRange<Int16> = 1...11
    package static let flexibleFrom: Int16? = 6

    package var replicaID: Int32 = 0
    /// 0: the end is the high watermark; 1: the last stable offset.
    package var isolationLevel: Int8 = 0
    package var topics: [Topic] = []
    package var timeoutMilliseconds: Int32 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&replicaID, "ReplicaId")
        if wire.version >= 2 { try wire.int8(&isolationLevel, "IsolationLevel") }
        try wire.array(&topics, "Topics")
        if wire.version >= 10 { try wire.int32(&timeoutMilliseconds, "TimeoutMs") }
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var currentLeaderEpoch: Int32 = -1
        /// Milliseconds since 1970, or: -1 the end, -2 the start, -3 the largest timestamp (version 7),
        /// -4 the local start (8), -5 the end of tiered data (9), -6 what awaits upload (11).
        package var timestamp: Int64 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            if wire.version >= 4 { try wire.int32(&currentLeaderEpoch, "CurrentLeaderEpoch") }
            try wire.int64(&timestamp, "Timestamp")
            try wire.tags()
        }
    }
}

package struct ListOffsetsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...11
    package static let flexibleFrom: Int16? = 6

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [TopicResponse] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 2 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct TopicResponse: KafkaFields {
        package var name = ""
        package var partitions: [PartitionResponse] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct PartitionResponse: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var errorCode = KafkaErrorCode.none
            package var timestamp: Int64 = -1
            package var offset: Int64 = -1
            package var leaderEpoch: Int32 = -1

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int64(&timestamp, "Timestamp")
                try wire.int64(&offset, "Offset")
                if wire.version >= 4 { try wire.int32(&leaderEpoch, "LeaderEpoch") }
                try wire.tags()
            }
        }
    }
}
