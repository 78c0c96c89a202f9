// The cluster APIs: quorum, elections, moves, features, and what has settings.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka cluster APIs")
struct KafkaAdminClusterTests {
    // MARK: Quorum

    private static func quorum(_ wire: KafkaBrokerWire, version: Int16, _ topic: String)
        async throws
        -> DescribeQuorumResponse
    {
        try await wire.ask(
            DescribeQuorumRequest {
                $0.topics = [
                    DescribeQuorumRequest.Topic {
                        $0.topicName = topic
                        $0.partitions = [DescribeQuorumRequest.Topic.Partition()]
                    }
                ]
            }, version: version)
    }

    @Test(arguments: DescribeQuorumRequest.versions)
    func oneVoterLeads(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, server async throws in
            let response = try await Self.quorum(wire, version: version, "__cluster_metadata")
            let partition = response.topics[0].partitions[0]
            #expect(response.errorCode == .none && partition.errorCode == .none)
            #expect(partition.leaderID == 1)
            #expect(partition.leaderEpoch >= 1)
            #expect(partition.highWatermark > 0)
            #expect(partition.currentVoters.map(\.replicaID) == [1])
            #expect(partition.currentVoters[0].logEndOffset == partition.highWatermark)
            #expect(partition.observers.isEmpty)
            guard version >= 2 else { return }
            #expect(response.nodes.map(\.nodeID) == [1])
            #expect(Int(response.nodes[0].listeners[0].port) == server.port)
            #expect(partition.currentVoters[0].replicaDirectoryID != .zero)
        }
    }

    @Test func thereIsOneQuorum() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let response = try await Self.quorum(wire, version: 2, "other")
            #expect(response.topics[0].partitions[0].errorCode == .unknownTopicOrPartition)
        }
    }

    /// Goal: each start is an election, and nothing of the log is lost.
    @Test func theLeaderEpochRises() async throws {
        let stage = KafkaBrokerStage()
        var last = (epoch: Int32(0), end: Int64(0))
        for _ in 0..<3 {
            let now = try await stage.run { wire, _ async throws in
                let partition = try await Self.quorum(wire, version: 2, "__cluster_metadata")
                    .topics[0].partitions[0]
                return (partition.leaderEpoch, partition.highWatermark)
            }
            #expect(now.0 > last.epoch && now.1 > last.end)
            last = (now.0, now.1)
        }
    }

    // MARK: Elections and moves

    @Test(arguments: ElectLeadersRequest.versions)
    func noElectionIsNeeded(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t", partitions: 2)
            let asked = ElectLeadersRequest {
                $0.topicPartitions = [
                    TopicPartitions {
                        $0.topic = "t"
                        $0.partitions = [0, 1, 5]
                    },
                    TopicPartitions {
                        $0.topic = "none"
                        $0.partitions = [0]
                    },
                ]
            }
            let response = try await wire.ask(asked, version: version)
            let codes = response.replicaElectionResults.flatMap(\.partitionResult).map(\.errorCode)
            #expect(
                codes == [
                    .electionNotNeeded, .electionNotNeeded, .unknownTopicOrPartition,
                    .unknownTopicOrPartition,
                ])
            let all = try await wire.ask(
                ElectLeadersRequest { $0.topicPartitions = nil }, version: version)
            #expect(all.errorCode == .none && all.replicaElectionResults.isEmpty)
        }
    }

    @Test(arguments: AlterPartitionReassignmentsRequest.versions)
    func partitionsStayWhereTheyAre(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t", partitions: 4)
            let moves: [[Int32]?] = [[1], nil, [2], []]
            let asked = AlterPartitionReassignmentsRequest {
                $0.topics = [
                    AlterPartitionReassignmentsRequest.Topic {
                        $0.name = "t"
                        $0.partitions = moves.enumerated().map { index, replicas in
                            AlterPartitionReassignmentsRequest.Topic.Partition {
                                $0.partitionIndex = Int32(index)
                                $0.replicas = replicas
                            }
                        }
                    }
                ]
            }
            let response = try await wire.ask(asked, version: version)
            #expect(
                response.responses[0].partitions.map(\.errorCode) == [
                    .none, .noReassignmentInProgress, .invalidReplicationAssignment,
                    .invalidReplicationAssignment,
                ])
            let going = try await wire.ask(
                ListPartitionReassignmentsRequest { $0.topics = nil }, version: 0)
            #expect(going.errorCode == .none && going.topics.isEmpty)
        }
    }

    /// Goal: staying in the one directory is fine; another one, or a partition that is not, is told.
    @Test(arguments: AlterReplicaLogDirsRequest.versions)
    func replicasStayInTheirDirectory(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t", partitions: 1)
            let described = try await wire.ask(
                DescribeLogDirsRequest { $0.topics = nil }, version: 4)
            let own = described.results[0].logDir
            for (path, expected) in [
                (own, [KafkaErrorCode.none, .unknownTopicOrPartition]),
                (own + "-other", [.logDirNotFound, .logDirNotFound]),
            ] {
                let asked = AlterReplicaLogDirsRequest {
                    $0.dirs = [
                        AlterReplicaLogDirsRequest.Directory {
                            $0.path = path
                            $0.topics = [
                                AlterReplicaLogDirsRequest.Directory.Topic {
                                    $0.name = "t"
                                    $0.partitions = [0, 7]
                                }
                            ]
                        }
                    ]
                }
                let response = try await wire.ask(asked, version: version)
                #expect(response.results.map(\.topicName) == ["t"])
                #expect(response.results[0].partitions.map(\.errorCode) == expected)
            }
        }
    }

    // MARK: Features

    private static func levels(_ wire: KafkaBrokerWire) async throws -> [String: Int16] {
        let request = ApiVersionsRequest {
            $0.clientSoftwareName = "test"
            $0.clientSoftwareVersion = "1"
        }
        let response = try await wire.ask(request, version: 4)
        return Dictionary(
            uniqueKeysWithValues: response.finalizedFeatures.map { ($0.name, $0.maxVersionLevel) })
    }

    private static func update(_ level: Int16, _ type: Int8, of feature: String)
        -> UpdateFeaturesRequest
    {
        UpdateFeaturesRequest {
            $0.featureUpdates = [
                UpdateFeaturesRequest.FeatureUpdate {
                    $0.feature = feature
                    $0.maxVersionLevel = level
                    $0.upgradeType = type
                }
            ]
        }
    }

    @Test func featuresAreAnnouncedAndChanged() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            let first = try await Self.levels(wire)
            #expect(first["transaction.version"] == 2 && first["group.version"] == 1)
            #expect(first["metadata.version"] != nil && first["kraft.version"] == 1)
            let up = try await wire.ask(
                Self.update(1, 1, of: "transaction.version"), version: 2)
            #expect(up.errorCode == .invalidUpdateVersion)
            let down = try await wire.ask(
                Self.update(1, 2, of: "transaction.version"), version: 2)
            #expect(down.errorCode == .none)
            let unknown = try await wire.ask(Self.update(1, 1, of: "weather"), version: 1)
            #expect(unknown.errorCode == .none)
            #expect(unknown.results.map(\.errorCode) == [.invalidUpdateVersion])
        }
        try await stage.run { wire, _ async throws in
            #expect(try await Self.levels(wire)["transaction.version"] == 1)
        }
    }

    // MARK: What has settings

    @Test func configResources() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            #expect(
                try await wire.alterConfig(
                    type: 32, "g", "consumer.session.timeout.ms", "50000") == .none)
            let all = try await wire.ask(ListConfigResourcesRequest(), version: 1)
            #expect(
                all.configResources.map { "\($0.resourceType) \($0.resourceName)" }
                    == ["2 t", "4 1", "8 1", "32 g"])
            let some = try await wire.ask(
                ListConfigResourcesRequest { $0.resourceTypes = [32] }, version: 1)
            #expect(some.configResources.map(\.resourceName) == ["g"])
            let bad = try await wire.ask(
                ListConfigResourcesRequest { $0.resourceTypes = [99] }, version: 1)
            #expect(bad.errorCode == .unsupportedVersion)
            let old = try await wire.ask(ListConfigResourcesRequest(), version: 0)
            #expect(old.errorCode == .none && old.configResources.isEmpty)
        }
    }
}
