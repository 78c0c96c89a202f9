// What goes into a topic and what comes out of it.

public struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    public var topic: String
    public var partition: Int32

    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)-\(partition)" }
}

/// Where a reader starts, beside real offsets. The numbers are the protocol's (ListOffsets).
public enum KafkaOffset {
    public static let latest: Int64 = -1
    public static let earliest: Int64 = -2
}

public struct KafkaHeader: Hashable, Sendable {
    public var name: String
    public var value: [UInt8]?

    public init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}

public struct ProducerRecord: Sendable, Equatable {
    public var topic: String
    /// `nil`: chosen by the key's hash (murmur2, as Java's producer does).
    public var partition: Int32?
    public var key: [UInt8]?
    /// `nil` is a tombstone.
    public var value: [UInt8]?
    public var headers: [KafkaHeader]
    /// Since 1970; `nil`: the time of sending.
    public var timestampMilliseconds: Int64?

    public init(
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
public struct RecordMetadata: Sendable, Equatable {
    public var partition: Int32
    public var offset: Int64

    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// One record of a poll; its parts are ranges of `ConsumedRecords.bytes`.
public struct ConsumedRecord: Sendable, Equatable {
    /// Which of `ConsumedRecords.partitions` it came from.
    public var partitionIndex: Int
    public var offset: Int64
    /// Since 1970; -1 when the broker has none.
    public var timestampMilliseconds: Int64
    public var key: Range<Int>?
    public var value: Range<Int>?
    /// Which of `ConsumedRecords.headers` are its own. Empty unless the consumer reads headers.
    public var headers: Range<Int>
}

public struct ConsumedHeader: Sendable, Equatable {
    public var name: Range<Int>
    public var value: Range<Int>?
}

/// All records of one poll over one array of bytes. Records of one partition are in offset order.
public struct ConsumedRecords: Sendable, Equatable {
    /// Keys, values and headers of all records, one after the other.
    public var bytes: [UInt8] = []
    public var records: [ConsumedRecord] = []
    /// The partitions that have records here, in the order they first appear.
    public var partitions: [TopicPartition] = []
    public var headers: [ConsumedHeader] = []
    /// Partitions whose end was reached. Empty unless the consumer was made to report ends.
    public var ends: [TopicPartition] = []

    public init() {}

    public var isEmpty: Bool { records.isEmpty }
    public var count: Int { records.count }

    public func topicPartition(of record: ConsumedRecord) -> TopicPartition {
        partitions[record.partitionIndex]
    }

    public func key(of record: ConsumedRecord) -> [UInt8]? { record.key.map { Array(bytes[$0]) } }

    public func value(of record: ConsumedRecord) -> [UInt8]? {
        record.value.map { Array(bytes[$0]) }
    }

    public func headers(of record: ConsumedRecord) -> [KafkaHeader] {
        headers[record.headers].map { header in
            KafkaHeader(
                name: String(decoding: bytes[header.name], as: UTF8.self),
                value: header.value.map { Array(bytes[$0]) })
        }
    }
}
