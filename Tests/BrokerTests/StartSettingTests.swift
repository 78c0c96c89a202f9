// Settings of the broker given at its start: read, bounded, shown as they are honoured, or refused.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Settings of the start")
struct StartSettingTests {
    static func configuration(
        _ text: String, durability: Durability = .group
    ) throws(BrokerError) -> BrokerConfiguration {
        var configuration = BrokerConfiguration(directory: "unused")
        configuration.durability = durability
        var properties = BrokerProperties(try BrokerProperties.parse(text)) { _ in nil }
        try properties.apply(to: &configuration)
        return configuration
    }

    /// What DescribeConfigs shows of a broker.
    static func shown(_ configuration: BrokerConfiguration) -> [String: BrokerSetting] {
        let settings = BrokerSettings(
            configuration: configuration, listeners: "", advertisedListeners: "")
        return Dictionary(uniqueKeysWithValues: settings.all.map { ($0.name, $0) })
    }

    /// Goal: what is given is honoured, and shown as given.
    @Test func numbersReachWhatTheyAreFor() throws {
        let configuration = try Self.configuration(
            """
            group.initial.rebalance.delay.ms=0
            group.min.session.timeout.ms=10
            group.max.session.timeout.ms=20
            group.max.size=3
            group.consumer.max.size=4
            group.consumer.session.timeout.ms=7000
            group.consumer.min.heartbeat.interval.ms=100
            group.consumer.heartbeat.interval.ms=200
            offsets.retention.minutes=2
            offset.metadata.max.bytes=0
            transaction.max.timeout.ms=1000
            transactional.id.expiration.ms=5000
            producer.id.expiration.ms=6000
            connections.max.idle.ms=30000
            delete.topic.enable=false
            num.partitions=12
            """)
        let groups = configuration.groups
        #expect(groups.initialRebalanceDelayMilliseconds == 0)
        #expect(groups.takesClassicSession(20) && !groups.takesClassicSession(21))
        #expect(groups.takesClassicSession(10) && !groups.takesClassicSession(9))
        #expect((groups.classicGroupMembersMax, groups.consumerGroupMembersMax) == (3, 4))
        #expect(groups.sessionTimeoutMilliseconds == 7_000)
        #expect(groups.heartbeatIntervalMilliseconds == 200)
        #expect(groups.offsetsRetentionMilliseconds == 120_000)
        #expect(groups.offsetMetadataBytesMax == 0)
        #expect(configuration.transactions.timeoutMillisecondsMax == 1_000)
        #expect(configuration.transactions.idExpiryMilliseconds == 5_000)
        #expect(configuration.transactions.producerExpiryMilliseconds == 6_000)
        #expect(configuration.limits.idleSeconds == 30)
        #expect(!configuration.deleteTopics)
        #expect(configuration.partitionsDefault == 12)
        let shown = Self.shown(configuration)
        for (name, text) in configuration.given {
            #expect(shown[name]?.value == text && shown[name]?.isGiven == true, "\(name)")
        }
        #expect(shown["num.partitions"]?.defaultValue == "1")
        #expect(shown["group.max.session.timeout.ms"]?.defaultValue == "1800000")
    }

    /// Goal: without settings, all is shown with its default, and as a default.
    @Test func defaultsAreShown() throws {
        let shown = Self.shown(try Self.configuration(""))
        let expected = [
            "group.initial.rebalance.delay.ms": "200", "offsets.retention.minutes": "10080",
            "log.retention.hours": "168", "log.retention.minutes": nil, "log.retention.ms": nil,
            "auto.create.topics.enable": "true", "default.replication.factor": "1",
            "log.segment.bytes": "1073741824", "max.connections.per.ip": "2147483647",
        ]
        for (name, value) in expected {
            let setting = try #require(shown[name])
            #expect(setting.value == value && !setting.isGiven, "\(name)")
        }
    }

