// Groups of KIP-848 over a socket: bytes by hand, restarts, settings of a group, changes of protocol.

import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka groups of KIP-848")
struct KafkaGroups848Tests {
    let stage = KafkaBrokerStage()

    static func make(_ topic: String, partitions: Int32, _ wire: KafkaBrokerWire) async throws
        -> KafkaUUID
    {
        let made = try await wire.ask(
            CreateTopicsRequest {
                $0.topics = [
                    CreateTopicsRequest.CreatableTopic {
                        ($0.name, $0.numPartitions, $0.replicationFactor) = (topic, partitions, 1)
                    }
                ]
            }, version: 7)
        return try #require(made.topics.first).topicID
    }

    static func joining(_ id: String, topics: [String] = ["t"], group: String = "g")
        -> ConsumerGroupHeartbeatRequest
    {
        ConsumerGroupHeartbeatRequest {
            ($0.groupID, $0.memberID) = (group, id)
            $0.rebalanceTimeoutMilliseconds = 30_000
            ($0.subscribedTopicNames, $0.topicPartitions) = (topics, [])
        }
    }

    static func beat(_ id: String, _ epoch: Int32, owned: [(KafkaUUID, [Int32])]? = nil)
        -> ConsumerGroupHeartbeatRequest
    {
        ConsumerGroupHeartbeatRequest {
            ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", id, epoch)
            $0.topicPartitions = owned?.map { topic, partitions in
                ConsumerGroupHeartbeatRequest.TopicPartitions {
                    ($0.topicID, $0.partitions) = (topic, partitions)
                }
            }
        }
    }

    static func partitions(_ response: ConsumerGroupHeartbeatResponse) -> [Int32]? {
        response.assignment.map { $0.topicPartitions.flatMap(\.partitions).sorted() }
    }

