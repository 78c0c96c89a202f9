// The broker's own settings as DescribeConfigs shows them. Everything in here is true.
// Source: https://kafka.apache.org/documentation/#brokerconfigs

import KafkaProtocol

/// A setting of the broker with the value it was started with.
struct BrokerSetting {
    var name: String
    var kind: TopicSetting.Kind
    /// `nil`: none, or one that is not shown.
    var value: String?
    /// Whether it was given at the start.
    var isGiven = false
    /// What it is, or would be, when it is not given; `nil` when there is no such value.
    var defaultValue: String?
    var documentation: String
    /// What of a topic it gives the default for; such settings change while the broker runs.
    var topicSetting: TopicSetting?

    /// Whether it is taken while the broker runs because there is nothing here that it limits.
    var isIdle = false

    var isDynamic: Bool { topicSetting != nil || isIdle }

    /// - Returns: why the value is not taken, in words; `nil` for a good one.
    func fault(_ value: String) -> String? {
        let rule =
            topicSetting
            ?? TopicSetting(
                name: name, kind: kind, defaultValue: defaultValue ?? "",
                documentation: documentation)
        return rule.fault(value)
    }
}

/// What is asked for settings: everything they depend on.
struct BrokerSettings {
    let configuration: BrokerConfiguration
    let listeners: String
    let advertisedListeners: String

    /// In the order of their names.
    var all: [BrokerSetting] {
        (given + table + other).sorted { $0.name < $1.name }
    }

    private var given: [BrokerSetting] {
        let nodeID = String(configuration.nodeID)
        let protocols = configuration.listeners.map {
            "\($0.name):\($0.securityProtocol.rawValue)"
        }
        let hasPasswords = configuration.listeners.contains { $0.securityProtocol.usesTLS }
        return [
            given("advertised.listeners", .items, advertisedListeners, "Where clients are sent."),
            given("broker.id", .int(0...Int64(Int32.max)), nodeID, "The id of the node."),
            given("listeners", .items, listeners, "Where the broker listens."),
            given(
                "listener.security.protocol.map", .items, protocols.joined(separator: ","),
                "The security protocol of each listener."),
            given("log.dirs", .items, configuration.directory, "Where the data is."),
            given("node.id", .int(0...Int64(Int32.max)), nodeID, "The id of the node."),
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

    /// Those of the table: what was given, and what is so when nothing is.
    private var table: [BrokerSetting] {
        StartSetting.all.map { setting in
            let isGiven = configuration.given[setting.name] != nil
            let standard = setting.defaultValue
            let value = setting.value(in: configuration)
            return BrokerSetting(
                name: setting.name, kind: setting.kind, value: value, isGiven: isGiven,
                // What the stack chose for itself is the default of this broker.
                defaultValue: isGiven ? standard : value, documentation: setting.documentation,
                topicSetting: TopicSettings.byBrokerName[setting.name])
        }
    }

    private var other: [BrokerSetting] {
        let reauthentication = "connections.max.reauth.ms"
        let lifetime = String(configuration.sasl.reauthenticationMilliseconds)
        return [
            BrokerSetting(
                name: reauthentication, kind: .long(0...Int64.max), value: lifetime,
                isGiven: lifetime != "0", defaultValue: "0",
                documentation: "How long a login lasts; 0: no limit but a token's."),
            BrokerSetting(
                name: "metadata.log.dir", kind: .string, value: configuration.directory,
                isGiven: true, documentation: "Where __cluster_metadata is."),
            BrokerSetting(
                name: "sasl.kerberos.min.time.before.relogin", kind: .long(0...Int64.max),
                value: "60000", defaultValue: "60000",
                documentation: "Nobody logs in by Kerberos here, so nothing depends on it.",
                isIdle: true),
        ]
    }

    // MARK: Making one

    private func given(
        _ name: String, _ kind: TopicSetting.Kind, _ value: String?, _ documentation: String,
        isGiven: Bool = true
    ) -> BrokerSetting {
        BrokerSetting(
            name: name, kind: kind, value: value, isGiven: isGiven && value != "",
            defaultValue: value == "" ? value : nil, documentation: documentation)
    }
}
