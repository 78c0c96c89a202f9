// One group of the classic protocol, as a value. It decides; `GroupCoordinator` answers and stores.
// Source: ../shared/reference/kafka.md, A4 and A5 traps 1, 16-21; apache/kafka ClassicGroup.java

import KafkaProtocol

/// Members, generations and assignments of one group.
///
/// Invariants:
/// - a held join exists in `preparingRebalance` only, a held sync in `completingRebalance` only;
/// - outside of `empty` and `dead` there is a member or a pending member;
/// - the generation rises with each completed join, also when nobody is left.
///
/// Times are milliseconds of one steady clock that the caller reads. Its events are in the files
/// `GroupMachine+….swift`; each returns what is to be done, in order.
struct GroupMachine: Sendable {
    enum Action: Equatable, Sendable {
        case answerJoin(GroupTicket, JoinGroupResponse)
        case answerSync(GroupTicket, SyncGroupResponse)
        /// Keep `metadataRecord` before the answers that follow are given.
        case persist
    }

    let groupID: String
    /// How long the first member of an empty group waits for others.
    var initialDelayMilliseconds: Int64 = 0
    var membersMax = Limits.groupMembersMax

    var state = GroupState.empty
    var generation: Int32 = 0
    var protocolType: String?
    var protocolName: String?
    var leaderID: String?
    var members: KeptTable<GroupMember> = [:]
    /// Static members' ids by instance id.
    var staticMembers: [String: String] = [:]
    /// Ids given out with MEMBER_ID_REQUIRED and not used yet, and when they are void.
    var pendingMembers: KeptTable<Int64> = [:]
    /// When a rebalance stops waiting for members that have not joined again.
    var joinDeadline: Int64?
    /// While the first members of an empty group gather: the latest end of that.
    var gatheringUntil: Int64?
    /// When members that did not ask for their assignment count as gone.
    var syncDeadline: Int64?
    var nextJoinIndex = 0
    var actions: [Action] = []

    init(groupID: String, rules: GroupRules = GroupRules()) {
        self.groupID = groupID
        initialDelayMilliseconds = rules.initialRebalanceDelayMilliseconds
        membersMax = rules.classicGroupMembersMax
    }

    /// Members in the order in which they first joined.
    var membersInOrder: [GroupMember] {
        members.values.sorted { $0.joinIndex < $1.joinIndex }
    }

    /// When `timePassed` has something to do next.
    var nextDeadline: Int64? {
        var deadlines = members.values.compactMap(\.sessionDeadlineMilliseconds)
        deadlines += pendingMembers.values
        deadlines += [joinDeadline, syncDeadline].compactMap { $0 }
        return deadlines.min()
    }

    /// How long a rebalance waits: as long as its most patient member.
    var rebalanceTimeout: Int64 {
        members.values.map(\.rebalanceTimeoutMilliseconds).max() ?? 0
    }

    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: Who is asking

    /// Why a member with these names is not one of this group; `nil` when it is.
    func memberError(_ memberID: String, instanceID: String?) -> KafkaErrorCode? {
        if let instanceID {
            guard let known = staticMembers[instanceID] else { return .unknownMemberID }
            guard known == memberID else { return .fencedInstanceID }
        }
        return members[memberID] == nil ? .unknownMemberID : nil
    }

    /// The member was heard of. Nothing while an answer of ours is held.
    mutating func touch(_ memberID: String, now: Int64) {
        guard var member = members[memberID] else { return }
        guard member.joinTicket == nil, member.syncTicket == nil else { return }
        member.sessionDeadlineMilliseconds = now + member.sessionTimeoutMilliseconds
        members[memberID] = member
    }

    // MARK: Rebalances

    /// Begins a rebalance: everybody must join again.
    mutating func prepareRebalance(now: Int64) {
        switch state {
        case .completingRebalance:
            answerAllSyncs(error: .rebalanceInProgress, now: now)
        case .empty where initialDelayMilliseconds > 0:
            let latest = now + rebalanceTimeout
            gatheringUntil = latest
            state = .preparingRebalance
            joinDeadline = min(now + initialDelayMilliseconds, latest)
            return
        case .empty, .stable:
            break
        case .preparingRebalance, .dead:
            return tryCompleteJoin(now: now)
        }
        state = .preparingRebalance
        syncDeadline = nil
        joinDeadline = now + rebalanceTimeout
        tryCompleteJoin(now: now)
    }

    /// Ends the wait for members when all known ones have joined again.
    mutating func tryCompleteJoin(now: Int64) {
        guard state == .preparingRebalance, gatheringUntil == nil, pendingMembers.isEmpty else {
            return
        }
        guard members.values.allSatisfy({ $0.joinTicket != nil }) else { return }
        completeJoin(now: now)
    }

