// CreateTopics, DeleteTopics and CreatePartitions.

import KafkaProtocol

extension BrokerCore {
    func createTopics(_ request: CreateTopicsRequest, _ reply: Reply) {
        let counts = Dictionary(grouping: request.topics, by: \.name).mapValues(\.count)
        blocking(reply) {
            var throttle: Int32 = 0
            let response = CreateTopicsResponse {
                $0.topics = request.topics.map { wanted in
                    if counts[wanted.name, default: 0] > 1 {
                        return Self.refused(
                            wanted.name, TopicFault(.invalidRequest, "Duplicate topic name."))
                    }
                    do throws(TopicFault) {
                        try self.checkCreation(of: wanted.name, reply)
                        let partitions = try self.partitionCount(wanted)
                        if !request.validateOnly {
                            // From version 6 on clients understand that they must come again.
                            try self.mutate(
                                Int(partitions), isStrict: reply.header.apiVersion >= 6, reply,
                                &throttle)
                        }
                        return try self.create(
                            wanted, partitions, validateOnly: request.validateOnly, reply)
                    } catch {
                        return Self.refused(wanted.name, error)
                    }
                }
            }
            reply.throttled(throttle).send(CreateTopicsRequest.self, response)
        }
    }

    private func checkCreation(of name: String, _ reply: Reply) throws(TopicFault) {
        guard name != MetadataFiles.topic else {
            throw TopicFault(
                .invalidRequest, "Creation of internal topic \(name) is prohibited.")
        }
        guard allows(reply, .create, .cluster) || allows(reply, .create, .topic(name)) else {
            throw TopicFault(.topicAuthorizationFailed, "Authorization failed.")
        }
    }

