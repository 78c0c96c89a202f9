// AddOffsetsToTxn (API key 25): a group whose offsets a transaction will commit.
// Source: apache/kafka clients/src/main/resources/common/message/AddOffsetsToTxn{Request,Response}.json

package import MillraceBase

package struct AddOffsetsToTxnRequest: KafkaRequest {
    package typealias Response = AddOffsetsToTxnResponse
    package static let apiKey = ApiKey.addOffsetsToTxn
    package static let versions: ClosedRange<Int16> = 0...4
    package static let flexibleFrom: Int16? = 3

    package var transactionalID = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var groupID = ""

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
        try wire.int64(&producerID, "ProducerId")
        try wire.int16(&producerEpoch, "ProducerEpoch")
        try wire.string(&groupID, "GroupId")
        try wire.tags()
    }
}

package struct AddOffsetsToTxnResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...4
    package static let flexibleFrom: Int16? = 3

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.tags()
    }
}
