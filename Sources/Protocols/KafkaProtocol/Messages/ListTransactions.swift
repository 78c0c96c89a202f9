// ListTransactions (API key 66): the transactional ids of a broker.
// Source: apache/kafka clients/src/main/resources/common/message/ListTransactions{Request,Response}.json

package import MillraceBase

package struct ListTransactionsRequest: KafkaRequest {
    package typealias Response = ListTransactionsResponse
    package static let apiKey = ApiKey.listTransactions
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var stateFilters: [String] = []
    package var producerIDFilters: [Int64] = []
    /// Only transactions older than so many milliseconds; -1 for all.
    package var durationFilter: Int64 = -1
    /// In the syntax of RE2.
    package var transactionalIDPattern: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&stateFilters, "StateFilters")
        try wire.array(&producerIDFilters, "ProducerIdFilters")
        if wire.version >= 1 { try wire.int64(&durationFilter, "DurationFilter") }
        if wire.version >= 2 { try wire.string(&transactionalIDPattern, "TransactionalIdPattern") }
        try wire.tags()
    }
}

package struct ListTransactionsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var unknownStateFilters: [String] = []
    package var transactionStates: [TransactionState] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.array(&unknownStateFilters, "UnknownStateFilters")
        try wire.array(&transactionStates, "TransactionStates")
        try wire.tags()
    }

    package struct TransactionState: KafkaFields {
        package var transactionalID = ""
        package var producerID: Int64 = 0
        package var transactionState = ""

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&transactionalID, "TransactionalId")
            try wire.int64(&producerID, "ProducerId")
            try wire.string(&transactionState, "TransactionState")
            try wire.tags()
        }
    }
}