    /// Takes the changes of partitions out of the client's quota.
    /// - Parameter throttle: raised to what the client has to wait, in milliseconds.
    private func mutate(
        _ partitions: Int, isStrict: Bool, _ reply: Reply, _ throttle: inout Int32
    ) throws(TopicFault) {
        let (isAllowed, wait) = quotas.mutate(
            partitions, isStrict: isStrict, user: reply.principal.name,
            clientID: reply.header.clientID)
        throttle = max(throttle, wait)
        guard isAllowed else {
            throw TopicFault(
                .throttlingQuotaExceeded, "The throttling quota has been exceeded.")
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
        _ wanted: CreateTopicsRequest.CreatableTopic, _ partitions: Int32, validateOnly: Bool,
        _ reply: Reply
    ) throws(TopicFault) -> CreateTopicsResponse.CreatableTopicResult {
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
            guard allows(reply, .describeConfigs, .topic(topic.name)) else {
                $0.topicConfigErrorCode = .topicAuthorizationFailed
                $0.configs = nil
                return
            }
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
        guard wanted.assignments.isEmpty else { return try assignedCount(wanted) }
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

    private func assignedCount(
        _ wanted: CreateTopicsRequest.CreatableTopic
    ) throws(TopicFault) -> Int32 {
        let indexes = wanted.assignments.map(\.partitionIndex).sorted()
        guard wanted.replicationFactor == -1 else {
            throw TopicFault(
                .invalidRequest,
                "A manual partition assignment was specified, but replication factor was not set to -1."
            )
        }
        guard wanted.numPartitions == -1 || Int(wanted.numPartitions) == indexes.count else {
            throw TopicFault(
                .invalidRequest,
                "A manual partition assignment was specified, but numPartitions was not set to -1.")
        }
        guard indexes == Array(0..<Int32(indexes.count)) else {
            throw TopicFault(
                .invalidReplicationAssignment,
                "partitions should be a consecutive 0-based integer sequence")
        }
        for assignment in wanted.assignments {
            try Self.check(assignment.brokerIDs, nodeID: configuration.nodeID)
        }
        return Int32(indexes.count)
    }

    private static func check(_ replicas: [Int32], nodeID: Int32) throws(TopicFault) {
        guard !replicas.isEmpty else {
            throw TopicFault(
                .invalidReplicationAssignment,
                "The manual partition assignment includes an empty replica list.")
        }
        if let other = replicas.first(where: { $0 != nodeID }) {
            throw TopicFault(
                .invalidReplicationAssignment,
                "The manual partition assignment includes broker \(other), but no such broker is registered."
            )
        }
        guard replicas.count == 1 else {
            throw TopicFault(
                .invalidReplicationAssignment,
                "The manual partition assignment includes the broker \(nodeID) more than once.")
        }
    }

    // MARK: DeleteTopics

    func deleteTopics(_ request: DeleteTopicsRequest, _ reply: Reply) {
        let version = reply.header.apiVersion
        var wanted = request.topics
        if version < 6 {
            wanted = request.topicNames.map { name in
                DeleteTopicsRequest.DeleteTopicState { $0.name = name }
            }
        }
        guard configuration.deleteTopics else {
            let response = DeleteTopicsResponse {
                $0.responses = wanted.map { topic in
                    DeleteTopicsResponse.DeletableTopicResult {
                        ($0.name, $0.topicID) = (topic.name, topic.topicID)
                        // The code is known from version 3 on.
                        $0.errorCode = version < 3 ? .invalidRequest : .topicDeletionDisabled
                        $0.errorMessage = "Topic deletion is disabled."
                    }
                }
            }
            return reply.send(DeleteTopicsRequest.self, response)
        }
        blocking(reply) { [wanted] in
            var throttle: Int32 = 0
            let response = DeleteTopicsResponse {
                var seen: Set<DeletionKey> = []
                $0.responses = wanted.map { topic in
                    let isNew = seen.insert(DeletionKey(name: topic.name, id: topic.topicID))
                        .inserted
                    return self.delete(topic, isNew: isNew, reply, &throttle)
                }
            }
            let gone = response.responses.filter { $0.errorCode == .none }.compactMap(\.name)
            let later = reply.throttled(throttle)
            self.answer(DeleteTopicsRequest.self, later) { coordinator in
                for name in gone { await coordinator.topicDeleted(name) }
                return response
            }
        }
    }

    private struct DeletionKey: Hashable {
        var name: String?
        var id: KafkaUUID
    }

    private func delete(
        _ wanted: DeleteTopicsRequest.DeleteTopicState, isNew: Bool, _ reply: Reply,
        _ throttle: inout Int32
    ) -> DeleteTopicsResponse.DeletableTopicResult {
        var result = DeleteTopicsResponse.DeletableTopicResult()
        result.name = wanted.name
        result.topicID = wanted.topicID
        do throws(TopicFault) {
            guard isNew else { throw TopicFault(.invalidRequest, "Duplicate topic name.") }
            guard wanted.name == nil || wanted.topicID == .zero else {
                throw TopicFault(
                    .invalidRequest, "You may not specify both topic name and topic id.")
            }
            let topic = try deletable(wanted, reply)
            result.name = topic.name
            result.topicID = topic.id
            try mutate(
                topic.logs.count, isStrict: reply.header.apiVersion >= 5, reply, &throttle)
            try catalog.delete(topic)
        } catch {
            result.errorCode = error.code
            result.errorMessage = error.message
        }
        return result
    }

    private func deletable(
        _ wanted: DeleteTopicsRequest.DeleteTopicState, _ reply: Reply
    ) throws(TopicFault) -> Topic {
        let topic = wanted.name.map(catalog.topic) ?? catalog.topic(wanted.topicID)
        let notAllowed = TopicFault(.topicAuthorizationFailed, "Authorization failed.")
        if let name = wanted.name {
            // Whoever may not delete it does not learn either whether it is there.
            guard allows(reply, .delete, .topic(name)) else { throw notAllowed }
        } else if let topic {
            guard allows(reply, .describe, .topic(topic.name)) else {
                throw TopicFault(.unknownTopicID, "This server does not host this topic ID.")
            }
            guard allows(reply, .delete, .topic(topic.name)) else { throw notAllowed }
        }
        guard let topic else {
            throw wanted.name == nil
                ? TopicFault(.unknownTopicID, "This server does not host this topic ID.")
                : TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
        }
        // The coordinators keep their state there while they run.
        guard !topic.isInternal else {
            throw TopicFault(.invalidTopicException, "The topic is the broker's own.")
        }
        return topic
    }

    // MARK: CreatePartitions

    func createPartitions(_ request: CreatePartitionsRequest, _ reply: Reply) {
        let counts = Dictionary(grouping: request.topics, by: \.name).mapValues(\.count)
        blocking(reply) {
            var throttle: Int32 = 0
            let response = CreatePartitionsResponse {
                $0.results = request.topics.map { wanted in
                    var result = CreatePartitionsResponse.TopicResult()
                    result.name = wanted.name
                    do throws(TopicFault) {
                        guard counts[wanted.name] == 1 else {
                            throw TopicFault(.invalidRequest, "Duplicate topic name.")
                        }
                        try self.grow(
                            wanted, validateOnly: request.validateOnly, reply, &throttle)
                    } catch {
                        result.errorCode = error.code
                        result.errorMessage = error.message
                    }
                    return result
                }
            }
            reply.throttled(throttle).send(CreatePartitionsRequest.self, response)
        }
    }

    private func grow(
        _ wanted: CreatePartitionsRequest.Topic, validateOnly: Bool, _ reply: Reply,
        _ throttle: inout Int32
    ) throws(TopicFault) {
        guard allows(reply, .alter, .topic(wanted.name)) else {
            throw TopicFault(.topicAuthorizationFailed, "Authorization failed.")
        }
        let before = catalog.topic(wanted.name)?.logs.count ?? 0
        let added = Int(wanted.count) - before
        if let assignments = wanted.assignments, added > 0 {
            guard assignments.count == added else {
                throw TopicFault(
                    .invalidReplicationAssignment,
                    "Attempted to add \(added) additional partition(s), but only \(assignments.count) assignment(s) were specified."
                )
            }
            for assignment in assignments {
                try Self.check(assignment.brokerIDs, nodeID: configuration.nodeID)
            }
        }
        if !validateOnly, added > 0 {
            try mutate(added, isStrict: reply.header.apiVersion >= 3, reply, &throttle)
        }
        try catalog.addPartitions(
            to: wanted.name, count: wanted.count, validateOnly: validateOnly)
    }
}
