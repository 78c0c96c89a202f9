// Offsets by time, and the offsets groups have committed: listed, moved, removed.

import KafkaProtocol

/// Which offset of a partition is asked for.
public enum OffsetSpec: Sendable, Equatable {
    case earliest, latest
    /// The first record of this time or later, in milliseconds since 1970.
    case time(Int64)
    /// Of the record with the largest time.
    case maxTimestamp

    var number: Int64 {
        switch self {
        case .latest: -1
        case .earliest: -2
        case .maxTimestamp: -3
        case .time(let milliseconds): milliseconds
        }
    }
}

public struct CommittedPosition: Sendable, Equatable {
    public var offset: Int64
    public var leaderEpoch: Int32
    public var metadata: String
}

extension KafkaAdmin {
    /// Offsets by partition; a partition without a record of that time answers -1.
    public func offsets(
        _ topic: String, at spec: OffsetSpec, readCommitted: Bool = false
    ) async throws(KafkaError) -> [Int32: Int64] {
        let all = try await describeTopics([topic]).first?.partitions.map(\.index) ?? []
        var found: [Int32: Int64] = [:]
        for (leader, partitions) in try await leaders(of: topic, all) {
            let request = ListOffsetsRequest {
                $0.replicaID = -1
                $0.isolationLevel = readCommitted ? 1 : 0
                $0.topics = [
                    .init {
                        $0.name = topic
                        $0.partitions = partitions.map { index in
                            .init {
                                $0.partitionIndex = index
                                $0.timestamp = spec.number
                            }
                        }
                    }
                ]
            }
            let response = try await cluster.node(leader, request).response
            for partition in response.topics.flatMap(\.partitions) {
                guard partition.errorCode == .none else {
                    throw KafkaError(
                        partition.errorCode, topic: topic, partition: partition.partitionIndex)
                }
                found[partition.partitionIndex] = partition.offset
            }
        }
        return found
    }

    /// All that a group has committed, by topic and partition.
    public func committed(
        group: String
    ) async throws(KafkaError) -> [String: [Int32: CommittedPosition]] {
        try await positions(group, nil, isStable: false)
    }

    /// What a group has committed, after transactions that change it just now have ended: a producer's
    /// commit returns when it is decided, and the offsets follow.
    /// - Throws: UNSTABLE_OFFSET_COMMIT when a transaction stays open.
    public func settledOffsets(
        group: String, topic: String
    ) async throws(KafkaError) -> [Int32: Int64] {
        let all = try await describeTopics([topic]).first?.partitions.map(\.index) ?? []
        return try await positions(group, [topic: all], isStable: true)[topic, default: [:]]
            .mapValues(\.offset)
    }

    /// - Parameter asked: `nil` for all, but partitions that nothing was committed for yet.
    private func positions(
        _ group: String, _ asked: [String: [Int32]]?, isStable: Bool
    ) async throws(KafkaError) -> [String: [Int32: CommittedPosition]] {
        let request = OffsetFetchRequest {
            $0.groupID = group
            $0.topics = asked.map { topics in
                topics.sorted { $0.key < $1.key }.map { topic, indexes in
                    .init {
                        $0.name = topic
                        $0.partitionIndexes = indexes
                    }
                }
            }
            $0.requireStable = isStable
        }
        let response = try await cluster.coordinator(of: group, request, versionMax: 7) {
            let faults = $0.topics.flatMap(\.partitions).map(\.errorCode)
            return faults.contains(.unstableOffsetCommit) ? .unstableOffsetCommit : $0.errorCode
        }.response
        guard response.errorCode == .none else { throw KafkaError(response.errorCode) }
        var found: [String: [Int32: CommittedPosition]] = [:]
        for topic in response.topics {
            for partition in topic.partitions {
                guard partition.errorCode == .none else {
                    throw KafkaError(
                        partition.errorCode, topic: topic.name,
                        partition: partition.partitionIndex)
                }
                guard partition.committedOffset >= 0 else { continue }
                found[topic.name, default: [:]][partition.partitionIndex] = CommittedPosition(
                    offset: partition.committedOffset,
                    leaderEpoch: partition.committedLeaderEpoch,
                    metadata: partition.metadata ?? "")
            }
        }
        return found
    }

    /// Moves a group that nobody is in.
    /// - Throws: UNKNOWN_MEMBER_ID when it has members.
    public func commit(
        group: String, _ offsets: [String: [Int32: Int64]]
    ) async throws(KafkaError) {
        let request = OffsetCommitRequest {
            $0.groupID = group
            $0.topics = offsets.sorted { $0.key < $1.key }.map { topic, partitions in
                .init {
                    $0.name = topic
                    $0.partitions = partitions.sorted { $0.key < $1.key }.map { index, offset in
                        .init {
                            $0.partitionIndex = index
                            $0.committedOffset = offset
                            $0.committedMetadata = ""
                        }
                    }
                }
            }
        }
        let response = try await cluster.coordinator(of: group, request, versionMax: 8) {
            $0.topics.first?.partitions.first?.errorCode ?? .none
        }.response
        for topic in response.topics {
            for partition in topic.partitions where partition.errorCode != .none {
                throw KafkaError(
                    partition.errorCode, topic: topic.name, partition: partition.partitionIndex)
            }
        }
    }

    /// Forgets what a group has committed for partitions it does not read.
    public func deleteOffsets(
        group: String, _ partitions: [String: [Int32]]
    ) async throws(KafkaError) {
        let request = OffsetDeleteRequest {
            $0.groupID = group
            $0.topics = partitions.sorted { $0.key < $1.key }.map { topic, indexes in
                .init {
                    $0.name = topic
                    $0.partitions = indexes.map { index in .init { $0.partitionIndex = index } }
                }
            }
        }
        let response = try await cluster.coordinator(of: group, request) { $0.errorCode }.response
        guard response.errorCode == .none else { throw KafkaError(response.errorCode) }
        for topic in response.topics {
            for partition in topic.partitions where partition.errorCode != .none {
                throw KafkaError(
                    partition.errorCode, topic: topic.name, partition: partition.partitionIndex)
            }
        }
    }
}
