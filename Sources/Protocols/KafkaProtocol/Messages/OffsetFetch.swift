// OffsetFetch (API key 9): how far a group had read.
// Source: apache/kafka clients/src/main/resources/common/message/OffsetFetch{Request,Response}.json

package import MillraceBase

package struct OffsetFetchRequest: KafkaRequest {
    package typealias Response = OffsetFetchResponse
    package static let apiKey = ApiKey.offsetFetch
    package static let versions: ClosedRange<Int16> = 1...10
    package static let flexibleFrom: Int16? = 6

    package var groupID = ""
    /// `nil`, from version 2 on, asks for all the group has committed.
    package var topics: [Topic]? = []
    package var groups: [Group] = []
    /// Whether offsets in open transactions are an error to try again after.
    package var requireStable = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version <= 7 {
            try wire.string(&groupID, "GroupId")
            try wire.array(&topics, "Topics", nullable: wire.version >= 2)
        }
        if wire.version >= 8 { try wire.array(&groups, "Groups") }
        if wire.version >= 7 { try wire.bool(&requireStable, "RequireStable") }
        try wire.tags()
    }

    package typealias Topic = PartitionIndexesOfTopic

    package struct Group: KafkaFields {
        package var groupID = ""
        package var memberID: String?
        package var memberEpoch: Int32 = -1
        package var topics: [GroupTopic]? = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&groupID, "GroupId")
            if wire.version >= 9 {
                try wire.string(&memberID, "MemberId")
                try wire.int32(&memberEpoch, "MemberEpoch")
            }
            try wire.array(&topics, "Topics")
            try wire.tags()
        }

        package struct GroupTopic: KafkaFields {
            package var name = ""
            package var topicID = KafkaUUID.zero
            package var partitionIndexes: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                if wire.version <= 9 { try wire.string(&name, "Name") }
                if wire.version >= 10 { try wire.uuid(&topicID, "TopicId") }
                try wire.array(&partitionIndexes, "PartitionIndexes")
                try wire.tags()
            }
        }
    }
}

package struct OffsetFetchResponse: KafkaMessage, NamesTopics {
    package static let versions: ClosedRange<Int16> = 1...10
    package static let flexibleFrom: Int16? = 6
    package static let lastVersionWithNames: Int16 = 9

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []
    package var errorCode = KafkaErrorCode.none
    package var groups: [Group] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 3 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        if wire.version <= 7 { try wire.array(&topics, "Topics") }
        if (2...7).contains(wire.version) { try wire.errorCode(&errorCode, "ErrorCode") }
        if wire.version >= 8 { try wire.array(&groups, "Groups") }
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        /// -1 when nothing was committed.
        package var committedOffset: Int64 = 0
        package var committedLeaderEpoch: Int32 = -1
        package var metadata: String?
        package var errorCode = KafkaErrorCode.none

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.int64(&committedOffset, "CommittedOffset")
            if wire.version >= 5 {
                try wire.int32(&committedLeaderEpoch, "CommittedLeaderEpoch")
            }
            try wire.string(&metadata, "Metadata")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.tags()
        }
    }

    package struct Group: KafkaFields {
        package var groupID = ""
        package var topics: [GroupTopic] = []
        package var errorCode = KafkaErrorCode.none

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&groupID, "GroupId")
            try wire.array(&topics, "Topics")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.tags()
        }

        package typealias GroupTopic = NamedOrIdentifiedTopic<OffsetFetchResponse, Partition>
    }
}
