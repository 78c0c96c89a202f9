// EndTxn (API key 26): commits or aborts a transaction.
// Source: apache/kafka clients/src/main/resources/common/message/EndTxn{Request,Response}.json

package import MillraceBase

package struct EndTxnRequest: KafkaRequest {
    package typealias Response = EndTxnResponse
    package static let apiKey = ApiKey.endTxn
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var transactionalID = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    /// `false` aborts.
    package var committed = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
        try wire.int64(&producerID, "ProducerId")
        try wire.int16(&producerEpoch, "ProducerEpoch")
        try wire.bool(&committed, "Committed")
        try wire.tags()
    }
}

package struct EndTxnResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    /// From version 5 on: what the next transaction is to use, -1 when unchanged.
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        if wire.version >= 5 {
            try wire.int64(&producerID, "ProducerId")
            try wire.int16(&producerEpoch, "ProducerEpoch")
        }
        try wire.tags()
    }
}
