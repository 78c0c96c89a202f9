// AlterConfigs and IncrementalAlterConfigs: settings changed while the broker runs.
// Source: apache/kafka ConfigAdminManager.scala, ConfigurationControlManager.java

import KafkaProtocol
import Synchronization

extension BrokerCore {
    func alterConfigs(_ request: AlterConfigsRequest, _ reply: Reply) {
        let repeated = Self.repeated(request.resources.map { ($0.resourceType, $0.resourceName) })
        blocking(reply) {
            let response = AlterConfigsResponse {
                $0.responses = request.resources.map { resource in
                    AlterConfigsResponse.ResourceResponse {
                        $0.resourceType = resource.resourceType
                        $0.resourceName = resource.resourceName
                        do throws(TopicFault) {
                            let isRepeated = repeated.contains(
                                ResourceKey(resource.resourceType, resource.resourceName))
                            if isRepeated { throw Self.onceOnly }
                            let target = try self.configResource(
                                resource.resourceType, resource.resourceName)
                            try self.checkAccess(reply, .alterConfigs, target)
                            try self.configChanges.withLock { (_) throws(TopicFault) in
                                try self.replace(
                                    target, resource.configs, request.validateOnly)
                            }
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

    private func replace(
        _ resource: ConfigResource, _ configs: [AlterConfigsRequest.Resource.AlterableConfig],
        _ validateOnly: Bool
    ) throws(TopicFault) {
        var settings: [String: String] = [:]
        for config in configs {
            guard let value = config.value else {
                throw TopicFault(
                    .invalidRequest, "Null value not supported for : \(config.name)")
            }
            settings[config.name] = value
        }
        if resource.kind == .brokerLogger {
            throw TopicFault(
                .invalidRequest,
                "AlterConfigs is deprecated and does not support the resource type BROKER_LOGGER.")
        }
        try set(resource, settings, validateOnly: validateOnly)
    }

    func incrementalAlterConfigs(_ request: IncrementalAlterConfigsRequest, _ reply: Reply) {
        let repeated = Self.repeated(request.resources.map { ($0.resourceType, $0.resourceName) })
        blocking(reply) {
            let response = IncrementalAlterConfigsResponse {
                $0.responses = request.resources.map { resource in
                    IncrementalAlterConfigsResponse.ResourceResponse {
                        $0.resourceType = resource.resourceType
                        $0.resourceName = resource.resourceName
                        do throws(TopicFault) {
                            let isRepeated = repeated.contains(
                                ResourceKey(resource.resourceType, resource.resourceName))
                            if isRepeated { throw Self.onceOnly }
                            let target = try self.configResource(
                                resource.resourceType, resource.resourceName)
                            try self.checkAccess(reply, .alterConfigs, target)
                            try self.configChanges.withLock { (_) throws(TopicFault) in
                                let before = try self.settings(of: target)
                                let after = try ConfigChange.apply(resource.configs, to: before)
                                try self.set(
                                    target, after, validateOnly: request.validateOnly)
                            }
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

    private struct ResourceKey: Hashable {
        var type: Int8
        var name: String

        init(_ type: Int8, _ name: String) {
            self.type = type
            self.name = name
        }
    }

    private static let onceOnly = TopicFault(
        .invalidRequest, "Each resource must appear at most once.")

    private static func repeated(_ resources: [(Int8, String)]) -> Set<ResourceKey> {
        let counts = Dictionary(grouping: resources) { ResourceKey($0.0, $0.1) }
        return Set(counts.filter { $0.value.count > 1 }.keys)
    }

    // MARK: Settings as they are

    private func settings(of resource: ConfigResource) throws(TopicFault) -> ConfigChange.Before {
        switch resource.kind {
        case .topic:
            guard let topic = catalog.topic(resource.name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            return ConfigChange.Before(
                what: "topic", settings: topic.settings,
                kinds: TopicSettings.byName.mapValues(\.kind),
                effective: { topic.setting($0) })
        case .broker:
            let own = metadata.image.config(resource)
            let all = metadata.image.config(ConfigResource(.broker, ""))
            let known = Dictionary(
                brokerSettings.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            return ConfigChange.Before(
                what: "broker", settings: own, kinds: known.mapValues(\.kind),
                effective: { own[$0] ?? all[$0] ?? known[$0]?.value })
        case .group:
            let own = metadata.image.config(resource)
            let known = GroupSettings.byName(configuration.groups)
            return ConfigChange.Before(
                what: "group", settings: own, kinds: known.mapValues(\.kind),
                effective: { own[$0] ?? known[$0]?.defaultValue })
        case .brokerLogger:
            throw TopicFault(.invalidRequest, "Log levels are chosen at the start.")
        case .clientMetrics:
            throw TopicFault(.invalidRequest, "Client metrics are not collected here.")
        }
    }

    /// Replaces all settings of a resource.
    private func set(
        _ resource: ConfigResource, _ settings: [String: String], validateOnly: Bool
    ) throws(TopicFault) {
        switch resource.kind {
        case .topic:
            try catalog.configure(resource.name, settings, validateOnly: validateOnly)
        case .broker:
            if !resource.name.isEmpty { try checkNode(resource.name, .brokerIDNotRegistered) }
            try checkBroker(settings)
            if !validateOnly { try catalog.configure(broker: resource, settings) }
        case .group:
            guard !resource.name.isEmpty else {
                throw TopicFault(.invalidRequest, "Default group resources are not allowed.")
            }
            if let fault = GroupSettings.fault(settings, configuration.groups) {
                throw TopicFault(.invalidConfig, fault)
            }
            if validateOnly { return }
            try metadata.change { image throws(TopicFault) in
                MetadataRecord.configs(resource, from: image.config(resource), to: settings)
            }
        case .brokerLogger:
            throw TopicFault(.invalidRequest, "Log levels are chosen at the start.")
        case .clientMetrics:
            throw TopicFault(.invalidRequest, "Client metrics are not collected here.")
        }
    }

    private func checkBroker(_ settings: [String: String]) throws(TopicFault) {
        let known = Dictionary(
            brokerSettings.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var ofTopics: [String: String] = [:]
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = known[name] else {
                throw TopicFault(.invalidRequest, "Unknown broker config name: \(name)")
            }
            guard setting.isDynamic else {
                throw TopicFault(
                    .invalidRequest, "Cannot update these configs dynamically: Set(\(name))")
            }
            if let fault = setting.fault(value) {
                throw TopicFault(
                    .invalidRequest, "Invalid value \(value) for configuration \(name): \(fault)")
            }
            if let topicSetting = setting.topicSetting { ofTopics[topicSetting.name] = value }
        }
        if let fault = TopicSettings.fault(ofTopics) { throw TopicFault(.invalidRequest, fault) }
        try catalog.checkFlushing(ofTopics, .invalidRequest)
    }
}

/// What IncrementalAlterConfigs does to settings.
enum ConfigChange {
    typealias Change = IncrementalAlterConfigsRequest.AlterConfigsResource.AlterableConfig

    /// What a resource has, and what it could have.
    struct Before {
        /// "topic", "broker" or "group", for messages.
        var what: String
        var settings: [String: String]
        var kinds: [String: TopicSetting.Kind]
        /// The value in force.
        var effective: (String) -> String?
    }

    /// - Returns: all settings of the resource after the changes.
    static func apply(
        _ changes: [Change], to before: Before
    ) throws(TopicFault) -> [String: String] {
        guard Set(changes.map(\.name)).count == changes.count else {
            throw TopicFault(.invalidRequest, "Error due to duplicate config keys")
        }
        var settings = before.settings
        for change in changes {
            guard let kind = before.kinds[change.name] else {
                throw TopicFault(
                    before.what == "broker" ? .invalidRequest : .invalidConfig,
                    "Unknown \(before.what) config name: \(change.name)")
            }
            if change.configOperation == 1 {  // delete
                settings[change.name] = nil
                continue
            }
            guard let value = change.value else {
                throw TopicFault(
                    .invalidRequest, "Null value not supported for : \(change.name)")
            }
            settings[change.name] = try changed(change, value, kind, before)
        }
        return settings
    }

    private static func changed(
        _ change: Change, _ value: String, _ kind: TopicSetting.Kind, _ before: Before
    ) throws(TopicFault) -> String {
        switch change.configOperation {
        case 0: return value
        case 2, 3:
            let isAppend = change.configOperation == 2
            guard kind.isList else {
                throw TopicFault(
                    .invalidConfig,
                    "Config value \(isAppend ? "append" : "subtract") is not allowed for config key: \(change.name)"
                )
            }
            // Lists begin from the value in force, the default too.
            let old = TopicSetting.items(before.effective(change.name) ?? "")
            let items = TopicSetting.items(value)
            let new =
                isAppend
                ? old + items.filter { !old.contains($0) } : old.filter { !items.contains($0) }
            return new.joined(separator: ",")
        default:
            throw TopicFault(.invalidRequest, "Unknown operation \(change.configOperation)")
        }
    }
}