    /// Goal: the names are the table's and the others', each once.
    @Test func namesAreUnique() {
        let names = BrokerProperty.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!StartSetting.all.isEmpty)
    }

    // MARK: Topics' defaults

    @Test func topicsTakeWhatWasGiven() throws {
        let configuration = try Self.configuration(
            """
            log.retention.hours=2
            log.retention.minutes=3
            log.roll.hours=1
            log.segment.bytes=4096
            log.cleanup.policy=compact,delete
            message.max.bytes=1000
            compression.type=lz4
            log.message.timestamp.type=LogAppendTime
            min.insync.replicas=2
            """)
        let defaults = TopicDefaults(MetadataImage(), nodeID: 1, given: configuration.given)
        let log = TopicSettings.logConfiguration(defaults.effective(["segment.bytes": "8192"]))
        #expect(log.retentionMilliseconds == 180_000)
        #expect(log.segmentMilliseconds == 3_600_000)
        #expect(log.segmentBytes == 8_192)
        #expect(log.isCompacted && log.deletesOld)
        #expect(log.messageBytesMax == 1_000)
        #expect(log.compression == .lz4)
        #expect(log.stampsAppendTime)
        #expect(defaults.values["retention.ms"]?.brokerName == "log.retention.minutes")
        #expect(defaults.values["retention.ms"]?.brokerValue == "3")
        let shown = Self.shown(configuration)
        #expect(shown["log.retention.hours"]?.value == "2")
        #expect(shown["log.segment.bytes"]?.value == "4096")
        #expect(shown["log.segment.bytes"]?.isDynamic == true)
        #expect(shown["log.retention.hours"]?.isDynamic == false)
    }

    @Test func foreverIsForeverInEachUnit() throws {
        for name in ["log.retention.ms", "log.retention.minutes", "log.retention.hours"] {
            let given = try Self.configuration("\(name)=-1").given
            let defaults = TopicDefaults(MetadataImage(), nodeID: 1, given: given)
            #expect(defaults.values["retention.ms"]?.value == "-1")
            #expect(throws: BrokerError.self) { try Self.configuration("\(name)=0") }
        }
    }

    // MARK: Refusals

    /// Goal: what cannot be is refused, and the words name the range or the other setting.
    @Test(arguments: [
        ("group.max.size=0", "at least 1"), ("group.max.size=many", "whole number"),
        ("num.partitions=10001", "1 to 10000"), ("num.partitions=", "whole number"),
        ("log.segment.bytes=100", "at least 1024"), ("log.cleanup.policy=shred", "delete, compact"),
        ("compression.type=rar", "zstd"), ("auto.create.topics.enable=perhaps", "true or false"),
        ("default.replication.factor=3", "only 1 is honoured"),
        ("offsets.topic.num.partitions=10", "only 50 is honoured"),
        ("group.min.session.timeout.ms=1800001", "above group.max.session.timeout.ms"),
        ("group.consumer.session.timeout.ms=90000", "group.consumer.max.session.timeout.ms, 60000"),
        ("group.consumer.heartbeat.interval.ms=100", "group.consumer.min.heartbeat.interval.ms"),
        (
            "group.consumer.session.timeout.ms=6000\n"
                + "group.consumer.heartbeat.interval.ms=6000", "is not below"
        ),
        (
            "log.cleaner.min.compaction.lag.ms=9\nlog.cleaner.max.compaction.lag.ms=8",
            "log.cleaner.max.compaction.lag.ms, 8"
        ),
    ])
    func refusesWhatCannotBe(text: String, words: String) {
        let error = #expect(throws: BrokerError.self) { try Self.configuration(text) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(
            error?.description.contains(text.prefix { $0 != "=" }) == true || text.contains("\n"))
    }

    /// Goal: who brings the file that Kafka comes with is told of all that has no place here, at once.
    @Test func kafkasOwnFileIsExplained() throws {
        let kept = """
            listeners=PLAINTEXT://127.0.0.1:9092
            advertised.listeners=PLAINTEXT://localhost:9092
            listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
            socket.request.max.bytes=104857600
            num.partitions=1
            offsets.topic.replication.factor=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            log.retention.hours=168
            log.segment.bytes=1073741824
            log.retention.check.interval.ms=300000
            """
        let foreign = [
            "process.roles": "controller at once", "node.id": "controller at once",
            "controller.quorum.bootstrap.servers": "controller at once",
            "controller.listener.names": "controller at once",
            "inter.broker.listener.name": "no other broker", "log.dirs": "--data",
            "num.network.threads": "not to be chosen", "num.io.threads": "not to be chosen",
            "socket.send.buffer.bytes": "not to be chosen",
            "num.recovery.threads.per.data.dir": "not to be chosen",
            "share.coordinator.state.topic.replication.factor": "share and streams groups",
        ]
        _ = try Self.configuration(kept)
        let error = #expect(throws: BrokerError.self) {
            try Self.configuration(
                kept + foreign.keys.map { "\n\($0)=1" }.joined() + "\nno.such.name=1")
        }
        let text = try #require(error?.description)
        for (name, words) in foreign {
            let alone = #expect(throws: BrokerError.self) { try Self.configuration("\(name)=1") }
            #expect(text.contains(name) && text.contains(words), "\(name)")
            #expect(alone?.description.contains(words) == true, "\(name)")
        }
        #expect(text.contains("no.such.name: there is no setting of that name"))
    }

    @Test(arguments: [
        ("zookeeper.connect=a:1", "no ZooKeeper"), ("authorizer.class.name=x", "authorizer=acls"),
        ("listener.name.plaintext.plain.sasl.jaas.config=x", "sasl.users.file"),
        ("ssl.keystore.password=x", "ssl.key.password.file"),
        ("ssl.key.password=x", "password.file"),
        ("remote.log.storage.system.enable=true", "tiered storage"),
        ("delegation.token.expiry.time.ms=1", "delegation tokens"),
        ("sasl.kerberos.service.name=x", "Kerberos"), ("log.message.format.version=1", "no more"),
    ])
    func foreignSettingsSayWhatToDo(text: String, words: String) {
        let error = #expect(throws: BrokerError.self) { try Self.configuration(text) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func flushesCannotBePromisedWithoutAny() {
        let text = "log.flush.interval.messages=10"
        #expect(throws: Never.self) { try Self.configuration(text) }
        #expect(throws: BrokerError.self) { try Self.configuration(text, durability: .none) }
    }

    /// Goal: security that protects no listener is refused instead of believed in.
    @Test(arguments: [
        ("ssl.client.auth=required", "no listener uses TLS"),
        ("ssl.certificate.location=/c\nssl.key.location=/k", "no listener uses TLS"),
        ("listener.name.plaintext.ssl.client.auth=required", "plaintext does not use TLS"),
        ("sasl.enabled.mechanisms=PLAIN", "no listener uses SASL"),
        ("connections.max.reauth.ms=60000", "no listener uses SASL"),
        ("sasl.oauthbearer.unsecured=true", "no listener uses SASL"),
        (
            "listeners=SASL_PLAINTEXT://:0,PLAINTEXT://:1\n"
                + "listener.name.plaintext.sasl.enabled.mechanisms=PLAIN", "does not use SASL"
        ),
        (
            "listeners=SASL_PLAINTEXT://:0\nsasl.oauthbearer.expected.issuer=me",
            "no source of keys"
        ),
    ])
    func refusesSecurityOfNoListener(text: String, words: String) {
        let error = #expect(throws: BrokerError.self) { try Self.configuration(text) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}

@Suite("Rules of groups")
struct GroupRulesTests {
    /// Goal: a group's own settings have the broker's bounds, and what is outside of them moves in.
    @Test func groupsStayInBounds() {
        var rules = GroupRules()
        rules.session = .init(standard: 20_000, least: 10_000, most: 30_000)
        #expect(GroupSettings.fault([GroupSettings.session: "30000"], rules) == nil)
        #expect(GroupSettings.fault([GroupSettings.session: "30001"], rules) != nil)
        let kept = rules.overridden(by: [GroupSettings.session: "45000"])
        #expect(kept.sessionTimeoutMilliseconds == 30_000)
        #expect(kept.heartbeatIntervalMilliseconds == 5_000)
        let both = [GroupSettings.session: "10000", GroupSettings.heartbeat: "10000"]
        #expect(GroupSettings.fault(both, rules)?.contains("greater") == true)
    }
}
