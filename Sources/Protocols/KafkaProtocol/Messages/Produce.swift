// Produce (API key 0): record batches to append.
// Source: apache/kafka clients/src/main/resources/common/message/Produce{Request,Response}.json

package import MillraceBase
package import NIOCore

package struct ProduceRequest: KafkaRequest {
    package typealias Response = ProduceResponse
    package static let apiKey = ApiKey.produce
    package static let versions: ClosedRange<Int16> = 3...13
    package static let flexibleFrom: Int16? = 9

    package var transactionalID: String?
    /// -1 waits for all in-sync replicas, 1 for the leader, 0 for no answer at all.
    package var acks: Int16 = 0
    package var timeoutMilliseconds: Int32 = 0
    package var topicData: [TopicData] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
        try wire.int16(&acks, "Acks")
        try wire.int32(&timeoutMilliseconds, "TimeoutMs")
        try wire.array(&topicData, "TopicData")
        try wire.tags()
    }

    package struct TopicData: KafkaFields {
        package var name = ""
        package var topicID = KafkaUUID.zero
        package var partitionData: [PartitionData] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version <= 12 { try wire.string(&name, "Name") }
            if wire.version >= 13 { try wire.uuid(&topicID, "TopicId") }
            try wire.array(&partitionData, "PartitionData")
            try wire.tags()
        }

        package struct PartitionData: KafkaFields {
            package var index: Int32 = 0
            /// One batch. A slice of the frame when read.
            package var records: ByteBuffer?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&index, "Index")
                try wire.records(&records, "Records")
                try wire.tags()
            }
        }
    }
}

package struct ProduceResponse: KafkaMessage, KafkaTagged {
    package static let versions: ClosedRange<Int16> = 3...13
    package static let flexibleFrom: Int16? = 9

    package var responses: [TopicResponse] = []
    package var throttleTimeMilliseconds: Int32 = 0
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&responses, "Responses")
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.tags(&self)
    }

    package static let tags = [
        KafkaTag(0, since: 10)
    ]

    package func holds(tag: UInt32) -> Bool { !nodeEndpoints.isEmpty }

    package mutating func tagged(
        _ tag: UInt32, _ wire: inout some KafkaCoder
    ) throws(WireError) {
        try wire.array(&nodeEndpoints, "NodeEndpoints")
    }

    package struct TopicResponse: KafkaFields {
        package var name = ""
        package var topicID = KafkaUUID.zero
        package var partitionResponses: [PartitionResponse] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version <= 12 { try wire.string(&name, "Name") }
            if wire.version >= 13 { try wire.uuid(&topicID, "TopicId") }
            try wire.array(&partitionResponses, "PartitionResponses")
            try wire.tags()
        }

        package struct PartitionResponse: KafkaTagged {
            package var index: Int32 = 0
            package var errorCode = KafkaErrorCode.none
            package var baseOffset: Int64 = 0
            /// -1 unless the topic takes the time of the append.
            package var logAppendTimeMilliseconds: Int64 = -1
            package var logStartOffset: Int64 = -1
            /// Why single records of the batch were refused; the others failed with them.
            package var recordErrors: [BatchIndexAndErrorMessage] = []
            package var errorMessage: String?
            package var currentLeader = LeaderIDAndEpoch()

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&index, "Index")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int64(&baseOffset, "BaseOffset")
                try wire.int64(&logAppendTimeMilliseconds, "LogAppendTimeMs")
                if wire.version >= 5 { try wire.int64(&logStartOffset, "LogStartOffset") }
                if wire.version >= 8 {
                    try wire.array(&recordErrors, "RecordErrors")
                    try wire.string(&errorMessage, "ErrorMessage")
                }
                try wire.tags(&self)
            }

            package static let tags = [
                KafkaTag(0, since: 10)
            ]

            package func holds(tag: UInt32) -> Bool { currentLeader != LeaderIDAndEpoch() }

            package mutating func tagged(
                _ tag: UInt32, _ wire: inout some KafkaCoder
            ) throws(WireError) {
                try wire.structure(&currentLeader, "CurrentLeader")
            }

            package struct BatchIndexAndErrorMessage: KafkaFields {
                package var batchIndex: Int32 = 0
                package var batchIndexErrorMessage: String?

                package init() {}

                package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                    try wire.int32(&batchIndex, "BatchIndex")
                    try wire.string(&batchIndexErrorMessage, "BatchIndexErrorMessage")
                    try wire.tags()
                }
            }
        }
    }
}
