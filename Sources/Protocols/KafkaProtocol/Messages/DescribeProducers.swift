// DescribeProducers (API key 61): the producers that a partition remembers.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeProducers{Request,Response}.json

package import MillraceBase

package struct DescribeProducersRequest: KafkaRequest {
    package typealias Response = DescribeProducersResponse
    package static let apiKey = ApiKey.describeProducers
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = PartitionIndexesOfTopic
}

package struct DescribeProducersResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package typealias Topic = PartitionsOfTopic<Partition>

    package struct Partition: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var activeProducers: [ActiveProducer] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.array(&activeProducers, "ActiveProducers")
            try wire.tags()
        }

        package struct ActiveProducer: KafkaFields {
            package var producerID: Int64 = 0
            package var producerEpoch: Int32 = 0
            package var lastSequence: Int32 = -1
            package var lastTimestamp: Int64 = -1
            package var coordinatorEpoch: Int32 = 0
            /// -1 without an open transaction.
            package var currentTxnStartOffset: Int64 = -1

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int64(&producerID, "ProducerId")
                try wire.int32(&producerEpoch, "ProducerEpoch")
                try wire.int32(&lastSequence, "LastSequence")
                try wire.int64(&lastTimestamp, "LastTimestamp")
                try wire.int32(&coordinatorEpoch, "CoordinatorEpoch")
                try wire.int64(&currentTxnStartOffset, "CurrentTxnStartOffset")
                try wire.tags()
            }
        }
    }
}
