// One group of KIP-848, as a value. It decides; `GroupCoordinator` answers and stores.
// Source: KIP-848; apache/kafka ConsumerGroup.java, GroupMetadataManager.java

import KafkaProtocol

/// Why a request to a group is refused, in Kafka's code and words.
struct GroupFault: Error, Equatable, Sendable {
    var code: KafkaErrorCode
    var message: String

    init(_ code: KafkaErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What a machine needs to know besides the request.
struct ConsumerContext {
    var clientID = ""
    var clientHost = ""
    /// An id nobody has, for a member without one.
    var newMemberID = ""
    /// The steady clock, in milliseconds.
    var now: Int64
    /// Milliseconds since 1970.
    var wallMilliseconds: Int64 = 0
    var topics: any GroupTopicSource
    var rules = GroupRules()
    var room = GroupRoom.unbounded
    /// Which topics the member that asks may see; `nil` for all, or when no member asks.
    var maySee: (@Sendable (_ topic: String) -> Bool)?
}

/// A part of the group that is kept as a record of its own.
enum ConsumerRecordPart: Hashable, Sendable {
    case group
    case member(String)
    case targetEpoch
    case target(String)
    case current(String)
    case pattern(String)
}

/// Members, epochs and assignments of one group.
///
/// The group's epoch rises when members or topics change; the target is then computed anew; each
/// member walks towards it at its own heartbeats. Invariants:
/// - a partition has at most one owner, who has it assigned or has not given it up yet;
/// - `targetEpoch <= epoch`, and a member's epoch is at most `targetEpoch`;
/// - what changed is in `dirty` until it is kept.
struct ConsumerGroupMachine: Sendable {
    enum State: String, Sendable {
        case empty = "Empty"
        case assigning = "Assigning"
        case reconciling = "Reconciling"
        case stable = "Stable"
    }

    /// What a regular expression matched when it was last looked at.
    struct Resolved: Equatable, Sendable {
        var topics: Set<String> = []
        var atMilliseconds: Int64 = 0
    }

    /// What a member may see of what its expression matches.
    struct Seen: Equatable, Sendable {
        var pattern: String
        var topics: Set<String>
    }

    let groupID: String
    var epoch: Int32 = 0
    var targetEpoch: Int32 = 0
    /// Of the topics that are subscribed to: other partitions, another hash.
    var metadataHash: Int64 = 0
    var members: KeptTable<ConsumerMember> = [:]
    /// Static members' ids by instance id.
    var staticMembers: [String: String] = [:]
    var target: [String: PartitionMap] = [:]
    var resolved: KeptTable<Resolved> = [:]
    /// Who has a partition, or has not given it up yet.
    private(set) var owners: [TopicIDPartition: String] = [:]
    var dirty: Set<ConsumerRecordPart> = []
    /// Whether a classic group's record is to go when this one's are kept.
    var replacesClassic = false
    /// Compiled expressions of `resolved`.
    var patterns: [String: TopicPattern] = [:]
    /// What the expressions match, whoever asks.
    var matched: [String: Set<String>] = [:]
    /// By member; nobody without an authorizer, and after a start nobody until its next heartbeat.
    var seen: KeptTable<Seen> = [:]
    /// Members with an expression that have said nothing since a start, so that their rights are not
    /// known. With an authorizer they want what they were assigned, and nothing that others may see.
    var unheard: Set<String> = []
    /// Whether the last member that came had rights that bound it.
    var hasRights = false
    /// When expressions are to be looked at again, on the steady clock.
    var patternsDue: Int64 = 0
    /// A hash of the names of all topics there were when `matched` was made.
    var topicNames = 0
    /// Topics that somebody wants; `nil` when members or expressions changed since.
    var subscribedCache: Set<String>?

    init(groupID: String) { self.groupID = groupID }

    var state: State {
        if members.isEmpty { return .empty }
        if epoch > targetEpoch { return .assigning }
        return members.values.allSatisfy { $0.hasArrived(at: targetEpoch) } ? .stable : .reconciling
    }

    var membersInOrder: [ConsumerMember] { members.values.sorted { $0.id < $1.id } }

    /// Whether only members of the classic protocol are left, so that the group goes back to it.
    var isAllClassic: Bool { !members.isEmpty && members.values.allSatisfy(\.isClassic) }

    /// What members ask for most; ties go to the first in the alphabet.
    var assignor: ServerAssignor {
        var votes: [ServerAssignor: Int] = [:]
        for member in members.values {
            guard let name = member.profile.assignor, let known = ServerAssignor(rawValue: name)
            else { continue }
            votes[known, default: 0] += 1
        }
        let most = votes.values.max()
        return ServerAssignor.allCases.first { votes[$0] != nil && votes[$0] == most } ?? .standard
    }

    // MARK: Changing members

    mutating func setProfile(_ profile: ConsumerMember.Profile, of id: String) {
        let old = members[id]?.profile
        guard old != profile else { return }
        members[id, default: ConsumerMember(id: id)].profile = profile
        if let instance = profile.instanceID { staticMembers[instance] = id }
        subscribedCache = nil
        dirty.insert(.member(id))
        dropPatternIfUnused(old?.topicPattern)
    }

    mutating func setCurrent(_ current: ConsumerMember.Current, of id: String) {
        guard let old = members[id]?.current, old != current else { return }
        release(old, of: id)
        own(current, id)
        members[id]?.current = current
        dirty.insert(.current(id))
    }

    private mutating func release(_ current: ConsumerMember.Current, of id: String) {
        for place in current.assigned.sortedPartitions where owners[place] == id {
            owners[place] = nil
        }
        for place in current.revoking.sortedPartitions where owners[place] == id {
            owners[place] = nil
        }
    }

    private mutating func own(_ current: ConsumerMember.Current, _ id: String) {
        for place in current.assigned.sortedPartitions { owners[place] = id }
        for place in current.revoking.sortedPartitions { owners[place] = id }
    }

    /// Adds a member that was kept, or that another group hands over.
    mutating func adopt(_ member: ConsumerMember) {
        members[member.id] = member
        if let instance = member.profile.instanceID { staticMembers[instance] = member.id }
        own(member.current, member.id)
        subscribedCache = nil
    }

    mutating func remove(_ id: String) {
        guard let member = members.removeValue(forKey: id) else { return }
        release(member.current, of: id)
        target[id] = nil
        seen[id] = nil
        unheard.remove(id)
        if let instance = member.profile.instanceID, staticMembers[instance] == id {
            staticMembers[instance] = nil
        }
        subscribedCache = nil
        dirty.formUnion([.member(id), .target(id), .current(id)])
        dropPatternIfUnused(member.profile.topicPattern)
    }

    /// A member goes, for whatever reason; the others' target is computed at the next heartbeat.
    mutating func fence(_ id: String, _ context: ConsumerContext) {
        guard members[id] != nil else { return }
        remove(id)
        metadataHash = hash(of: subscribedTopics(context.topics), context)
        raiseEpoch()
    }

    mutating func raiseEpoch() {
        epoch += 1
        dirty.insert(.group)
    }

    /// Whether another member than `id` has the partition.
    func isTaken(_ place: TopicIDPartition, notBy id: String) -> Bool {
        guard let owner = owners[place] else { return false }
        return owner != id
    }

    // MARK: Time

    /// When `timePassed` has something to do next.
    var nextDeadline: Int64? { members.values.compactMap(\.deadlines.next).min() }

    /// The clock went on: members whose time is over are out.
    mutating func timePassed(_ context: ConsumerContext) {
        for member in membersInOrder where (member.deadlines.next ?? .max) <= context.now {
            fence(member.id, context)
        }
    }

    /// After a start, everybody has a whole session to be heard of again.
    mutating func restartTimers(_ context: ConsumerContext) {
        for id in members.keys {
            touch(id, context)
            if members[id]?.current.state == .unrevoked { startRebalanceTimer(id, context) }
        }
    }

    mutating func touch(_ id: String, _ context: ConsumerContext) {
        let classic = members[id]?.profile.classic?.sessionTimeoutMilliseconds
        let session = classic ?? context.rules.sessionTimeoutMilliseconds
        members[id]?.deadlines.session = context.now + Int64(session)
    }

    mutating func startRebalanceTimer(_ id: String, _ context: ConsumerContext) {
        guard let profile = members[id]?.profile, profile.classic == nil else { return }
        let timeout = Int64(max(profile.rebalanceTimeoutMilliseconds, 0))
        members[id]?.deadlines.rebalance = context.now + timeout
    }
}
