// TxnOffsetCommit (API key 28): offsets that count once a transaction commits.
// Source: apache/kafka clients/src/main/resources/common/message/TxnOffsetCommit{Request,Response}.json

package import MillraceBase

package struct TxnOffsetCommitRequest: KafkaRequest, NamesTopics {
    package typealias Response = TxnOffsetCommitResponse
    package static let apiKey = ApiKey.txnOffsetCommit
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 3
    package static let lastVersionWithNames: Int16 = 5

    package var transactionalID = ""
    package var groupID = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    /// -1 with an empty member id: a producer that does not name its consumer.
    package var generationIDOrMemberEpoch: Int32 = -1
    package var memberID = ""
    package var groupInstanceID: String?
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
        try wire.string(&groupID, "GroupId")
        try wire.int64(&producerID, "ProducerId")
        try wire.int16(&producerEpoch, "ProducerEpoch")
        if wire.version >= 3 {
            try wire.int32(&generationIDOrMemberEpoch, "GenerationIdOrMemberEpoch")
            try wire.string(&memberID, "MemberId")
            try wire.string(&groupInstanceID, "GroupInstanceId")
        }
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = NamedOrIdentifiedTopic<TxnOffsetCommitRequest, Partition>

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
            if wire.version >= 2 {
                try wire.int32(&committedLeaderEpoch, "CommittedLeaderEpoch")
            }
            try wire.string(&committedMetadata, "CommittedMetadata")
            try wire.tags()
        }
    }
}

package struct TxnOffsetCommitResponse: KafkaMessage, NamesTopics {
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 3
    package static let lastVersionWithNames: Int16 = 5

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = NamedOrIdentifiedTopic<TxnOffsetCommitResponse, PartitionError>
}
