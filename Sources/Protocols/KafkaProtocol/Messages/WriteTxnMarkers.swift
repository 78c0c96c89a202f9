// WriteTxnMarkers (API key 27): ends transactions in the logs of partitions.
// Source: apache/kafka clients/src/main/resources/common/message/WriteTxnMarkers{Request,Response}.json

package import MillraceBase

package struct WriteTxnMarkersRequest: KafkaRequest {
    package typealias Response = WriteTxnMarkersResponse
    package static let apiKey = ApiKey.writeTxnMarkers
    package static let versions: ClosedRange<Int16> = 1...2
    package static let flexibleFrom: Int16? = 1

    package var markers: [Marker] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&markers, "Markers")
        try wire.tags()
    }

    package struct Marker: KafkaFields {
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        /// `true` for commit.
        package var transactionResult = false
        package var topics: [Topic] = []
        package var coordinatorEpoch: Int32 = 0
        /// 2 when each transaction has an epoch of its own (KIP-890).
        package var transactionVersion: Int8 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int64(&producerID, "ProducerId")
            try wire.int16(&producerEpoch, "ProducerEpoch")
            try wire.bool(&transactionResult, "TransactionResult")
            try wire.array(&topics, "Topics")
            try wire.int32(&coordinatorEpoch, "CoordinatorEpoch")
            if wire.version >= 2 { try wire.int8(&transactionVersion, "TransactionVersion") }
            try wire.tags()
        }

        package typealias Topic = PartitionIndexesOfTopic
    }
}

package struct WriteTxnMarkersResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...2
    package static let flexibleFrom: Int16? = 1

    package var markers: [Marker] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&markers, "Markers")
        try wire.tags()
    }

    package struct Marker: KafkaFields {
        package var producerID: Int64 = 0
        package var topics: [Topic] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int64(&producerID, "ProducerId")
            try wire.array(&topics, "Topics")
            try wire.tags()
        }

        package typealias Topic = PartitionsOfTopic<PartitionError>
    }
}
