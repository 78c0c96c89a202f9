// Members of the classic protocol in a KIP-848 group, while the group goes from one to the other.
// Source: apache/kafka GroupMetadataManager.java (classicGroupJoinToConsumerGroup and its like)

import KafkaProtocol
import NIOCore

/// What the consumers' own bytes in the classic protocol say.
struct ClassicSubscription: Equatable, Sendable {
    var topics: Set<String>
    var owned: PartitionMap
    var rackID: String?
    /// The version the member speaks; its assignment is written in the same.
    var version: Int16

    /// - Returns: `nil` for bytes that are no subscription.
    init?(_ bytes: [UInt8], topics source: any GroupTopicSource) {
        let buffer = ByteBuffer(bytes: bytes)
        guard let read = try? ConsumerSubscription.readVersioned(buffer) else { return nil }
        topics = Set(read.topics)
        owned = PartitionMap(
            read.ownedPartitions.compactMap { list in
                source.topic(name: list.topic).map { ($0.id, list.partitions) }
            })
        rackID = read.rackID
        let version = buffer.getInteger(at: buffer.readerIndex, as: Int16.self) ?? 0
        self.version = min(version, ConsumerAssignment.versions.upperBound)
    }
}

extension PartitionMap {
    /// An assignment in the consumers' own bytes; empty when they are none.
    init(classicAssignment bytes: [UInt8], topics source: any GroupTopicSource) {
        let read = try? ConsumerAssignment.readVersioned(ByteBuffer(bytes: bytes))
        self.init(
            (read?.assignedPartitions ?? []).compactMap { list in
                source.topic(name: list.topic).map { ($0.id, list.partitions) }
            })
    }

    func classicAssignment(version: Int16, topics source: any GroupTopicSource) -> [UInt8] {
        let assignment = ConsumerAssignment {
            $0.assignedPartitions = listed.compactMap { id, partitions in
                guard let topic = source.topic(id: id) else { return nil }
                return ConsumerTopicPartitions {
                    ($0.topic, $0.partitions) = (topic.name, partitions)
                }
            }
        }
        // Topic names that came in a request go out in an answer.
        let bytes = try? assignment.versionedBytes(version: version)
        return bytes.map { Array($0.readableBytesView) } ?? []
    }
}

extension ConsumerGroupMachine {
    /// JoinGroup: answered at once; the answer's generation is the member's epoch, and nobody leads.
    mutating func join(
        _ request: JoinGroupRequest, requiresMemberID: Bool, _ context: ConsumerContext
    ) -> JoinGroupResponse {
        let isUnknown = request.memberID.isEmpty
        let id = isUnknown ? context.newMemberID : request.memberID
        func failed(_ error: KafkaErrorCode) -> JoinGroupResponse { .failed(error, memberID: id) }
        guard
            members[id] != nil || members.count < context.rules.consumerGroupMembersMax
                || request.groupInstanceID.flatMap({ staticMembers[$0] }) != nil
        else { return failed(.groupMaxSizeReached) }
        guard supports(request), let offer = request.offers.first,
            let wanted = ClassicSubscription(offer.metadata, topics: context.topics)
        else { return failed(.inconsistentGroupProtocol) }
        if isUnknown, request.groupInstanceID == nil, requiresMemberID {
            return failed(.memberIDRequired)
        }
        let known = request.groupInstanceID.flatMap { staticMembers[$0] } ?? id
        let offered = profile(of: known, offering: wanted, in: request, context)
        if let error = sizeError(of: offered, known, context.room) { return failed(error) }
        if let error = takePlace(id, request, isUnknown: isUnknown) { return failed(error) }
        let before = members[id]?.profile
        setProfile(profile(of: id, offering: wanted, in: request, context), of: id)
        if before == nil { dirty.insert(.current(id)) }
        bringUpToDate(context, hasChanged: epoch == 0 || before?.topicNames != wanted.topics)
        reconcile(id, owned: wanted.owned, context)
        touch(id, context)
        members[id]?.deadlines.join = nil
        members[id]?.deadlines.sync = context.now + request.rebalanceTimeout
        return JoinGroupResponse {
            $0.memberID = id
            $0.generationID = members[id]?.current.epoch ?? 0
            $0.protocolType = Self.classicProtocolType
            $0.protocolName = offer.name
        }
    }

    private func profile(
        of id: String, offering wanted: ClassicSubscription, in request: JoinGroupRequest,
        _ context: ConsumerContext
    ) -> ConsumerMember.Profile {
        var profile = members[id]?.profile ?? ConsumerMember.Profile()
        profile.instanceID = request.groupInstanceID ?? profile.instanceID
        profile.rackID = wanted.rackID ?? profile.rackID
        profile.rebalanceTimeoutMilliseconds = Int32(clamping: request.rebalanceTimeout)
        profile.assignor = nil
        profile.topicNames = wanted.topics
        profile.topicPattern = nil
        (profile.clientID, profile.clientHost) = (context.clientID, context.clientHost)
        profile.classic = ConsumerMember.Classic(
            sessionTimeoutMilliseconds: request.sessionTimeoutMilliseconds, offers: request.offers)
        return profile
    }

    /// The protocol type of consumers in JoinGroup.
    static let classicProtocolType = "consumer"

    private func supports(_ request: JoinGroupRequest) -> Bool {
        guard request.protocolType == Self.classicProtocolType else { return false }
        let others = members.values.filter { $0.id != request.memberID }
            .compactMap(\.profile.classic)
        return request.offers.contains { offer in
            others.allSatisfy { $0.offers.contains { $0.name == offer.name } }
        }
    }

