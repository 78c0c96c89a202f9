// Syncs, heartbeats, leaving, sessions that end, and who may commit.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Group: members")
struct GroupMembersTests {
    /// Goal: followers wait for the leader's assignments; each gets its own.
    @Test func holdsSyncsForTheLeader() {
        var scene = GroupScene.stable(["a"])
        scene.join("", fresh: "b")
        scene.join("a")
        let follower = scene.sync("b")
        #expect(scene.syncs[follower] == nil)
        let leader = scene.sync("a", assignments: ["a": [1], "b": [2]])
        #expect(scene.syncs[follower]?.assignment == [2])
        #expect(scene.syncs[leader]?.assignment == [1])
        #expect(scene.syncs[leader]?.protocolName == "range")
        #expect(scene.machine.state == .stable)
        let late = scene.sync("b")
        #expect(scene.syncs[late]?.assignment == [2])
    }

    /// Goal: what is kept is written before anybody hears of it.
    @Test func keepsBeforeItAnswers() {
        var scene = GroupScene()
        scene.join("", fresh: "a")
        let request = SyncGroupRequest {
            $0.memberID = "a"
            $0.generationID = 1
        }
        let actions = scene.machine.sync(request, ticket: 99, now: scene.now)
        #expect(actions.count == 2)
        #expect(actions.first == .persist)
    }

    @Test func refusesSyncsThatDoNotFit() {
        var scene = GroupScene.stable(["a"])
        let generation = scene.sync("a", generation: 7)
        #expect(scene.syncs[generation]?.errorCode == .illegalGeneration)
        let stranger = scene.sync("x")
        #expect(scene.syncs[stranger]?.errorCode == .unknownMemberID)
        let name = scene.sync("a", name: "sticky")
        #expect(scene.syncs[name]?.errorCode == .inconsistentGroupProtocol)
        scene.join("", fresh: "b")
        let early = scene.sync("a")
        #expect(scene.syncs[early]?.errorCode == .rebalanceInProgress)
    }

    /// Goal: a rebalance during the wait for assignments sends everybody back to join.
    @Test func syncsEndWhenSomebodyComes() {
        var scene = GroupScene.stable(["a"])
        scene.join("", fresh: "b")
        scene.join("a")
        let follower = scene.sync("b")
        scene.join("", fresh: "c")
        #expect(scene.syncs[follower]?.errorCode == .rebalanceInProgress)
        #expect(scene.machine.state == .preparingRebalance)
    }

    /// Goal: a leader that joined and never hands in assignments is out after the rebalance time.
    @Test func dropsALeaderThatDoesNotSync() {
        var scene = GroupScene.stable(["a"])
        scene.join("", fresh: "b")
        scene.join("a")
        let follower = scene.sync("b")
        for _ in 0..<60 {
            #expect(scene.heartbeat("a") == KafkaErrorCode.none)
            scene.pass(1_000)
        }
        #expect(scene.syncs[follower]?.errorCode == .rebalanceInProgress)
        #expect(scene.machine.membersInOrder.map(\.id) == ["b"])
        let again = scene.join("b")
        #expect(scene.joins[again]?.leader == "b")
    }

    @Test func heartbeatsAreChecked() {
        var scene = GroupScene.stable(["a"])
        #expect(scene.heartbeat("a") == KafkaErrorCode.none)
        #expect(scene.heartbeat("a", generation: 9) == .illegalGeneration)
        #expect(scene.heartbeat("x") == .unknownMemberID)
        #expect(scene.heartbeat("a", instance: "i") == .unknownMemberID)
        var empty = GroupScene()
        #expect(empty.heartbeat("a") == .unknownMemberID)
    }

    /// Goal: a silent member is out by the clock alone, and the others rebalance (trap 18).
    @Test func sessionsEndByTheClock() {
        var scene = GroupScene.stable(["a", "b"])
        scene.pass(9_000)
        #expect(scene.heartbeat("a") == KafkaErrorCode.none)
        #expect(scene.machine.nextDeadline == scene.now + 1_000)
        scene.pass(1_000)
        #expect(scene.machine.membersInOrder.map(\.id) == ["a"])
        #expect(scene.heartbeat("a", generation: 3) == .illegalGeneration)
        #expect(scene.machine.state == .preparingRebalance)
        scene.pass(10_000)
        #expect(scene.machine.state == .empty)
        #expect(scene.machine.nextDeadline == nil)
    }

    /// Goal: a member whose join is held does not lose its session meanwhile.
    @Test func heldMembersDoNotExpire() {
        var scene = GroupScene.stable(["a", "b"])
        let held = scene.join("b", metadata: [1], session: 6_000)
        for _ in 0..<20 {
            scene.pass(1_000)
            #expect(scene.heartbeat("a") == .rebalanceInProgress)
        }
        #expect(scene.joins[held] == nil)
        scene.join("a")
        #expect(scene.joins[held]?.errorCode == KafkaErrorCode.none)
    }

