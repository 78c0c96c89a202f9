// Fetch (API key 1): record batches from an offset on.
// Source: apache/kafka clients/src/main/resources/common/message/Fetch{Request,Response}.json

package import MillraceBase
package import NIOCore

package struct FetchRequest: KafkaRequest, KafkaTagged {
    package typealias Response = FetchResponse
    package static let apiKey = ApiKey.fetch
    package static let versions: ClosedRange<Int16> = 4...18
    package static let flexibleFrom: Int16? = 12

    package var clusterID: String?
    package var replicaID: Int32 = -1
    package var replicaState = ReplicaState()
    package var maxWaitMilliseconds: Int32 = 0
    package var minBytes: Int32 = 0
    package var maxBytes: Int32 = .max
    /// 0 reads everything, 1 only what transactions have committed.
    package var isolationLevel: Int8 = 0
    package var sessionID: Int32 = 0
    /// -1 with session 0: no session. 0 with session 0: a new one.
    package var sessionEpoch: Int32 = -1
    /// Within a session, only what changed since the last request.
    package var topics: [Topic] = []
    package var forgottenTopicsData: [ForgottenTopic] = []
    package var rackID = ""

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version <= 14 { try wire.int32(&replicaID, "ReplicaId") }
        try wire.int32(&maxWaitMilliseconds, "MaxWaitMs")
        try wire.int32(&minBytes, "MinBytes")
        try wire.int32(&maxBytes, "MaxBytes")
        try wire.int8(&isolationLevel, "IsolationLevel")
        if wire.version >= 7 {
            try wire.int32(&sessionID, "SessionId")
            try wire.int32(&sessionEpoch, "SessionEpoch")
        }
        try wire.array(&topics, "Topics")
        if wire.version >= 7 { try wire.array(&forgottenTopicsData, "ForgottenTopicsData") }
        if wire.version >= 11 { try wire.string(&rackID, "RackId") }
        try wire.tags(&self)
    }

    package static let tags = [
        KafkaTag(0, since: 12),
        KafkaTag(1, since: 15),
    ]

    package func holds(tag: UInt32) -> Bool {
        switch tag {
        case 0: clusterID != nil
        default: replicaState != ReplicaState()
        }
    }

    package mutating func tagged(
        _ tag: UInt32, _ wire: inout some KafkaCoder
    ) throws(WireError) {
        switch tag {
        case 0: try wire.string(&clusterID, "ClusterId")
        default: try wire.structure(&replicaState, "ReplicaState")
        }
    }

    package struct ReplicaState: KafkaFields {
        package var replicaID: Int32 = -1
        package var replicaEpoch: Int64 = -1

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&replicaID, "ReplicaId")
            try wire.int64(&replicaEpoch, "ReplicaEpoch")
            try wire.tags()
        }
    }

    package struct Topic: KafkaFields {
        package var topic = ""
        /// From version 13 on, instead of the name.
        package var topicID = KafkaUUID.zero
        package var partitions: [Partition] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version <= 12 { try wire.string(&topic, "Topic") }
            if wire.version >= 13 { try wire.uuid(&topicID, "TopicId") }
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct Partition: KafkaTagged {
            package var partition: Int32 = 0
            package var currentLeaderEpoch: Int32 = -1
            package var fetchOffset: Int64 = 0
            package var lastFetchedEpoch: Int32 = -1
            package var logStartOffset: Int64 = -1
            package var partitionMaxBytes: Int32 = 0
            package var replicaDirectoryID = KafkaUUID.zero
            package var highWatermark: Int64 = .max

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partition, "Partition")
                if wire.version >= 9 { try wire.int32(&currentLeaderEpoch, "CurrentLeaderEpoch") }
                try wire.int64(&fetchOffset, "FetchOffset")
                if wire.version >= 12 { try wire.int32(&lastFetchedEpoch, "LastFetchedEpoch") }
                if wire.version >= 5 { try wire.int64(&logStartOffset, "LogStartOffset") }
                try wire.int32(&partitionMaxBytes, "PartitionMaxBytes")
                try wire.tags(&self)
            }

            package static let tags = [
                KafkaTag(0, since: 17),
                KafkaTag(1, since: 18),
            ]

            package func holds(tag: UInt32) -> Bool {
                switch tag {
                case 0: replicaDirectoryID != .zero
                default: highWatermark != .max
                }
            }

            package mutating func tagged(
                _ tag: UInt32, _ wire: inout some KafkaCoder
            ) throws(WireError) {
                switch tag {
                case 0: try wire.uuid(&replicaDirectoryID, "ReplicaDirectoryId")
                default: try wire.int64(&highWatermark, "HighWatermark")
                }
            }
        }
    }

    package struct ForgottenTopic: KafkaFields {
        package var topic = ""
        package var topicID = KafkaUUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version <= 12 { try wire.string(&topic, "Topic") }
            if wire.version >= 13 { try wire.uuid(&topicID, "TopicId") }
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }
    }
}