    /// Ends the wait for members: who has not joined again is out, but for static members.
    mutating func completeJoin(now: Int64) {
        gatheringUntil = nil
        for member in members.values where member.joinTicket == nil && member.instanceID == nil {
            drop(member.id)
        }
        let joined = membersInOrder.filter { $0.joinTicket != nil }
        if joined.isEmpty && !members.isEmpty {
            // Only static members that are away: they keep their place until their session ends.
            joinDeadline = now + rebalanceTimeout
            return
        }
        joinDeadline = nil
        generation = generation == .max ? 1 : generation + 1
        guard let first = joined.first else {
            (state, protocolName, leaderID) = (.empty, nil, nil)
            actions.append(.persist)
            return
        }
        if !joined.contains(where: { $0.id == leaderID }) { leaderID = first.id }
        protocolName = chosenProtocol()
        state = .completingRebalance
        syncDeadline = now + rebalanceTimeout
        for id in members.keys { members[id]?.hasSynced = false }
        for member in joined {
            guard let ticket = member.joinTicket else { continue }
            members[member.id]?.joinTicket = nil
            touch(member.id, now: now)
            actions.append(.answerJoin(ticket, joinAnswer(for: member.id)))
        }
    }

    /// The protocol that all support and most prefer. Ties go to the leader's order.
    func chosenProtocol() -> String? {
        let candidates = commonProtocols()
        var votes: [String: Int] = [:]
        for member in members.values {
            if let choice = member.offers.first(where: { candidates.contains($0.name) }) {
                votes[choice.name, default: 0] += 1
            }
        }
        let order = members[leaderID ?? ""]?.offers.map(\.name) ?? []
        let most = votes.values.max()
        return order.first { votes[$0] == most } ?? votes.keys.sorted().first { votes[$0] == most }
    }

    func commonProtocols() -> Set<String> {
        var common: Set<String>?
        for member in members.values {
            let names = Set(member.offers.map(\.name))
            common = common?.intersection(names) ?? names
        }
        return common ?? []
    }

    // MARK: Members that go

    /// Takes a member out and answers what it waits for. The caller goes on with `membersChanged`.
    mutating func drop(_ memberID: String, error: KafkaErrorCode = .unknownMemberID) {
        guard let member = members.removeValue(forKey: memberID) else { return }
        if let instance = member.instanceID, staticMembers[instance] == memberID {
            staticMembers[instance] = nil
        }
        if leaderID == memberID { leaderID = membersInOrder.first?.id }
        answerHeld(of: member, error: error)
    }

    mutating func answerHeld(of member: GroupMember, error: KafkaErrorCode) {
        if let ticket = member.joinTicket {
            actions.append(.answerJoin(ticket, .failed(error, memberID: member.id)))
        }
        if let ticket = member.syncTicket {
            actions.append(.answerSync(ticket, .failed(error)))
        }
    }

    /// What follows when members have gone.
    mutating func membersChanged(now: Int64) {
        switch state {
        case .stable, .completingRebalance: prepareRebalance(now: now)
        case .preparingRebalance: tryCompleteJoin(now: now)
        case .empty, .dead: break
        }
    }

    mutating func answerAllSyncs(error: KafkaErrorCode, now: Int64) {
        for member in membersInOrder {
            guard let ticket = member.syncTicket else { continue }
            members[member.id]?.syncTicket = nil
            touch(member.id, now: now)
            actions.append(.answerSync(ticket, .failed(error)))
        }
    }

    /// The clock went on. Call it at `nextDeadline` or later.
    mutating func timePassed(now: Int64) -> [Action] {
        for (id, deadline) in pendingMembers where deadline <= now { pendingMembers[id] = nil }
        let silent = membersInOrder.filter { ($0.sessionDeadlineMilliseconds ?? .max) <= now }
        for member in silent { drop(member.id) }
        if let deadline = syncDeadline, deadline <= now {
            syncDeadline = nil
            let late = membersInOrder.filter { !$0.hasSynced }
            for member in late { drop(member.id) }
            if !late.isEmpty { membersChanged(now: now) }
        }
        if !silent.isEmpty { membersChanged(now: now) }
        tryCompleteJoin(now: now)
        if let deadline = joinDeadline, deadline <= now { completeJoin(now: now) }
        return takeActions()
    }

    /// The group was deleted.
    mutating func delete() {
        precondition(members.isEmpty, "a group with members was deleted")
        state = .dead
        pendingMembers = [:]
    }
}
