// AddPartitionsToTxn (API key 24): partitions that a transaction will write to.
// Source: apache/kafka clients/src/main/resources/common/message/AddPartitionsToTxn{Request,Response}.json

package import MillraceBase

package struct AddPartitionsToTxnRequest: KafkaRequest {
    package typealias Response = AddPartitionsToTxnResponse
    package static let apiKey = ApiKey.addPartitionsToTxn
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    /// From version 4 on, which only brokers send: many transactions at once.
    package var transactions: [Transaction] = []
    /// Up to version 3; so are the three after it.
    package var transactionalID = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var topics: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 4 { try wire.array(&transactions, "Transactions") }
        if wire.version <= 3 {
            try wire.string(&transactionalID, "V3AndBelowTransactionalId")
            try wire.int64(&producerID, "V3AndBelowProducerId")
            try wire.int16(&producerEpoch, "V3AndBelowProducerEpoch")
            try wire.array(&topics, "V3AndBelowTopics")
        }
        try wire.tags()
    }

    package struct Transaction: KafkaFields {
        package var transactionalID = ""
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        /// Whether to ask only if the partitions are in the transaction.
        package var verifyOnly = false
        package var topics: [Topic] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&transactionalID, "TransactionalId")
            try wire.int64(&producerID, "ProducerId")
            try wire.int16(&producerEpoch, "ProducerEpoch")
            try wire.bool(&verifyOnly, "VerifyOnly")
            try wire.array(&topics, "Topics")
            try wire.tags()
        }
    }

    package struct Topic: KafkaFields {
        package var name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }
    }
}

package struct AddPartitionsToTxnResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    /// From version 4 on.
    package var resultsByTransaction: [TransactionResult] = []
    /// Up to version 3.
    package var resultsByTopic: [TopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        if wire.version >= 4 {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.array(&resultsByTransaction, "ResultsByTransaction")
        }
        if wire.version <= 3 { try wire.array(&resultsByTopic, "ResultsByTopicV3AndBelow") }
        try wire.tags()
    }

    package struct TransactionResult: KafkaFields {
        package var transactionalID = ""
        package var topicResults: [TopicResult] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&transactionalID, "TransactionalId")
            try wire.array(&topicResults, "TopicResults")
            try wire.tags()
        }
    }

    package struct TopicResult: KafkaFields {
        package var name = ""
        package var resultsByPartition: [PartitionResult] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.array(&resultsByPartition, "ResultsByPartition")
            try wire.tags()
        }
    }

    package struct PartitionResult: KafkaFields {
        package var partitionIndex: Int32 = 0
        package var partitionErrorCode = KafkaErrorCode.none

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&partitionIndex, "PartitionIndex")
            try wire.errorCode(&partitionErrorCode, "PartitionErrorCode")
            try wire.tags()
        }
    }
}
