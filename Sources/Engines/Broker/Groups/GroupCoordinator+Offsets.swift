// OffsetCommit, OffsetFetch and OffsetDelete: what groups have read, kept before it is acknowledged.
// Source: ../shared/reference/kafka.md, A5 traps 1 and 21; apache/kafka OffsetMetadataManager.java

package import KafkaProtocol
import MillraceBase

extension GroupCoordinator {
    /// Keeps offsets, then acknowledges them. Each partition has its own error.
    package func commit(_ request: OffsetCommitRequest, version: Int16) async
        -> OffsetCommitResponse
    {
        let id = request.groupID
        if let error = commitError(request, version: version) {
            return OffsetCommitResponse(to: request) { _, _ in error }
        }
        var accepted: [(key: OffsetCommitKey, offset: CommittedOffset)] = []
        var response = OffsetCommitResponse(to: request) { topic, partition in
            let name = version >= 10 ? storage.topicName(id: topic.topicID) : topic.name
            guard let name else { return .unknownTopicID }
            guard storage.exists(topic: name, partition: partition.partitionIndex) else {
                return .unknownTopicOrPartition
            }
            let metadata = partition.committedMetadata ?? ""
            guard metadata.utf8.count <= Limits.offsetMetadataBytesMax else {
                return .offsetMetadataTooLarge
            }
            let key = OffsetCommitKey {
                ($0.group, $0.topic, $0.partition) = (id, name, partition.partitionIndex)
            }
            let offset = CommittedOffset(
                offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
                metadata: metadata, committedAtMilliseconds: clock.milliseconds(),
                sequence: newSequence())
            accepted.append((key, offset))
            return .none
        }
        guard !accepted.isEmpty else { return response }
        if groups[id] == nil { groups[id] = Group(machine: newMachine(id)) }
        groups[id]?.machine.touch(request.memberID, now: now)
        let records = accepted.map { GroupStoredRecord.offset($0.key, $0.offset.value) }
        guard await append(records, group: id) else {
            response.failAccepted(.coordinatorNotAvailable)
            return response
        }
        // The group may have been deleted during the wait; its offsets are back then, as they are
        // in the log.
        if groups[id] == nil { groups[id] = Group(machine: newMachine(id)) }
        for (key, offset) in accepted {
            groups[id]?.offsets.set(offset, topic: key.topic, partition: key.partition)
        }
        return response
    }

    private func commitError(
        _ request: OffsetCommitRequest, version: Int16
    ) -> KafkaErrorCode? {
        if let error = unavailable(group: request.groupID, mayBeEmpty: true) { return error }
        let generation = request.generationIDOrMemberEpoch
        guard let machine = groups[request.groupID]?.machine else {
            guard generation >= 0 else { return nil }
            return version >= 9 ? .groupIDNotFound : .illegalGeneration
        }
        return machine.commitError(
            memberID: request.memberID, instanceID: request.groupInstanceID,
            generation: generation)
    }

    /// What was committed. A group or partition without an offset has -1 and no error.
    package func fetchOffsets(_ request: OffsetFetchRequest, version: Int16) -> OffsetFetchResponse
    {
        guard version >= 8 else {
            return OffsetFetchResponse {
                let error = unavailable(group: request.groupID, mayBeEmpty: true)
                $0.errorCode = error ?? .none
                // Version 1 has no error of its own: each partition carries it.
                let asked = request.topics ?? allTopics(of: request.groupID)
                $0.topics = asked.map { topic in
                    fetchedTopic(topic, group: request.groupID, error: error ?? .none)
                }
            }
        }
        return OffsetFetchResponse {
            $0.groups = request.groups.map { fetchedGroup($0, version: version) }
        }
    }

    private func fetchedGroup(
        _ asked: OffsetFetchRequest.Group, version: Int16
    ) -> OffsetFetchResponse.Group {
        OffsetFetchResponse.Group {
            $0.groupID = asked.groupID
            if let error = unavailable(group: asked.groupID, mayBeEmpty: true) {
                $0.errorCode = error
                return
            }
            let topics = asked.topics ?? allGroupTopics(of: asked.groupID, version: version)
            $0.topics = topics.map { topic in fetchedTopic(topic, group: asked.groupID, version) }
        }
    }

