// DescribeTransactions (API key 65): the state of transactional ids.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeTransactions{Request,Response}.json

package import MillraceBase

package struct DescribeTransactionsRequest: KafkaRequest {
    package typealias Response = DescribeTransactionsResponse
    package static let apiKey = ApiKey.describeTransactions
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var transactionalIDs: [String] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&transactionalIDs, "TransactionalIds")
        try wire.tags()
    }
}

package struct DescribeTransactionsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var transactionStates: [TransactionState] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&transactionStates, "TransactionStates")
        try wire.tags()
    }

    package struct TransactionState: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var transactionalID = ""
        package var transactionState = ""
        package var transactionTimeoutMilliseconds: Int32 = 0
        package var transactionStartTimeMilliseconds: Int64 = 0
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        package var topics: [Topic] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&transactionalID, "TransactionalId")
            try wire.string(&transactionState, "TransactionState")
            try wire.int32(&transactionTimeoutMilliseconds, "TransactionTimeoutMs")
            try wire.int64(&transactionStartTimeMilliseconds, "TransactionStartTimeMs")
            try wire.int64(&producerID, "ProducerId")
            try wire.int16(&producerEpoch, "ProducerEpoch")
            try wire.array(&topics, "Topics")
            try wire.tags()
        }

        package typealias Topic = KafkaProtocol.TopicPartitions
    }
}
