// DescribeConfigs and ListConfigResources: the settings of topics, of the broker and of groups.
// Source: apache/kafka ConfigHelper.scala, DescribeConfigsResponse.json

import KafkaProtocol
import Logging

/// Kafka's numbers for where a setting comes from.
enum ConfigSource {
    static let topicConfig: Int8 = 1
    static let dynamicBrokerConfig: Int8 = 2
    static let dynamicDefaultBrokerConfig: Int8 = 3
    static let staticBrokerConfig: Int8 = 4
    static let defaultConfig: Int8 = 5
    static let dynamicLoggerConfig: Int8 = 6
    static let groupConfig: Int8 = 8

    static func of(_ origin: TopicDefaults.Value.Origin) -> Int8 {
        switch origin {
        case .thisBroker: dynamicBrokerConfig
        case .allBrokers: dynamicDefaultBrokerConfig
        case .start: staticBrokerConfig
        }
    }
}

extension BrokerCore {
    private typealias Config = DescribeConfigsResponse.ResourceResult.ConfigResult

    func describeConfigs(_ request: DescribeConfigsRequest, _ reply: Reply) {
        let response = DescribeConfigsResponse {
            $0.results = request.resources.map { resource in
                DescribeConfigsResponse.ResourceResult {
                    $0.resourceType = resource.resourceType
                    $0.resourceName = resource.resourceName
                    do throws(TopicFault) {
                        $0.configs = try described(resource, request, reply)
                    } catch {
                        $0.errorCode = error.code
                        $0.errorMessage = error.message
                    }
                }
            }
        }
        reply.send(DescribeConfigsRequest.self, response)
    }

    private func described(
        _ resource: DescribeConfigsRequest.Resource, _ request: DescribeConfigsRequest,
        _ reply: Reply
    ) throws(TopicFault) -> [Config] {
        let wanted = try configResource(resource.resourceType, resource.resourceName)
        try checkAccess(reply, .describeConfigs, wanted)
        var configs = try self.configs(wanted)
        // Null and an empty list both ask for all of them.
        if let keys = resource.configurationKeys, !keys.isEmpty {
            configs.removeAll { !keys.contains($0.name) }
        }
        for index in configs.indices {
            if !request.includeSynonyms { configs[index].synonyms = [] }
            if !request.includeDocumentation { configs[index].documentation = nil }
        }
        return configs
    }

    /// - Throws: INVALID_REQUEST for a type that has no settings.
    func configResource(_ type: Int8, _ name: String) throws(TopicFault) -> ConfigResource {
        guard let kind = ConfigResource.Kind(rawValue: type) else {
            throw TopicFault(.invalidRequest, "Unsupported resource type: \(type)")
        }
        return ConfigResource(kind, name)
    }

    func checkAccess(
        _ reply: Reply, _ operation: AclOperation, _ resource: ConfigResource
    ) throws(TopicFault) {
        switch resource.kind {
        case .topic:
            guard allows(reply, operation, .topic(resource.name)) else {
                throw TopicFault(.topicAuthorizationFailed, "Topic authorization failed.")
            }
        case .group:
            guard allows(reply, operation, .group(resource.name)) else {
                throw TopicFault(.groupAuthorizationFailed, "Group authorization failed.")
            }
        case .broker, .brokerLogger, .clientMetrics:
            guard allows(reply, operation, .cluster) else {
                throw TopicFault(.clusterAuthorizationFailed, "Cluster authorization failed.")
            }
        }
    }

