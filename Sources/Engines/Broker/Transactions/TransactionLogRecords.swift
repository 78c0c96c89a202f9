// What the topic `__transaction_state` holds, as Kafka writes it.
// Source: apache/kafka transaction-coordinator/src/main/resources/common/message/TransactionLog{Key,Value}.json

import KafkaProtocol
import MillraceBase
import NIOCore

struct TransactionLogKey: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = nil

    var transactionalID = ""

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&transactionalID, "TransactionalId")
    }
}

struct TransactionLogValue: KafkaMessage, KafkaTagged {
    static let versions: ClosedRange<Int16> = 0...1
    static let flexibleFrom: Int16? = 1

    var producerID: Int64 = 0
    var previousProducerID: Int64 = -1
    var nextProducerID: Int64 = -1
    var producerEpoch: Int16 = 0
    var timeoutMilliseconds: Int32 = 0
    var status: Int8 = 0
    /// `nil` in the state Empty.
    var partitions: [Partitions]?
    var updatedAtMilliseconds: Int64 = 0
    var startedAtMilliseconds: Int64 = 0
    var clientVersion: Int16 = 0

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int64(&producerID, "ProducerId")
        try wire.int16(&producerEpoch, "ProducerEpoch")
        try wire.int32(&timeoutMilliseconds, "TransactionTimeoutMs")
        try wire.int8(&status, "TransactionStatus")
        try wire.array(&partitions, "TransactionPartitions")
        try wire.int64(&updatedAtMilliseconds, "TransactionLastUpdateTimestampMs")
        try wire.int64(&startedAtMilliseconds, "TransactionStartTimestampMs")
        try wire.tags(&self)
    }

    static let tags = [KafkaTag(0, since: 1), KafkaTag(1, since: 1), KafkaTag(2, since: 1)]

    func holds(tag: UInt32) -> Bool {
        switch tag {
        case 0: previousProducerID != -1
        case 1: nextProducerID != -1
        default: clientVersion != 0
        }
    }

    mutating func tagged(_ tag: UInt32, _ wire: inout some KafkaCoder) throws(WireError) {
        switch tag {
        case 0: try wire.int64(&previousProducerID, "PreviousProducerId")
        case 1: try wire.int64(&nextProducerID, "NextProducerId")
        default: try wire.int16(&clientVersion, "ClientTransactionVersion")
        }
    }

    struct Partitions: KafkaFields {
        var topic = ""
        var partitionIDs: [Int32] = []

        init() {}

        mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topic, "Topic")
            try wire.array(&partitionIDs, "PartitionIds")
            try wire.tags()
        }
    }
}

/// One record of the topic; a `nil` value is a tombstone.
package struct TransactionStoredRecord: Sendable, Equatable {
    package var key: [UInt8]
    package var value: [UInt8]?

    static let keyVersion: Int16 = 0
    /// Kafka writes 1 once transaction.version is finalized above 0.
    static let valueVersion: Int16 = 1

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// - Parameter record: `nil` for a tombstone.
    init(transactionalID: String, _ record: TransactionRecord?) throws(WireError) {
        let key = TransactionLogKey { $0.transactionalID = transactionalID }
        self.key = Array(try key.versionedBytes(version: Self.keyVersion).readableBytesView)
        value = try record.map { (record) throws(WireError) in
            let value = TransactionLogValue(record)
            return Array(try value.versionedBytes(version: Self.valueVersion).readableBytesView)
        }
    }

    /// The id and what is known of it; `nil` for a tombstone.
    func decoded() throws(WireError) -> (transactionalID: String, record: TransactionRecord?) {
        let id = try Self.read(TransactionLogKey.self, key).transactionalID
        guard let value else { return (id, nil) }
        return (id, try Self.read(TransactionLogValue.self, value).record())
    }

    private static func read<Message: KafkaMessage>(
        _ type: Message.Type, _ bytes: [UInt8]
    ) throws(WireError) -> Message {
        var body = ByteBuffer(bytes: bytes)
        guard let version = body.readInteger(as: Int16.self) else {
            throw WireError(.cutShort, in: "version")
        }
        return try Message(reading: body, version: version)
    }
}

extension TransactionLogValue {
    init(_ record: TransactionRecord) {
        self.init()
        producerID = record.producerID
        previousProducerID = record.previousProducerID
        nextProducerID = record.nextProducerID
        producerEpoch = record.epoch
        timeoutMilliseconds = record.timeoutMilliseconds
        status = record.state.rawValue
        if record.state != .empty {
            let byTopic = Dictionary(grouping: record.partitions, by: \.topic)
            partitions = byTopic.keys.sorted().map { topic in
                Partitions {
                    $0.topic = topic
                    $0.partitionIDs = (byTopic[topic] ?? []).map(\.partition).sorted()
                }
            }
        }
        updatedAtMilliseconds = record.updatedAtMilliseconds
        startedAtMilliseconds = record.startedAtMilliseconds
        clientVersion = record.version.rawValue
    }

    func record() throws(WireError) -> TransactionRecord {
        guard let state = TransactionState(rawValue: status) else {
            throw WireError(.unsupported(Int(status)), in: "TransactionStatus")
        }
        var record = TransactionRecord(
            producerID: producerID, timeoutMilliseconds: timeoutMilliseconds,
            now: updatedAtMilliseconds)
        record.state = state
        record.previousProducerID = previousProducerID
        record.nextProducerID = nextProducerID
        record.epoch = producerEpoch
        record.startedAtMilliseconds = startedAtMilliseconds
        record.version = clientVersion >= 2 ? .epochBump : .classic
        record.lastEpoch = lastEpoch(record)
        for topic in partitions ?? [] {
            for partition in topic.partitionIDs {
                record.partitions.insert(PartitionName(topic: topic.topic, partition: partition))
            }
        }
        return record
    }

    /// Kafka's format leaves the last epoch out. It can be told where the end of a transaction raised
    /// it; after InitProducerId it cannot, and a repeat of that from before a restart is fenced.
    private func lastEpoch(_ record: TransactionRecord) -> Int16 {
        guard record.version == .epochBump else { return -1 }
        switch record.state {
        case .prepareCommit, .prepareAbort, .completeCommit, .completeAbort:
            return record.epoch > 0 ? record.epoch - 1 : Limits.producerEpochMax
        case .empty, .ongoing, .dead, .prepareEpochFence: return -1
        }
    }
}
