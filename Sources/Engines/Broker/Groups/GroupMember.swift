// A member of a group, as the coordinator knows it.

import KafkaProtocol
import NIOCore

/// Names an answer that is not given yet; whoever asked waits for it.
typealias GroupTicket = UInt64

struct GroupMember: Equatable, Sendable {
    /// A way to assign that the member offers, with what the leader needs to know for it.
    struct Offer: Equatable, Sendable {
        var name: String
        var metadata: [UInt8]
    }

    var id: String
    /// Static membership: the name that outlives a restart of the client.
    var instanceID: String?
    var clientID: String
    var clientHost: String
    var sessionTimeoutMilliseconds: Int64
    var rebalanceTimeoutMilliseconds: Int64
    /// In the order of the member's preference.
    var offers: [Offer]
    var assignment: [UInt8] = []
    /// Its place among all that ever joined; lists are in this order.
    var joinIndex: Int
    /// The held answer to its JoinGroup: it has rejoined.
    var joinTicket: GroupTicket?
    /// The held answer to its SyncGroup.
    var syncTicket: GroupTicket?
    /// Whether it asked for its assignment in this generation.
    var hasSynced = false
    /// When it counts as gone unless heard of; `nil` while an answer of ours is held.
    var sessionDeadlineMilliseconds: Int64?

    func metadata(for name: String?) -> [UInt8] {
        offers.first { $0.name == name }?.metadata ?? []
    }

    /// Topics of the subscription that this protocol's metadata are; `nil` for metadata of other kinds.
    /// What else stands there (partitions owned, their generation, an assignor's own data) is another
    /// after each start of a client.
    func topics(for name: String?) -> Set<String>? {
        let bytes = ByteBuffer(bytes: metadata(for: name))
        return (try? ConsumerSubscription.readVersioned(bytes)).map { Set($0.topics) }
    }
}

extension JoinGroupRequest {
    var offers: [GroupMember.Offer] {
        protocols.map { GroupMember.Offer(name: $0.name, metadata: $0.metadata) }
    }

    /// Version 0 has no rebalance timeout; its session timeout stands for both.
    var rebalanceTimeout: Int64 {
        Int64(
            rebalanceTimeoutMilliseconds < 0
                ? sessionTimeoutMilliseconds : rebalanceTimeoutMilliseconds)
    }
}
