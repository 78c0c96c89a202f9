// The broker's own settings as DescribeConfigs shows them. Everything in here is true.
// Source: https://kafka.apache.org/documentation/#brokerconfigs

import KafkaProtocol

/// A setting of the broker with the value it was started with.
struct BrokerSetting {
    var name: String
    var kind: TopicSetting.Kind
    /// `nil`: none, or one that is not shown.
    var value: String?
    /// Whether it was given at the start; else it is the default.
    var isGiven = false
    var documentation: String
    /// What of a topic it gives the default for; such settings change while the broker runs.
    var topicSetting: TopicSetting?

    var isDynamic: Bool { topicSetting != nil }
}

/// What is asked for settings: everything they depend on.
struct BrokerSettings {
    let configuration: BrokerConfiguration
    let listeners: String
    let advertisedListeners: String

    /// In the order of their names.
    var all: [BrokerSetting] {
        (given + groups + limits + storage + forTopics).sorted { $0.name < $1.name }
    }

    private var given: [BrokerSetting] {
        let nodeID = String(configuration.nodeID)
        let protocols = configuration.listeners.map {
            "\($0.name):\($0.securityProtocol.rawValue)"
        }
        let hasPasswords = configuration.listeners.contains { $0.securityProtocol.usesTLS }
        return [
            given("advertised.listeners", .items, advertisedListeners, "Where clients are sent."),
            given(
                "auto.create.topics.enable", .boolean, String(configuration.autoCreateTopics),
                "Whether a topic is made when a client asks for it."),
            given("broker.id", .int(0...Int64(Int32.max)), nodeID, "The id of the node."),
            given("listeners", .items, listeners, "Where the broker listens."),
            given(
                "listener.security.protocol.map", .items, protocols.joined(separator: ","),
                "The security protocol of each listener."),
            given("log.dirs", .items, configuration.directory, "Where the data is."),
            given("node.id", .int(0...Int64(Int32.max)), nodeID, "The id of the node."),
            given(
                "num.partitions", .int(1...Int64(Int32.max)),
                String(configuration.partitionsDefault),
                "Partitions of a topic that is made without a number."),
            given(
                "process.roles", .items, "broker,controller",
                "The node is the cluster's broker and its controller."),
            given("authorizer.class.name", .string, authorizer, "What controls access."),
            given("super.users", .string, superUsers, "Whom no rule stops."),
            given(
                "ssl.key.password", .password, nil, "Not shown.", isGiven: hasPasswords),
            given(
                "sasl.enabled.mechanisms", .items, mechanisms, "How clients may log in."),
        ]
    }

