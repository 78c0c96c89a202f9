// ConsumerGroupHeartbeat: members of KIP-848 join, stay, change their minds and leave.
// Source: apache/kafka GroupMetadataManager.java (consumerGroupHeartbeat), KIP-848

import KafkaProtocol

extension ConsumerGroupMachine {
    /// What is wrong with a request, whatever the group.
    static func fault(
        _ request: ConsumerGroupHeartbeatRequest, version: Int16
    ) -> GroupFault? {
        func isBlank(_ text: String?) -> Bool {
            text.map { $0.allSatisfy(\.isWhitespace) } ?? false
        }
        let needsID = version >= 1 || request.memberEpoch > 0 || request.memberEpoch == -1
        if needsID, isBlank(request.memberID) {
            return GroupFault(.invalidRequest, "MemberId can't be empty.")
        }
        if isBlank(request.groupID) {
            return GroupFault(.invalidRequest, "GroupId can't be empty.")
        }
        if isBlank(request.instanceID) {
            return GroupFault(.invalidRequest, "InstanceId can't be empty.")
        }
        if isBlank(request.rackID) { return GroupFault(.invalidRequest, "RackId can't be empty.") }
        if let fault = epochFault(request) { return fault }
        if let name = request.serverAssignor, ServerAssignor(rawValue: name) == nil {
            let names = ServerAssignor.allCases.map(\.rawValue).joined(separator: ", ")
            return GroupFault(
                .unsupportedAssignor,
                "ServerAssignor \(name) is not supported. Supported assignors: \(names).")
        }
        return nil
    }

    private static func epochFault(_ request: ConsumerGroupHeartbeatRequest) -> GroupFault? {
        switch request.memberEpoch {
        case MemberEpoch.join:
            if request.rebalanceTimeoutMilliseconds == -1 {
                return GroupFault(
                    .invalidRequest, "RebalanceTimeoutMs must be provided in first request.")
            }
            if request.topicPartitions.map({ !$0.isEmpty }) ?? true {
                return GroupFault(
                    .invalidRequest, "TopicPartitions must be empty when (re-)joining.")
            }
            if request.subscribedTopicNames == nil && request.subscribedTopicRegex == nil {
                return GroupFault(
                    .invalidRequest,
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining."
                )
            }
        case MemberEpoch.leaveForAWhile where request.instanceID == nil:
            return GroupFault(.invalidRequest, "InstanceId can't be null.")
        case ..<MemberEpoch.leaveForAWhile:
            return GroupFault(.invalidRequest, "MemberEpoch is invalid.")
        default:
            break
        }
        return nil
    }

    /// A member joins or says that it is there. Nothing has changed when this throws.
    mutating func heartbeat(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) throws(GroupFault) -> ConsumerGroupHeartbeatResponse {
        let id = request.memberID.isEmpty ? context.newMemberID : request.memberID
        let owned = request.topicPartitions.map { lists in
            PartitionMap(lists.map { ($0.topicID, $0.partitions) })
        }
        let replaced = try checkMember(id, request, owned: owned, context)
        let profile = profile(of: replaced ?? id, after: request, context)
        try checkSize(of: profile, replaced ?? id, context.room)
        try compile(profile.topicPattern)
        if let replaced { replace(replaced, with: id) }
        let before = members[id] ?? ConsumerMember(id: id)
        let isNew = members[id] == nil
        let otherTopics = profile.topicNames != before.profile.topicNames
        // An expression that is new to the group counts once it has been resolved.
        let otherPattern =
            profile.topicPattern != before.profile.topicPattern
            && (profile.topicPattern.map { $0.isEmpty || resolved[$0] != nil } ?? true)
        setProfile(profile, of: id)
        if isNew { dirty.insert(.current(id)) }
        if request.memberEpoch == MemberEpoch.join { rejoin(id) }
        bringUpToDate(
            context, for: id,
            hasChanged: epoch == 0 || isNew && replaced == nil || otherTopics || otherPattern)
        reconcile(id, owned: owned, context)
        touch(id, context)
        return answer(id, request, before: before.current, context)
    }

