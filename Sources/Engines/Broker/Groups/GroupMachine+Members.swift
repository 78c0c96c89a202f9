// SyncGroup, Heartbeat, LeaveGroup, and whether a member may commit.
// Source: apache/kafka GroupMetadataManager.java, ClassicGroup.java; reference/kafka.md A5 trap 1

import KafkaProtocol

extension GroupMachine {
    /// The leader hands in everybody's assignment; each member gets its own, at once or when the
    /// leader has been here.
    mutating func sync(
        _ request: SyncGroupRequest, ticket: GroupTicket, now: Int64,
        room: GroupRoom = .unbounded
    ) -> [Action] {
        if let error = syncError(request) {
            actions.append(.answerSync(ticket, .failed(error)))
            return takeActions()
        }
        members[request.memberID]?.hasSynced = true
        switch state {
        case .completingRebalance:
            let leads = request.memberID == leaderID
            if leads, let error = sizeError(request.assignments, room) {
                // Nobody gets a part of it: as with Kafka, all join again. The others do not fail.
                actions.append(.answerSync(ticket, .failed(error)))
                prepareRebalance(now: now)
            } else {
                hold(ticket, of: request.memberID)
                if leads { assign(request.assignments, now: now) }
            }
        case .stable:
            touch(request.memberID, now: now)
            actions.append(.answerSync(ticket, syncAnswer(for: request.memberID)))
        case .preparingRebalance:
            actions.append(.answerSync(ticket, .failed(.rebalanceInProgress)))
        case .empty, .dead:
            actions.append(.answerSync(ticket, .failed(.unknownMemberID)))
        }
        if members.values.allSatisfy(\.hasSynced) { syncDeadline = nil }
        return takeActions()
    }

    private func syncError(_ request: SyncGroupRequest) -> KafkaErrorCode? {
        if state == .dead { return .coordinatorNotAvailable }
        if let error = memberError(request.memberID, instanceID: request.groupInstanceID) {
            return error
        }
        guard request.generationID == generation else { return .illegalGeneration }
        if let type = request.protocolType, type != protocolType {
            return .inconsistentGroupProtocol
        }
        if let name = request.protocolName, name != protocolName, state != .preparingRebalance {
            return .inconsistentGroupProtocol
        }
        return nil
    }

    private mutating func hold(_ ticket: GroupTicket, of memberID: String) {
        if let earlier = members[memberID]?.syncTicket {
            actions.append(.answerSync(earlier, .failed(.rebalanceInProgress)))
        }
        members[memberID]?.syncTicket = ticket
        members[memberID]?.sessionDeadlineMilliseconds = nil
    }

    /// Why assignments are too much to keep; `nil` when they are not.
    private func sizeError(
        _ assignments: [SyncGroupRequest.Assignment], _ room: GroupRoom
    ) -> KafkaErrorCode? {
        var growth = members.values.reduce(0) { $0 - $1.assignment.count }
        var lengths: [String: Int] = [:]
        for assignment in assignments { lengths[assignment.memberID] = assignment.assignment.count }
        for (id, length) in lengths {
            guard let member = members[id] else { continue }
            let before = member.keptBytes
            let error = GroupRoom.unbounded.error(
                growing: before, to: before - member.assignment.count + length)
            if let error { return error }
            growth += length
        }
        // Clients know no other error here for what a group cannot have.
        return growth > 0 && growth > room.groupBytes ? .unknownServerError : nil
    }

    private mutating func assign(
        _ assignments: [SyncGroupRequest.Assignment], now: Int64
    ) {
        for id in members.keys { members[id]?.assignment = [] }
        for assignment in assignments {
            members[assignment.memberID]?.assignment = assignment.assignment
        }
        state = .stable
        actions.append(.persist)
        for member in membersInOrder {
            guard let ticket = member.syncTicket else { continue }
            members[member.id]?.syncTicket = nil
            touch(member.id, now: now)
            actions.append(.answerSync(ticket, syncAnswer(for: member.id)))
        }
    }

    private func syncAnswer(for memberID: String) -> SyncGroupResponse {
        SyncGroupResponse {
            $0.protocolType = protocolType
            $0.protocolName = protocolName
            $0.assignment = members[memberID]?.assignment ?? []
        }
    }

    mutating func heartbeat(_ request: HeartbeatRequest, now: Int64) -> KafkaErrorCode {
        if state == .dead { return .coordinatorNotAvailable }
        if let error = memberError(request.memberID, instanceID: request.groupInstanceID) {
            return error
        }
        guard request.generationID == generation else { return .illegalGeneration }
        switch state {
        case .stable, .completingRebalance:
            touch(request.memberID, now: now)
            return .none
        case .preparingRebalance:
            touch(request.memberID, now: now)
            return .rebalanceInProgress
        case .empty, .dead:
            return .unknownMemberID
        }
    }

    /// Members go by themselves, or an administrator sends static ones away by their names.
    ///
    /// - Returns: an error for each of them, in the same order.
    mutating func leave(
        _ leaving: [LeaveGroupRequest.MemberIdentity], now: Int64
    ) -> (errors: [KafkaErrorCode], actions: [Action]) {
        if state == .dead {
            return (leaving.map { _ in .coordinatorNotAvailable }, [])
        }
        let errors = leaving.map { leaveOne($0) }
        if errors.contains(.none) { membersChanged(now: now) }
        return (errors, takeActions())
    }

    private mutating func leaveOne(
        _ leaving: LeaveGroupRequest.MemberIdentity
    ) -> KafkaErrorCode {
        var id = leaving.memberID
        if pendingMembers.removeValue(forKey: id) != nil { return .none }
        if id.isEmpty, let instance = leaving.groupInstanceID {
            guard let known = staticMembers[instance] else { return .unknownMemberID }
            id = known
        }
        if let error = memberError(id, instanceID: leaving.groupInstanceID) { return error }
        drop(id)
        return .none
    }

    /// Whether offsets may be committed by this member in this generation; `nil` when they may.
    ///
    /// A generation below 0 and no member: a client that assigns partitions by itself, which may
    /// commit while nobody else is there. In a transaction it always may: older clients do not say
    /// who they are then.
    func commitError(
        memberID: String, instanceID: String?, generation: Int32, isTransactional: Bool = false
    ) -> KafkaErrorCode? {
        if state == .dead { return .coordinatorNotAvailable }
        if generation < 0 && state == .empty { return nil }
        if generation >= 0 || !memberID.isEmpty || instanceID != nil {
            if let error = memberError(memberID, instanceID: instanceID) { return error }
            guard generation == self.generation else { return .illegalGeneration }
        } else if !isTransactional && state != .empty {
            return .unknownMemberID
        }
        return !isTransactional && state == .completingRebalance ? .rebalanceInProgress : nil
    }
}

extension SyncGroupResponse {
    static func failed(_ error: KafkaErrorCode) -> SyncGroupResponse {
        SyncGroupResponse { $0.errorCode = error }
    }
}
