// The requests about the cluster itself: its quorum, elections, moves of partitions, features.
// Source: apache/kafka ReplicationControlManager.java, FeatureControlManager.java, KafkaRaftClient.java

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    /// Those of `handleCluster` that are served.
    static let clusterKeys: [ApiKey] = [
        .describeAcls, .createAcls, .deleteAcls, .electLeaders, .alterPartitionReassignments,
        .listPartitionReassignments, .describeClientQuotas, .alterClientQuotas, .describeQuorum,
        .updateFeatures, .listConfigResources,
    ]

    /// Answers the APIs of the cluster, its access rules and its quotas.
    func handleCluster(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        switch request.key {
        case .describeQuorum: describeQuorum(try read(request), reply)
        case .electLeaders: electLeaders(try read(request), reply)
        case .alterPartitionReassignments: alterReassignments(try read(request), reply)
        case .listPartitionReassignments: listReassignments(try read(request), reply)
        case .updateFeatures: updateFeatures(try read(request), reply)
        case .listConfigResources: listConfigResources(try read(request), reply)
        case .describeAcls: describeAcls(try read(request), reply)
        case .createAcls: createAcls(try read(request), reply)
        case .deleteAcls: deleteAcls(try read(request), reply)
        case .describeClientQuotas: describeClientQuotas(try read(request), reply)
        case .alterClientQuotas: alterClientQuotas(try read(request), reply)
        // `BrokerCore.handle` sends no other here; a key it adds must get its case above.
        default: throw WireError(.unsupported(Int(request.header.apiKey)), in: "API key of cluster")
        }
    }

    // MARK: Quorum

    /// One voter that leads, and nobody who watches.
    private func describeQuorum(_ request: DescribeQuorumRequest, _ reply: Reply) {
        guard allows(reply, .describe, .cluster) else {
            return reply.send(
                DescribeQuorumRequest.self,
                DescribeQuorumResponse { $0.errorCode = .clusterAuthorizationFailed })
        }
        let response = DescribeQuorumResponse {
            $0.topics = request.topics.map { topic in
                DescribeQuorumResponse.Topic {
                    $0.topicName = topic.topicName
                    $0.partitions = topic.partitions.map { partition in
                        topic.topicName == MetadataFiles.topic && partition.partitionIndex == 0
                            ? quorum() : Self.noQuorum(partition.partitionIndex)
                    }
                }
            }
            let (host, port) = advertised(for: reply)
            $0.nodes = [
                DescribeQuorumResponse.Node {
                    $0.nodeID = configuration.nodeID
                    $0.listeners = [
                        DescribeQuorumResponse.Node.Listener {
                            $0.name = reply.listenerName
                            $0.host = host
                            $0.port = UInt16(clamping: port)
                        }
                    ]
                }
            ]
        }
        reply.send(DescribeQuorumRequest.self, response)
    }

    private func quorum() -> DescribeQuorumResponse.Topic.Partition {
        DescribeQuorumResponse.Topic.Partition {
            let endOffset = metadata.image.endOffset
            $0.leaderID = configuration.nodeID
            $0.leaderEpoch = metadata.epoch
            $0.highWatermark = endOffset
            $0.currentVoters = [
                DescribeQuorumResponse.ReplicaState {
                    $0.replicaID = configuration.nodeID
                    $0.replicaDirectoryID = metadata.node.directoryID
                    $0.logEndOffset = endOffset
                    $0.lastFetchTimestamp = WallClock.system.milliseconds()
                    $0.lastCaughtUpTimestamp = $0.lastFetchTimestamp
                }
            ]
        }
    }

    private static func noQuorum(_ partition: Int32) -> DescribeQuorumResponse.Topic.Partition {
        DescribeQuorumResponse.Topic.Partition {
            $0.partitionIndex = partition
            $0.errorCode = .unknownTopicOrPartition
            $0.errorMessage = KafkaErrorCode.unknownTopicOrPartition.name
        }
    }

    // MARK: Elections

    /// Each partition is led by its one replica already. Those of failed logs cannot be led.
    private func electLeaders(_ request: ElectLeadersRequest, _ reply: Reply) {
        guard allows(reply, .alter, .cluster) else {
            return reply.send(
                ElectLeadersRequest.self,
                ElectLeadersResponse { $0.errorCode = .clusterAuthorizationFailed })
        }
        guard (0...1).contains(request.electionType) else {
            return reply.send(
                ElectLeadersRequest.self, ElectLeadersResponse { $0.errorCode = .invalidRequest })
        }
        var wanted = request.topicPartitions ?? []
        if request.topicPartitions == nil {
            wanted = catalog.topics.map { topic in
                TopicPartitions {
                    $0.topic = topic.name
                    $0.partitions = topic.logs.map(\.name.partition)
                }
            }
        }
        var results = wanted.map { topic in
            ElectLeadersResponse.TopicResult {
                $0.topic = topic.topic
                $0.partitionResult = topic.partitions.map { election($0, of: topic.topic) }
            }
        }
        if request.topicPartitions == nil {
            // Asked for all, Kafka leaves out those that need none.
            for index in results.indices {
                results[index].partitionResult.removeAll { $0.errorCode == .electionNotNeeded }
            }
            results.removeAll(where: \.partitionResult.isEmpty)
        }
        let answer = ElectLeadersResponse { $0.replicaElectionResults = results }
        reply.send(ElectLeadersRequest.self, answer)
    }

    private func election(
        _ partition: Int32, of name: String
    ) -> ElectLeadersResponse.TopicResult.PartitionResult {
        ElectLeadersResponse.TopicResult.PartitionResult {
            $0.partitionID = partition
            guard let log = catalog.topic(name)?.log(partition) else {
                $0.errorCode = .unknownTopicOrPartition
                $0.errorMessage = "No such partition as \(name)-\(partition)"
                return
            }
            let hasFailed = log.view.with { $0.failure != nil }
            $0.errorCode = hasFailed ? .eligibleLeadersNotAvailable : .electionNotNeeded
            $0.errorMessage =
                hasFailed
                ? "The log of the only replica has failed"
                : "Leader election not needed for topic partition."
        }
    }

    // MARK: Moves

    private func alterReassignments(
        _ request: AlterPartitionReassignmentsRequest, _ reply: Reply
    ) {
        var response = AlterPartitionReassignmentsResponse()
        response.allowReplicationFactorChange = request.allowReplicationFactorChange
        if allows(reply, .alter, .cluster) {
            response.responses = request.topics.map { topic in
                AlterPartitionReassignmentsResponse.TopicResponse {
                    $0.name = topic.name
                    $0.partitions = topic.partitions.map { move($0, of: topic.name) }
                }
            }
        } else {
            response.errorCode = .clusterAuthorizationFailed
        }
        reply.send(AlterPartitionReassignmentsRequest.self, response)
    }

    /// A move to the node where the partition is already is done; to any other it cannot be.
    private func move(
        _ wanted: AlterPartitionReassignmentsRequest.Topic.Partition, of name: String
    ) -> AlterPartitionReassignmentsResponse.TopicResponse.Partition {
        AlterPartitionReassignmentsResponse.TopicResponse.Partition {
            $0.partitionIndex = wanted.partitionIndex
            guard catalog.topic(name)?.log(wanted.partitionIndex) != nil else {
                $0.errorCode = .unknownTopicOrPartition
                $0.errorMessage = "Unable to find the partition \(name)-\(wanted.partitionIndex)."
                return
            }
            guard let replicas = wanted.replicas else {
                $0.errorCode = .noReassignmentInProgress
                return
            }
            guard replicas == [configuration.nodeID] else {
                $0.errorCode = .invalidReplicationAssignment
                $0.errorMessage =
                    "The one broker that is registered is \(configuration.nodeID), not \(replicas)."
                return
            }
        }
    }

    private func listReassignments(_ request: ListPartitionReassignmentsRequest, _ reply: Reply) {
        let response = ListPartitionReassignmentsResponse {
            if !allows(reply, .describe, .cluster) { $0.errorCode = .clusterAuthorizationFailed }
        }
        reply.send(ListPartitionReassignmentsRequest.self, response)
    }
}