    private func fetchedTopic(
        _ topic: OffsetFetchRequest.Topic, group: String, error: KafkaErrorCode
    ) -> OffsetFetchResponse.Topic {
        OffsetFetchResponse.Topic {
            $0.name = topic.name
            $0.partitions = topic.partitionIndexes.map { index in
                let known = groups[group]?.offsets[topic.name, index]
                return OffsetFetchResponse.Topic.Partition {
                    $0.partitionIndex = index
                    $0.committedOffset = known?.offset ?? -1
                    $0.committedLeaderEpoch = known?.leaderEpoch ?? -1
                    $0.metadata = known?.metadata ?? ""
                    $0.errorCode = error
                }
            }
        }
    }

    private func fetchedTopic(
        _ topic: OffsetFetchRequest.Group.GroupTopic, group: String, _ version: Int16
    ) -> OffsetFetchResponse.Group.GroupTopic {
        let name = version >= 10 ? storage.topicName(id: topic.topicID) : topic.name
        return OffsetFetchResponse.Group.GroupTopic {
            $0.name = topic.name
            $0.topicID = topic.topicID
            $0.partitions = topic.partitionIndexes.map { index in
                let known = name.flatMap { groups[group]?.offsets[$0, index] }
                return OffsetFetchResponse.Group.GroupTopic.GroupPartition {
                    $0.partitionIndex = index
                    $0.committedOffset = known?.offset ?? -1
                    $0.committedLeaderEpoch = known?.leaderEpoch ?? -1
                    $0.metadata = known?.metadata ?? ""
                    $0.errorCode = name == nil ? .unknownTopicID : .none
                }
            }
        }
    }

    private func allTopics(of group: String) -> [OffsetFetchRequest.Topic] {
        let byTopic = groups[group]?.offsets.byTopic ?? [:]
        return byTopic.keys.sorted().map { name in
            OffsetFetchRequest.Topic {
                $0.name = name
                $0.partitionIndexes = (byTopic[name] ?? [:]).keys.sorted()
            }
        }
    }

    /// By id, only topics that still exist can be named.
    private func allGroupTopics(
        of group: String, version: Int16
    ) -> [OffsetFetchRequest.Group.GroupTopic] {
        allTopics(of: group).compactMap { topic in
            let id = storage.topicID(name: topic.name)
            if version >= 10 && id == nil { return nil }
            return OffsetFetchRequest.Group.GroupTopic {
                $0.name = topic.name
                $0.topicID = id ?? .zero
                $0.partitionIndexes = topic.partitionIndexes
            }
        }
    }
}

extension CommittedOffset {
    var value: OffsetCommitValue {
        OffsetCommitValue {
            $0.offset = offset
            $0.leaderEpoch = leaderEpoch
            $0.metadata = metadata
            $0.commitTimestamp = committedAtMilliseconds
        }
    }
}

extension OffsetCommitResponse {
    typealias AskedTopic = OffsetCommitRequest.Topic

    /// An answer with the topics and partitions of the request, and an error for each.
    init(
        to request: OffsetCommitRequest,
        error: (AskedTopic, AskedTopic.Partition) -> KafkaErrorCode
    ) {
        self.init()
        topics = request.topics.map { topic in
            Topic {
                $0.name = topic.name
                $0.topicID = topic.topicID
                $0.partitions = topic.partitions.map { partition in
                    Topic.Partition {
                        $0.partitionIndex = partition.partitionIndex
                        $0.errorCode = error(topic, partition)
                    }
                }
            }
        }
    }

    /// Makes an error of every success.
    mutating func failAccepted(_ error: KafkaErrorCode) {
        for topic in topics.indices {
            for partition in topics[topic].partitions.indices
            where topics[topic].partitions[partition].errorCode == .none {
                topics[topic].partitions[partition].errorCode = error
            }
        }
    }
}
