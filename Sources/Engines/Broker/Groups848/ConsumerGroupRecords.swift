// What `__consumer_offsets` holds of KIP-848 groups, as Kafka writes it.
// Source: apache/kafka group-coordinator/src/main/resources/common/message/ConsumerGroup*{Key,Value}.json

import KafkaProtocol
import MillraceBase

/// The kinds of record, by the version of their keys.
enum ConsumerRecordKind: Int16, CaseIterable, Sendable {
    case group = 3
    /// Partitions of subscribed topics, as brokers before 4.1 kept them; passed over.
    case partitionMetadata = 4
    case member = 5
    case targetEpoch = 6
    case target = 7
    case current = 8
    case pattern = 16
}

/// A key: the group, and for most kinds a member or an expression of it.
struct ConsumerRecordKey: KafkaMessage {
    static let versions: ClosedRange<Int16> = 3...16
    static let flexibleFrom: Int16? = nil

    var group = ""
    /// A member id or an expression; not in the keys of the group itself.
    var name = ""

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&group, "GroupId")
        switch ConsumerRecordKind(rawValue: wire.version) {
        case .group, .partitionMetadata, .targetEpoch, nil: break
        case .member, .target, .current: try wire.string(&name, "MemberId")
        case .pattern: try wire.string(&name, "RegularExpression")
        }
    }
}

struct ConsumerGroupMetadataValue: KafkaMessage, KafkaTagged {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0
    static let tags = [KafkaTag(0, since: 0)]

    var epoch: Int32 = 0
    var metadataHash: Int64 = 0

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&epoch, "Epoch")
        try wire.tags(&self)
    }

    func holds(tag: UInt32) -> Bool { metadataHash != 0 }

    mutating func tagged(_ tag: UInt32, _ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int64(&metadataHash, "MetadataHash")
    }
}

struct ConsumerMemberMetadataValue: KafkaMessage, KafkaTagged {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0
    static let tags = [KafkaTag(0, since: 0)]

    var instanceID: String?
    var rackID: String?
    var clientID = ""
    var clientHost = ""
    var topicNames: [String] = []
    var topicPattern: String?
    var rebalanceTimeoutMilliseconds: Int32 = -1
    var serverAssignor: String?
    var classic: Classic?

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&instanceID, "InstanceId")
        try wire.string(&rackID, "RackId")
        try wire.string(&clientID, "ClientId")
        try wire.string(&clientHost, "ClientHost")
        try wire.array(&topicNames, "SubscribedTopicNames")
        try wire.string(&topicPattern, "SubscribedTopicRegex")
        try wire.int32(&rebalanceTimeoutMilliseconds, "RebalanceTimeoutMs")
        try wire.string(&serverAssignor, "ServerAssignor")
        try wire.tags(&self)
    }

    func holds(tag: UInt32) -> Bool { classic != nil }

    mutating func tagged(_ tag: UInt32, _ wire: inout some KafkaCoder) throws(WireError) {
        try wire.optional(&classic, "ClassicMemberMetadata")
    }

    struct Classic: KafkaFields {
        var sessionTimeoutMilliseconds: Int32 = 0
        var supportedProtocols: [ClassicProtocol] = []

        init() {}

        mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&sessionTimeoutMilliseconds, "SessionTimeoutMs")
            try wire.array(&supportedProtocols, "SupportedProtocols")
            try wire.tags()
        }
    }

    struct ClassicProtocol: KafkaFields {
        var name = ""
        var metadata: [UInt8] = []

        init() {}

        mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.bytes(&metadata, "Metadata")
            try wire.tags()
        }
    }
}

struct ConsumerTargetEpochValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var assignmentEpoch: Int32 = 0

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&assignmentEpoch, "AssignmentEpoch")
        try wire.tags()
    }
}

/// Partitions of a topic in a target and a current assignment.
struct ConsumerStoredPartitions: KafkaFields {
    var topicID = KafkaUUID.zero
    var partitions: [Int32] = []

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&topicID, "TopicId")
        try wire.array(&partitions, "Partitions")
        try wire.tags()
    }
}

struct ConsumerTargetValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var topicPartitions: [ConsumerStoredPartitions] = []

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topicPartitions, "TopicPartitions")
        try wire.tags()
    }
}

struct ConsumerCurrentValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var memberEpoch: Int32 = 0
    var previousMemberEpoch: Int32 = 0
    /// The raw values of `ConsumerMember.State`.
    var state: Int8 = 0
    var assignedPartitions: [ConsumerStoredPartitions] = []
    var partitionsPendingRevocation: [ConsumerStoredPartitions] = []

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&memberEpoch, "MemberEpoch")
        try wire.int32(&previousMemberEpoch, "PreviousMemberEpoch")
        try wire.int8(&state, "State")
        try wire.array(&assignedPartitions, "AssignedPartitions")
        try wire.array(&partitionsPendingRevocation, "PartitionsPendingRevocation")
        try wire.tags()
    }
}

struct ConsumerPatternValue: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var topics: [String] = []
    /// Of the metadata that the expression was resolved with.
    var version: Int64 = 0
    var timestamp: Int64 = 0

    init() {}

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.int64(&version, "Version")
        try wire.int64(&timestamp, "Timestamp")
        try wire.tags()
    }
}
