// The machine of KIP-848 groups: joining, giving up before getting, fencing, static members, time.

import KafkaProtocol
import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("KIP-848 group")
struct Groups848MachineTests {
    @Test func oneMemberGetsEverythingAtOnce() throws {
        var scene = Scene848()
        try scene.join("a")
        #expect(scene.machine.state == .stable)
        #expect(scene.clients["a"]?.owned.partitionCount == 4)
        #expect(scene.clients["a"]?.epoch == 1)
        #expect(try scene.beat("a").assignment == nil)
    }

    /// Goal: a new member waits until the old one has said that it gave its partitions up.
    @Test func partitionsAreGivenUpFirst() throws {
        var scene = Scene848()
        try scene.join("a")
        try scene.join("b")
        #expect(scene.clients["b"]?.owned.partitionCount == 0)
        #expect(scene.clients["b"]?.epoch == 2)
        #expect(scene.machine.state == .reconciling)
        let asked = try scene.machine.heartbeat(
            try #require(scene.clients["a"]).request(), scene.context)
        #expect(asked.assignment?.topicPartitions.first?.partitions.count == 2)
        #expect(asked.memberEpoch == 1)
        try scene.beat("b")
        #expect(scene.clients["b"]?.owned.partitionCount == 0)
        scene.clients["a"]?.take(asked)
        try scene.beat("a")
        #expect(scene.clients["a"]?.epoch == 2)
        try scene.beat("b")
        #expect(scene.counts() == [2, 2])
        #expect(scene.machine.state == .stable)
    }

    @Test func whoLeavesFreesItsPartitions() throws {
        var scene = Scene848()
        for id in ["a", "b", "c"] { try scene.join(id, topics: ["t", "u"]) }
        #expect(try scene.settle())
        #expect(scene.counts() == [2, 2, 3])
        try scene.leave("b")
        #expect(scene.machine.state == .assigning)
        #expect(try scene.settle())
        #expect(scene.counts() == [3, 4])
        try scene.leave("a")
        try scene.leave("c")
        #expect(scene.machine.state == .empty)
        #expect(scene.machine.owners.isEmpty)
    }

    @Test func epochsThatAreNotTheMembersAreFenced() throws {
        var scene = Scene848()
        try scene.join("a")
        func code(_ epoch: Int32, owned: [Int32]? = nil) -> KafkaErrorCode? {
            var machine = scene.machine
            let request = ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "a", epoch)
                $0.topicPartitions = owned.map { partitions in
                    [
                        ConsumerGroupHeartbeatRequest.TopicPartitions {
                            ($0.topicID, $0.partitions) = (KafkaUUID(low: 1), partitions)
                        }
                    ]
                }
            }
            do throws(GroupFault) {
                _ = try machine.heartbeat(request, scene.context)
                return nil
            } catch { return error.code }
        }
        #expect(code(9) == .fencedMemberEpoch)
        #expect(code(1) == nil)
        scene.clients["a"]?.topics = ["t", "u"]
        try scene.beat("a", full: true)
        #expect(scene.clients["a"]?.epoch == 2)
        // The answer with the new epoch may be lost; then the old one is right, with what was had.
        #expect(code(1, owned: [0, 1]) == nil)
        #expect(code(1, owned: [7]) == .fencedMemberEpoch)
        #expect(code(1) == .fencedMemberEpoch)
        let stranger = ConsumerGroupHeartbeatRequest {
            ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "x", 1)
        }
        #expect(throws: GroupFault.self) { try scene.machine.heartbeat(stranger, scene.context) }
    }

    @Test func silentMembersGo() throws {
        var scene = Scene848()
        try scene.join("a")
        try scene.join("b")
        #expect(try scene.settle())
        scene.now += 44_000
        try scene.beat("a")
        scene.now += 2_000
        scene.machine.timePassed(scene.context)
        #expect(scene.machine.membersInOrder.map(\.id) == ["a"])
        scene.clients["b"] = nil
        #expect(try scene.settle())
        #expect(scene.counts() == [4])
    }

    /// Goal: who does not give up in time is out, though it says that it is there.
    @Test func revocationHasATimeLimit() throws {
        var scene = Scene848()
        try scene.join("a")
        try scene.join("b")
        let stubborn = try #require(scene.clients["a"]).request()
        _ = try scene.machine.heartbeat(stubborn, scene.context)
        scene.now += 29_000
        _ = try scene.machine.heartbeat(stubborn, scene.context)
        scene.machine.timePassed(scene.context)
        #expect(scene.machine.members.count == 2)
        scene.now += 1_001
        scene.machine.timePassed(scene.context)
        #expect(scene.machine.membersInOrder.map(\.id) == ["b"])
        try scene.beat("b")
        #expect(scene.clients["b"]?.owned.partitionCount == 4)
    }

    @Test func staticMembersKeepTheirPlace() throws {
        var scene = Scene848()
        try scene.join("a-1", instance: "a")
        try scene.join("b-1", instance: "b")
        #expect(try scene.settle())
        let before = scene.clients["b-1"]?.owned
        let epoch = scene.machine.epoch
        scene.clients["b-2"] = Client848(id: "b-2", instanceID: "b", topics: ["t"])
        #expect(throws: GroupFault.self) { try scene.beat("b-2") }
        try scene.leave("b-1", epoch: -2)
        #expect(scene.machine.members["b-1"]?.current.epoch == -2)
        try scene.beat("a-1")
        #expect(scene.clients["a-1"]?.owned.partitionCount == 2)
        try scene.beat("b-2")
        #expect(scene.clients["b-2"]?.owned == before)
        #expect(scene.machine.epoch == epoch)
        #expect(scene.machine.state == .stable)
        #expect(scene.machine.members["b-1"] == nil)
        // One that is away too long loses its place.
        try scene.leave("b-2", epoch: -2)
        scene.now += 45_001
        _ = try? scene.beat("a-1")
        scene.machine.timePassed(scene.context)
        #expect(scene.machine.members["b-2"] == nil)
    }

    @Test func requestsThatAreNoneAreRefused() {
        func code(_ version: Int16 = 1, _ set: (inout ConsumerGroupHeartbeatRequest) -> Void)
            -> KafkaErrorCode?
        {
            var request = ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "m", 0)
                $0.rebalanceTimeoutMilliseconds = 1
                $0.subscribedTopicNames = []
                $0.topicPartitions = []
            }
            set(&request)
            return ConsumerGroupMachine.fault(request, version: version)?.code
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.memberID = "" } == .invalidRequest)
        #expect(code(0) { $0.memberID = "" } == nil)
        #expect(code { $0.groupID = " " } == .invalidRequest)
        #expect(code { $0.instanceID = "" } == .invalidRequest)
        #expect(code { $0.rackID = "" } == .invalidRequest)
        #expect(code { $0.rebalanceTimeoutMilliseconds = -1 } == .invalidRequest)
        #expect(code { $0.subscribedTopicNames = nil } == .invalidRequest)
        #expect(code { $0.topicPartitions = nil } == .invalidRequest)
        #expect(code { $0.memberEpoch = -3 } == .invalidRequest)
        #expect(code { $0.memberEpoch = -2 } == .invalidRequest)
        #expect(code { $0.serverAssignor = "sticky" } == .unsupportedAssignor)
    }

    // MARK: Topics and expressions

    @Test func newPartitionsAndTopicsAreAssigned() throws {
        var scene = Scene848()
        try scene.join("a", topics: ["t", "later"])
        #expect(scene.counts() == [4])
        scene.topics.topics[0].partitions = 6
        try scene.beat("a")
        #expect(scene.counts() == [6])
        scene.topics.make("later", 2)
        try scene.beat("a")
        #expect(scene.counts() == [8])
        scene.topics.topics.removeAll { $0.name == "t" }
        try scene.beat("a")
        #expect(scene.counts() == [2])
    }

    @Test func expressionsFollowTheTopics() throws {
        var scene = Scene848()
        try scene.join("a", topics: [], pattern: "t|new-.*")
        #expect(scene.counts() == [4])
        scene.topics.make("new-1", 2)
        scene.now += 1_000
        try scene.beat("a")
        #expect(scene.counts() == [6])
        scene.topics.topics.removeAll { $0.name == "new-1" }
        scene.now += 1_000
        try scene.beat("a")
        #expect(scene.counts() == [4])
        scene.clients["a"]?.pattern = "u"
        try scene.beat("a", full: true)
        #expect(scene.counts() == [0])
        try scene.beat("a")
        #expect(scene.counts() == [3])
        #expect(scene.machine.resolved.keys.sorted() == ["u"])
    }

    /// Goal: an expression finds for a member what it may see, whoever else has the same one.
    @Test func expressionsFindWhatTheMemberMaySee() throws {
        var scene = Scene848()
        scene.rights = ["a": ["t"], "b": ["t", "u"]]
        try scene.join("a", topics: [], pattern: ".*")
        #expect(scene.counts() == [4])
        #expect(scene.machine.resolved[".*"]?.topics == ["t"])
        try scene.join("b", topics: [], pattern: ".*")
        #expect(try scene.settle())
        let hidden = scene.topics.topic(name: "u")?.id
        let owned = scene.clients["a"]?.owned.sortedPartitions ?? []
        #expect(!owned.isEmpty && owned.allSatisfy { $0.topic != hidden })
        #expect(scene.counts().reduce(0, +) == 7)
        // A right that is gained, and one that is lost.
        scene.rights["a"] = ["u"]
        try scene.beat("a")
        #expect(try scene.settle())
        let other = scene.clients["a"]?.owned.sortedPartitions ?? []
        #expect(!other.isEmpty && other.allSatisfy { $0.topic == hidden })
        #expect(scene.counts().reduce(0, +) == 7)
    }

    @Test func badExpressionsChangeNothing() throws {
        var scene = Scene848()
        try scene.join("a")
        let before = scene.machine.epoch
        #expect(throws: GroupFault.self) { try scene.join("b", topics: [], pattern: "a(b") }
        #expect(scene.machine.members["b"] == nil)
        #expect(scene.machine.epoch == before)
    }

    // MARK: Properties

    /// Method: clients that join, leave, vanish and change their minds at random. At no time do two own
    /// a partition; when they calm down, every partition has an owner, and a restart changes nothing.
    @Test(arguments: UInt64(1)...40)
    func neverTwoOwners(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var scene = Scene848()
        scene.topics.make("t", Int32.random(in: 1...12, using: &random))
        let assignor = Bool.random(using: &random) ? "range" : "uniform"
        var log: [GroupRecord] = []
        for step in 0..<300 {
            try act(&scene, step, assignor, &random)
            let parts = scene.machine.takeDirty()
            log += try parts.map {
                try GroupStoredRecord.consumer("g", scene.machine.record(of: $0)).encoded()
            }
            #expect(scene.ownedTwice == [], "seed \(seed), step \(step)")
        }
        #expect(try scene.settle(rounds: 60), "seed \(seed)")
        if !scene.clients.isEmpty {
            let wanted = Set(scene.clients.values.flatMap(\.topics))
            let all = scene.topics.topics.filter { wanted.contains($0.name) }
            let owned = scene.clients.values.reduce(0) { $0 + $1.owned.partitionCount }
            #expect(owned == all.reduce(0) { $0 + Int($1.partitions) }, "seed \(seed)")
        }
        log += try scene.machine.takeDirty().map {
            try GroupStoredRecord.consumer("g", scene.machine.record(of: $0)).encoded()
        }
        let replay = GroupReplay()
        replay.add(.records(log, producer: nil), partition: 0)
        #expect(replay.skippedCount == 0)
        let group = replay.groups(rules: .withoutDelay, now: 0)["g"]
        let again = try #require(group?.consumer)
        #expect(again.members.keys == scene.machine.members.keys)
        for (id, member) in again.members {
            #expect(member.current == scene.machine.members[id]?.current)
            #expect(member.profile == scene.machine.members[id]?.profile)
        }
        #expect(again.target == scene.machine.target)
        #expect(again.owners == scene.machine.owners)
        #expect(again.epoch == scene.machine.epoch)
        #expect(again.targetEpoch == scene.machine.targetEpoch)
    }

    private func act(
        _ scene: inout Scene848, _ step: Int, _ assignor: String, _ random: inout SeededRandom
    ) throws {
        let ids = scene.clients.keys.sorted()
        let someone = ids.randomElement(using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0 where ids.count < 8, 1 where ids.count < 8:
            let topics: Set<String> = Bool.random(using: &random) ? ["t"] : ["t", "u"]
            try scene.join("m\(step)", topics: topics, assignor: assignor)
        case 2:
            if let someone { try scene.leave(someone) }
        case 3:
            // It vanishes: after its session nobody counts on it, and it owns nothing any more.
            guard let someone else { break }
            scene.now += 45_001
            for id in ids where id != someone { scene.machine.touch(id, scene.context) }
            scene.machine.timePassed(scene.context)
            for id in ids where scene.machine.members[id] == nil { scene.clients[id] = nil }
        case 4:
            guard let someone else { break }
            scene.clients[someone]?.topics = Bool.random(using: &random) ? ["t"] : ["t", "u"]
            try scene.beat(someone, full: true)
        case 5:
            // Its answer is lost; a client then asks with all it has.
            guard let someone, let client = scene.clients[someone], !client.isUnsure else { break }
            _ = try scene.machine.heartbeat(client.request(), scene.context)
            scene.clients[someone]?.isUnsure = true
        default:
            if let someone { try scene.beat(someone) }
        }
    }
}

/// A generator that a seed replays.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
