// Metadata, DescribeCluster and DescribeTopicPartitions: which brokers, topics and partitions there are.

import KafkaProtocol

/// The operations a client may do where nobody forbids any, as bits of Kafka's AclOperation numbers.
enum AuthorizedOperations {
    /// Create, alter, describe, cluster action, describe and alter configs, idempotent write.
    static let cluster: Int32 = bits(5, 7, 8, 9, 10, 11, 12)
    /// Read, write, create, delete, alter, describe, describe and alter configs.
    static let topic: Int32 = bits(3, 4, 5, 6, 7, 8, 10, 11)
    /// "Not asked for".
    static let omitted = Int32.min

    private static func bits(_ operations: Int32...) -> Int32 {
        operations.reduce(0) { $0 | 1 << $1 }
    }
}

extension BrokerCore {
    func metadata(_ request: MetadataRequest, _ reply: Reply) {
        let version = reply.header.apiVersion
        // Version 0 has no null: an empty list asks for all topics.
        let wanted = version == 0 && request.topics?.isEmpty == true ? nil : request.topics
        let mayCreate =
            configuration.autoCreateTopics && (version < 4 || request.allowAutoTopicCreation)
        let missing = (wanted ?? []).compactMap(\.name).filter {
            TopicName.fault($0) == nil && catalog.topic($0) == nil
        }
        guard mayCreate, !missing.isEmpty else {
            return reply.send(MetadataRequest.self, clusterMetadata(request, wanted, [:]))
        }
        blocking(reply) {
            var faults: [String: KafkaErrorCode] = [:]
            for name in missing where self.catalog.topic(name) == nil {
                do throws(TopicFault) {
                    _ = try self.createTopic(name)
                } catch {
                    // Another connection may have made it meanwhile.
                    if error.code != .topicAlreadyExists { faults[name] = error.code }
                }
            }
            reply.send(MetadataRequest.self, self.clusterMetadata(request, wanted, faults))
        }
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
        _ request: MetadataRequest, _ wanted: [MetadataRequest.Topic]?,
        _ faults: [String: KafkaErrorCode]
    ) -> MetadataResponse {
        MetadataResponse {
            $0.clusterID = catalog.directory.clusterID
            $0.controllerID = configuration.nodeID
            $0.brokers = [
                MetadataResponse.Broker {
                    $0.nodeID = configuration.nodeID
                    $0.host = configuration.hostToAdvertise
                    $0.port = advertisedPort
                }
            ]
            $0.clusterAuthorizedOperations =
                request.includeClusterAuthorizedOperations
                ? AuthorizedOperations.cluster : AuthorizedOperations.omitted
            let operations =
                request.includeTopicAuthorizedOperations
                ? AuthorizedOperations.topic : AuthorizedOperations.omitted
            guard let wanted else {
                $0.topics = catalog.topics.map { described($0, operations) }
                return
            }
            $0.topics = wanted.map { described($0, operations, faults) }
        }
    }

    private func described(
        _ wanted: MetadataRequest.Topic, _ operations: Int32, _ faults: [String: KafkaErrorCode]
    ) -> MetadataResponse.Topic {
        let topic = wanted.name.map(catalog.topic) ?? catalog.topic(wanted.topicID)
        if let topic { return described(topic, operations) }
        return MetadataResponse.Topic {
            $0.name = wanted.name
            $0.topicID = wanted.topicID
            guard let name = wanted.name else {
                $0.errorCode = .unknownTopicID
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
                    $0.host = configuration.hostToAdvertise
                    $0.port = advertisedPort
                }
            ]
            if request.includeClusterAuthorizedOperations {
                $0.clusterAuthorizedOperations = AuthorizedOperations.cluster
            }
        }
        reply.send(DescribeClusterRequest.self, response)
    }

    // MARK: DescribeTopicPartitions

    /// Topics come in the order of their names. The cursor names the partition the next answer begins
    /// with; a limit keeps an answer small.
    func describeTopicPartitions(_ request: DescribeTopicPartitionsRequest, _ reply: Reply) {
        let limit = min(max(Int(request.responsePartitionLimit), 1), Limits.describedPartitionsMax)
        var names = request.topics.map(\.name)
        if names.isEmpty { names = catalog.topics.map(\.name) }
        names = Set(names).sorted()
        if let cursor = request.cursor { names.removeAll { $0 < cursor.topicName } }
        var response = DescribeTopicPartitionsResponse()
        var left = limit
        for name in names {
            let topic = catalog.topic(name)
            let first =
                request.cursor?.topicName == name ? max(request.cursor?.partitionIndex ?? 0, 0) : 0
            let rest = topic.map { max($0.logs.count - Int(first), 0) } ?? 0
            if left == 0 {
                response.nextCursor = Self.cursor(name, first)
                break
            }
            let count = min(left, rest)
            response.topics.append(
                describedPartitions(name, topic, Int(first)..<Int(first) + count))
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
        _ name: String, _ topic: Topic?, _ partitions: Range<Int>
    ) -> DescribeTopicPartitionsResponse.Topic {
        DescribeTopicPartitionsResponse.Topic {
            $0.name = name
            $0.topicAuthorizedOperations = AuthorizedOperations.topic
            guard let topic else {
                $0.errorCode =
                    TopicName.fault(name) != nil
                    ? .invalidTopicException : .unknownTopicOrPartition
                return
            }
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