    /// Goal: both messages have Kafka's bytes. Written out by hand from the schemas, version 1.
    @Test func joinsByHandwrittenBytes() async throws {
        try await stage.run { wire, _ in
            let topic = try await Self.make("t", partitions: 2, wire)
            var request = ByteBuffer()
            let body: [UInt8] =
                [0, 68, 0, 1, 0, 0, 0, 9, 0, 1, 0x63, 0]  // key, version, id 9, client "c", no tags
                + [2, 0x67, 2, 0x6d]  // group "g", member "m"
                + [0, 0, 0, 0]  // epoch 0
                + [0, 0]  // no instance, no rack
                + [0, 0, 0x75, 0x30]  // 30 s to rebalance
                + [2, 2, 0x74]  // topics ["t"]
                + [0, 0]  // no expression, no assignor
                + [1, 0]  // owns nothing, no tags
            request.writeInteger(Int32(body.count))
            request.writeBytes(body)
            try await wire.send(request)
            var expected = ByteBuffer(
                bytes: [0, 0, 0, 9, 0]  // id 9, no tags
                    + [0, 0, 0, 0, 0, 0, 0]  // not throttled, no error, no message
                    + [2, 0x6d, 0, 0, 0, 1]  // member "m" at epoch 1
                    + [0, 0, 0x13, 0x88]  // again in 5 s
                    + [1, 2])  // an assignment of one topic
            expected.writeInteger(topic.high)
            expected.writeInteger(topic.low)
            expected.writeBytes([3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
            let frame = try await wire.frame()
            #expect(Array(frame.readableBytesView) == Array(expected.readableBytesView))
        }
    }

    @Test func theGroupIsAnnounced() async throws {
        try await stage.run { wire, _ in
            let versions = try await wire.ask(
                ApiVersionsRequest {
                    ($0.clientSoftwareName, $0.clientSoftwareVersion) = ("test", "1")
                }, version: 4)
            for key: Int16 in [68, 69] {
                let range = versions.apiKeys.first { $0.apiKey == key }
                #expect(range?.minVersion == 0)
                #expect(range?.maxVersion == 1)
            }
            let feature = versions.finalizedFeatures.first { $0.name == "group.version" }
            #expect(feature?.maxVersionLevel == 1)
        }
    }

    /// Goal: after `kill -9` members, epochs, what is assigned and what is still to be given up are as
    /// they were, and offsets are those that were acknowledged.
    @Test func membersOutliveTheProcess() async throws {
        let (topic, asked) = try await stage.run { wire, _ in
            let topic = try await Self.make("t", partitions: 4, wire)
            _ = try await wire.ask(Self.joining("a"), version: 1)
            _ = try await wire.ask(Self.joining("b"), version: 1)
            let asked = try await wire.ask(Self.beat("a", 1), version: 1)
            #expect(Self.partitions(asked)?.count == 2)
            let commit = try await wire.ask(
                OffsetCommitRequest {
                    ($0.groupID, $0.memberID, $0.generationIDOrMemberEpoch) = ("g", "a", 1)
                    $0.topics = [
                        OffsetCommitRequest.Topic {
                            $0.topicID = topic
                            $0.partitions = [
                                OffsetCommitRequest.Topic.Partition { $0.committedOffset = 77 }
                            ]
                        }
                    ]
                }, version: 10)
            #expect(commit.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
            return (topic, asked)
        }
        let kept = try #require(Self.partitions(asked))
        let killed = try stage.copy()
        try await killed.run { wire, _ in
            let described = try await wire.ask(
                ConsumerGroupDescribeRequest { $0.groupIDs = ["g"] }, version: 1
            ).groups[0]
            #expect(described.groupState == "Reconciling")
            #expect(described.members.map(\.memberID) == ["a", "b"])
            let done = try await wire.ask(
                Self.beat("a", 1, owned: [(topic, kept)]), version: 1)
            #expect(done.memberEpoch == 2)
            let rest = try await wire.ask(Self.beat("b", 2), version: 1)
            #expect((kept + (Self.partitions(rest) ?? [])).sorted() == [0, 1, 2, 3])
            let fetched = try await wire.ask(
                OffsetFetchRequest {
                    $0.groups = [
                        OffsetFetchRequest.Group {
                            ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "a", 2)
                            $0.topics = nil
                        }
                    ]
                }, version: 10)
            #expect(fetched.groups[0].topics[0].topicID == topic)
            #expect(fetched.groups[0].topics[0].partitions[0].committedOffset == 77)
        }
    }

    @Test func aGroupHasSettingsOfItsOwn() async throws {
        try await stage.run { wire, _ in
            _ = try await Self.make("t", partitions: 1, wire)
            let changed = try await wire.ask(
                IncrementalAlterConfigsRequest {
                    $0.resources = [
                        IncrementalAlterConfigsRequest.AlterConfigsResource {
                            ($0.resourceType, $0.resourceName) = (32, "g")
                            $0.configs = [
                                IncrementalAlterConfigsRequest.AlterConfigsResource.AlterableConfig
                                {
                                    $0.name = "consumer.heartbeat.interval.ms"
                                    ($0.configOperation, $0.value) = (0, "600")
                                }
                            ]
                        }
                    ]
                }, version: 1)
            #expect(changed.responses[0].errorCode == KafkaErrorCode.none)
            let mine = try await wire.ask(Self.joining("a"), version: 1)
            #expect(mine.heartbeatIntervalMilliseconds == 600)
            let others = try await wire.ask(Self.joining("a", group: "h"), version: 1)
            #expect(others.heartbeatIntervalMilliseconds == 5_000)
        }
    }

    @Test func faultsHaveKafkasCodes() async throws {
        try await stage.run { wire, _ in
            _ = try await Self.make("t", partitions: 1, wire)
            func code(_ request: ConsumerGroupHeartbeatRequest, _ version: Int16 = 1) async throws
                -> KafkaErrorCode
            {
                try await wire.ask(request, version: version).errorCode
            }
            #expect(try await code(Self.beat("a", 3)).rawValue == 69)
            #expect(try await code(Self.joining("")).rawValue == 42)
            #expect(try await code(Self.joining(""), 0) == KafkaErrorCode.none)
            var bad = Self.joining("a")
            bad.serverAssignor = "nothing"
            #expect(try await code(bad).rawValue == 112)
            bad = Self.joining("a")
            bad.subscribedTopicRegex = "("
            #expect(try await code(bad).rawValue == 128)
            #expect(try await code(Self.joining("a")) == KafkaErrorCode.none)
            #expect(try await code(Self.beat("a", 9)).rawValue == 110)
            var fixed = Self.joining("s1")
            fixed.instanceID = "s"
            #expect(try await code(fixed) == KafkaErrorCode.none)
            fixed.memberID = "s2"
            #expect(try await code(fixed).rawValue == 111)
        }
    }
}
