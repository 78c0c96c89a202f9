// CreateTopics, DeleteTopics and CreatePartitions.

import KafkaProtocol

extension BrokerCore {
    func createTopics(_ request: CreateTopicsRequest, _ reply: Reply) {
        let counts = Dictionary(grouping: request.topics, by: \.name).mapValues(\.count)
        blocking(reply) {
            let response = CreateTopicsResponse {
                $0.topics = request.topics.map { wanted in
                    if counts[wanted.name, default: 0] > 1 {
                        return Self.refused(
                            wanted.name, TopicFault(.invalidRequest, "Duplicate topic name."))
                    }
                    do throws(TopicFault) {
                        return try self.create(wanted, validateOnly: request.validateOnly)
                    } catch {
                        return Self.refused(wanted.name, error)
                    }
                }
            }
            reply.send(CreateTopicsRequest.self, response)
        }
    }

    private static func refused(
        _ name: String, _ fault: TopicFault
    ) -> CreateTopicsResponse.CreatableTopicResult {
        CreateTopicsResponse.CreatableTopicResult {
            $0.name = name
            $0.errorCode = fault.code
            $0.errorMessage = fault.message
            $0.configs = nil
        }
    }

    private func create(
        _ wanted: CreateTopicsRequest.CreatableTopic, validateOnly: Bool
    ) throws(TopicFault) -> CreateTopicsResponse.CreatableTopicResult {
        let partitions = try partitionCount(wanted)
        var settings: [String: String] = [:]
        for config in wanted.configs {
            guard let value = config.value else {
                throw TopicFault(
                    .invalidConfig, "Null value not supported for topic configs: \(config.name)")
            }
            settings[config.name] = value
        }
        let topic = try catalog.create(
            wanted.name, partitions: partitions, settings: settings, validateOnly: validateOnly)
        return CreateTopicsResponse.CreatableTopicResult {
            $0.name = topic.name
            $0.topicID = topic.id
            $0.numPartitions = partitions
            $0.replicationFactor = 1
            $0.configs = TopicSettings.all.map { setting in
                CreateTopicsResponse.CreatableTopicResult.CreatableTopicConfigs {
                    $0.name = setting.name
                    $0.value = topic.setting(setting.name)
                    $0.configSource =
                        topic.settings[setting.name] == nil
                        ? ConfigSource.defaultConfig : ConfigSource.topicConfig
                }
            }
        }
    }

    /// -1 partitions or replicas are the defaults; explicit replicas must all be this node.
    private func partitionCount(
        _ wanted: CreateTopicsRequest.CreatableTopic
    ) throws(TopicFault) -> Int32 {
        guard wanted.assignments.isEmpty else {
            guard wanted.numPartitions == -1, wanted.replicationFactor == -1 else {
                throw TopicFault(
                    .invalidRequest,
                    "A manual partition assignment was specified, but numPartitions or replicationFactor was not set to -1."
                )
            }
            let indexes = wanted.assignments.map(\.partitionIndex).sorted()
            let areAll = indexes == Array(0..<Int32(indexes.count))
            guard areAll, wanted.assignments.allSatisfy({ $0.brokerIDs == [configuration.nodeID] })
            else {
                throw TopicFault(
                    .invalidReplicationAssignment,
                    "There is one broker, \(configuration.nodeID), and partitions count from 0.")
            }
            return Int32(indexes.count)
        }
        guard wanted.replicationFactor == -1 || wanted.replicationFactor == 1 else {
            throw TopicFault(
                .invalidReplicationFactor,
                wanted.replicationFactor < 1
                    ? "Replication factor must be larger than 0, or -1 to use the default value."
                    : "Unable to replicate the partition \(wanted.replicationFactor) time(s): The target replication factor of \(wanted.replicationFactor) cannot be reached because only 1 broker(s) are registered."
            )
        }
        return wanted.numPartitions == -1 ? configuration.partitionsDefault : wanted.numPartitions
    }

    // MARK: DeleteTopics

    func deleteTopics(_ request: DeleteTopicsRequest, _ reply: Reply) {
        var wanted = request.topics
        if reply.header.apiVersion < 6 {
            wanted = request.topicNames.map { name in
                DeleteTopicsRequest.DeleteTopicState { $0.name = name }
            }
        }
        blocking(reply) { [catalog, wanted] in
            let response = DeleteTopicsResponse {
                $0.responses = wanted.map { Self.delete($0, from: catalog) }
            }
            let gone = response.responses.filter { $0.errorCode == .none }.compactMap(\.name)
            self.answer(DeleteTopicsRequest.self, reply) { coordinator in
                for name in gone { await coordinator.topicDeleted(name) }
                return response
            }
        }
    }

    private static func delete(
        _ wanted: DeleteTopicsRequest.DeleteTopicState, from catalog: TopicCatalog
    ) -> DeleteTopicsResponse.DeletableTopicResult {
        DeleteTopicsResponse.DeletableTopicResult {
            $0.name = wanted.name
            $0.topicID = wanted.topicID
            do throws(TopicFault) {
                guard let topic = wanted.name.map(catalog.topic) ?? catalog.topic(wanted.topicID)
                else {
                    throw TopicFault(
                        wanted.name == nil ? .unknownTopicID : .unknownTopicOrPartition,
                        "This server does not host this topic.")
                }
                $0.name = topic.name
                $0.topicID = topic.id
                // The group coordinator keeps its state there while it runs.
                guard !topic.isInternal else {
                    throw TopicFault(.invalidTopicException, "The topic is the broker's own.")
                }
                try catalog.delete(topic)
            } catch {
                $0.errorCode = error.code
                $0.errorMessage = error.message
            }
        }
    }

    // MARK: CreatePartitions

    func createPartitions(_ request: CreatePartitionsRequest, _ reply: Reply) {
        let nodeID = configuration.nodeID
        blocking(reply) { [catalog] in
            let response = CreatePartitionsResponse {
                $0.results = request.topics.map { wanted in
                    CreatePartitionsResponse.TopicResult {
                        $0.name = wanted.name
                        do throws(TopicFault) {
                            try Self.check(wanted.assignments, nodeID: nodeID)
                            try catalog.addPartitions(
                                to: wanted.name, count: wanted.count,
                                validateOnly: request.validateOnly)
                        } catch {
                            $0.errorCode = error.code
                            $0.errorMessage = error.message
                        }
                    }
                }
            }
            reply.send(CreatePartitionsRequest.self, response)
        }
    }

    private static func check(
        _ assignments: [CreatePartitionsRequest.Topic.Assignment]?, nodeID: Int32
    ) throws(TopicFault) {
        guard (assignments ?? []).allSatisfy({ $0.brokerIDs == [nodeID] }) else {
            throw TopicFault(.invalidReplicationAssignment, "There is one broker, \(nodeID).")
        }
    }
}