package struct FetchResponse: KafkaMessage, KafkaTagged {
    package static let versions: ClosedRange<Int16> = 4...18
    package static let flexibleFrom: Int16? = 12

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var sessionID: Int32 = 0
    package var responses: [TopicResponse] = []
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        if wire.version >= 7 {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.int32(&sessionID, "SessionId")
        }
        try wire.array(&responses, "Responses")
        try wire.tags(&self)
    }

    package static let tags = [
        KafkaTag(0, since: 16)
    ]

    package func holds(tag: UInt32) -> Bool { !nodeEndpoints.isEmpty }

    package mutating func tagged(
        _ tag: UInt32, _ wire: inout some KafkaCoder
    ) throws(WireError) {
        try wire.array(&nodeEndpoints, "NodeEndpoints")
    }

    package struct TopicResponse: KafkaFields {
        package var topic = ""
        package var topicID = KafkaUUID.zero
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            if wire.version <= 12 { try wire.string(&topic, "Topic") }
            if wire.version >= 13 { try wire.uuid(&topicID, "TopicId") }
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct PartitionData: KafkaTagged {
            package var partitionIndex: Int32 = 0
            package var errorCode = KafkaErrorCode.none
            package var highWatermark: Int64 = 0
            /// Where the first open transaction begins; -1 when the broker does not say.
            package var lastStableOffset: Int64 = -1
            package var logStartOffset: Int64 = -1
            package var divergingEpoch = EpochEndOffset()
            package var currentLeader = LeaderIDAndEpoch()
            package var snapshotID = SnapshotID()
            package var abortedTransactions: [AbortedTransaction]? = []
            package var preferredReadReplica: Int32 = -1
            /// Whole batches, but for the last, which may be cut. A slice of the frame when read.
            package var records: ByteBuffer?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.int64(&highWatermark, "HighWatermark")
                try wire.int64(&lastStableOffset, "LastStableOffset")
                if wire.version >= 5 { try wire.int64(&logStartOffset, "LogStartOffset") }
                try wire.array(&abortedTransactions, "AbortedTransactions")
                if wire.version >= 11 {
                    try wire.int32(&preferredReadReplica, "PreferredReadReplica")
                }
                try wire.records(&records, "Records")
                try wire.tags(&self)
            }

            package static let tags = [
                KafkaTag(0, since: 12),
                KafkaTag(1, since: 12),
                KafkaTag(2, since: 12),
            ]

            package func holds(tag: UInt32) -> Bool {
                switch tag {
                case 0: divergingEpoch != EpochEndOffset()
                case 1: currentLeader != LeaderIDAndEpoch()
                default: snapshotID != SnapshotID()
                }
            }

            package mutating func tagged(
                _ tag: UInt32, _ wire: inout some KafkaCoder
            ) throws(WireError) {
                switch tag {
                case 0: try wire.structure(&divergingEpoch, "DivergingEpoch")
                case 1: try wire.structure(&currentLeader, "CurrentLeader")
                default: try wire.structure(&snapshotID, "SnapshotId")
                }
            }

            package struct EpochEndOffset: KafkaFields {
                package var epoch: Int32 = -1
                package var endOffset: Int64 = -1

                package init() {}

                package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                    try wire.int32(&epoch, "Epoch")
                    try wire.int64(&endOffset, "EndOffset")
                    try wire.tags()
                }
            }

            package struct SnapshotID: KafkaFields {
                package var endOffset: Int64 = -1
                package var epoch: Int32 = -1

                package init() {}

                package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                    try wire.int64(&endOffset, "EndOffset")
                    try wire.int32(&epoch, "Epoch")
                    try wire.tags()
                }
            }

            package struct AbortedTransaction: KafkaFields {
                package var producerID: Int64 = 0
                package var firstOffset: Int64 = 0

                package init() {}

                package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                    try wire.int64(&producerID, "ProducerId")
                    try wire.int64(&firstOffset, "FirstOffset")
                    try wire.tags()
                }
            }
        }
    }
}
