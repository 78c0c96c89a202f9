// Topics looked at and changed: partitions, records, settings.

import KafkaProtocol

/// A topic with its partitions.
public struct TopicDescription: Sendable, Equatable {
    public struct Partition: Sendable, Equatable {
        public var index: Int32
        public var leader: Int32
        public var leaderEpoch: Int32
        public var replicas: [Int32]
        public var inSync: [Int32]
        public var offline: [Int32]
    }

    public var name: String
    /// 22 characters of base64url; empty when the cluster has none.
    public var id: String
    public var isInternal: Bool
    /// In their order.
    public var partitions: [Partition]
}

/// One setting of a topic, a broker or a group.
public struct ConfigEntry: Sendable, Equatable {
    public var name: String
    /// `nil` for a secret one.
    public var value: String?
    /// Kafka's word: `DYNAMIC_TOPIC_CONFIG`, `DEFAULT_CONFIG` …
    public var source: String
    public var isReadOnly: Bool
    public var isSensitive: Bool
    public var documentation: String?

    public var isDefault: Bool { source == "DEFAULT_CONFIG" }
}

public enum ConfigResource: Sendable, Equatable {
    case topic(String)
    /// By node id; `nil` for the default of all.
    case broker(Int32?)
    case group(String)

    var type: Int8 {
        switch self {
        case .topic: 2
        case .broker: 4
        case .group: 32
        }
    }

    var name: String {
        switch self {
        case .topic(let name), .group(let name): name
        case .broker(let id): id.map { "\($0)" } ?? ""
        }
    }
}

public enum ConfigChange: Sendable, Equatable {
    case set(String, String)
    case delete(String)
    case append(String, String)
    case subtract(String, String)
}

extension KafkaAdmin {
    /// - Parameter topics: `nil` for all, internal ones too.
    /// - Throws: UNKNOWN_TOPIC_OR_PARTITION for a topic that is named and missing.
    public func describeTopics(_ topics: [String]? = nil) async throws(KafkaError)
        -> [TopicDescription]
    {
        let response = try await cluster.metadata(topics)
        var described: [TopicDescription] = []
        for topic in response.topics {
            let name = topic.name ?? ""
            guard topic.errorCode == .none else { throw KafkaError(topic.errorCode, topic: name) }
            let partitions = topic.partitions.map { partition in
                TopicDescription.Partition(
                    index: partition.partitionIndex, leader: partition.leaderID,
                    leaderEpoch: partition.leaderEpoch, replicas: partition.replicaNodes,
                    inSync: partition.isrNodes, offline: partition.offlineReplicas)
            }
            described.append(
                TopicDescription(
                    name: name, id: topic.topicID == .zero ? "" : topic.topicID.description,
                    isInternal: topic.isInternal,
                    partitions: partitions.sorted { $0.index < $1.index }))
        }
        return described.sorted { $0.name < $1.name }
    }

    /// - Parameter count: partitions that the topic shall have then.
    public func createPartitions(
        _ topic: String, count: Int, validateOnly: Bool = false
    ) async throws(KafkaError) {
        let request = CreatePartitionsRequest {
            $0.topics = [
                .init {
                    $0.name = topic
                    $0.count = Int32(clamping: count)
                    $0.assignments = nil
                }
            ]
            $0.timeoutMilliseconds = KafkaLimits.adminTimeoutMilliseconds
            $0.validateOnly = validateOnly
        }
        let response = try await cluster.controller(request) {
            $0.results.first?.errorCode ?? .none
        }.response
        for result in response.results where result.errorCode != .none {
            throw KafkaError(result.errorCode, result.errorMessage, topic: topic)
        }
    }

