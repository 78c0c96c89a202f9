// A member of a KIP-848 group, in the parts in which it is kept.
// Source: apache/kafka ConsumerGroupMember.java, MemberState.java

import KafkaProtocol

struct ConsumerMember: Equatable, Sendable {
    /// What the member has said about itself; kept as one record.
    struct Profile: Equatable, Sendable {
        /// Static membership: the name that outlives a restart of the client.
        var instanceID: String?
        var rackID: String?
        var clientID = ""
        var clientHost = ""
        var topicNames: Set<String> = []
        /// A regular expression of RE2; what it matches is read besides the names.
        var topicPattern: String?
        var rebalanceTimeoutMilliseconds: Int32 = -1
        var assignor: String?
        /// What a member of the classic protocol offers, during the change from one to the other.
        var classic: Classic?
    }

    struct Classic: Equatable, Sendable {
        var sessionTimeoutMilliseconds: Int32
        var offers: [GroupMember.Offer]
    }

    enum State: Int8, Sendable {
        /// It has all it is to have.
        case stable = 0
        /// It must give partitions up first.
        case unrevoked = 1
        /// It waits for partitions that others still have.
        case unreleased = 2
    }

    /// What the member may read now; kept as one record.
    struct Current: Equatable, Sendable {
        /// The group's epoch that the member has arrived at; -2 for a static member that is away.
        var epoch: Int32 = 0
        /// The one before: the answer with the new one may have been lost.
        var previousEpoch: Int32 = -1
        var state = State.stable
        var assigned: PartitionMap = [:]
        /// Given up by the group, but not yet by the member.
        var revoking: PartitionMap = [:]

        mutating func arrive(at epoch: Int32) {
            guard epoch != self.epoch else { return }
            previousEpoch = self.epoch
            self.epoch = epoch
        }
    }

    /// On the steady clock; `nil` for none.
    struct Deadlines: Equatable, Sendable {
        /// When it counts as gone unless heard of.
        var session: Int64?
        /// When it must have given partitions up.
        var rebalance: Int64?
        /// When a classic member must have joined again.
        var join: Int64?
        /// When a classic member must have fetched its assignment.
        var sync: Int64?

        var next: Int64? { [session, rebalance, join, sync].compactMap { $0 }.min() }
    }

    var id: String
    var profile = Profile() {
        didSet { profileBytes = profile.keptBytes }
    }
    /// What the profile takes in memory, reckoned when it changes.
    private(set) var profileBytes = 0
    var current = Current()
    var deadlines = Deadlines()

    var isClassic: Bool { profile.classic != nil }

    func hasArrived(at epoch: Int32) -> Bool {
        current.state == .stable && current.epoch == epoch
    }
}

/// The member epochs that are none: Kafka's sentinels in ConsumerGroupHeartbeat.
enum MemberEpoch {
    static let join: Int32 = 0
    static let leave: Int32 = -1
    static let leaveForAWhile: Int32 = -2
}