    private var authorizer: String {
        switch configuration.authorizer {
        case .none: ""
        case .acls: "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        }
    }

    private var superUsers: String {
        switch configuration.authorizer {
        case .none: ""
        case .acls(let superUsers, _):
            superUsers.map(\.description).joined(separator: ";")
        }
    }

    private var mechanisms: String {
        let all = configuration.listeners.flatMap(\.saslMechanisms).map(\.rawValue)
        return Set(all).sorted().joined(separator: ",")
    }

    private var groups: [BrokerSetting] {
        let session = Limits.sessionTimeoutMilliseconds
        let minutes = Limits.offsetsRetentionMilliseconds / 60_000
        return [
            number(
                "group.initial.rebalance.delay.ms", 0, "A first member does not wait for others."),
            number("group.max.session.timeout.ms", session.upperBound, "Of classic groups."),
            number("group.min.session.timeout.ms", session.lowerBound, "Of classic groups."),
            number("group.max.size", Limits.groupMembersMax, "Members of one group."),
            fixed(
                "group.coordinator.rebalance.protocols", .items, "classic,consumer",
                "The kinds of groups that are served."),
            number(
                "group.consumer.heartbeat.interval.ms",
                GroupSettings.heartbeatMilliseconds.standard, "Of groups of KIP-848."),
            number(
                "group.consumer.session.timeout.ms",
                GroupSettings.sessionMilliseconds.standard, "Of groups of KIP-848."),
            number("offset.metadata.max.bytes", Limits.offsetMetadataBytesMax, "Of a commit."),
            number("offsets.retention.minutes", minutes, "How long an empty group is remembered."),
            number(
                "offsets.topic.num.partitions", Limits.offsetsPartitions,
                "Partitions of __consumer_offsets."),
            number("offsets.topic.replication.factor", 1, "There is one node."),
            number(
                "transaction.max.timeout.ms", Limits.transactionTimeoutMillisecondsMax,
                "The longest a transaction may stay open."),
            number(
                "transaction.state.log.num.partitions", Limits.transactionPartitions,
                "Partitions of __transaction_state."),
            number("transaction.state.log.replication.factor", 1, "There is one node."),
            number("transaction.state.log.min.isr", 1, "There is one node."),
            number(
                "transactional.id.expiration.ms", Limits.transactionalIDExpiryMilliseconds,
                "How long an idle transactional id is remembered."),
        ]
    }

    private var limits: [BrokerSetting] {
        let connections = configuration.limits
        return [
            number(
                "connections.max.idle.ms", connections.idleSeconds * 1_000,
                "How long a connection may be silent."),
            number(
                "connections.max.reauth.ms", configuration.sasl.reauthenticationMilliseconds,
                "How long a login lasts; 0: no limit but a token's."),
            number("fetch.max.bytes", Limits.fetchBytesMax, "Of one answer to a fetch."),
            number("max.connections", connections.connectionsMax, "Over all listeners."),
            number(
                "max.connections.per.ip",
                min(connections.connectionsPerAddressMax, Int(Int32.max)), "Of one address."),
            number(
                "max.request.partition.size.limit", Limits.describedPartitionsMax,
                "Partitions in one answer to DescribeTopicPartitions."),
            number(
                "producer.id.expiration.ms", Limits.producerExpiryMilliseconds,
                "How long a silent producer's sequence is remembered."),
            number("quota.window.num", Quotas.windows, "Samples a rate is measured over."),
            number("quota.window.size.seconds", 1, "Seconds of a sample."),
            number("socket.request.max.bytes", connections.requestBytesMax, "Of one request."),
        ]
    }

    private var storage: [BrokerSetting] {
        [
            number("default.replication.factor", 1, "There is one node."),
            fixed("delete.topic.enable", .boolean, "true", "Topics can be deleted."),
            number("log.retention.hours", 168, "Where log.retention.ms is not set."),
            number(
                "log.retention.check.interval.ms", Limits.retentionSeconds * 1_000,
                "Between rounds that remove old segments."),
            number("log.roll.hours", 168, "Where log.roll.ms is not set."),
            fixed(
                "metadata.log.dir", .string, configuration.directory,
                "Where __cluster_metadata is."),
        ]
    }

    private var forTopics: [BrokerSetting] {
        TopicSettings.all.compactMap { setting in
            setting.brokerName.map { name in
                BrokerSetting(
                    name: name, kind: setting.kind,
                    value: setting.brokerHasDefault ? setting.defaultValue : nil,
                    documentation: setting.documentation, topicSetting: setting)
            }
        }
    }

    // MARK: Making one

    private func given(
        _ name: String, _ kind: TopicSetting.Kind, _ value: String?, _ documentation: String,
        isGiven: Bool = true
    ) -> BrokerSetting {
        BrokerSetting(
            name: name, kind: kind, value: value, isGiven: isGiven && value != "",
            documentation: documentation)
    }

    private func fixed(
        _ name: String, _ kind: TopicSetting.Kind, _ value: String, _ documentation: String
    ) -> BrokerSetting {
        BrokerSetting(name: name, kind: kind, value: value, documentation: documentation)
    }

    private func number(
        _ name: String, _ value: some FixedWidthInteger, _ documentation: String
    ) -> BrokerSetting {
        BrokerSetting(
            name: name, kind: .long(Int64.min...Int64.max), value: String(value),
            documentation: documentation)
    }
}
