// JoinGroup: new members, members that come back, static members that start anew.
// Source: apache/kafka GroupMetadataManager.java (classicGroupJoin); reference/kafka.md A5 trap 17

import KafkaProtocol

/// What a join needs besides the request.
struct JoinContext: Sendable {
    var clientID = ""
    var clientHost = ""
    /// Version 4 on: a member without an id gets one first and joins with it.
    var requiresMemberID = true
    /// Version 9 on: a leader may be told that nothing is to be assigned.
    var canSkipAssignment = true
    /// An id nobody has, for a member without one.
    var newMemberID: String
    var ticket: GroupTicket
    var now: Int64
    var room = GroupRoom.unbounded
}

extension GroupMachine {
    mutating func join(_ request: JoinGroupRequest, _ context: JoinContext) -> [Action] {
        if let error = joinError(request) {
            fail(error, request, context)
        } else if let error = sizeError(request, context) {
            let wasPending = pendingMembers.removeValue(forKey: request.memberID) != nil
            fail(error, request, context)
            if wasPending { tryCompleteJoin(now: context.now) }
        } else if request.memberID.isEmpty {
            joinAsNew(request, context)
        } else {
            joinAsKnown(request, context)
        }
        return takeActions()
    }

    private func joinError(_ request: JoinGroupRequest) -> KafkaErrorCode? {
        if state == .dead { return .coordinatorNotAvailable }
        guard !request.protocolType.isEmpty, !request.protocols.isEmpty else {
            return .inconsistentGroupProtocol
        }
        guard !members.isEmpty else { return nil }
        let names = Set(request.protocols.map(\.name))
        guard request.protocolType == protocolType, !commonProtocols().isDisjoint(with: names)
        else { return .inconsistentGroupProtocol }
        return nil
    }

    /// Why what the member brings is too much to keep; `nil` when it is not.
    private func sizeError(
        _ request: JoinGroupRequest, _ context: JoinContext
    ) -> KafkaErrorCode? {
        let knownID = request.groupInstanceID.flatMap { staticMembers[$0] } ?? request.memberID
        let old = members[knownID]
        let id = request.memberID.isEmpty ? context.newMemberID : request.memberID
        var new = newMember(id, request, context)
        new.assignment = old?.assignment ?? []
        // Those who replace an id have its place too.
        let entry = old == nil ? KeptTable<GroupMember>.entryBytes(id) : 0
        return context.room.error(growing: old?.keptBytes ?? 0, to: new.keptBytes + entry)
    }

    private func newMember(
        _ id: String, _ request: JoinGroupRequest, _ context: JoinContext
    ) -> GroupMember {
        GroupMember(
            id: id, instanceID: request.groupInstanceID, clientID: context.clientID,
            clientHost: context.clientHost,
            sessionTimeoutMilliseconds: Int64(request.sessionTimeoutMilliseconds),
            rebalanceTimeoutMilliseconds: request.rebalanceTimeout, offers: request.offers,
            joinIndex: nextJoinIndex, joinTicket: context.ticket,
            sessionDeadlineMilliseconds: context.now + Limits.newMemberJoinMilliseconds)
    }

    private mutating func joinAsNew(_ request: JoinGroupRequest, _ context: JoinContext) {
        let id = context.newMemberID
        if let instance = request.groupInstanceID, let old = staticMembers[instance] {
            return replace(old, request, context)
        }
        guard members.count < membersMax else {
            return fail(.groupMaxSizeReached, request, context)
        }
        if request.groupInstanceID == nil && context.requiresMemberID {
            guard pendingMembers.count < Limits.groupPendingMembersMax else {
                return fail(.coordinatorNotAvailable, request, context)
            }
            let timeout = min(
                Int64(request.sessionTimeoutMilliseconds), Limits.pendingMemberMilliseconds)
            pendingMembers[id] = context.now + timeout
            actions.append(.answerJoin(context.ticket, .failed(.memberIDRequired, memberID: id)))
        } else {
            add(id, request, context)
        }
    }

    private mutating func joinAsKnown(_ request: JoinGroupRequest, _ context: JoinContext) {
        if pendingMembers[request.memberID] != nil, request.groupInstanceID == nil {
            return addPending(request, context)
        }
        if let error = memberError(request.memberID, instanceID: request.groupInstanceID) {
            return fail(error, request, context)
        }
        let isUnchanged = members[request.memberID]?.offers == request.offers
        switch state {
        case .preparingRebalance:
            rejoin(request, context)
            tryCompleteJoin(now: context.now)
        case .completingRebalance where isUnchanged:
            // Its answer was lost on the way: it gets the same one again.
            answerCurrent(request.memberID, context)
        case .stable where isUnchanged && request.memberID != leaderID:
            answerCurrent(request.memberID, context)
        case .completingRebalance, .stable:
            rejoin(request, context)
            prepareRebalance(now: context.now)
        case .empty, .dead:
            fail(.unknownMemberID, request, context)
        }
    }