    /// Finds the joining member's place, or clears it. A static member takes its old place over.
    private mutating func takePlace(
        _ id: String, _ request: JoinGroupRequest, isUnknown: Bool
    ) -> KafkaErrorCode? {
        guard let instance = request.groupInstanceID else { return nil }
        guard let occupant = staticMembers[instance] else {
            return isUnknown ? nil : .unknownMemberID
        }
        if isUnknown {
            replace(occupant, with: id)
            return nil
        }
        return occupant == id ? nil : .fencedInstanceID
    }

    // MARK: Known members

    private func classicError(
        _ id: String, instanceID: String?, generation: Int32
    ) -> KafkaErrorCode? {
        if let instanceID {
            guard let occupant = staticMembers[instanceID] else { return .unknownMemberID }
            guard occupant == id else { return .fencedInstanceID }
        }
        guard let member = members[id], member.isClassic else { return .unknownMemberID }
        return member.current.epoch == generation ? nil : .illegalGeneration
    }

    /// SyncGroup: the assignment, at once.
    mutating func sync(_ request: SyncGroupRequest, _ context: ConsumerContext) -> SyncGroupResponse
    {
        if let error = classicError(
            request.memberID, instanceID: request.groupInstanceID, generation: request.generationID)
        {
            return .failed(error)
        }
        guard let member = members[request.memberID],
            let offer = member.profile.classic?.offers.first
        else { return .failed(.unknownMemberID) }
        let isOtherType = request.protocolType.map { $0 != Self.classicProtocolType } ?? false
        let isOtherName = request.protocolName.map { $0 != offer.name } ?? false
        if isOtherType || isOtherName { return .failed(.inconsistentGroupProtocol) }
        if epoch > member.current.epoch && member.current.state != .unrevoked {
            startJoinTimer(member, context)
            return .failed(.rebalanceInProgress)
        }
        members[member.id]?.deadlines.sync = nil
        touch(member.id, context)
        let version =
            ClassicSubscription(offer.metadata, topics: context.topics)?.version
            ?? ConsumerAssignment.versions.lowerBound
        return SyncGroupResponse {
            $0.protocolType = request.protocolType
            $0.protocolName = request.protocolName
            $0.assignment = member.current.assigned.classicAssignment(
                version: version, topics: context.topics)
        }
    }

    /// Heartbeat: a member is asked to join again when there is something to change for it.
    mutating func classicHeartbeat(
        _ request: HeartbeatRequest, _ context: ConsumerContext
    ) -> KafkaErrorCode {
        if let error = classicError(
            request.memberID, instanceID: request.groupInstanceID, generation: request.generationID)
        {
            return error
        }
        guard let member = members[request.memberID] else { return .unknownMemberID }
        touch(member.id, context)
        let isBehind = member.current.epoch < epoch || member.current.state == .unrevoked
        let canGoOn = member.current.state == .unreleased && !waitsForOthers(member)
        guard isBehind || canGoOn else { return .none }
        startJoinTimer(member, context)
        return .rebalanceInProgress
    }

    private mutating func startJoinTimer(_ member: ConsumerMember, _ context: ConsumerContext) {
        guard member.deadlines.join == nil else { return }
        let timeout = Int64(max(member.profile.rebalanceTimeoutMilliseconds, 0))
        members[member.id]?.deadlines.join = context.now + timeout
    }

    private func waitsForOthers(_ member: ConsumerMember) -> Bool {
        (target[member.id] ?? [:]).sortedPartitions.contains { place in
            !member.current.assigned.contains(place) && isTaken(place, notBy: member.id)
        }
    }

    /// LeaveGroup: of classic members, or of static ones that an administrator sends away.
    ///
    /// - Returns: an error for each of them, in the same order.
    mutating func leave(
        _ leaving: [LeaveGroupRequest.MemberIdentity], _ context: ConsumerContext
    ) -> [KafkaErrorCode] {
        leaving.map { one in
            var id = one.memberID
            if let instance = one.groupInstanceID {
                guard let occupant = staticMembers[instance] else { return .unknownMemberID }
                guard id.isEmpty || id == occupant else { return .fencedInstanceID }
                id = occupant
            }
            guard members[id] != nil else { return .unknownMemberID }
            fence(id, context)
            return .none
        }
    }

    // MARK: Offsets

    /// Why offsets may not be committed by this member; `nil` when they may.
    func commitError(
        memberID: String, epoch: Int32, isTransactional: Bool, version: Int16
    ) -> KafkaErrorCode? {
        if epoch < 0, members.isEmpty { return nil }
        guard let member = members[memberID] else { return .unknownMemberID }
        if !isTransactional, !member.isClassic, version < 9 { return .unsupportedVersion }
        guard epoch != member.current.epoch else { return nil }
        return member.isClassic || isTransactional ? .illegalGeneration : .staleMemberEpoch
    }

    /// Why offsets may not be fetched by this member; `nil` when they may.
    func fetchError(memberID: String?, memberEpoch: Int32) -> KafkaErrorCode? {
        if memberID == nil, memberEpoch < 0 { return nil }
        guard let member = members[memberID ?? ""] else { return .unknownMemberID }
        guard memberEpoch != member.current.epoch else { return nil }
        return member.isClassic ? .illegalGeneration : .staleMemberEpoch
    }
}
