// DescribeGroups, ListGroups, DeleteGroups, OffsetDelete, and offsets that are dropped in time.
// Source: ../shared/reference/kafka.md, A5 trap 19; apache/kafka GroupCoordinatorService.java

package import KafkaProtocol
import MillraceBase
import NIOCore

extension GroupCoordinator {
    /// What anybody may do to a group: read, delete, describe. There are no ACLs here.
    private static let authorizedOperations: Int32 = 1 << 3 | 1 << 6 | 1 << 8

    package func describe(
        _ request: DescribeGroupsRequest, version: Int16
    ) -> DescribeGroupsResponse {
        DescribeGroupsResponse {
            $0.groups = request.groups.map { id in
                var group = described(id, version: version)
                if request.includeAuthorizedOperations && group.errorCode == .none {
                    group.authorizedOperations = Self.authorizedOperations
                }
                return group
            }
        }
    }

    private func described(
        _ id: String, version: Int16
    ) -> DescribeGroupsResponse.DescribedGroup {
        DescribeGroupsResponse.DescribedGroup {
            $0.groupID = id
            if let error = unavailable(group: id) {
                $0.errorCode = error
                return
            }
            guard let machine = groups[id]?.machine else {
                // Older versions have no error for it: a dead group stands for one that is not there.
                $0.groupState = GroupState.dead.kafkaName
                guard version >= 6 else { return }
                $0.errorCode = .groupIDNotFound
                $0.errorMessage = "Group \(id) not found."
                return
            }
            let isStable = machine.state == .stable
            $0.groupState = machine.state.kafkaName
            $0.protocolType = machine.protocolType ?? ""
            $0.protocolData = isStable ? machine.protocolName ?? "" : ""
            $0.members = machine.membersInOrder.map { member in
                DescribeGroupsResponse.DescribedGroup.DescribedGroupMember {
                    $0.memberID = member.id
                    $0.groupInstanceID = member.instanceID
                    $0.clientID = member.clientID
                    $0.clientHost = member.clientHost
                    guard isStable else { return }
                    $0.memberMetadata = member.metadata(for: machine.protocolName)
                    $0.memberAssignment = member.assignment
                }
            }
        }
    }

    /// The groups in the states and of the types asked for; none asked for means all.
    package func list(_ request: ListGroupsRequest) -> ListGroupsResponse {
        let states = Set(request.statesFilter.map { $0.lowercased() })
        let types = Set(request.typesFilter.map { $0.lowercased() })
        return ListGroupsResponse {
            // Listing asks about no group in particular; any name that is none's will do.
            if let error = unavailable(group: "", mayBeEmpty: true) {
                $0.errorCode = error
                return
            }
            guard types.isEmpty || types.contains("classic") else { return }
            for id in groups.keys.sorted() {
                guard let machine = groups[id]?.machine else { continue }
                let state = machine.state.kafkaName
                guard states.isEmpty || states.contains(state.lowercased()) else { continue }
                $0.groups.append(
                    ListGroupsResponse.ListedGroup {
                        $0.groupID = id
                        $0.protocolType = machine.protocolType ?? ""
                        $0.groupState = state
                        $0.groupType = "classic"
                    })
            }
        }
    }

    /// Forgets groups without members, and what they committed.
    package func delete(_ request: DeleteGroupsRequest) async -> DeleteGroupsResponse {
        var response = DeleteGroupsResponse()
        for id in request.groupsNames {
            let error = await deleteOne(id)
            response.results.append(
                DeleteGroupsResponse.DeletableGroupResult {
                    $0.groupID = id
                    $0.errorCode = error
                })
        }
        return response
    }

    private func deleteOne(_ id: String) async -> KafkaErrorCode {
        if let error = unavailable(group: id, mayBeEmpty: true) { return error }
        guard let group = groups[id] else { return .groupIDNotFound }
        guard group.machine.state == .empty else { return .nonEmptyGroup }
        let records = group.offsets.partitions.map { tombstone(id, $0.topic, $0.partition) }
        guard await append(records + [.group(id, nil)], group: id) else {
            return .coordinatorNotAvailable
        }
        // Who joined or committed during the wait keeps the group; only what was there then goes.
        forget(group.offsets, of: id)
        dropIfUnused(id)
        return .none
    }