    /// Removes what lies before an offset; -1 removes all there is.
    /// - Returns: the first offset that is left, by partition.
    public func deleteRecords(
        _ topic: String, before offsets: [Int32: Int64]
    ) async throws(KafkaError) -> [Int32: Int64] {
        var left: [Int32: Int64] = [:]
        for (leader, partitions) in try await leaders(of: topic, offsets.keys) {
            let request = DeleteRecordsRequest {
                $0.topics = [
                    .init {
                        $0.name = topic
                        $0.partitions = partitions.map { index in
                            .init {
                                $0.partitionIndex = index
                                $0.offset = offsets[index] ?? -1
                            }
                        }
                    }
                ]
                $0.timeoutMilliseconds = KafkaLimits.adminTimeoutMilliseconds
            }
            let response = try await cluster.node(leader, request).response
            for partition in response.topics.flatMap(\.partitions) {
                guard partition.errorCode == .none else {
                    throw KafkaError(
                        partition.errorCode, topic: topic, partition: partition.partitionIndex)
                }
                left[partition.partitionIndex] = partition.lowWatermark
            }
        }
        return left
    }

    // MARK: Settings

    public func configs(_ resource: ConfigResource) async throws(KafkaError) -> [ConfigEntry] {
        let request = DescribeConfigsRequest {
            $0.resources = [
                .init {
                    $0.resourceType = resource.type
                    $0.resourceName = resource.name
                    $0.configurationKeys = nil
                }
            ]
            $0.includeDocumentation = true
        }
        let response: DescribeConfigsResponse
        if case .broker(.some(let id)) = resource {
            response = try await cluster.node(id, request).response
        } else {
            response = try await cluster.any(request).response
        }
        guard let result = response.results.first else { return [] }
        guard result.errorCode == .none else {
            throw KafkaError(result.errorCode, result.errorMessage, topic: resource.name)
        }
        return result.configs.map { config in
            ConfigEntry(
                name: config.name, value: config.value, source: Self.source(config.configSource),
                isReadOnly: config.readOnly, isSensitive: config.isSensitive,
                documentation: config.documentation)
        }.sorted { $0.name < $1.name }
    }

    public func alterConfigs(
        _ resource: ConfigResource, _ changes: [ConfigChange], validateOnly: Bool = false
    ) async throws(KafkaError) {
        let request = IncrementalAlterConfigsRequest {
            $0.resources = [
                .init {
                    $0.resourceType = resource.type
                    $0.resourceName = resource.name
                    $0.configs = changes.map(Self.alterable)
                }
            ]
            $0.validateOnly = validateOnly
        }
        let response: IncrementalAlterConfigsResponse
        if case .broker(.some(let id)) = resource {
            response = try await cluster.node(id, request).response
        } else {
            response = try await cluster.controller(request).response
        }
        for result in response.responses where result.errorCode != .none {
            throw KafkaError(result.errorCode, result.errorMessage, topic: resource.name)
        }
    }

    private static func alterable(
        _ change: ConfigChange
    ) -> IncrementalAlterConfigsRequest.AlterConfigsResource.AlterableConfig {
        .init {
            switch change {
            case .set(let name, let value):
                ($0.name, $0.configOperation, $0.value) = (name, 0, value)
            case .delete(let name): ($0.name, $0.configOperation, $0.value) = (name, 1, nil)
            case .append(let name, let value):
                ($0.name, $0.configOperation, $0.value) = (name, 2, value)
            case .subtract(let name, let value):
                ($0.name, $0.configOperation, $0.value) = (name, 3, value)
            }
        }
    }

    private static func source(_ number: Int8) -> String {
        let names = [
            "UNKNOWN", "DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG",
            "DYNAMIC_DEFAULT_BROKER_CONFIG", "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG",
            "DYNAMIC_BROKER_LOGGER_CONFIG", "CLIENT_METRICS_CONFIG", "GROUP_CONFIG",
        ]
        return names.indices.contains(Int(number)) ? names[Int(number)] : "UNKNOWN"
    }

    /// The partitions asked for, by the broker that leads them.
    func leaders(
        of topic: String, _ wanted: some Collection<Int32>
    ) async throws(KafkaError) -> [Int32: [Int32]] {
        let described = try await describeTopics([topic]).first?.partitions ?? []
        let known = Dictionary(uniqueKeysWithValues: described.map { ($0.index, $0.leader) })
        var byLeader: [Int32: [Int32]] = [:]
        for partition in wanted.sorted() {
            guard let leader = known[partition] else {
                throw KafkaError(
                    .unknownTopicOrPartition, topic: topic, partition: partition)
            }
            byLeader[leader, default: []].append(partition)
        }
        return byLeader
    }
}
