// OffsetForLeaderEpoch (API key 23): where a leader epoch ended.
// Source: apache/kafka clients/src/main/resources/common/message/OffsetForLeaderEpoch{Request,Response}.json

package import MillraceBase

package struct OffsetForLeaderEpochRequest: KafkaRequest {
    package typealias Response = OffsetForLeaderEpochResponse
    package static let apiKey = ApiKey.offsetForLeaderEpoch
    package static let versions: ClosedRange<Int16> = 2...4
    package static let flexibleFrom: Int16? = 4

    package var replicaID: Int32 = -2
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 3 { try wire.int32(&replicaID, "ReplicaId") }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var topic = ""
        package var partitions: [Partition] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topic, "Topic")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var partition: Int32 = 0
            package var currentLeaderEpoch: Int32 = -1
            package var leaderEpoch: Int32 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partition, "Partition")
                try wire.int32(&currentLeaderEpoch, "CurrentLeaderEpoch")
                try wire.int32(&leaderEpoch, "LeaderEpoch")
                try wire.tags()
            }
        }
    }
}

package struct OffsetForLeaderEpochResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 2...4
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [TopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct TopicResult: KafkaFields {
        package var topic = ""
        package var partitions: [EpochEndOffset] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topic, "Topic")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct EpochEndOffset: KafkaFields {
            package var errorCode = KafkaErrorCode.none
            package var partition: Int32 = 0
            package var leaderEpoch: Int32 = -1
            /// The first offset of the next epoch; -1 when the epoch is unknown.
            package var endOffset: Int64 = -1

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int32(&partition, "Partition")
                try wire.int32(&leaderEpoch, "LeaderEpoch")
                try wire.int64(&endOffset, "EndOffset")
                try wire.tags()
            }
        }
    }
}
