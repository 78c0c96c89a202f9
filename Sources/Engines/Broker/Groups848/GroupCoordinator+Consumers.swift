// ConsumerGroupHeartbeat and ConsumerGroupDescribe, and groups that change their protocol.
// Source: KIP-848; apache/kafka GroupMetadataManager.java

package import KafkaProtocol
import MillraceBase

extension GroupCoordinator {
    /// - Parameter maySee: which topics an expression may find for the client; `nil` for all.
    package func consumerHeartbeat(
        _ request: ConsumerGroupHeartbeatRequest, version: Int16, clientID: String,
        clientHost: String, maySee: (@Sendable (_ topic: String) -> Bool)? = nil
    ) async -> ConsumerGroupHeartbeatResponse {
        do throws(GroupFault) {
            if let error = unavailable(group: request.groupID, mayBeEmpty: true) {
                throw GroupFault(error, "The coordinator is not available.")
            }
            if let fault = ConsumerGroupMachine.fault(request, version: version) { throw fault }
            var context = context(
                of: request.groupID, clientID: clientID, clientHost: clientHost,
                newMemberID: Self.newConsumerID())
            context.maySee = maySee
            context.room = room(of: request.groupID)
            let (answer, upgrade) = try consumerAnswer(request, context)
            let isKept = await settle(request.groupID)
            await perform(upgrade, of: request.groupID)
            guard isKept else {
                throw GroupFault(.coordinatorNotAvailable, "The group's records were not kept.")
            }
            return answer
        } catch {
            return ConsumerGroupHeartbeatResponse {
                $0.errorCode = error.code
                $0.errorMessage = error.message
            }
        }
    }

    /// What the group's machine says; without a wait, so that nobody comes between.
    ///
    /// - Returns: also the answers of those who waited in a classic group that became this one.
    private func consumerAnswer(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) throws(GroupFault) -> (ConsumerGroupHeartbeatResponse, [GroupMachine.Action]) {
        let id = request.groupID
        guard request.memberEpoch == MemberEpoch.join, groups[id]?.consumer == nil else {
            guard groups[id]?.consumer != nil else {
                let what = groups[id] == nil ? "not found." : "is not a consumer group."
                throw GroupFault(.groupIDNotFound, "Group \(id) \(what)")
            }
            return (try machineAnswer(request, context), [])
        }
        let before = groups[id]
        let upgrade = try openForConsumers(id, context)
        do throws(GroupFault) {
            return (try machineAnswer(request, context), upgrade)
        } catch {
            // A refused member changes nothing, the protocol of the group least of all.
            groups[id] = before
            throw error
        }
    }

    private func machineAnswer(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) throws(GroupFault) -> ConsumerGroupHeartbeatResponse {
        let id = request.groupID
        let result =
            request.memberEpoch < 0
            ? groups[id]?.consumer?.left(request, context)
            : groups[id]?.consumer?.answered(request, context)
        guard let result else {
            throw GroupFault(.groupIDNotFound, "Group \(id) not found.")
        }
        return try result.get()
    }

    static func newConsumerID() -> String {
        var generator = SystemRandomNumberGenerator()
        return KafkaUUID.random(using: &generator).description
    }

    // MARK: From one protocol to the other

    /// Makes a group for members of KIP-848: a new one, or what a classic one becomes.
    ///
    /// - Returns: the answers of those who waited in the classic group.
    private func openForConsumers(
        _ id: String, _ context: ConsumerContext
    ) throws(GroupFault) -> [GroupMachine.Action] {
        guard var classic = groups[id]?.classic else {
            if groups[id] == nil {
                guard hasRoom(for: id) else {
                    throw GroupFault(.coordinatorNotAvailable, "There are too many groups.")
                }
                groups[id] = Group(consumer: ConsumerGroupMachine(groupID: id))
            }
            return []
        }
        let fresh = classic.isUnused ? ConsumerGroupMachine(groupID: id) : nil
        guard let machine = fresh ?? ConsumerGroupMachine(upgrading: classic, context) else {
            throw GroupFault(.groupIDNotFound, "Group \(id) is not a consumer group.")
        }
        let actions = classic.dissolve(now: now)
        groups[id]?.become(machine)
        groups[id]?.consumer?.replacesClassic = true
        return actions
    }

    /// Keeps what changed in a group of KIP-848, and lets it go back to the classic protocol when
    /// nobody else is left.
    ///
    /// - Returns: whether it is kept; what is not is tried again the next time.
    func settle(_ id: String) async -> Bool {
        if groups[id]?.consumer?.dirty.isEmpty ?? false, groups[id]?.leftovers.isEmpty ?? false {
            // What the answer tells may be on its way. If that fails, there is something to do again.
            await stateWritesEnded(id)
        }
        guard let machine = groups[id]?.consumer else { return true }
        if machine.isAllClassic { return await downgrade(id, machine) }
        let parts = groups[id]?.consumer?.takeDirty() ?? []
        let leftovers = groups[id]?.takeLeftovers() ?? []
        if parts.isEmpty, leftovers.isEmpty { return true }
        // What is left of an earlier group goes first: it may have had the same members.
        var records =
            leftovers + parts.map { GroupStoredRecord.consumer(id, machine.record(of: $0)) }
        if machine.replacesClassic { records.append(.group(id, nil)) }
        groups[id]?.consumer?.replacesClassic = false
        if await keep(records, of: id) { return true }
        putBack(parts, leftovers, of: id, replacesClassic: machine.replacesClassic)
        return false
    }

