// Who may join, see and delete groups; asked before the coordinator is.
// Source: apache/kafka KafkaApis.scala; https://kafka.apache.org/documentation/#operations_resources_and_protocols

import KafkaProtocol

extension BrokerCore {
    /// Whether the client may take part in a group.
    func mayRead(_ group: String, _ reply: Reply) -> Bool { allows(reply, .read, .group(group)) }

    /// Whether the client may see a group.
    func maySee(_ group: String, _ reply: Reply) -> Bool { allows(reply, .describe, .group(group)) }

    /// Whether groups of KIP-848 have not been switched off by their feature.
    private var servesConsumerGroups: Bool {
        metadata.image.features[BrokerFeatures.groupVersion.name] ?? 0 > 0
    }

    /// What a member of a KIP-848 group may not do; `nil` for nothing.
    func refusal(
        _ request: ConsumerGroupHeartbeatRequest, _ reply: Reply
    ) -> ConsumerGroupHeartbeatResponse? {
        var code = KafkaErrorCode.none
        if !servesConsumerGroups {
            code = .unsupportedVersion
        } else if !mayRead(request.groupID, reply) {
            code = .groupAuthorizationFailed
        } else if let names = request.subscribedTopicNames,
            names.contains(where: { !allows(reply, .describe, .topic($0)) })
        {
            code = .topicAuthorizationFailed
        }
        return code == .none ? nil : ConsumerGroupHeartbeatResponse { $0.errorCode = code }
    }

    /// Which topics a regular expression may find for the client; `nil` for all.
    func topicSight(_ reply: Reply) -> (@Sendable (_ topic: String) -> Bool)? {
        guard let authorizer else { return nil }
        let (principal, host) = (reply.principal, reply.clientAddress)
        return { authorizer.authorize(principal, host: host, .describe, .topic($0)) }
    }

    // MARK: Describing and listing

    func describe(
        _ request: DescribeGroupsRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> DescribeGroupsResponse {
        var allowed = request
        allowed.groups.removeAll { !maySee($0, reply) }
        var response = DescribeGroupsResponse()
        if !allowed.groups.isEmpty || request.groups.isEmpty {
            response = await coordinator.describe(allowed, version: reply.header.apiVersion)
        }
        if request.includeAuthorizedOperations {
            for index in response.groups.indices where response.groups[index].errorCode == .none {
                response.groups[index].authorizedOperations = authorizedOperations(
                    reply, .group(response.groups[index].groupID))
            }
        }
        for group in request.groups where !maySee(group, reply) {
            response.groups.append(
                DescribeGroupsResponse.DescribedGroup {
                    $0.groupID = group
                    $0.errorCode = .groupAuthorizationFailed
                })
        }
        return response
    }

    func describe(
        _ request: ConsumerGroupDescribeRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> ConsumerGroupDescribeResponse {
        var response = ConsumerGroupDescribeResponse()
        guard servesConsumerGroups else {
            response.groups = request.groupIDs.map { group in
                ConsumerGroupDescribeResponse.Group {
                    $0.groupID = group
                    $0.errorCode = .unsupportedVersion
                }
            }
            return response
        }
        var allowed = request
        allowed.groupIDs.removeAll { !maySee($0, reply) }
        if !allowed.groupIDs.isEmpty || request.groupIDs.isEmpty {
            response = await coordinator.describeConsumers(allowed)
        }
        for index in response.groups.indices where response.groups[index].errorCode == .none {
            let group = response.groups[index]
            if request.includeAuthorizedOperations {
                response.groups[index].authorizedOperations = authorizedOperations(
                    reply, .group(group.groupID))
            }
            guard group.topicNames.allSatisfy({ allows(reply, .describe, .topic($0)) }) else {
                response.groups[index] = ConsumerGroupDescribeResponse.Group {
                    $0.groupID = group.groupID
                    $0.errorCode = .topicAuthorizationFailed
                    $0.errorMessage =
                        "The group has described topic(s) that the client is not authorized to describe."
                }
                continue
            }
        }
        for group in request.groupIDs where !maySee(group, reply) {
            response.groups.append(
                ConsumerGroupDescribeResponse.Group {
                    $0.groupID = group
                    $0.errorCode = .groupAuthorizationFailed
                })
        }
        return response
    }

    /// All groups for who may see the cluster, else those that one may see.
    func visible(_ response: ListGroupsResponse, _ reply: Reply) -> ListGroupsResponse {
        if allows(reply, .describe, .cluster) { return response }
        var response = response
        response.groups.removeAll { !maySee($0.groupID, reply) }
        return response
    }

    // MARK: Deleting

    func delete(
        _ request: DeleteGroupsRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> DeleteGroupsResponse {
        let refused = request.groupsNames.filter { !allows(reply, .delete, .group($0)) }
        guard !refused.isEmpty else { return await coordinator.delete(request) }
        var allowed = request
        allowed.groupsNames.removeAll { refused.contains($0) }
        var response = DeleteGroupsResponse()
        if !allowed.groupsNames.isEmpty { response = await coordinator.delete(allowed) }
        for group in refused {
            response.results.append(
                DeleteGroupsResponse.DeletableGroupResult {
                    $0.groupID = group
                    $0.errorCode = .groupAuthorizationFailed
                })
        }
        return response
    }

    func deleteOffsets(
        _ request: OffsetDeleteRequest, _ reply: Reply, _ coordinator: GroupCoordinator
    ) async -> OffsetDeleteResponse {
        guard allows(reply, .delete, .group(request.groupID)) else {
            return OffsetDeleteResponse { $0.errorCode = .groupAuthorizationFailed }
        }
        let refused = request.topics.filter { !allows(reply, .read, .topic($0.name)) }
        guard !refused.isEmpty else { return await coordinator.deleteOffsets(request) }
        var allowed = request
        allowed.topics.removeAll { refused.contains($0) }
        var response = await coordinator.deleteOffsets(allowed)
        for topic in refused where response.errorCode == .none {
            response.topics.append(
                OffsetDeleteResponse.Topic {
                    $0.name = topic.name
                    $0.partitions = topic.partitions.map { partition in
                        OffsetDeleteResponse.Topic.Partition {
                            $0.partitionIndex = partition.partitionIndex
                            $0.errorCode = .topicAuthorizationFailed
                        }
                    }
                })
        }
        return response
    }
}

extension ConsumerGroupDescribeResponse.Group {
    fileprivate var topicNames: Set<String> {
        var names: Set<String> = []
        for member in members {
            names.formUnion(member.subscribedTopicNames)
            names.formUnion(member.assignment.topicPartitions.map(\.topicName))
            names.formUnion(member.targetAssignment.topicPartitions.map(\.topicName))
        }
        return names
    }
}
