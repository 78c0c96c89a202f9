// DescribeGroups, ListGroups, DeleteGroups, OffsetDelete, and offsets that are dropped in time.
// Source: ../shared/reference/kafka.md, A5 trap 19; apache/kafka GroupCoordinatorService.java

package import KafkaProtocol
import MillraceBase
import NIOCore

extension GroupCoordinator {
    package func describe(
        _ request: DescribeGroupsRequest, version: Int16
    ) -> DescribeGroupsResponse {
        DescribeGroupsResponse {
            $0.groups = request.groups.once().map { described($0, version: version) }
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
            guard let machine = groups[id]?.classic else {
                // Older versions have no error for it: a dead group stands for one that is not there.
                $0.groupState = GroupState.dead.kafkaName
                guard version >= 6 else { return }
                $0.errorCode = .groupIDNotFound
                $0.errorMessage =
                    groups[id] == nil
                    ? "Group \(id) not found." : "Group \(id) is not a classic group."
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
            for id in groups.keys.sorted() {
                guard let group = groups[id] else { continue }
                let (state, type) = (group.stateName, group.typeName)
                guard states.isEmpty || states.contains(state.lowercased()) else { continue }
                guard types.isEmpty || types.contains(type.lowercased()) else { continue }
                $0.groups.append(
                    ListGroupsResponse.ListedGroup {
                        $0.groupID = id
                        $0.protocolType = group.protocolType
                        $0.groupState = state
                        $0.groupType = type
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
        guard group.isEmpty else { return .nonEmptyGroup }
        let gone = group.commits.partitions.map(PartitionName.init)
        let offsets = gone.map { tombstone(id, $0) }
        let sequence = newSequence()
        guard await keep(offsets + tombstones(of: group, id), of: id) else {
            return .coordinatorNotAvailable
        }
        // Who joined or committed during the wait keeps the group; only what was there then goes.
        forget(gone, of: id, before: sequence)
        dropIfUnused(id)
        return .none
    }

    /// What makes a group one that never was.
    private func tombstones(of group: Group, _ id: String) -> [GroupStoredRecord] {
        guard let consumer = group.consumer else { return [.group(id, nil)] + group.leftovers }
        let isClassicToo: [GroupStoredRecord] = consumer.replacesClassic ? [.group(id, nil)] : []
        return isClassicToo + group.leftovers + consumer.tombstones.map { .consumer(id, $0) }
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
        let isConsumers = group.protocolType == ConsumerGroupMachine.classicProtocolType
        guard group.isEmpty || isConsumers else {
            return OffsetDeleteResponse { $0.errorCode = .nonEmptyGroup }
        }
        var gone: [PartitionName] = []
        var response = OffsetDeleteResponse()
        for asked in request.topics {
            var topic = OffsetDeleteResponse.Topic { $0.name = asked.name }
            for partition in asked.partitions.map(\.partitionIndex) {
                let isRead = group.isSubscribed(to: asked.name, storage)
                let place = PartitionName(topic: asked.name, partition: partition)
                if !isRead, isCommitted(place, in: group, id) { gone.append(place) }
                topic.partitions.append(
                    OffsetDeleteResponse.Topic.Partition {
                        $0.partitionIndex = partition
                        $0.errorCode = isRead ? .groupSubscribedToTopic : .none
                    })
            }
            response.topics.append(topic)
        }
        guard await drop(gone, of: id) else {
            return OffsetDeleteResponse { $0.errorCode = .coordinatorNotAvailable }
        }
        return response
    }

    /// A topic was deleted: nobody's offsets of it mean anything any more.
    package func topicDeleted(_ name: String) async {
        for id in groups.keys.sorted() {
            guard let commits = groups[id]?.commits else { continue }
            let gone = commits.partitions.filter { $0.topic == name }.map(PartitionName.init)
            if !gone.isEmpty { _ = await drop(gone, of: id) }
        }
    }

    /// Drops offsets that were committed too long ago and that nobody reads, and groups that have
    /// nothing left.
    func dropExpiredOffsets() async {
        let time = clock.milliseconds()
        for id in groups.keys.sorted() {
            guard let group = groups[id] else { continue }
            var gone: [PartitionName] = []
            for (topic, partition, offset) in group.commits.offsets.entries where group.canExpire {
                let place = PartitionName(topic: topic, partition: partition)
                guard !group.commits.isPending(topic: topic, partition: partition),
                    !(offsetWrites[id]?.isUnderWay(place) ?? false),
                    group.isExpired(
                        offset, now: time, retention: rules.offsetsRetentionMilliseconds),
                    !group.isSubscribed(to: topic, storage)
                else { continue }
                gone.append(place)
            }
            if !gone.isEmpty { _ = await drop(gone, of: id) }
            if let left = groups[id], left.commits.partitions.isEmpty, left.isUnused {
                guard await keep(tombstones(of: left, id), of: id) else { continue }
                dropIfUnused(id)
            }
        }
    }

    /// Whether there is an offset to delete, or one on its way.
    private func isCommitted(_ place: PartitionName, in group: Group, _ id: String) -> Bool {
        group.commits.offsets[place.topic, place.partition] != nil
            || group.commits.isPending(topic: place.topic, partition: place.partition)
            || offsetWrites[id]?.isUnderWay(place) ?? false
    }

    /// - Returns: whether the tombstones are kept.
    private func drop(_ gone: [PartitionName], of id: String) async -> Bool {
        let sequence = newSequence()
        guard await append(gone.map { tombstone(id, $0) }, group: id) else { return false }
        forget(gone, of: id, before: sequence)
        return true
    }

    private func tombstone(_ group: String, _ place: PartitionName) -> GroupStoredRecord {
        let key = OffsetCommitKey {
            ($0.group, $0.topic, $0.partition) = (group, place.topic, place.partition)
        }
        return .offset(key, nil)
    }

    /// Removes offsets unless they have been committed anew since, as the log has it.
    private func forget(_ gone: [PartitionName], of id: String, before sequence: UInt64) {
        for place in gone {
            groups[id]?.commits.remove(
                topic: place.topic, partition: place.partition, before: sequence)
            // A commit may have been written before the tombstone and end after it.
            offsetWrites[id]?.deleted(place, at: sequence)
        }
    }

    /// Drops a group that nobody has ever joined or committed to: its joins were refused, or the
    /// ids they were given are void. Nothing of it was kept.
    func forgetIfNeverUsed(_ id: String) {
        guard groups[id]?.classic?.generation == 0, groups[id]?.keptAtMilliseconds == nil,
            groups[id]?.leftovers.isEmpty ?? false
        else { return }
        dropIfUnused(id)
    }

    private func dropIfUnused(_ id: String) {
        guard let group = groups[id], group.commits.partitions.isEmpty, group.isUnused else {
            return
        }
        groups[id]?.classic?.delete()
        groups[id] = nil
    }
}

extension GroupMachine {
    /// The topics that members of a consumer group read; `nil` when their bytes cannot be read, so
    /// that any topic may be among them.
    var subscribedTopics: Set<String>? {
        var topics: Set<String> = []
        for member in members.values {
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
