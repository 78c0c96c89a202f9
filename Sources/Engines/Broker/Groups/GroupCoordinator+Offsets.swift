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
        guard await isPrepared() else {
            return OffsetCommitResponse(to: request) { _, _ in .coordinatorNotAvailable }
        }
        var (response, accepted): (OffsetCommitResponse, AcceptedOffsets) = accepted(
            request, version: version)
        guard !accepted.offsets.isEmpty else { return response }
        guard hasRoom(for: id) else {
            response.failAccepted(.coordinatorNotAvailable)
            return response
        }
        makeIfMissing(id)
        groups[id]?.classic?.touch(request.memberID, now: now)
        let places = accepted.places
        offsetWrites[id, default: OffsetWrites()].began(places)
        let isKept = await append(accepted.records(of: id), group: id)
        if isKept {
            // The group may have been deleted during the wait; its offsets are back then, as they are
            // in the log.
            makeIfMissing(id)
            for (place, offset) in accepted.offsets
            where !(offsetWrites[id]?.isDeleted(place, since: offset.sequence) ?? false) {
                groups[id]?.commits.offsets.set(
                    offset, topic: place.topic, partition: place.partition)
            }
        } else {
            response.failAccepted(.coordinatorNotAvailable)
        }
        offsetWrites[id]?.ended(places)
        if offsetWrites[id]?.isIdle ?? false { offsetWrites[id] = nil }
        return response
    }

    /// Why nothing can be committed at a place, or its topic's name.
    enum Place {
        case success(String)
        case failure(KafkaErrorCode)

        var error: KafkaErrorCode {
            if case .failure(let error) = self { return error }
            return .none
        }
    }

    /// Looks up where an offset is to be committed, and whether it may be.
    func place(
        name: String, id: KafkaUUID, byID: Bool, partition: Int32, metadata: String?
    ) -> Place {
        guard let name = byID ? storage.topicName(id: id) : name else {
            return .failure(.unknownTopicID)
        }
        guard storage.exists(topic: name, partition: partition) else {
            return .failure(.unknownTopicOrPartition)
        }
        guard (metadata ?? "").utf8.count <= rules.offsetMetadataBytesMax else {
            return .failure(.offsetMetadataTooLarge)
        }
        return .success(name)
    }

    /// A group that only commits has no members, and no type of protocol.
    func makeIfMissing(_ id: String) {
        if groups[id] == nil { groups[id] = Group(classic: newMachine(id)) }
    }

    /// Whether a group is there or may be made.
    func hasRoom(for id: String) -> Bool {
        if groups[id] != nil { return true }
        return groups.count < rules.groupsMax
            && groups.keptBytes + KeptTable<Group>.entryBytes(id) <= rules.groupsBytesMax
    }

    /// What members of the group may still bring.
    func room(of id: String) -> GroupRoom {
        GroupRoom(
            groupBytes: min(
                rules.groupBytesMax - (groups[id]?.keptBytes ?? 0),
                rules.groupsBytesMax - groups.keptBytes))
    }

    private func commitError(
        _ request: OffsetCommitRequest, version: Int16
    ) -> KafkaErrorCode? {
        if let error = unavailable(group: request.groupID, mayBeEmpty: true) { return error }
        let generation = request.generationIDOrMemberEpoch
        guard let group = groups[request.groupID] else {
            guard generation >= 0 else { return nil }
            return version >= 9 ? .groupIDNotFound : .illegalGeneration
        }
        return group.commitError(
            memberID: request.memberID, instanceID: request.groupInstanceID,
            generation: generation, isTransactional: false, version: version)
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
                $0.topics = asked.once(by: \.name).map { topic in
                    fetchedTopic(
                        topic, group: request.groupID, isStable: request.requireStable,
                        error: error ?? .none)
                }
            }
        }
        return OffsetFetchResponse {
            $0.groups = request.groups.once(by: \.groupID).map { group in
                fetchedGroup(group, version: version, isStable: request.requireStable)
            }
        }
    }

    private func fetchedGroup(
        _ asked: OffsetFetchRequest.Group, version: Int16, isStable: Bool
    ) -> OffsetFetchResponse.Group {
        OffsetFetchResponse.Group {
            $0.groupID = asked.groupID
            if let error = fetchError(asked) {
                $0.errorCode = error
                return
            }
            let topics = asked.topics ?? allGroupTopics(of: asked.groupID, version: version)
            // By its id or its name, whichever the version has.
            let asks = version >= 10 ? topics.once(by: \.topicID) : topics.once(by: \.name)
            $0.topics = asks.map { topic in
                fetchedTopic(topic, group: asked.groupID, version, isStable: isStable)
            }
        }
    }

    /// Version 9 on: a member says who it is, and must be up to date.
    private func fetchError(_ asked: OffsetFetchRequest.Group) -> KafkaErrorCode? {
        if let error = unavailable(group: asked.groupID, mayBeEmpty: true) { return error }
        return groups[asked.groupID]?.fetchError(
            memberID: asked.memberID, memberEpoch: asked.memberEpoch)
    }

    /// - Parameter isStable: whether an offset that an open transaction changes is an error.
    private func fetched(
        _ topic: String, _ partition: Int32, of group: String, isStable: Bool
    ) -> (offset: CommittedOffset?, error: KafkaErrorCode) {
        let commits = groups[group]?.commits
        if isStable, commits?.isPending(topic: topic, partition: partition) ?? false {
            return (nil, .unstableOffsetCommit)
        }
        return (commits?.offsets[topic, partition], .none)
    }

    private func fetchedTopic(
        _ topic: OffsetFetchRequest.Topic, group: String, isStable: Bool, error: KafkaErrorCode
    ) -> OffsetFetchResponse.Topic {
        OffsetFetchResponse.Topic {
            $0.name = topic.name
            $0.partitions = topic.partitionIndexes.once().map { index in
                let known = fetched(topic.name, index, of: group, isStable: isStable)
                return OffsetFetchResponse.Topic.Partition {
                    $0.partitionIndex = index
                    $0.committedOffset = known.offset?.offset ?? -1
                    $0.committedLeaderEpoch = known.offset?.leaderEpoch ?? -1
                    $0.metadata = known.offset?.metadata ?? ""
                    $0.errorCode = error == .none ? known.error : error
                }
            }
        }
    }

    private func fetchedTopic(
        _ topic: OffsetFetchRequest.Group.GroupTopic, group: String, _ version: Int16,
        isStable: Bool
    ) -> OffsetFetchResponse.Group.GroupTopic {
        let name = version >= 10 ? storage.topicName(id: topic.topicID) : topic.name
        return OffsetFetchResponse.Group.GroupTopic {
            $0.name = topic.name
            $0.topicID = topic.topicID
            $0.partitions = topic.partitionIndexes.once().map { index in
                let known =
                    name.map { fetched($0, index, of: group, isStable: isStable) }
                    ?? (nil, .unknownTopicID)
                return OffsetFetchResponse.Partition {
                    $0.partitionIndex = index
                    $0.committedOffset = known.offset?.offset ?? -1
                    $0.committedLeaderEpoch = known.offset?.leaderEpoch ?? -1
                    $0.metadata = known.offset?.metadata ?? ""
                    $0.errorCode = known.error
                }
            }
        }
    }

    private func allTopics(of group: String) -> [OffsetFetchRequest.Topic] {
        let byTopic = groups[group]?.commits.offsets.byTopic ?? [:]
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
