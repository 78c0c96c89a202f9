// InitProducerId (API key 22): an id and epoch for an idempotent producer.
// Source: apache/kafka clients/src/main/resources/common/message/InitProducerId{Request,Response}.json

package import MillraceBase

package struct InitProducerIDRequest: KafkaRequest {
    package typealias Response = InitProducerIDResponse
    package static let apiKey = ApiKey.initProducerID
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 2

    /// `nil` for a producer that is idempotent only.
    package var transactionalID: String?
    package var transactionTimeoutMilliseconds: Int32 = 0
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
        try wire.int32(&transactionTimeoutMilliseconds, "TransactionTimeoutMs")
        if wire.version >= 3 {
            try wire.int64(&producerID, "ProducerId")
            try wire.int16(&producerEpoch, "ProducerEpoch")
        }
        try wire.tags()
    }
}

package struct InitProducerIDResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.int64(&producerID, "ProducerId")
        try wire.int16(&producerEpoch, "ProducerEpoch")
        try wire.tags()
    }
}
