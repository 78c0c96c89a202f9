// A broker that was started with settings: what it shows of them is what it does.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka settings of the start")
struct KafkaStartSettingTests {
    private static let topic: Int8 = 2
    private static let broker: Int8 = 4
    private static let group: Int8 = 32
    /// Kafka's numbers for where a value comes from.
    private static let (topicSource, dynamicDefault, given, standard): (Int8, Int8, Int8, Int8) =
        (1, 3, 4, 5)

    private static func run(
        _ text: String, on stage: KafkaBrokerStage = KafkaBrokerStage(),
        _ body: (KafkaBrokerWire) async throws -> Void
    ) async throws {
        let properties = try BrokerProperties.parse(text)
        var configuration = BrokerConfiguration(directory: stage.directory, port: 0)
        var reader = BrokerProperties(properties) { _ in nil }
        try reader.apply(to: &configuration)
        let applied = configuration
        try await stage.run(set: { $0 = applied }) { wire, _ async throws in try await body(wire) }
    }

    /// Goal: what is given shows as given, its default behind it, and what is changed later before it.
    @Test func givenSettingsAreShown() async throws {
        let stage = KafkaBrokerStage()
        try await Self.run("log.retention.hours=2\ngroup.max.size=7", on: stage) { wire in
            _ = try await wire.createTopic("t")
            let ofBroker = try await wire.describeConfigs(type: Self.broker, "1")
            let hours = ofBroker["log.retention.hours"]
            #expect(hours?.value == "2" && hours?.configSource == Self.given)
            #expect(hours?.synonyms.map(\.value) == ["2", "168"])
            #expect(hours?.synonyms.map(\.source) == [Self.given, Self.standard])
            #expect(ofBroker["group.max.size"]?.configSource == Self.given)
            #expect(ofBroker["group.max.session.timeout.ms"]?.configSource == Self.standard)
            var retention = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
            #expect(retention?.value == "7200000" && retention?.configSource == Self.given)
            #expect(retention?.synonyms.map(\.name) == ["log.retention.hours"])
            #expect(
                try await wire.alterConfig(type: Self.broker, "", "log.retention.ms", "1000")
                    == .none)
            retention = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
            #expect(retention?.value == "1000" && retention?.configSource == Self.dynamicDefault)
            #expect(
                retention?.synonyms.map(\.name) == ["log.retention.ms", "log.retention.hours"])
        }
        try await Self.run("log.retention.hours=3", on: stage) { wire in
            let retention = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
            #expect(retention?.value == "1000")
        }
    }

    /// Goal: topics that are there already take what a later start gives.
    @Test func topicsTakeWhatIsGiven() async throws {
        let stage = KafkaBrokerStage()
        let batch = KafkaBrokerRequests.batch([String(repeating: "x", count: 2_000)])
        try await Self.run("", on: stage) { wire in
            _ = try await wire.createTopic("t")
            _ = try await wire.createTopic("own", settings: ["max.message.bytes": "100000"])
            #expect(try await wire.produce(batch, to: "t").errorCode == .none)
        }
        try await Self.run("message.max.bytes=1000", on: stage) { wire in
            #expect(try await wire.produce(batch, to: "t").errorCode == .messageTooLarge)
            #expect(try await wire.produce(batch, to: "own").errorCode == .none)
            let own = try await wire.describeConfigs(type: Self.topic, "own")["max.message.bytes"]
            #expect(own?.synonyms.map(\.source) == [Self.topicSource, Self.given, Self.standard])
        }
    }

    @Test func deletionCanBeSwitchedOff() async throws {
        try await Self.run("delete.topic.enable=false") { wire in
            _ = try await wire.createTopic("t")
            let request = DeleteTopicsRequest { $0.topicNames = ["t"] }
            for (version, code) in [
                (Int16(2), KafkaErrorCode.invalidRequest), (5, .topicDeletionDisabled),
            ] {
                let answer = try await wire.ask(request, version: version)
                #expect(answer.responses.map(\.errorCode) == [code])
            }
            #expect(try await !wire.describeConfigs(type: Self.topic, "t").isEmpty)
        }
    }

    /// Goal: the bounds of sessions, members and commits are those that were given.
    @Test func groupsHaveGivenBounds() async throws {
        let text = """
            group.initial.rebalance.delay.ms=0
            group.min.session.timeout.ms=100
            group.max.session.timeout.ms=5000
            group.max.size=1
            offset.metadata.max.bytes=3
            """
        try await Self.run(text) { wire in
            func join(session: Int32) async throws -> JoinGroupResponse {
                let request = JoinGroupRequest {
                    ($0.groupID, $0.protocolType) = ("g", "consumer")
                    $0.sessionTimeoutMilliseconds = session
                    $0.rebalanceTimeoutMilliseconds = 5_000
                    $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
                }
                return try await wire.ask(request, version: 3)
            }
            #expect(try await join(session: 6_000).errorCode == .invalidSessionTimeout)
            #expect(try await join(session: 99).errorCode == .invalidSessionTimeout)
            #expect(try await join(session: 5_000).errorCode == .none)
            #expect(try await join(session: 5_000).errorCode == .groupMaxSizeReached)
            let commit = OffsetCommitRequest {
                ($0.groupID, $0.generationIDOrMemberEpoch) = ("h", -1)
                $0.topics = [
                    OffsetCommitRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [
                            OffsetCommitRequest.Topic.Partition { $0.committedMetadata = "four" }
                        ]
                    }
                ]
            }
            _ = try await wire.createTopic("t")
            let answer = try await wire.ask(commit, version: 8)
            #expect(answer.topics[0].partitions[0].errorCode == .offsetMetadataTooLarge)
        }
    }

    /// Goal: a group of KIP-848 takes the broker's times, and may choose only between its bounds.
    @Test func consumerGroupsHaveGivenTimes() async throws {
        let text = """
            group.consumer.session.timeout.ms=7000
            group.consumer.max.session.timeout.ms=8000
            group.consumer.heartbeat.interval.ms=600
            """
        let name = "consumer.session.timeout.ms"
        try await Self.run(text) { wire in
            let shown = try await wire.describeConfigs(type: Self.group, "g")[name]
            #expect(shown?.value == "7000" && shown?.configSource == Self.given)
            #expect(shown?.synonyms.map(\.value) == ["7000", "45000"])
            #expect(
                try await wire.alterConfig(type: Self.group, "g", name, "8001") == .invalidConfig)
            #expect(try await wire.alterConfig(type: Self.group, "g", name, "8000") == .none)
            _ = try await wire.createTopic("t")
            let beat = try await wire.ask(
                ConsumerGroupHeartbeatRequest {
                    ($0.groupID, $0.memberID) = ("g", "m")
                    $0.rebalanceTimeoutMilliseconds = 30_000
                    ($0.subscribedTopicNames, $0.topicPartitions) = (["t"], [])
                }, version: 1)
            #expect(beat.errorCode == .none)
            #expect(beat.heartbeatIntervalMilliseconds == 600)
        }
    }

    @Test func transactionsHaveAGivenBound() async throws {
        try await Self.run("transaction.max.timeout.ms=1000") { wire async throws in
            func start(_ timeout: Int32) async throws -> KafkaErrorCode {
                let request = InitProducerIDRequest {
                    $0.transactionalID = "tx"
                    $0.transactionTimeoutMilliseconds = timeout
                }
                return try await wire.ask(request, version: 4).errorCode
            }
            #expect(try await start(1_001) == .invalidTransactionTimeout)
            #expect(try await start(1_000) == .none)
        }
    }
}
