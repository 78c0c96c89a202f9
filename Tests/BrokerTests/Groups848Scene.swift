// A group of KIP-848 on a stage: members that behave like clients, and a clock that the test turns.

import KafkaProtocol

@testable import MillraceBroker

/// Topics that a test makes, changes and removes.
struct Topics848: GroupTopicSource {
    var topics: [GroupTopic] = []

    func topic(id: KafkaUUID) -> GroupTopic? { topics.first { $0.id == id } }
    func topic(name: String) -> GroupTopic? { topics.first { $0.name == name } }

    mutating func make(_ name: String, _ partitions: Int32) {
        topics.removeAll { $0.name == name }
        let low = (topics.map(\.id.low).max() ?? 0) + 1
        topics.append(
            GroupTopic(id: KafkaUUID(high: 0, low: low), name: name, partitions: partitions))
    }
}

/// A client: what it believes to own, as its answers told it.
struct Client848 {
    var id: String
    var instanceID: String?
    var topics: Set<String>
    var pattern: String?
    var assignor: String?
    var epoch: Int32 = 0
    /// Whether an answer may have been lost.
    var isUnsure = false
    var owned: PartitionMap = [:]
    /// What its last answer assigned; it gives up the rest at its next heartbeat.
    var assigned: PartitionMap = [:]

    func request(full: Bool = false) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest {
            ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", id, epoch)
            $0.instanceID = instanceID
            if epoch == 0 || full || isUnsure {
                $0.rebalanceTimeoutMilliseconds = 30_000
                $0.subscribedTopicNames = topics.sorted()
                $0.subscribedTopicRegex = pattern
                $0.serverAssignor = assignor
            }
            $0.topicPartitions = (epoch == 0 ? [:] : owned).listed.map { topic, partitions in
                ConsumerGroupHeartbeatRequest.TopicPartitions {
                    ($0.topicID, $0.partitions) = (topic, partitions)
                }
            }
        }
    }

    mutating func take(_ answer: ConsumerGroupHeartbeatResponse) {
        epoch = answer.memberEpoch
        isUnsure = false
        if let new = answer.assignment {
            assigned = PartitionMap(new.topicPartitions.map { ($0.topicID, $0.partitions) })
            // What is taken away is given up before the next heartbeat; what is new is used at once.
            owned = assigned
        }
    }
}

struct Scene848 {
    var machine = ConsumerGroupMachine(groupID: "g")
    var topics = Topics848()
    var clients: [String: Client848] = [:]
    var now: Int64 = 1_000
    var rules = GroupRules.withoutDelay
    /// The only topics that a member may see, by member; all when it is not named.
    var rights: [String: Set<String>] = [:]

    init() {
        topics.make("t", 4)
        topics.make("u", 3)
    }

    var context: ConsumerContext {
        ConsumerContext(
            clientID: "c", clientHost: "/127.0.0.1", newMemberID: "fresh", now: now,
            wallMilliseconds: now, topics: topics, rules: rules)
    }

    mutating func join(
        _ id: String, instance: String? = nil, topics: Set<String> = ["t"], pattern: String? = nil,
        assignor: String? = nil
    ) throws {
        clients[id] = Client848(
            id: id, instanceID: instance, topics: topics, pattern: pattern, assignor: assignor)
        try beat(id)
    }

    @discardableResult
    mutating func beat(_ id: String, full: Bool = false) throws -> ConsumerGroupHeartbeatResponse {
        guard var client = clients[id] else { throw GroupFault(.unknownMemberID, "no such client") }
        var context = context
        if let rights = rights[id] { context.maySee = { rights.contains($0) } }
        var answer: ConsumerGroupHeartbeatResponse
        do throws(GroupFault) {
            answer = try machine.heartbeat(client.request(full: full), context)
        } catch {
            // It missed more than one answer: it gives everything up and joins anew.
            guard error.code == .fencedMemberEpoch, client.isUnsure else { throw error }
            (client.epoch, client.owned) = (0, [:])
            answer = try machine.heartbeat(client.request(), context)
        }
        client.take(answer)
        clients[id] = client
        return answer
    }

    mutating func leave(_ id: String, epoch: Int32 = -1) throws {
        guard let client = clients[id] else { return }
        _ = try machine.leave(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", id, epoch)
                $0.instanceID = client.instanceID
            }, context)
        clients[id] = nil
    }

    /// Heartbeats of all until the group is stable.
    /// - Returns: whether it became so within `rounds`.
    @discardableResult
    mutating func settle(rounds: Int = 20) throws -> Bool {
        for _ in 0..<rounds {
            if machine.state == .stable || machine.state == .empty { return true }
            for id in clients.keys.sorted() { try beat(id) }
        }
        return machine.state == .stable
    }

    /// A partition that two clients own, or that a client owns and another was given.
    var ownedTwice: [TopicIDPartition] {
        var seen: Set<TopicIDPartition> = []
        return clients.values.flatMap(\.owned.sortedPartitions).filter { !seen.insert($0).inserted }
    }

    func counts() -> [Int] { clients.values.map(\.owned.partitionCount).sorted() }
}
