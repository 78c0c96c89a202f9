// Who may commit and see the offsets of groups; asked before the coordinator is.
// Source: apache/kafka KafkaApis.scala

import KafkaProtocol

extension BrokerCore {
    /// A topic that is given by its id or by its name; `nil` when there is no such id.
    private func topicName(_ name: String, _ id: KafkaUUID) -> String? {
        id == .zero ? name : catalog.topic(id)?.name
    }

    // MARK: OffsetCommit

    func commit(
        _ request: OffsetCommitRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> OffsetCommitResponse {
        let version = reply.header.apiVersion
        guard mayRead(request.groupID, reply) else {
            return OffsetCommitResponse {
                $0.topics = request.topics.map { $0.refused(.groupAuthorizationFailed) }
            }
        }
        let refused = request.topics.filter { topic in
            let id = version >= 10 ? topic.topicID : .zero
            guard let name = topicName(topic.name, id) else { return false }
            return !allows(reply, .read, .topic(name))
        }
        guard !refused.isEmpty else { return await coordinator.commit(request, version: version) }
        var allowed = request
        allowed.topics.removeAll { refused.contains($0) }
        var response = OffsetCommitResponse()
        if !allowed.topics.isEmpty {
            response = await coordinator.commit(allowed, version: version)
        }
        response.topics += refused.map { $0.refused(.topicAuthorizationFailed) }
        return response
    }

    // MARK: OffsetFetch

    func fetchOffsets(
        _ request: OffsetFetchRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> OffsetFetchResponse {
        let version = reply.header.apiVersion
        guard authorizer != nil else {
            return await coordinator.fetchOffsets(request, version: version)
        }
        guard version >= 8 else { return await fetchOffsetsOfOne(request, reply, coordinator) }
        let seen = request.groups.filter { maySee($0.groupID, reply) }
        var allowed = request
        allowed.groups = seen.map { group in
            var group = group
            group.topics?.removeAll { topic in
                let id = version >= 10 ? topic.topicID : .zero
                guard let name = topicName(topic.name, id) else { return false }
                return !allows(reply, .describe, .topic(name))
            }
            return group
        }
        var response = OffsetFetchResponse()
        if !allowed.groups.isEmpty {
            response = await coordinator.fetchOffsets(allowed, version: version)
        }
        for (asked, kept) in zip(seen, allowed.groups) {
            guard let index = response.groups.firstIndex(where: { $0.groupID == asked.groupID }),
                response.groups[index].errorCode == .none
            else { continue }
            // Asked for all, one gets those that one may see.
            response.groups[index].topics.removeAll { topic in
                let name = topicName(topic.name, version >= 10 ? topic.topicID : .zero)
                return name.map { !allows(reply, .describe, .topic($0)) } ?? false
            }
            let refused = (asked.topics ?? []).filter { !(kept.topics ?? []).contains($0) }
            response.groups[index].topics += refused.map { $0.refused(.topicAuthorizationFailed) }
        }
        response.groups += request.groups.filter { !maySee($0.groupID, reply) }.map { group in
            OffsetFetchResponse.Group {
                $0.groupID = group.groupID
                $0.errorCode = .groupAuthorizationFailed
            }
        }
        return response
    }

    /// Before version 8 a request is about one group.
    private func fetchOffsetsOfOne(
        _ request: OffsetFetchRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> OffsetFetchResponse {
        let version = reply.header.apiVersion
        guard maySee(request.groupID, reply) else {
            return OffsetFetchResponse {
                // Version 1 has no error but that of each partition.
                $0.errorCode = .groupAuthorizationFailed
                $0.topics =
                    version < 2
                    ? (request.topics ?? []).map { $0.refused(.groupAuthorizationFailed) } : []
            }
        }
        var allowed = request
        allowed.topics?.removeAll { !allows(reply, .describe, .topic($0.name)) }
        var response = await coordinator.fetchOffsets(allowed, version: version)
        response.topics.removeAll { !allows(reply, .describe, .topic($0.name)) }
        response.topics += (request.topics ?? [])
            .filter { !allows(reply, .describe, .topic($0.name)) }
            .map { $0.refused(.topicAuthorizationFailed) }
        return response
    }
}

extension OffsetCommitRequest.Topic {
    fileprivate func refused(_ code: KafkaErrorCode) -> OffsetCommitResponse.Topic {
        OffsetCommitResponse.Topic {
            $0.name = name
            $0.topicID = topicID
            $0.partitions = partitions.map { partition in
                OffsetCommitResponse.Topic.Partition {
                    $0.partitionIndex = partition.partitionIndex
                    $0.errorCode = code
                }
            }
        }
    }
}

extension OffsetFetchRequest.Topic {
    fileprivate func refused(_ code: KafkaErrorCode) -> OffsetFetchResponse.Topic {
        OffsetFetchResponse.Topic {
            $0.name = name
            $0.partitions = partitionIndexes.map { partition in
                OffsetFetchResponse.Topic.Partition {
                    $0.partitionIndex = partition
                    $0.committedOffset = -1
                    $0.metadata = ""
                    $0.errorCode = code
                }
            }
        }
    }
}

extension OffsetFetchRequest.Group.GroupTopic {
    fileprivate func refused(_ code: KafkaErrorCode) -> OffsetFetchResponse.Group.GroupTopic {
        OffsetFetchResponse.Group.GroupTopic {
            $0.name = name
            $0.topicID = topicID
            $0.partitions = partitionIndexes.map { partition in
                OffsetFetchResponse.Partition {
                    $0.partitionIndex = partition
                    $0.committedOffset = -1
                    $0.metadata = ""
                    $0.errorCode = code
                }
            }
        }
    }
}
