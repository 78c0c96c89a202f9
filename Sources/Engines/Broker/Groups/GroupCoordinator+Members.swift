// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: to the machine of the group's protocol.
// Source: ../shared/reference/kafka.md, A5 traps 17 and 18; apache/kafka GroupMetadataManager.java

package import KafkaProtocol
import MillraceBase

extension GroupCoordinator {
    package func join(
        _ request: JoinGroupRequest, version: Int16, clientID: String, clientHost: String
    ) async -> JoinGroupResponse {
        var answer = await joinAnswer(
            request, version: version, clientID: clientID, clientHost: clientHost)
        // Before version 7 the name cannot be null.
        if version < 7 { answer.protocolName = answer.protocolName ?? "" }
        return answer
    }

    private func joinAnswer(
        _ request: JoinGroupRequest, version: Int16, clientID: String, clientHost: String
    ) async -> JoinGroupResponse {
        if let error = unavailable(group: request.groupID) {
            return .failed(error, memberID: request.memberID)
        }
        guard rules.takesClassicSession(request.sessionTimeoutMilliseconds) else {
            return .failed(.invalidSessionTimeout, memberID: request.memberID)
        }
        if groups[request.groupID] == nil {
            guard request.memberID.isEmpty else {
                return .failed(.unknownMemberID, memberID: request.memberID)
            }
            guard hasRoom(for: request.groupID) else {
                return .failed(.coordinatorNotAvailable, memberID: request.memberID)
            }
            makeIfMissing(request.groupID)
        }
        var generator = SystemRandomNumberGenerator()
        let newMemberID = Self.memberID(
            prefix: request.groupInstanceID ?? clientID, using: &generator)
        if let consumer = groups[request.groupID]?.consumer {
            if !consumer.members.isEmpty {
                var context = context(
                    of: request.groupID, clientID: clientID, clientHost: clientHost,
                    newMemberID: newMemberID)
                context.room = room(of: request.groupID)
                return await joinConsumers(
                    request, requiresMemberID: version >= 4, context)
            }
            // Nobody is left: the group is of whichever protocol comes first.
            guard await becomeClassic(request.groupID) else {
                return .failed(.coordinatorNotAvailable, memberID: request.memberID)
            }
        }
        let answer = await held { ticket in
            let context = JoinContext(
                clientID: clientID, clientHost: clientHost, requiresMemberID: version >= 4,
                canSkipAssignment: version >= 9, newMemberID: newMemberID, ticket: ticket,
                now: now, room: room(of: request.groupID))
            // The group may have changed its protocol meanwhile; a client then tries anew.
            guard groups[request.groupID]?.classic != nil else {
                let error = JoinGroupResponse.failed(
                    .rebalanceInProgress, memberID: request.memberID)
                return await perform([.answerJoin(ticket, error)], of: request.groupID)
            }
            let actions = groups[request.groupID]?.classic?.join(request, context) ?? []
            if let deadline = groups[request.groupID]?.nextDeadline { alarm.wake(for: deadline) }
            await perform(actions, of: request.groupID)
            forgetIfNeverUsed(request.groupID)
        }
        return answer ?? .failed(.unknownMemberID, memberID: request.memberID)
    }

    package func sync(_ request: SyncGroupRequest) async -> SyncGroupResponse {
        if let error = unavailable(group: request.groupID) { return .failed(error) }
        guard groups[request.groupID] != nil else { return .failed(.unknownMemberID) }
        if groups[request.groupID]?.consumer != nil {
            let answer = groups[request.groupID]?.consumer?.sync(
                request, context(of: request.groupID))
            guard let answer, answer.errorCode == .none else {
                return answer ?? .failed(.unknownMemberID)
            }
            // Nobody is told of an assignment that is not kept.
            return await settle(request.groupID) ? answer : .failed(.coordinatorNotAvailable)
        }
        let answer = await heldSync { ticket in
            let room = room(of: request.groupID)
            let actions =
                groups[request.groupID]?.classic?
                .sync(request, ticket: ticket, now: now, room: room) ?? []
            await perform(actions, of: request.groupID)
        }
        return answer ?? .failed(.rebalanceInProgress)
    }

    package func heartbeat(_ request: HeartbeatRequest) -> HeartbeatResponse {
        let id = request.groupID
        var error = unavailable(group: id)
        if error == nil, groups[id]?.consumer != nil {
            error = groups[id]?.consumer?.classicHeartbeat(request, context(of: id))
        } else if error == nil {
            error = groups[id]?.classic?.heartbeat(request, now: now)
        }
        return HeartbeatResponse { $0.errorCode = error ?? .unknownMemberID }
    }

    package func leave(_ request: LeaveGroupRequest, version: Int16) async -> LeaveGroupResponse {
        let id = request.groupID
        if let error = unavailable(group: id) {
            return LeaveGroupResponse { $0.errorCode = error }
        }
        var leaving = request.members
        if version < 3 {
            leaving = [LeaveGroupRequest.MemberIdentity { $0.memberID = request.memberID }]
        }
        let errors: [KafkaErrorCode]
        if groups[id]?.consumer != nil {
            errors = groups[id]?.consumer?.leave(leaving, context(of: id)) ?? []
            guard await settle(id) else {
                return LeaveGroupResponse { $0.errorCode = .coordinatorNotAvailable }
            }
        } else {
            let result =
                groups[id]?.classic?.leave(leaving, now: now)
                ?? (errors: leaving.map { _ in .unknownMemberID }, actions: [])
            await perform(result.actions, of: id)
            forgetIfNeverUsed(id)
            errors = result.errors
        }
        return LeaveGroupResponse {
            if version < 3 {
                $0.errorCode = errors.first ?? .none
            } else {
                $0.members = zip(leaving, errors).map { member, error in
                    LeaveGroupResponse.MemberResponse {
                        $0.memberID = member.memberID
                        $0.groupInstanceID = member.groupInstanceID
                        $0.errorCode = error
                    }
                }
            }
        }
    }
}
