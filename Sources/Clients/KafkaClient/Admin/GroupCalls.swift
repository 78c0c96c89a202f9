// Consumer groups of both protocols: listed, described, removed.

import KafkaProtocol
import NIOCore

/// A consumer group as the cluster shows it.
public struct GroupDescription: Sendable, Equatable {
    public struct Member: Sendable, Equatable {
        public var id: String
        public var instanceID: String?
        public var clientID: String
        public var host: String
        /// By topic.
        public var assignment: [String: [Int32]]
    }

    public var id: String
    /// "Classic" or "Consumer" (KIP-848).
    public var type: String
    /// Kafka's word: "Stable", "Empty", "Assigning" …
    public var state: String
    public var assignor: String
    /// The node id of its coordinator is not asked for: every call finds it anew.
    public var members: [Member]
}

extension KafkaAdmin {
    /// Every group of every broker, sorted by name; the type is empty on clusters before Kafka 3.8.
    public func listGroups(states: [String] = []) async throws(KafkaError) -> [(
        id: String, state: String, type: String
    )] {
        var found: [(id: String, state: String, type: String)] = []
        for node in try await cluster.nodeIDs() {
            let request = ListGroupsRequest { $0.statesFilter = states }
            let response = try await cluster.node(node, request).response
            guard response.errorCode == .none else { throw KafkaError(response.errorCode) }
            found += response.groups.map { ($0.groupID, $0.groupState, $0.groupType) }
        }
        return found.sorted { $0.id < $1.id }
    }

    /// - Throws: GROUP_ID_NOT_FOUND when there is none.
    public func describeGroup(_ id: String) async throws(KafkaError) -> GroupDescription {
        do {
            return try await describeConsumerGroup(id)
        } catch {
            // A classic group, or a cluster without KIP-848.
            let other = [KafkaErrorCode.groupIDNotFound, .unsupportedVersion].map { $0.name }
            guard other.contains(error.name) || error.name == "_UNSUPPORTED_FEATURE" else {
                throw error
            }
        }
        let request = DescribeGroupsRequest { $0.groups = [id] }
        let response = try await cluster.coordinator(of: id, request) {
            $0.groups.first?.errorCode ?? .none
        }.response
        guard let group = response.groups.first else { throw KafkaError(.groupIDNotFound) }
        guard group.errorCode == .none else {
            throw KafkaError(group.errorCode, group.errorMessage)
        }
        // Before version 6 a group that is not there is described as dead.
        guard group.groupState != "Dead" else {
            throw KafkaError(.groupIDNotFound, "there is no group \(id)")
        }
        return GroupDescription(
            id: id, type: "Classic", state: group.groupState, assignor: group.protocolData,
            members: group.members.map { member in
                .init(
                    id: member.memberID, instanceID: member.groupInstanceID,
                    clientID: member.clientID, host: member.clientHost,
                    assignment: Self.assignment(member.memberAssignment))
            })
    }

    private func describeConsumerGroup(_ id: String) async throws(KafkaError) -> GroupDescription {
        let request = ConsumerGroupDescribeRequest { $0.groupIDs = [id] }
        let response = try await cluster.coordinator(of: id, request) {
            $0.groups.first?.errorCode ?? .none
        }.response
        guard let group = response.groups.first else { throw KafkaError(.groupIDNotFound) }
        guard group.errorCode == .none else {
            throw KafkaError(group.errorCode, group.errorMessage)
        }
        return GroupDescription(
            id: id, type: "Consumer", state: group.groupState, assignor: group.assignorName,
            members: group.members.map { member in
                .init(
                    id: member.memberID, instanceID: member.instanceID, clientID: member.clientID,
                    host: member.clientHost,
                    assignment: Dictionary(
                        member.assignment.topicPartitions.map { ($0.topicName, $0.partitions) },
                        uniquingKeysWith: +))
            })
    }

    /// What the leader assigned; another protocol's bytes are no assignment.
    private static func assignment(_ bytes: [UInt8]) -> [String: [Int32]] {
        let buffer = ByteBuffer(bytes: bytes)
        guard !bytes.isEmpty, let assignment = try? ConsumerAssignment.readVersioned(buffer)
        else { return [:] }
        return Dictionary(
            assignment.assignedPartitions.map { ($0.topic, $0.partitions) }, uniquingKeysWith: +)
    }

    /// - Throws: NON_EMPTY_GROUP while it has members.
    public func deleteGroup(_ id: String) async throws(KafkaError) {
        let request = DeleteGroupsRequest { $0.groupsNames = [id] }
        let response = try await cluster.coordinator(of: id, request) {
            $0.results.first?.errorCode ?? .none
        }.response
        for result in response.results where result.errorCode != .none {
            throw KafkaError(result.errorCode, result.errorMessage)
        }
    }
}