    /// Forgets single offsets; not those of topics that a live consumer group reads.
    package func deleteOffsets(_ request: OffsetDeleteRequest) async -> OffsetDeleteResponse {
        let id = request.groupID
        if let error = unavailable(group: id) {
            return OffsetDeleteResponse { $0.errorCode = error }
        }
        guard let group = groups[id] else {
            return OffsetDeleteResponse { $0.errorCode = .groupIDNotFound }
        }
        let isConsumer = group.machine.protocolType == "consumer"
        guard group.machine.state == .empty || isConsumer else {
            return OffsetDeleteResponse { $0.errorCode = .nonEmptyGroup }
        }
        let subscribed = subscribedTopics(of: group.machine)
        var gone = GroupOffsets()
        var records: [GroupStoredRecord] = []
        var response = OffsetDeleteResponse()
        for asked in request.topics {
            var topic = OffsetDeleteResponse.Topic { $0.name = asked.name }
            for partition in asked.partitions.map(\.partitionIndex) {
                let isRead = subscribed?.contains(asked.name) ?? true
                if !isRead, let known = group.offsets[asked.name, partition] {
                    gone.set(known, topic: asked.name, partition: partition)
                    records.append(tombstone(id, asked.name, partition))
                }
                topic.partitions.append(
                    OffsetDeleteResponse.Topic.Partition {
                        $0.partitionIndex = partition
                        $0.errorCode = isRead ? .groupSubscribedToTopic : .none
                    })
            }
            response.topics.append(topic)
        }
        guard await append(records, group: id) else {
            return OffsetDeleteResponse { $0.errorCode = .coordinatorNotAvailable }
        }
        forget(gone, of: id)
        return response
    }

    /// A topic was deleted: nobody's offsets of it mean anything any more.
    package func topicDeleted(_ name: String) async {
        for id in groups.keys.sorted() {
            guard let partitions = groups[id]?.offsets.byTopic[name] else { continue }
            var gone = GroupOffsets()
            for (partition, offset) in partitions {
                gone.set(offset, topic: name, partition: partition)
            }
            await dropOffsets(gone, of: id)
        }
    }

    /// Drops offsets of groups without members that were committed too long ago, and groups that
    /// have nothing left.
    func dropExpiredOffsets() async {
        let horizon = clock.milliseconds() - Limits.offsetsRetentionMilliseconds
        for id in groups.keys.sorted() {
            guard let group = groups[id], group.machine.state == .empty else { continue }
            var gone = GroupOffsets()
            for (topic, partition) in group.offsets.partitions(committedBefore: horizon) {
                guard let offset = group.offsets[topic, partition] else { continue }
                gone.set(offset, topic: topic, partition: partition)
            }
            if !gone.isEmpty { await dropOffsets(gone, of: id) }
            if groups[id]?.offsets.isEmpty ?? false, groups[id]?.machine.isUnused ?? false {
                guard await append([.group(id, nil)], group: id) else { continue }
                dropIfUnused(id)
            }
        }
    }

    private func dropOffsets(_ gone: GroupOffsets, of id: String) async {
        let records = gone.partitions.map { tombstone(id, $0.topic, $0.partition) }
        guard await append(records, group: id) else { return }
        forget(gone, of: id)
    }

    private func tombstone(
        _ group: String, _ topic: String, _ partition: Int32
    ) -> GroupStoredRecord {
        let key = OffsetCommitKey { ($0.group, $0.topic, $0.partition) = (group, topic, partition) }
        return .offset(key, nil)
    }

    /// Removes offsets unless they have been committed anew since.
    private func forget(_ gone: GroupOffsets, of id: String) {
        for (topic, partition) in gone.partitions
        where groups[id]?.offsets[topic, partition] == gone[topic, partition] {
            groups[id]?.offsets.remove(topic: topic, partition: partition)
        }
    }

    private func dropIfUnused(_ id: String) {
        guard let group = groups[id], group.offsets.isEmpty, group.machine.isUnused else { return }
        groups[id]?.machine.delete()
        groups[id] = nil
    }

    /// The topics that members of a consumer group read; `nil` when their bytes cannot be read, so
    /// that any topic may be among them.
    private func subscribedTopics(of machine: GroupMachine) -> Set<String>? {
        var topics: Set<String> = []
        for member in machine.members.values {
            for offer in member.offers {
                let bytes = ByteBuffer(bytes: offer.metadata)
                guard let subscription = try? ConsumerSubscription.readVersioned(bytes) else {
                    return nil
                }
                topics.formUnion(subscription.topics)
            }
        }
        return topics
    }
}

extension GroupMachine {
    /// Whether nobody is here and nobody has announced itself.
    var isUnused: Bool { state == .empty && members.isEmpty && pendingMembers.isEmpty }
}
