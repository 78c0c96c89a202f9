// OffsetCommit (API key 8): how far a group has read.
// Source: apache/kafka clients/src/main/resources/common/message/OffsetCommit{Request,Response}.json

package import MillraceBase

package struct OffsetCommitRequest: KafkaRequest, NamesTopics {
    package typealias Response = OffsetCommitResponse
    package static let apiKey = ApiKey.offsetCommit
    package static let versions: ClosedRange<Int16> = 2...10
    package static let flexibleFrom: Int16? = 8
    package static let lastVersionWithNames: Int16 = 9

    package var groupID = ""
    /// -1 with an empty member id: a client that assigns partitions by itself.
    package var generationIDOrMemberEpoch: Int32 = -1
    package var memberID = ""
    package var groupInstanceID: String?
    package var retentionTimeMilliseconds: Int64 = -1
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.int32(&generationIDOrMemberEpoch, "GenerationIdOrMemberEpoch")
        try wire.string(&memberID, "MemberId")
        if wire.version >= 7 { try wire.string(&groupInstanceID, "GroupInstanceId") }
        if wire.version <= 4 { try wire.int64(&retentionTimeMilliseconds, "RetentionTimeMs") }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = NamedOrIdentifiedTopic<OffsetCommitRequest, Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var committedOffset: Int64 = 0
        /// The leader epoch of the last record read; -1 when unknown.
        package var committedLeaderEpoch: Int32 = -1
        package var committedMetadata: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.int64(&committedOffset, "CommittedOffset")
            if wire.version >= 6 {
                try wire.int32(&committedLeaderEpoch, "CommittedLeaderEpoch")
            }
            try wire.string(&committedMetadata, "CommittedMetadata")
            try wire.tags()
        }
    }
}

package struct OffsetCommitResponse: KafkaMessage, NamesTopics {
    package static let versions: ClosedRange<Int16> = 2...10
    package static let flexibleFrom: Int16? = 8
    package static let lastVersionWithNames: Int16 = 9

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 3 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = NamedOrIdentifiedTopic<OffsetCommitResponse, PartitionError>
}