    private func answer(
        _ id: String, _ request: ConsumerGroupHeartbeatRequest, before: ConsumerMember.Current,
        _ context: ConsumerContext
    ) -> ConsumerGroupHeartbeatResponse {
        let current = members[id]?.current ?? ConsumerMember.Current()
        let isFull =
            request.memberEpoch == MemberEpoch.join
            || request.rebalanceTimeoutMilliseconds != -1 && request.topicPartitions != nil
                && (request.subscribedTopicNames != nil || request.subscribedTopicRegex != nil)
        return ConsumerGroupHeartbeatResponse {
            $0.memberID = id
            $0.memberEpoch = current.epoch
            $0.heartbeatIntervalMilliseconds = context.rules.heartbeatIntervalMilliseconds
            guard isFull || current.assigned != before.assigned else { return }
            $0.assignment = ConsumerGroupHeartbeatResponse.Assignment {
                $0.topicPartitions = current.assigned.listed.map { topic, partitions in
                    ConsumerGroupHeartbeatResponse.TopicPartitions {
                        ($0.topicID, $0.partitions) = (topic, partitions)
                    }
                }
            }
        }
    }

    private func profile(
        of id: String, after request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) -> ConsumerMember.Profile {
        var profile = members[id]?.profile ?? ConsumerMember.Profile()
        profile.instanceID = request.instanceID ?? profile.instanceID
        profile.rackID = request.rackID ?? profile.rackID
        if request.rebalanceTimeoutMilliseconds != -1 {
            profile.rebalanceTimeoutMilliseconds = request.rebalanceTimeoutMilliseconds
        }
        profile.assignor = request.serverAssignor ?? profile.assignor
        profile.topicNames = request.subscribedTopicNames.map(Set.init) ?? profile.topicNames
        profile.topicPattern = request.subscribedTopicRegex ?? profile.topicPattern
        profile.clientID = context.clientID
        profile.clientHost = context.clientHost
        profile.classic = nil
        return profile
    }

    private func checkSize(
        of profile: ConsumerMember.Profile, _ id: String, _ room: GroupRoom
    ) throws(GroupFault) {
        if let error = sizeError(of: profile, id, room) {
            throw GroupFault(error, "There is no room for what the member says about itself.")
        }
    }

    /// Why what a member says is too much to keep; `nil` when it is not.
    func sizeError(
        of profile: ConsumerMember.Profile, _ id: String, _ room: GroupRoom
    ) -> KafkaErrorCode? {
        let entry = members[id] == nil ? KeptTable<ConsumerMember>.entryBytes(id) : 0
        return room.error(
            growing: members[id]?.keptBytes ?? 0, to: profile.keptBytes + entry)
    }

    // MARK: Who is asking

    /// - Returns: the member whose place it takes: a static one that left for a while.
    private func checkMember(
        _ id: String, _ request: ConsumerGroupHeartbeatRequest, owned: PartitionMap?,
        _ context: ConsumerContext
    ) throws(GroupFault) -> String? {
        let joins = request.memberEpoch == MemberEpoch.join
        let known = members[id]
        let occupant = request.instanceID.flatMap { staticMembers[$0] }.flatMap { members[$0] }
        if joins, known == nil, occupant == nil {
            guard members.count < context.rules.consumerGroupMembersMax else {
                throw GroupFault(
                    .groupMaxSizeReached,
                    "The consumer group has reached its maximum capacity of \(context.rules.consumerGroupMembersMax) members."
                )
            }
            return nil
        }
        guard let instance = request.instanceID else {
            guard let known else { throw unknown(id) }
            try checkEpoch(of: known, request.memberEpoch, owned: owned)
            return nil
        }
        guard let occupant else {
            guard joins else {
                throw GroupFault(.unknownMemberID, "Instance id \(instance) is unknown.")
            }
            return nil
        }
        if occupant.id != id { return try checkReplacing(occupant, by: id, instance, joins: joins) }
        if occupant.current.epoch == MemberEpoch.leaveForAWhile && joins { return nil }
        try checkEpoch(of: occupant, request.memberEpoch, owned: owned)
        return nil
    }

