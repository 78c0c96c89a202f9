// What the topic `__consumer_offsets` holds: committed offsets and groups, as Kafka writes them.
// Source: apache/kafka group-coordinator/src/main/resources/common/message/{OffsetCommit,GroupMetadata}{Key,Value}.json

import KafkaProtocol
import MillraceBase
import NIOCore

/// Key version 1: the committed offset of one partition of one group. (Version 0 has the same form.)
struct OffsetCommitKey: KafkaMessage, Hashable {
    static let versions: ClosedRange<Int16> = 0...1
    static let flexibleFrom: Int16? = nil

    var group = ""
    var topic = ""
    var partition: Int32 = 0

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&group, "group")
        try wire.string(&topic, "topic")
        try wire.int32(&partition, "partition")
    }
}

struct OffsetCommitValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...3
    static let flexibleFrom: Int16? = nil

    var offset: Int64 = 0
    /// The leader epoch of the last record read; -1 when the client does not know it.
    var leaderEpoch: Int32 = -1
    var metadata = ""
    var commitTimestamp: Int64 = 0
    /// When it may go, by version 1 only; -1 for when the broker says.
    var expireTimestamp: Int64 = -1

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int64(&offset, "offset")
        if wire.version >= 3 { try wire.int32(&leaderEpoch, "leaderEpoch") }
        try wire.string(&metadata, "metadata")
        try wire.int64(&commitTimestamp, "commitTimestamp")
        if wire.version == 1 { try wire.int64(&expireTimestamp, "expireTimestamp") }
    }
}

/// Key version 2: members and assignments of one group.
struct GroupMetadataKey: KafkaMessage {
    static let versions: ClosedRange<Int16> = 2...2
    static let flexibleFrom: Int16? = nil

    var group = ""

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&group, "group")
    }
}

struct GroupMetadataValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...3
    static let flexibleFrom: Int16? = nil

    var protocolType = ""
    var generation: Int32 = 0
    var protocolName: String?
    var leader: String?
    var currentStateTimestamp: Int64 = -1
    var members: [Member] = []

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&protocolType, "protocolType")
        try wire.int32(&generation, "generation")
        try wire.string(&protocolName, "protocol")
        try wire.string(&leader, "leader")
        if wire.version >= 2 { try wire.int64(&currentStateTimestamp, "currentStateTimestamp") }
        try wire.array(&members, "members")
    }

    struct Member: KafkaFields {
        var memberID = ""
        var groupInstanceID: String?
        var clientID = ""
        var clientHost = ""
        var rebalanceTimeoutMilliseconds: Int32 = -1
        var sessionTimeoutMilliseconds: Int32 = 0
        var subscription: [UInt8] = []
        var assignment: [UInt8] = []

        init() {}

        mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&memberID, "memberId")
            if wire.version >= 3 { try wire.string(&groupInstanceID, "groupInstanceId") }
            try wire.string(&clientID, "clientId")
            try wire.string(&clientHost, "clientHost")
            if wire.version >= 1 {
                try wire.int32(&rebalanceTimeoutMilliseconds, "rebalanceTimeout")
            }
            try wire.int32(&sessionTimeoutMilliseconds, "sessionTimeout")
            try wire.bytes(&subscription, "subscription")
            try wire.bytes(&assignment, "assignment")
        }
    }
}

/// A record of the topic, read. A `nil` value is a tombstone.
enum GroupStoredRecord: Equatable, Sendable {
    case offset(OffsetCommitKey, OffsetCommitValue?)
    case group(String, GroupMetadataValue?)
    /// A part of a group of KIP-848.
    case consumer(String, ConsumerStoredRecord)

    static let offsetKeyVersion: Int16 = 1
    static let offsetValueVersion: Int16 = 3
    /// The one version that can say when an offset may go.
    static let expiringOffsetValueVersion: Int16 = 1
    static let groupKeyVersion: Int16 = 2
    static let groupValueVersion: Int16 = 3

    /// - Throws: also for kinds of record that other coordinators write; they can be passed over.
    init(_ record: GroupRecord) throws(WireError) {
        let key = ByteBuffer(bytes: record.key)
        let value = record.value.map(ByteBuffer.init(bytes:))
        let version = key.getInteger(at: key.readerIndex, as: Int16.self) ?? -1
        if OffsetCommitKey.versions.contains(version) {
            self = .offset(
                try Self.read(OffsetCommitKey.self, key),
                try value.map { (value) throws(WireError) in
                    try Self.read(OffsetCommitValue.self, value)
                })
        } else if let kind = ConsumerRecordKind(rawValue: version) {
            let key = try Self.read(ConsumerRecordKey.self, key)
            self = .consumer(key.group, try ConsumerStoredRecord(kind, key.name, value))
        } else {
            self = .group(
                try Self.read(GroupMetadataKey.self, key).group,
                try value.map { (value) throws(WireError) in
                    try Self.read(GroupMetadataValue.self, value)
                })
        }
    }

    /// The record's bytes. Names and texts that fit a request fit here too.
    func encoded() throws(WireError) -> GroupRecord {
        switch self {
        case .offset(let key, let value):
            return GroupRecord(
                key: Self.bytes(try key.versionedBytes(version: Self.offsetKeyVersion)),
                value: try value.map { (value) throws(WireError) in
                    let version =
                        value.expireTimestamp < 0
                        ? Self.offsetValueVersion : Self.expiringOffsetValueVersion
                    return Self.bytes(try value.versionedBytes(version: version))
                })
        case .consumer(let group, let record):
            let (kind, name, value) = try record.parts()
            let key = ConsumerRecordKey { ($0.group, $0.name) = (group, name) }
            return GroupRecord(
                key: Self.bytes(try key.versionedBytes(version: kind.rawValue)),
                value: value.map(Self.bytes))
        case .group(let group, let value):
            let key = GroupMetadataKey { $0.group = group }
            return GroupRecord(
                key: Self.bytes(try key.versionedBytes(version: Self.groupKeyVersion)),
                value: try value.map { (value) throws(WireError) in
                    Self.bytes(try value.versionedBytes(version: Self.groupValueVersion))
                })
        }
    }

    /// Reads a versioned structure that must fill `buffer`; no newer version is guessed at.
    private static func read<Message: KafkaMessage>(
        _ type: Message.Type, _ buffer: ByteBuffer
    ) throws(WireError) -> Message {
        var body = buffer
        guard let version = body.readInteger(as: Int16.self) else {
            throw WireError(.cutShort, in: "version")
        }
        return try Message(reading: body, version: version)
    }

    private static func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }
}