    @Test func membersLeave() {
        var scene = GroupScene.stable(["a", "b"])
        let generation = scene.machine.generation
        #expect(scene.leave("x") == .unknownMemberID)
        #expect(scene.leave("a") == KafkaErrorCode.none)
        #expect(scene.machine.state == .preparingRebalance)
        #expect(scene.leave("b") == KafkaErrorCode.none)
        #expect(scene.machine.state == .empty)
        #expect(scene.machine.generation == generation + 1)
        #expect(scene.machine.leaderID == nil)
        // A group that emptied takes members of another kind.
        let other = scene.join("", fresh: "c", offers: ["x"], type: "connect")
        #expect(scene.joins[other]?.protocolType == "connect")
    }

    /// Goal: static members are sent away by name, pending ones by the id they were given.
    @Test func othersAreSentAway() {
        var scene = GroupScene()
        scene.join("", fresh: "s-1", instance: "s")
        #expect(scene.leave("other", instance: "s") == .fencedInstanceID)
        #expect(scene.leave("", instance: "nobody") == .unknownMemberID)
        #expect(scene.leave("", instance: "s") == KafkaErrorCode.none)
        #expect(scene.machine.state == .empty)
        scene.join("", fresh: "p", needsID: true)
        #expect(scene.leave("p") == KafkaErrorCode.none)
        #expect(scene.machine.pendingMembers.isEmpty)
    }

    /// Goal: trap 1, and the rules of who may commit.
    @Test func commitsAreChecked() {
        var scene = GroupScene()
        #expect(scene.commitError("", -1) == nil)
        #expect(scene.commitError("", 3) == .unknownMemberID)
        scene.join("", fresh: "a")
        #expect(scene.commitError("a", 1) == .rebalanceInProgress)
        scene.sync("a")
        #expect(scene.commitError("a", 1) == nil)
        #expect(scene.commitError("a", 2) == .illegalGeneration)
        #expect(scene.commitError("x", 1) == .unknownMemberID)
        #expect(scene.commitError("", -1) == .unknownMemberID)
        scene.join("", fresh: "b")
        // While others are awaited, the last generation may still commit what it has read.
        #expect(scene.commitError("a", 1) == nil)
    }

    /// Goal: a group read back from its record goes on as if nothing had happened.
    @Test func outlivesARestart() throws {
        let before = GroupScene.stable(["a", "b"])
        let record = try #require(before.kept.last)
        guard case .group("g", let value?) = try GroupStoredRecord(record.encoded()) else {
            Issue.record("not the record of a group")
            return
        }
        var after = GroupScene()
        after.now = 5_000
        after.machine = GroupMachine(
            groupID: "g", kept: value, rules: .withoutDelay, now: after.now)
        #expect(after.machine.state == .stable)
        #expect(after.heartbeat("a", generation: before.machine.generation) == KafkaErrorCode.none)
        let assigned = after.sync("b")
        #expect(after.syncs[assigned]?.assignment == Array("b".utf8))
        after.pass(10_000)
        #expect(after.machine.state == .empty)
    }

    /// Method: members do random things for a while. No answer is given twice, no wait is for ever.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func survivesChurn(seed: UInt64) {
        var generator = ChurnGenerator(state: seed)
        var scene = GroupScene(initialDelayMilliseconds: seed % 2 == 0 ? 0 : 500)
        var tickets: [GroupTicket] = []
        for step in 0..<400 {
            let known = scene.machine.membersInOrder.map(\.id) + ["nobody"]
            let member = known[Int(generator.next() % UInt64(known.count))]
            let instance = scene.machine.members[member]?.instanceID
            switch generator.next() % 8 {
            case 0: tickets.append(scene.join("", fresh: "m\(step)", needsID: step % 2 == 0))
            case 1:
                let name = "s\(generator.next() % 3)"
                tickets.append(scene.join("", fresh: "\(name)-\(step)", instance: name))
            case 2:
                tickets.append(scene.join(member, instance: instance, metadata: [UInt8(step % 3)]))
            case 3: scene.sync(member, instance: instance)
            case 4: _ = scene.heartbeat(member, instance: instance)
            case 5: scene.leave(member, instance: instance)
            default: scene.pass(Int64(generator.next() % 4_000))
            }
        }
        scene.pass(600_000)
        scene.pass(600_000)
        scene.pass(600_000)
        #expect(scene.machine.state == .empty)
        #expect(tickets.allSatisfy { scene.joins[$0] != nil })
    }
}

/// SplitMix64, so that a seed tells the whole story.
struct ChurnGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension GroupScene {
    func commitError(_ id: String, _ generation: Int32) -> KafkaErrorCode? {
        machine.commitError(memberID: id, instanceID: nil, generation: generation)
    }
}