    private func checkReplacing(
        _ occupant: ConsumerMember, by id: String, _ instance: String, joins: Bool
    ) throws(GroupFault) -> String {
        guard joins else {
            throw GroupFault(
                .fencedInstanceID,
                "Static member \(id) with instance id \(instance) was fenced by member \(occupant.id)."
            )
        }
        guard occupant.isClassic || occupant.current.epoch == MemberEpoch.leaveForAWhile else {
            throw GroupFault(
                .unreleasedInstanceID,
                "Static member \(id) with instance id \(instance) cannot join the group because the instance id is owned by \(occupant.id) member."
            )
        }
        return occupant.id
    }

    func unknown(_ id: String) -> GroupFault {
        GroupFault(.unknownMemberID, "Member \(id) is not a member of group \(groupID).")
    }

    /// The epoch before the last is right too while the member has nothing it should not have: the
    /// answer with the new one may have been lost. Joining anew always is.
    private func checkEpoch(
        of member: ConsumerMember, _ epoch: Int32, owned: PartitionMap?
    ) throws(GroupFault) {
        let current = member.current
        guard epoch != current.epoch, epoch != MemberEpoch.join else { return }
        if epoch < current.epoch, epoch == current.previousEpoch,
            owned?.isSubset(of: current.assigned) ?? false
        {
            return
        }
        let word = epoch > current.epoch ? "greater" : "smaller"
        throw GroupFault(
            .fencedMemberEpoch,
            "The consumer group member has a \(word) member epoch (\(epoch)) than the one known by the group coordinator (\(current.epoch)). The member must abandon all its partitions and rejoin."
        )
    }

    // MARK: Coming back and going

    /// A member that joins holds nothing: what it had to give up is free, and what it is to have it
    /// is told anew.
    private mutating func rejoin(_ id: String) {
        guard var current = members[id]?.current else { return }
        current.revoking = [:]
        current.state = .stable
        current.previousEpoch = -1
        current.epoch = MemberEpoch.join
        setCurrent(current, of: id)
    }

    /// A static member came back under a new id: all that the old one had is its own.
    mutating func replace(_ oldID: String, with id: String) {
        guard let old = members[oldID], oldID != id else { return }
        let target = target[oldID]
        var profile = old.profile
        profile.classic = nil
        var current = old.current
        current.epoch = 0
        current.previousEpoch = 0
        remove(oldID)
        setProfile(profile, of: id)
        members[id]?.current = ConsumerMember.Current()
        setCurrent(current, of: id)
        dirty.insert(.current(id))
        self.target[id] = target
        dirty.insert(.target(id))
    }

    /// A member leaves; a static one may leave for a while and keeps its place.
    mutating func leave(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) throws(GroupFault) -> ConsumerGroupHeartbeatResponse {
        if let instance = request.instanceID {
            guard let occupant = staticMembers[instance] else {
                throw GroupFault(.unknownMemberID, "Instance id \(instance) is unknown.")
            }
            guard occupant == request.memberID else {
                throw GroupFault(
                    .fencedInstanceID,
                    "Static member \(request.memberID) with instance id \(instance) was fenced by member \(occupant)."
                )
            }
        }
        guard let member = members[request.memberID] else { throw unknown(request.memberID) }
        if request.memberEpoch == MemberEpoch.leaveForAWhile {
            var away = member.current
            away.arrive(at: MemberEpoch.leaveForAWhile)
            away.revoking = [:]
            setCurrent(away, of: member.id)
            members[member.id]?.deadlines.rebalance = nil
        } else {
            fence(member.id, context)
        }
        return ConsumerGroupHeartbeatResponse {
            $0.memberID = request.memberID
            $0.memberEpoch = request.memberEpoch
        }
    }
}