    /// What was not kept is to be written again, in whichever protocol the group is now.
    private func putBack(
        _ parts: [ConsumerRecordPart], _ leftovers: [GroupStoredRecord], of id: String,
        replacesClassic: Bool
    ) {
        if groups[id]?.consumer != nil {
            groups[id]?.consumer?.dirty.formUnion(parts)
            if replacesClassic { groups[id]?.consumer?.replacesClassic = true }
        }
        groups[id]?.putBack(leftovers)
    }

    private func downgrade(_ id: String, _ machine: ConsumerGroupMachine) async -> Bool {
        var classic = GroupMachine(downgrading: machine, context(of: id))
        let actions = classic.takeActions()
        groups[id]?.become(classic)
        groups[id]?.putBack(machine.tombstones.map { .consumer(id, $0) })
        // It is classic from now on, whether that is kept at once or by a later try.
        let isKept = await keepClassic(id)
        await perform(actions, of: id)
        return isKept
    }

    /// An empty group of KIP-848 becomes an empty classic one.
    func becomeClassic(_ id: String) async -> Bool {
        guard let machine = groups[id]?.consumer, machine.members.isEmpty else { return true }
        groups[id]?.become(newMachine(id))
        let tombstones = machine.tombstones.map { GroupStoredRecord.consumer(id, $0) }
        if await keep(tombstones, of: id) { return true }
        groups[id]?.putBack(tombstones)
        return false
    }

    /// A member of the classic protocol joins a group of KIP-848.
    func joinConsumers(
        _ request: JoinGroupRequest, requiresMemberID: Bool, _ context: ConsumerContext
    ) async -> JoinGroupResponse {
        let id = request.groupID
        let answer = groups[id]?.consumer?.join(
            request, requiresMemberID: requiresMemberID, context)
        guard await settle(id), let answer else {
            return .failed(.coordinatorNotAvailable, memberID: request.memberID)
        }
        return answer
    }

    // MARK: Describing

    package func describeConsumers(
        _ request: ConsumerGroupDescribeRequest
    ) -> ConsumerGroupDescribeResponse {
        ConsumerGroupDescribeResponse {
            $0.groups = request.groupIDs.once().map(describedConsumers)
        }
    }

    private func describedConsumers(_ id: String) -> ConsumerGroupDescribeResponse.Group {
        ConsumerGroupDescribeResponse.Group {
            $0.groupID = id
            if let error = unavailable(group: id) {
                $0.errorCode = error
                return
            }
            guard let group = groups[id]?.consumer else {
                $0.errorCode = .groupIDNotFound
                $0.errorMessage =
                    groups[id] == nil
                    ? "Group \(id) not found." : "Group \(id) is not a consumer group."
                return
            }
            $0.groupState = group.state.rawValue
            $0.groupEpoch = group.epoch
            $0.assignmentEpoch = group.targetEpoch
            $0.assignorName = group.assignor.rawValue
            $0.members = group.membersInOrder.map { described($0, of: group) }
        }
    }

    private func described(
        _ member: ConsumerMember, of group: ConsumerGroupMachine
    ) -> ConsumerGroupDescribeResponse.Group.Member {
        ConsumerGroupDescribeResponse.Group.Member {
            $0.memberID = member.id
            $0.instanceID = member.profile.instanceID
            $0.rackID = member.profile.rackID
            $0.memberEpoch = member.current.epoch
            $0.clientID = member.profile.clientID
            $0.clientHost = member.profile.clientHost
            $0.subscribedTopicNames = member.profile.topicNames.sorted()
            $0.subscribedTopicRegex = member.profile.topicPattern ?? ""
            $0.assignment = described(member.current.assigned)
            $0.targetAssignment = described(group.target[member.id] ?? [:])
            $0.memberType = member.isClassic ? 0 : 1
        }
    }

    private func described(_ map: PartitionMap) -> ConsumerGroupDescribeResponse.Assignment {
        ConsumerGroupDescribeResponse.Assignment {
            // A topic that is gone has no name to be shown by.
            $0.topicPartitions = map.listed.compactMap { id, partitions in
                guard let topic = storage.topic(id: id) else { return nil }
                return ConsumerGroupDescribeResponse.TopicPartitions {
                    ($0.topicID, $0.topicName, $0.partitions) = (id, topic.name, partitions)
                }
            }
        }
    }
}

extension ConsumerGroupMachine {
    /// `heartbeat`, with its error as a value: a call through an optional cannot throw a typed one.
    mutating func answered(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) -> Result<ConsumerGroupHeartbeatResponse, GroupFault> {
        do throws(GroupFault) { return .success(try heartbeat(request, context)) } catch {
            return .failure(error)
        }
    }

    /// `leave`, likewise.
    mutating func left(
        _ request: ConsumerGroupHeartbeatRequest, _ context: ConsumerContext
    ) -> Result<ConsumerGroupHeartbeatResponse, GroupFault> {
        do throws(GroupFault) { return .success(try leave(request, context)) } catch {
            return .failure(error)
        }
    }
}
