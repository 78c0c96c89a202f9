// What goes into a topic and what comes out of it.

package struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    package var topic: String
    package var partition: Int32

    package init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    package var description: String { "\(topic)-\(partition)" }
}

/// Where a reader starts, beside real offsets. The numbers are the protocol's (ListOffsets).
package enum KafkaOffset {
    package static let latest: Int64 = -1
    package static let earliest: Int64 = -2
}

package struct KafkaHeader: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]?

    package init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}

package struct ProducerRecord: Sendable, Equatable {
    package var topic: String
    /// `nil`: chosen by the key's hash (murmur2, as Java's producer does).
    package var partition: Int32?
    package var key: [UInt8]?
    /// `nil` is a tombstone.
    package var value: [UInt8]?
    package var headers: [KafkaHeader]
    /// Since 1970; `nil`: the time of sending.
    package var timestampMilliseconds: Int64?

    package init(
        topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?,
        headers: [KafkaHeader] = [], timestampMilliseconds: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestampMilliseconds = timestampMilliseconds
    }
}

/// Where a record was written.
package struct RecordMetadata: Sendable, Equatable {
    package var partition: Int32
    package var offset: Int64

    package init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// One record of a poll; its parts are ranges of `ConsumedRecords.bytes`.
package struct ConsumedRecord: Sendable, Equatable {
    /// Which of `ConsumedRecords.partitions` it came from.
    package var partitionIndex: Int
    package var offset: Int64
    /// Since 1970; -1 when the broker has none.
    package var timestampMilliseconds: Int64
    package var key: Range<Int>?
    package var value: Range<Int>?
    /// Which of `ConsumedRecords.headers` are its own. Empty unless the consumer reads headers.
    package var headers: Range<Int>
}

package struct ConsumedHeader: Sendable, Equatable {
    package var name: Range<Int>
    package var value: Range<Int>?
}

/// All records of one poll over one array of bytes. Records of one partition are in offset order.
package struct ConsumedRecords: Sendable, Equatable {
    /// Keys, values and headers of all records, one after the other.
    package var bytes: [UInt8] = []
    package var records: [ConsumedRecord] = []
    /// The partitions that have records here, in the order they first appear.
    package var partitions: [TopicPartition] = []
    package var headers: [ConsumedHeader] = []
    /// Partitions whose end was reached. Empty unless the consumer was made to report ends.
    package var ends: [TopicPartition] = []

    package init() {}

    package var isEmpty: Bool { records.isEmpty }
    package var count: Int { records.count }

    package func topicPartition(of record: ConsumedRecord) -> TopicPartition {
        partitions[record.partitionIndex]
    }

    package func key(of record: ConsumedRecord) -> [UInt8]? { record.key.map { Array(bytes[$0]) } }

    package func value(of record: ConsumedRecord) -> [UInt8]? {
        record.value.map { Array(bytes[$0]) }
    }

    package func headers(of record: ConsumedRecord) -> [KafkaHeader] {
        headers[record.headers].map { header in
            KafkaHeader(
                name: String(decoding: bytes[header.name], as: UTF8.self),
                value: header.value.map { Array(bytes[$0]) })
        }
    }
}
