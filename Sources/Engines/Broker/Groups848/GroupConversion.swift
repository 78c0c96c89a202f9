// A group goes from the classic protocol to KIP-848 and back while its members go on.
// Source: apache/kafka ConsumerGroup.java (fromClassicGroup), ClassicGroup.java (fromConsumerGroup)

import KafkaProtocol

extension ConsumerGroupMachine {
    /// The group of a classic one, at the epoch of its generation. Its members stay what they are,
    /// and keep what they were assigned.
    ///
    /// - Returns: `nil` when the group is not one of consumers, so that nobody here could assign.
    init?(upgrading classic: GroupMachine, _ context: ConsumerContext) {
        let type = classic.protocolType ?? Self.classicProtocolType
        guard type == Self.classicProtocolType,
            classic.members.count <= context.rules.consumerGroupMembersMax
        else { return nil }
        self.init(groupID: classic.groupID)
        epoch = max(classic.generation, 1)
        targetEpoch = epoch
        for member in classic.membersInOrder {
            guard let offer = classic.offerInUse(of: member),
                let wanted = ClassicSubscription(offer.metadata, topics: context.topics)
            else { return nil }
            let assigned = PartitionMap(
                classicAssignment: member.assignment, topics: context.topics)
            adopt(member, wanted, assigned, context)
        }
        dirty = Set(allParts)
    }

    private mutating func adopt(
        _ old: GroupMember, _ wanted: ClassicSubscription, _ assigned: PartitionMap,
        _ context: ConsumerContext
    ) {
        var member = ConsumerMember(id: old.id)
        member.profile = ConsumerMember.Profile(
            instanceID: old.instanceID, rackID: wanted.rackID, clientID: old.clientID,
            clientHost: old.clientHost, topicNames: wanted.topics, topicPattern: nil,
            rebalanceTimeoutMilliseconds: Int32(clamping: old.rebalanceTimeoutMilliseconds),
            assignor: nil,
            classic: ConsumerMember.Classic(
                sessionTimeoutMilliseconds: Int32(clamping: old.sessionTimeoutMilliseconds),
                offers: old.offers))
        member.current.epoch = epoch
        member.current.previousEpoch = epoch
        // A client's own assignor may have given a partition to two; here it has one owner.
        for place in assigned.sortedPartitions where owners[place] == nil {
            member.current.assigned.insert(place)
        }
        adopt(member)
        target[member.id] = member.current.assigned
        touch(member.id, context)
    }

    /// Every record there is of the group. That of the group itself is last: without it the others
    /// do not count.
    var allParts: [ConsumerRecordPart] {
        let ids = members.keys.sorted()
        let patterns: [ConsumerRecordPart] = resolved.keys.sorted().map { .pattern($0) }
        return ids.map { .member($0) } + patterns + ids.map { .target($0) } + [.targetEpoch]
            + ids.map { .current($0) } + [.group]
    }
}

extension GroupMachine {
    /// What the member offers of the protocol that the group uses, or of any before it has one.
    func offerInUse(of member: GroupMember) -> GroupMember.Offer? {
        member.offers.first { $0.name == protocolName } ?? member.offers.first
    }

    /// Answers all who wait: they are to join again, whatever the group is then.
    mutating func dissolve(now: Int64) -> [Action] {
        for member in membersInOrder { answerHeld(of: member, error: .rebalanceInProgress) }
        return takeActions()
    }

    /// The classic group of one whose members all are classic. It begins a rebalance at once: from
    /// now on the leader assigns.
    init(
        downgrading group: ConsumerGroupMachine, _ context: ConsumerContext
    ) {
        self.init(groupID: group.groupID, rules: context.rules)
        // What the members know; the epoch is one ahead of it when somebody has just left.
        generation = group.targetEpoch
        protocolType = ConsumerGroupMachine.classicProtocolType
        for old in group.membersInOrder {
            guard let classic = old.profile.classic else { continue }
            let version = classic.offers.first.flatMap {
                ClassicSubscription($0.metadata, topics: context.topics)?.version
            }
            let session = Int64(classic.sessionTimeoutMilliseconds)
            members[old.id] = GroupMember(
                id: old.id, instanceID: old.profile.instanceID, clientID: old.profile.clientID,
                clientHost: old.profile.clientHost, sessionTimeoutMilliseconds: session,
                rebalanceTimeoutMilliseconds: Int64(old.profile.rebalanceTimeoutMilliseconds),
                offers: classic.offers,
                assignment: old.current.assigned.classicAssignment(
                    version: version ?? 0, topics: context.topics),
                joinIndex: nextJoinIndex, hasSynced: true,
                sessionDeadlineMilliseconds: context.now + session)
            nextJoinIndex += 1
            if let instance = old.profile.instanceID { staticMembers[instance] = old.id }
        }
        leaderID = membersInOrder.first?.id
        protocolName = chosenProtocol()
        state = .stable
        prepareRebalance(now: context.now)
    }
}
