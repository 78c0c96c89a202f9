// Metadata, DescribeCluster and DescribeTopicPartitions: which brokers, topics and partitions there are.

import KafkaProtocol

/// What stands where operations were not asked for.
private let operationsOmitted = Int32.min

extension BrokerCore {
    func metadata(_ request: MetadataRequest, _ reply: Reply) {
        let version = reply.header.apiVersion
        // Version 0 has no null: an empty list asks for all topics.
        var wanted = version == 0 && request.topics?.isEmpty == true ? nil : request.topics
        if version < 12, let bad = wanted?.first(where: { $0.name == nil || $0.topicID != .zero }) {
            return refuse(wanted ?? [bad], request, reply)
        }
        // As Kafka does: where any topic is asked for by its id, names are not looked at. The Java client
        // sends an empty one with each id.
        if let byID = wanted?.filter({ $0.topicID != .zero }), !byID.isEmpty {
            wanted = byID.map { topic in
                MetadataRequest.Topic {
                    $0.topicID = topic.topicID; $0.name = nil
                }
            }
        }
        var seen: Set<TopicKey> = []
        wanted?.removeAll { !seen.insert(TopicKey(name: $0.name, id: $0.topicID)).inserted }
        let mayCreate =
            configuration.autoCreateTopics && (version < 4 || request.allowAutoTopicCreation)
        let missing = (wanted ?? []).compactMap(\.name).filter {
            TopicName.fault($0) == nil && catalog.topic($0) == nil
                && allows(reply, .describe, .topic($0))
        }
        guard mayCreate, !missing.isEmpty else {
            return reply.send(MetadataRequest.self, clusterMetadata(request, reply, wanted, [:]))
        }
        blocking(reply) { [wanted] in
            var faults: [String: KafkaErrorCode] = [:]
            for name in missing where self.catalog.topic(name) == nil {
                guard
                    self.allows(reply, .create, .cluster)
                        || self.allows(reply, .create, .topic(name))
                else {
                    faults[name] = .topicAuthorizationFailed
                    continue
                }
                do throws(TopicFault) {
                    _ = try self.createTopic(name)
                } catch {
                    // Another connection may have made it meanwhile.
                    if error.code != .topicAlreadyExists { faults[name] = error.code }
                }
            }
            reply.send(MetadataRequest.self, self.clusterMetadata(request, reply, wanted, faults))
        }
    }

    private struct TopicKey: Hashable {
        var name: String?
        var id: KafkaUUID
    }

    /// Before version 12 a topic is asked for by its name, and never by its id.
    private func refuse(
        _ wanted: [MetadataRequest.Topic], _ request: MetadataRequest, _ reply: Reply
    ) {
        var response = clusterMetadata(request, reply, [], [:])
        response.topics = wanted.map { topic in
            MetadataResponse.Topic {
                $0.name = topic.name ?? ""
                $0.topicID = topic.topicID
                $0.errorCode = .invalidRequest
            }
        }
        reply.send(MetadataRequest.self, response)
    }

    /// A topic with the broker's defaults. Blocks.
    func createTopic(_ name: String) throws(TopicFault) -> Topic {
        guard TopicName.isInternal(name) else {
            return try catalog.create(
                name, partitions: configuration.partitionsDefault, settings: [:])
        }
        return try catalog.createInternal(name)
    }

    /// - Parameters:
    ///   - wanted: `nil` for all topics.
    ///   - faults: why topics could not be made.
    private func clusterMetadata(
        _ request: MetadataRequest, _ reply: Reply, _ wanted: [MetadataRequest.Topic]?,
        _ faults: [String: KafkaErrorCode]
    ) -> MetadataResponse {
        MetadataResponse {
            $0.clusterID = catalog.directory.clusterID
            $0.controllerID = configuration.nodeID
            $0.brokers = [
                MetadataResponse.Broker {
                    $0.nodeID = configuration.nodeID
                    $0.host = advertised(for: reply).host
                    $0.port = advertised(for: reply).port
                }
            ]
            if request.includeClusterAuthorizedOperations {
                $0.clusterAuthorizedOperations = clusterOperations(reply)
            }
            let withOperations = request.includeTopicAuthorizedOperations
            guard let wanted else {
                $0.topics = catalog.topics.filter { allows(reply, .describe, .topic($0.name)) }
                    .map { described($0, operations(withOperations, reply, $0.name)) }
                return
            }
            $0.topics = wanted.map { described($0, withOperations, faults, reply) }
        }
    }

    private func operations(_ areWanted: Bool, _ reply: Reply, _ topic: String) -> Int32 {
        areWanted ? authorizedOperations(reply, .topic(topic)) : operationsOmitted
    }

    /// Who may not see the cluster learns of no operation.
    private func clusterOperations(_ reply: Reply) -> Int32 {
        allows(reply, .describe, .cluster) ? authorizedOperations(reply, .cluster) : 0
    }

    private func described(
        _ wanted: MetadataRequest.Topic, _ withOperations: Bool,
        _ faults: [String: KafkaErrorCode], _ reply: Reply
    ) -> MetadataResponse.Topic {
        let topic = wanted.name.map(catalog.topic) ?? catalog.topic(wanted.topicID)
        let name = wanted.name ?? topic?.name
        let isHidden = name.map { !allows(reply, .describe, .topic($0)) } ?? false
        if let topic, !isHidden {
            return described(topic, operations(withOperations, reply, topic.name))
        }
        return MetadataResponse.Topic {
            $0.name = wanted.name
            $0.topicID = wanted.topicID
            guard let name = wanted.name else {
                // Ids are no secrets: who may not see the topic is told so, as in Kafka.
                $0.errorCode = isHidden ? .topicAuthorizationFailed : .unknownTopicID
                return
            }
            guard !isHidden else {
                $0.errorCode = .topicAuthorizationFailed
                $0.isInternal = TopicName.isInternal(name)
                return
            }
            $0.errorCode =
                TopicName.fault(name) != nil
                ? .invalidTopicException : faults[name] ?? .unknownTopicOrPartition
        }
    }

