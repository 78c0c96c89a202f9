// Settings of topics, the broker and groups: changed while it runs, honoured, or refused.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka settings")
struct KafkaAdminConfigTests {
    private static let topic: Int8 = 2
    private static let broker: Int8 = 4
    private static let group: Int8 = 32

    /// Goal: a default of all brokers goes before Kafka's, one of this broker before that, a topic's
    /// own before all of them; and each is shown with its source.
    @Test func topicsTakeTheBrokersDefaults() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            func value() async throws -> (String?, Int8?) {
                let config = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
                return (config?.value, config?.configSource)
            }
            #expect(try await value() == ("604800000", 5))
            #expect(
                try await wire.alterConfig(type: Self.broker, "", "log.retention.ms", "1000")
                    == .none)
            #expect(try await value() == ("1000", 3))
            #expect(
                try await wire.alterConfig(type: Self.broker, "1", "log.retention.ms", "2000")
                    == .none)
            #expect(try await value() == ("2000", 2))
            #expect(
                try await wire.alterConfig(type: Self.topic, "t", "retention.ms", "3000") == .none)
            #expect(try await value() == ("3000", 1))
            let config = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
            #expect(config?.synonyms.map(\.value) == ["3000", "2000"])
            let ofBroker = try await wire.describeConfigs(type: Self.broker, "1")
            let shown = ofBroker["log.retention.ms"]
            #expect(shown?.value == "2000" && shown?.synonyms.map(\.source) == [2, 3])
            #expect(shown?.readOnly == false && ofBroker["node.id"]?.readOnly == true)
            let ofAll = try await wire.describeConfigs(type: Self.broker, "")
            #expect(ofAll.mapValues(\.value) == ["log.retention.ms": "1000"])
        }
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("later")
            let config = try await wire.describeConfigs(type: Self.topic, "later")["retention.ms"]
            #expect(config?.value == "2000")
        }
    }

    /// Goal: a dynamic broker setting reaches the logs.
    @Test func theLargestMessageIsHonouredAtOnce() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            let batch = KafkaBrokerRequests.batch([String(repeating: "x", count: 2_000)])
            #expect(try await wire.produce(batch, to: "t").errorCode == .none)
            #expect(
                try await wire.alterConfig(type: Self.broker, "", "message.max.bytes", "1000")
                    == .none)
            #expect(try await wire.produce(batch, to: "t").errorCode == .messageTooLarge)
            #expect(
                try await wire.alterConfig(
                    type: Self.broker, "", "message.max.bytes", nil, operation: 1) == .none)
            #expect(try await wire.produce(batch, to: "t").errorCode == .none)
        }
    }

    @Test func whatIsNotHonouredIsRefused() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            let refused: [(Int8, String, String, String?, KafkaErrorCode)] = [
                (Self.broker, "1", "num.partitions", "3", .invalidRequest),
                (Self.broker, "1", "no.such", "3", .invalidRequest),
                (Self.broker, "", "log.retention.ms", "soon", .invalidRequest),
                (Self.broker, "2", "log.retention.ms", "5", .brokerIDNotRegistered),
                (Self.broker, "x", "log.retention.ms", "5", .invalidRequest),
                (Self.topic, "t", "no.such", "3", .invalidConfig),
                (Self.topic, "t", "retention.ms", "soon", .invalidConfig),
                (Self.topic, "t", "retention.ms", nil, .invalidRequest),
                (Self.topic, "t", "remote.storage.enable", "true", .invalidConfig),
                (Self.topic, "none", "retention.ms", "5", .unknownTopicOrPartition),
                (Self.group, "g", "consumer.session.timeout.ms", "1", .invalidConfig),
                (Self.group, "g", "share.session.timeout.ms", "50000", .invalidConfig),
                (Self.group, "", "consumer.session.timeout.ms", "50000", .invalidRequest),
                (8, "1", "root", "DEBUG", .invalidRequest),
                (16, "m", "interval.ms", "1000", .invalidRequest),
                (99, "x", "y", "z", .invalidRequest),
            ]
            for (type, resource, name, value, code) in refused {
                let answer = try await wire.alterConfig(type: type, resource, name, value)
                #expect(answer == code, "\(type) \(resource) \(name)")
            }
        }
    }

    @Test func validateOnlyChangesNothing() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            #expect(
                try await wire.alterConfig(
                    type: Self.topic, "t", "retention.ms", "5", validateOnly: true) == .none)
            let config = try await wire.describeConfigs(type: Self.topic, "t")["retention.ms"]
            #expect(config?.value == "604800000")
        }
    }

    @Test func groupsHaveSettings() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let name = "consumer.session.timeout.ms"
            let before = try await wire.describeConfigs(type: Self.group, "g")[name]
            #expect(before?.value == "45000" && before?.configSource == 5)
            #expect(try await wire.alterConfig(type: Self.group, "g", name, "50000") == .none)
            let after = try await wire.describeConfigs(type: Self.group, "g")[name]
            #expect(after?.value == "50000" && after?.configSource == 8)
        }
    }

    /// Goal: three resources answer as librdkafka's test 0081 expects: a missing topic is said before
    /// a setting that no topic has, and Kerberos' one is taken though nobody logs in by it.
    @Test func alterConfigsAsLibrdkafkaExpects() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            let kerberos = "sasl.kerberos.min.time.before.relogin"
            func alter(_ type: Int8, _ name: String, _ setting: String, _ value: String)
                async throws -> KafkaErrorCode
            {
                let request = AlterConfigsRequest {
                    $0.resources = [
                        AlterConfigsRequest.Resource {
                            $0.resourceType = type
                            $0.resourceName = name
                            $0.configs = [
                                AlterConfigsRequest.Resource.AlterableConfig {
                                    $0.name = setting
                                    $0.value = value
                                }
                            ]
                        }
                    ]
                }
                let answers = try await wire.ask(request, version: 2).responses
                return try #require(answers.first).errorCode
            }
            let foreign = "offset.metadata.max.bytes"
            let missing = try await alter(Self.topic, "missing", foreign, "12345")
            #expect(missing == .unknownTopicOrPartition)
            #expect(try await alter(Self.topic, "t", foreign, "12345") == .invalidConfig)
            #expect(try await alter(Self.broker, "1", kerberos, "soon") == .invalidRequest)
            #expect(try await alter(Self.broker, "1", kerberos, "58000") == .none)
            let after = try await wire.describeConfigs(type: Self.broker, "1")[kerberos]
            #expect(after?.value == "58000" && after?.configSource == 2 && after?.readOnly == false)
        }
    }

    /// Goal: AlterConfigs replaces all settings of a resource, and a resource comes once.
    @Test func alterConfigsReplaces() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t", settings: ["retention.ms": "5"])
            func alter(_ names: [String]) async throws -> [KafkaErrorCode] {
                let request = AlterConfigsRequest {
                    $0.resources = names.map { name in
                        AlterConfigsRequest.Resource {
                            $0.resourceType = Self.topic
                            $0.resourceName = name
                            $0.configs = [
                                AlterConfigsRequest.Resource.AlterableConfig {
                                    $0.name = "segment.bytes"
                                    $0.value = "1048576"
                                }
                            ]
                        }
                    }
                }
                return try await wire.ask(request, version: 2).responses.map(\.errorCode)
            }
            #expect(try await alter(["t"]) == [.none])
            let configs = try await wire.describeConfigs(type: Self.topic, "t")
            #expect(configs["retention.ms"]?.configSource == 5)
            #expect(configs["segment.bytes"]?.value == "1048576")
            #expect(try await alter(["t", "t"]) == [.invalidRequest, .invalidRequest])
        }
    }

    /// Goal: everything announced about the broker has documentation, a type and a source.
    @Test func brokerSettingsAreWhole() async throws {
        try await KafkaBrokerStage().run { wire, server async throws in
            let configs = try await wire.describeConfigs(type: Self.broker, "1")
            #expect(configs["listeners"]?.value == "PLAINTEXT://127.0.0.1:\(server.port)")
            #expect(configs["process.roles"]?.value == "broker,controller")
            for config in configs.values {
                #expect(config.configType > 0 && !(config.documentation ?? "").isEmpty)
                #expect((1...5).contains(config.configSource))
            }
            let other = try await wire.describeConfigResource(type: Self.broker, "2")
            #expect(other.errorCode == .invalidRequest)
        }
    }

    /// Goal: with more replicas demanded than there are, acks=all is refused and acks=1 is not.
    @Test func twoReplicasInSync() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let made = try await wire.createTopic("t", settings: ["min.insync.replicas": "2"])
            #expect(made.errorCode == .none)
            let batch = KafkaBrokerRequests.batch(["v"])
            #expect(try await wire.produce(batch, to: "t").errorCode == .notEnoughReplicas)
            #expect(try await wire.produce(batch, to: "t", acks: 1).errorCode == .none)
        }
    }
}