    /// A member comes with the id it was given; others may have filled the group meanwhile.
    private mutating func addPending(_ request: JoinGroupRequest, _ context: JoinContext) {
        guard members.count < membersMax else {
            pendingMembers[request.memberID] = nil
            fail(.groupMaxSizeReached, request, context)
            return tryCompleteJoin(now: context.now)
        }
        add(request.memberID, request, context)
    }

    private mutating func add(
        _ id: String, _ request: JoinGroupRequest, _ context: JoinContext
    ) {
        pendingMembers[id] = nil
        if members.isEmpty { protocolType = request.protocolType }
        members[id] = newMember(id, request, context)
        nextJoinIndex += 1
        if let instance = request.groupInstanceID { staticMembers[instance] = id }
        if leaderID == nil { leaderID = id }
        if let latest = gatheringUntil {
            // Others are coming: wait on, but not for ever.
            joinDeadline = min(context.now + initialDelayMilliseconds, latest)
        }
        prepareRebalance(now: context.now)
    }

    /// A member that is known joins again; an answer it still waits for will not be read any more.
    private mutating func rejoin(_ request: JoinGroupRequest, _ context: JoinContext) {
        guard var member = members[request.memberID] else { return }
        answerHeld(of: member, error: .rebalanceInProgress)
        member.offers = request.offers
        member.sessionTimeoutMilliseconds = Int64(request.sessionTimeoutMilliseconds)
        member.rebalanceTimeoutMilliseconds = request.rebalanceTimeout
        member.clientID = context.clientID
        member.clientHost = context.clientHost
        member.joinTicket = context.ticket
        member.syncTicket = nil
        member.sessionDeadlineMilliseconds = nil
        members[member.id] = member
    }

    /// A static member came back without its id: it takes its old place under a new id, and
    /// whoever still uses the old one is fenced. Nobody else notices if it wants the same topics as
    /// before. Kafka looks at the chosen protocol alone, so there new topics wait for the next rebalance.
    private mutating func replace(
        _ oldID: String, _ request: JoinGroupRequest, _ context: JoinContext
    ) {
        guard let old = members.removeValue(forKey: oldID), let instance = old.instanceID else {
            return fail(.unknownMemberID, request, context)
        }
        answerHeld(of: old, error: .fencedInstanceID)
        let wasLeader = leaderID == oldID
        var member = old
        member.id = context.newMemberID
        member.syncTicket = nil
        members[member.id] = member
        staticMembers[instance] = member.id
        if wasLeader { leaderID = member.id }
        var request = request
        request.memberID = member.id
        members[member.id]?.joinTicket = nil
        rejoin(request, context)
        let wantsTheSame =
            chosenProtocol() == protocolName
            && members[member.id]?.topics(for: protocolName) == old.topics(for: protocolName)
        guard state == .stable, wantsTheSame else { return prepareRebalance(now: context.now) }
        members[member.id]?.joinTicket = nil
        touch(member.id, now: context.now)
        actions.append(.persist)
        var answer = joinAnswer(for: member.id)
        if wasLeader && context.canSkipAssignment {
            answer.skipAssignment = true
        } else if wasLeader {
            // An older client would assign anew if it were told that it leads.
            answer.leader = oldID
            answer.members = []
        }
        actions.append(.answerJoin(context.ticket, answer))
    }

    private mutating func answerCurrent(_ memberID: String, _ context: JoinContext) {
        touch(memberID, now: context.now)
        actions.append(.answerJoin(context.ticket, joinAnswer(for: memberID)))
    }

    private mutating func fail(
        _ error: KafkaErrorCode, _ request: JoinGroupRequest, _ context: JoinContext
    ) {
        actions.append(.answerJoin(context.ticket, .failed(error, memberID: request.memberID)))
    }

    /// The answer of the current generation; the leader gets everybody's metadata.
    func joinAnswer(for memberID: String) -> JoinGroupResponse {
        JoinGroupResponse {
            $0.generationID = generation
            $0.protocolType = protocolType
            $0.protocolName = protocolName
            $0.leader = leaderID ?? ""
            $0.memberID = memberID
            guard memberID == leaderID else { return }
            $0.members = membersInOrder.map { member in
                JoinGroupResponse.Member {
                    $0.memberID = member.id
                    $0.groupInstanceID = member.instanceID
                    $0.metadata = member.metadata(for: protocolName)
                }
            }
        }
    }
}

extension JoinGroupResponse {
    static func failed(_ error: KafkaErrorCode, memberID: String) -> JoinGroupResponse {
        JoinGroupResponse {
            $0.errorCode = error
            $0.memberID = memberID
        }
    }
}