    private func described(_ topic: Topic, _ operations: Int32) -> MetadataResponse.Topic {
        MetadataResponse.Topic {
            $0.name = topic.name
            $0.topicID = topic.id
            $0.isInternal = topic.isInternal
            $0.topicAuthorizedOperations = operations
            $0.partitions = topic.logs.map { log in
                let (epoch, hasFailed) = log.view.with { ($0.epochs.current, $0.failure != nil) }
                return MetadataResponse.Topic.Partition {
                    $0.partitionIndex = log.name.partition
                    $0.leaderID = hasFailed ? -1 : configuration.nodeID
                    $0.errorCode = hasFailed ? .leaderNotAvailable : .none
                    $0.leaderEpoch = epoch
                    $0.replicaNodes = [configuration.nodeID]
                    $0.isrNodes = hasFailed ? [] : [configuration.nodeID]
                    $0.offlineReplicas = hasFailed ? [configuration.nodeID] : []
                }
            }
        }
    }

    // MARK: DescribeCluster

    /// Asked for controllers (endpoint type 2), it says that this is a listener of brokers.
    func describeCluster(_ request: DescribeClusterRequest, _ reply: Reply) {
        let response = DescribeClusterResponse {
            $0.endpointType = request.endpointType
            guard request.endpointType == 1 else {
                $0.errorCode =
                    request.endpointType == 2 ? .mismatchedEndpointType : .unsupportedEndpointType
                $0.errorMessage = "The request was sent to an endpoint of type BROKER"
                return
            }
            $0.clusterID = catalog.directory.clusterID
            $0.controllerID = configuration.nodeID
            $0.brokers = [
                DescribeClusterResponse.Broker {
                    $0.brokerID = configuration.nodeID
                    $0.host = advertised(for: reply).host
                    $0.port = advertised(for: reply).port
                }
            ]
            if request.includeClusterAuthorizedOperations {
                $0.clusterAuthorizedOperations = clusterOperations(reply)
            }
        }
        reply.send(DescribeClusterRequest.self, response)
    }

    // MARK: DescribeTopicPartitions

    /// Topics come in the order of their names. The cursor names the partition the next answer begins
    /// with; a limit keeps an answer small.
    func describeTopicPartitions(_ request: DescribeTopicPartitionsRequest, _ reply: Reply) {
        let limit = min(max(Int(request.responsePartitionLimit), 1), Limits.describedPartitionsMax)
        guard request.cursor.map({ $0.partitionIndex >= 0 }) ?? true else {
            // As Kafka does: the whole request is wrong, and this API has no error for that.
            return reply.close()
        }
        var names = request.topics.map(\.name)
        if names.isEmpty {
            names = catalog.topics.map(\.name).filter { allows(reply, .describe, .topic($0)) }
        }
        names = Set(names).sorted()
        if let cursor = request.cursor { names.removeAll { $0 < cursor.topicName } }
        var response = DescribeTopicPartitionsResponse()
        var left = limit
        for name in names {
            let isHidden = !allows(reply, .describe, .topic(name))
            let topic = isHidden ? nil : catalog.topic(name)
            let first =
                request.cursor?.topicName == name ? max(request.cursor?.partitionIndex ?? 0, 0) : 0
            let rest = topic.map { max($0.logs.count - Int(first), 0) } ?? 0
            if left == 0 {
                response.nextCursor = Self.cursor(name, first)
                break
            }
            let count = min(left, rest)
            response.topics.append(
                describedPartitions(
                    name, topic, Int(first)..<Int(first) + count, isHidden: isHidden, reply))
            left -= count
            if count < rest {
                response.nextCursor = Self.cursor(name, first + Int32(count))
                break
            }
        }
        reply.send(DescribeTopicPartitionsRequest.self, response)
    }

    private static func cursor(
        _ name: String, _ partition: Int32
    ) -> DescribeTopicPartitionsResponse.Cursor {
        DescribeTopicPartitionsResponse.Cursor {
            $0.topicName = name
            $0.partitionIndex = partition
        }
    }

    private func describedPartitions(
        _ name: String, _ topic: Topic?, _ partitions: Range<Int>, isHidden: Bool,
        _ reply: Reply
    ) -> DescribeTopicPartitionsResponse.Topic {
        DescribeTopicPartitionsResponse.Topic {
            $0.name = name
            guard let topic else {
                let missing: KafkaErrorCode =
                    TopicName.fault(name) != nil
                    ? .invalidTopicException : .unknownTopicOrPartition
                $0.errorCode = isHidden ? .topicAuthorizationFailed : missing
                return
            }
            $0.topicAuthorizedOperations = authorizedOperations(reply, .topic(name))
            $0.topicID = topic.id
            $0.isInternal = topic.isInternal
            $0.partitions = partitions.map { index in
                let epoch = topic.logs[index].view.with { $0.epochs.current }
                return DescribeTopicPartitionsResponse.Topic.Partition {
                    $0.partitionIndex = Int32(index)
                    $0.leaderID = configuration.nodeID
                    $0.leaderEpoch = epoch
                    $0.replicaNodes = [configuration.nodeID]
                    $0.isrNodes = [configuration.nodeID]
                    $0.eligibleLeaderReplicas = []
                    $0.lastKnownEligibleLeaderReplicas = []
                }
            }
        }
    }
}
