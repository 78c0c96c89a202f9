// DescribeConfigs, AlterConfigs and IncrementalAlterConfigs: the settings of topics and of the broker.

import KafkaProtocol

/// Kafka's numbers for where a setting comes from.
enum ConfigSource {
    static let topicConfig: Int8 = 1
    static let staticBrokerConfig: Int8 = 4
    static let defaultConfig: Int8 = 5
}

/// Kafka's numbers for what has settings.
private enum ResourceType {
    static let topic: Int8 = 2
    static let broker: Int8 = 4
}

extension BrokerCore {
    // MARK: DescribeConfigs

    func describeConfigs(_ request: DescribeConfigsRequest, _ reply: Reply) {
        let response = DescribeConfigsResponse {
            $0.results = request.resources.map { resource in
                DescribeConfigsResponse.ResourceResult {
                    $0.resourceType = resource.resourceType
                    $0.resourceName = resource.resourceName
                    do throws(TopicFault) {
                        $0.configs = try described(resource, request)
                    } catch {
                        $0.errorCode = error.code
                        $0.errorMessage = error.message
                    }
                }
            }
        }
        reply.send(DescribeConfigsRequest.self, response)
    }

    private typealias Config = DescribeConfigsResponse.ResourceResult.ConfigResult

    private func described(
        _ resource: DescribeConfigsRequest.Resource, _ request: DescribeConfigsRequest
    ) throws(TopicFault) -> [Config] {
        var configs: [Config]
        switch resource.resourceType {
        case ResourceType.topic:
            if let fault = TopicName.fault(resource.resourceName) {
                throw TopicFault(.invalidTopicException, "Topic name is invalid: \(fault)")
            }
            guard let topic = catalog.topic(resource.resourceName) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            configs = TopicSettings.all.map { Self.config($0, of: topic) }
        case ResourceType.broker:
            // The empty name asks for settings of all brokers that were changed while running: none.
            if resource.resourceName.isEmpty { return [] }
            guard resource.resourceName == String(configuration.nodeID) else {
                throw TopicFault(
                    .invalidRequest,
                    "Unexpected broker id, expected \(configuration.nodeID) or empty string, but received \(resource.resourceName)"
                )
            }
            configs = brokerConfigs
        default:
            throw TopicFault(.invalidRequest, "Unsupported resource type: \(resource.resourceType)")
        }
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

    private static func config(_ setting: TopicSetting, of topic: Topic) -> Config {
        let own = topic.settings[setting.name]
        return Config {
            $0.name = setting.name
            $0.value = own ?? setting.defaultValue
            $0.configSource = own == nil ? ConfigSource.defaultConfig : ConfigSource.topicConfig
            $0.configType = setting.kind.number
            $0.documentation = setting.documentation
            if let own {
                $0.synonyms.append(synonym(setting.name, own, ConfigSource.topicConfig))
            }
            $0.synonyms.append(
                synonym(setting.brokerName, setting.defaultValue, ConfigSource.defaultConfig))
        }
    }

    private static func synonym(_ name: String, _ value: String, _ source: Int8) -> Config.Synonym {
        Config.Synonym {
            $0.name = name
            $0.value = value
            $0.source = source
        }
    }

    /// What the broker was started with, and the defaults that topics take.
    private var brokerConfigs: [Config] {
        let host = configuration.hostToAdvertise
        let own: [(String, String)] = [
            ("advertised.listeners", "PLAINTEXT://\(host):\(advertisedPort)"),
            ("auto.create.topics.enable", String(configuration.autoCreateTopics)),
            ("broker.id", String(configuration.nodeID)),
            ("default.replication.factor", "1"),
            ("delete.topic.enable", "true"),
            ("fetch.max.bytes", String(Limits.fetchBytesMax)),
            ("group.initial.rebalance.delay.ms", "0"),
            ("listeners", "PLAINTEXT://\(configuration.host):\(advertisedPort)"),
            ("log.dirs", configuration.directory),
            ("node.id", String(configuration.nodeID)),
            ("num.partitions", String(configuration.partitionsDefault)),
            ("offsets.retention.minutes", "10080"),
            ("offsets.topic.num.partitions", String(Limits.offsetsPartitions)),
            ("process.roles", "broker,controller"),
            ("socket.request.max.bytes", String(Limits.requestBytesMax)),
        ]
        let mine = own.map { name, value in
            Config {
                $0.name = name
                $0.value = value
                $0.readOnly = true
                $0.configSource = ConfigSource.staticBrokerConfig
                $0.configType = Int64(value) != nil ? 3 : 2
                $0.synonyms = [Self.synonym(name, value, ConfigSource.staticBrokerConfig)]
            }
        }
        let forTopics = TopicSettings.all.map { setting in
            Config {
                $0.name = setting.brokerName
                $0.value = setting.defaultValue
                $0.readOnly = true
                $0.configSource = ConfigSource.defaultConfig
                $0.configType = setting.kind.number
                $0.documentation = setting.documentation
                $0.synonyms = [
                    Self.synonym(
                        setting.brokerName, setting.defaultValue, ConfigSource.defaultConfig)
                ]
            }
        }
        return (mine + forTopics).sorted { $0.name < $1.name }
    }

    // MARK: Altering

    func alterConfigs(_ request: AlterConfigsRequest, _ reply: Reply) {
        blocking(reply) {
            let response = AlterConfigsResponse {
                $0.responses = request.resources.map { resource in
                    AlterConfigsResponse.ResourceResponse {
                        $0.resourceType = resource.resourceType
                        $0.resourceName = resource.resourceName
                        do throws(TopicFault) {
                            let topic = try self.alterable(
                                resource.resourceType, resource.resourceName)
                            var settings: [String: String] = [:]
                            for config in resource.configs { settings[config.name] = config.value }
                            try self.catalog.configure(
                                topic.name, settings, validateOnly: request.validateOnly)
                        } catch {
                            $0.errorCode = error.code
                            $0.errorMessage = error.message
                        }
                    }
                }
            }
            reply.send(AlterConfigsRequest.self, response)
        }
    }

    func incrementalAlterConfigs(_ request: IncrementalAlterConfigsRequest, _ reply: Reply) {
        blocking(reply) {
            let response = IncrementalAlterConfigsResponse {
                $0.responses = request.resources.map { resource in
                    IncrementalAlterConfigsResponse.ResourceResponse {
                        $0.resourceType = resource.resourceType
                        $0.resourceName = resource.resourceName
                        do throws(TopicFault) {
                            let topic = try self.alterable(
                                resource.resourceType, resource.resourceName)
                            let settings = try ConfigChange.apply(resource.configs, to: topic)
                            try self.catalog.configure(
                                topic.name, settings, validateOnly: request.validateOnly)
                        } catch {
                            $0.errorCode = error.code
                            $0.errorMessage = error.message
                        }
                    }
                }
            }
            reply.send(IncrementalAlterConfigsRequest.self, response)
        }
    }

    private func alterable(_ type: Int8, _ name: String) throws(TopicFault) -> Topic {
        switch type {
        case ResourceType.topic:
            guard let topic = catalog.topic(name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            return topic
        case ResourceType.broker:
            throw TopicFault(
                .invalidConfig, "the broker's settings are those it was started with")
        default:
            throw TopicFault(.invalidRequest, "Unsupported resource type: \(type)")
        }
    }
}

/// What IncrementalAlterConfigs does to settings.
enum ConfigChange {
    typealias Change = IncrementalAlterConfigsRequest.AlterConfigsResource.AlterableConfig

    /// - Returns: all settings of the topic after the changes.
    static func apply(_ changes: [Change], to topic: Topic) throws(TopicFault) -> [String: String] {
        guard Set(changes.map(\.name)).count == changes.count else {
            throw TopicFault(.invalidRequest, "Error due to duplicate config keys")
        }
        var settings = topic.settings
        for change in changes {
            guard let setting = TopicSettings.byName[change.name] else {
                throw TopicFault(.invalidConfig, "Unknown topic config name: \(change.name)")
            }
            if change.configOperation == 1 {  // delete
                settings[change.name] = nil
                continue
            }
            guard let value = change.value else {
                throw TopicFault(.invalidConfig, "Null value not supported for \(change.name)")
            }
            switch change.configOperation {
            case 0: settings[change.name] = value
            case 2, 3:
                guard case .list = setting.kind else {
                    throw TopicFault(
                        .invalidConfig,
                        "Config value append is not allowed for config key: \(change.name)")
                }
                // Lists begin from the value in force, the default too.
                let before = TopicSetting.items(topic.setting(change.name) ?? "")
                let items = TopicSetting.items(value)
                let after =
                    change.configOperation == 2
                    ? before + items.filter { !before.contains($0) }
                    : before.filter { !items.contains($0) }
                settings[change.name] = after.joined(separator: ",")
            default:
                throw TopicFault(
                    .invalidRequest, "Unknown operation \(change.configOperation)")
            }
        }
        return settings
    }
}