    private func configs(_ resource: ConfigResource) throws(TopicFault) -> [Config] {
        switch resource.kind {
        case .topic:
            if let fault = TopicName.fault(resource.name) {
                throw TopicFault(.invalidTopicException, "Topic name is invalid: \(fault)")
            }
            guard let topic = catalog.topic(resource.name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            return TopicSettings.all.map { Self.config($0, of: topic) }
        case .broker:
            // The empty name asks for what was set for all brokers, and only for that.
            if resource.name.isEmpty {
                return brokerConfigs(own: [:]).filter {
                    $0.configSource == ConfigSource.dynamicDefaultBrokerConfig
                }
            }
            try checkNode(resource.name, .invalidRequest)
            return brokerConfigs(own: metadata.image.config(resource))
        case .brokerLogger:
            try checkNode(resource.name, .invalidRequest)
            return [loggerConfig]
        case .group:
            guard !resource.name.isEmpty else {
                throw TopicFault(.invalidRequest, "Default group resources are not allowed.")
            }
            let own = metadata.image.config(resource)
            return GroupSettings.all(configuration.groups).map { config($0, ofGroup: own) }
        case .clientMetrics:
            throw TopicFault(.invalidRequest, "Client metrics are not collected here.")
        }
    }

    func checkNode(_ name: String, _ code: KafkaErrorCode) throws(TopicFault) {
        guard Int32(name) != nil else {
            throw TopicFault(
                .invalidRequest, "Broker id must be an integer, but it is: \(name)")
        }
        guard name == String(configuration.nodeID) else {
            throw TopicFault(
                code,
                "Unexpected broker id, expected \(configuration.nodeID) or empty string, but received \(name)"
            )
        }
    }

    // MARK: One setting

    private static func config(_ setting: TopicSetting, of topic: Topic) -> Config {
        var synonyms: [Config.Synonym] = []
        if let own = topic.settings[setting.name] {
            synonyms.append(synonym(setting.name, own, ConfigSource.topicConfig))
        }
        if let name = setting.brokerName {
            let (inForce, given) = (
                topic.defaults.values[setting.name], topic.defaults.given[setting.name]
            )
            for value in [inForce, given == inForce ? nil : given].compactMap({ $0 }) {
                synonyms.append(
                    synonym(value.brokerName, value.brokerValue, ConfigSource.of(value.origin)))
            }
            if setting.brokerHasDefault {
                synonyms.append(
                    synonym(name, setting.defaultValue, ConfigSource.defaultConfig))
            }
        }
        return config(setting, synonyms, value: topic.setting(setting.name))
    }

    private func config(_ setting: TopicSetting, ofGroup own: [String: String]) -> Config {
        var synonyms: [Config.Synonym] = []
        if let value = own[setting.name] {
            synonyms.append(Self.synonym(setting.name, value, ConfigSource.groupConfig))
        }
        if let name = setting.brokerName {
            if configuration.given[name] != nil {
                synonyms.append(
                    Self.synonym(name, setting.defaultValue, ConfigSource.staticBrokerConfig))
            }
            let value = StartSetting.byName[name]?.defaultValue ?? setting.defaultValue
            synonyms.append(Self.synonym(name, value, ConfigSource.defaultConfig))
        }
        return Self.config(setting, synonyms)
    }

    /// - Parameter value: what is in force, where its first synonym says it in another unit.
    private static func config(
        _ setting: TopicSetting, _ synonyms: [Config.Synonym], value: String? = nil
    ) -> Config {
        Config {
            $0.name = setting.name
            $0.value = value ?? synonyms.first?.value ?? setting.defaultValue
            $0.configSource = synonyms.first?.source ?? ConfigSource.defaultConfig
            $0.configType = setting.kind.number
            $0.documentation = setting.documentation
            $0.synonyms = synonyms
        }
    }

    private static func synonym(_ name: String, _ value: String?, _ source: Int8) -> Config.Synonym
    {
        Config.Synonym {
            $0.name = name
            $0.value = value
            $0.source = source
        }
    }

    /// The level messages are logged at; it is chosen at the start.
    private var loggerConfig: Config {
        Config {
            $0.name = "root"
            $0.value = logger.logLevel.rawValue.uppercased()
            $0.readOnly = true
            $0.configSource = ConfigSource.dynamicLoggerConfig
            $0.configType = TopicSetting.Kind.string.number
        }
    }

    // MARK: The broker's

    var brokerSettings: [BrokerSetting] {
        BrokerSettings(
            configuration: configuration, listeners: security.listenersText,
            advertisedListeners: security.advertisedText
        ).all
    }

    /// What the broker was started with, what was changed since, and the defaults that topics take.
    ///
    /// - Parameter own: what was changed for this broker alone.
    private func brokerConfigs(own: [String: String]) -> [Config] {
        let all = metadata.image.config(ConfigResource(.broker, ""))
        return brokerSettings.map { setting in
            var synonyms: [Config.Synonym] = []
            let isSecret = setting.kind == .password
            func add(_ value: String?, _ source: Int8) {
                synonyms.append(Self.synonym(setting.name, isSecret ? nil : value, source))
            }
            if let value = own[setting.name] { add(value, ConfigSource.dynamicBrokerConfig) }
            if let value = all[setting.name] {
                add(value, ConfigSource.dynamicDefaultBrokerConfig)
            }
            if setting.isGiven { add(setting.value, ConfigSource.staticBrokerConfig) }
            if let value = setting.defaultValue { add(value, ConfigSource.defaultConfig) }
            return Config {
                $0.name = setting.name
                $0.value = synonyms.first?.value
                $0.readOnly = !setting.isDynamic
                $0.configSource = synonyms.first?.source ?? ConfigSource.defaultConfig
                $0.isSensitive = isSecret
                $0.configType = setting.kind.number
                $0.documentation = setting.documentation
                $0.synonyms = synonyms
            }
        }
    }

    // MARK: ListConfigResources

    func listConfigResources(_ request: ListConfigResourcesRequest, _ reply: Reply) {
        let response = ListConfigResourcesResponse {
            guard allows(reply, .describeConfigs, .cluster) else {
                $0.errorCode = .clusterAuthorizationFailed
                return
            }
            // Version 0 asks for client metrics, of which there are none.
            var kinds: [ConfigResource.Kind] = [.clientMetrics]
            if reply.header.apiVersion >= 1 {
                kinds = request.resourceTypes.compactMap { ConfigResource.Kind(rawValue: $0) }
                if request.resourceTypes.isEmpty { kinds = ConfigResource.Kind.allCases }
                guard kinds.count == request.resourceTypes.count || request.resourceTypes.isEmpty
                else {
                    $0.errorCode = .unsupportedVersion
                    return
                }
            }
            let image = metadata.image
            $0.configResources = Set(kinds).sorted { $0.rawValue < $1.rawValue }
                .flatMap { kind in
                    configurable(kind, image).map { name in
                        ListConfigResourcesResponse.ConfigResource {
                            $0.resourceType = kind.rawValue
                            $0.resourceName = name
                        }
                    }
                }
        }
        reply.send(ListConfigResourcesRequest.self, response)
    }

    private func configurable(_ kind: ConfigResource.Kind, _ image: MetadataImage) -> [String] {
        switch kind {
        case .topic: image.topics.keys.sorted()
        case .broker, .brokerLogger: [String(configuration.nodeID)]
        case .clientMetrics: []
        case .group: image.configs.keys.filter { $0.kind == .group }.map(\.name).sorted()
        }
    }
}
