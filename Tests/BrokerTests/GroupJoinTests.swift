// How members come into a group: held joins, leaders, protocols, static members.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Group: joining")
struct GroupJoinTests {
    /// Goal: from version 4 on a new member gets its id first, and joins with it.
    @Test func givesAnIDFirst() {
        var scene = GroupScene()
        let first = scene.join("", fresh: "a", needsID: true)
        #expect(scene.joins[first]?.errorCode == .memberIDRequired)
        #expect(scene.joins[first]?.memberID == "a")
        #expect(scene.machine.state == .empty)
        let second = scene.join("a", needsID: true)
        #expect(scene.joins[second]?.errorCode == KafkaErrorCode.none)
        #expect(scene.joins[second]?.generationID == 1)
        #expect(scene.joins[second]?.leader == "a")
        #expect(scene.joins[second]?.members.map(\.memberID) == ["a"])
        #expect(scene.machine.state == .completingRebalance)
    }

    /// Goal: an id that was given out and not used holds a rebalance up only as long as its session.
    @Test func forgetsIDsThatNobodyUses() {
        var scene = GroupScene()
        scene.join("", fresh: "lost", needsID: true, session: 6_000)
        let waiting = scene.join("", fresh: "a")
        #expect(scene.joins[waiting] == nil)
        scene.pass(6_000)
        #expect(scene.joins[waiting]?.errorCode == KafkaErrorCode.none)
        #expect(scene.machine.pendingMembers.isEmpty)
    }

    /// Goal: nobody gets an answer before all known members have joined again; the leader gets all.
    @Test func holdsJoinsUntilAllAreThere() {
        var scene = GroupScene.stable(["a"])
        let second = scene.join("", fresh: "b")
        #expect(scene.joins[second] == nil)
        #expect(scene.machine.state == .preparingRebalance)
        #expect(scene.heartbeat("a") == .rebalanceInProgress)
        let first = scene.join("a")
        #expect(scene.joins[first]?.members.map(\.memberID) == ["a", "b"])
        #expect(scene.joins[second]?.members == [])
        #expect(scene.joins[second]?.leader == "a")
        #expect(scene.joins[first]?.generationID == 2)
        #expect(scene.joins[second]?.generationID == 2)
    }

    /// Goal: who does not join again in time is out, and the others go on.
    @Test func dropsWhoDoesNotRejoin() {
        var scene = GroupScene.stable(["a", "b"])
        let third = scene.join("", fresh: "c", rebalance: 20_000)
        scene.join("b")
        for _ in 0..<59 {
            // The first is alive all the time, but never rejoins.
            scene.pass(1_000)
            #expect(scene.heartbeat("a") == .rebalanceInProgress)
            #expect(scene.joins[third] == nil)
        }
        scene.pass(1_000)
        #expect(scene.joins[third]?.leader == "b")
        #expect(scene.machine.membersInOrder.map(\.id) == ["b", "c"])
        #expect(scene.heartbeat("a") == .unknownMemberID)
    }

    /// Goal: of what all support, what most prefer is chosen.
    @Test func choosesTheProtocolByVote() {
        var scene = GroupScene()
        scene.join("", fresh: "a", offers: ["range", "sticky"])
        scene.join("", fresh: "b", offers: ["sticky", "range"])
        scene.join("", fresh: "c", offers: ["sticky", "range", "other"])
        let answer = scene.join("a", offers: ["range", "sticky"])
        #expect(scene.joins[answer]?.protocolName == "sticky")
        #expect(scene.joins[answer]?.members.first?.metadata == Array("sticky".utf8))
    }

    @Test func refusesWhatDoesNotFit() {
        var scene = GroupScene.stable(["a"])
        let other = scene.join("", fresh: "b", offers: ["sticky"])
        #expect(scene.joins[other]?.errorCode == .inconsistentGroupProtocol)
        let type = scene.join("", fresh: "b", type: "connect")
        #expect(scene.joins[type]?.errorCode == .inconsistentGroupProtocol)
        let none = scene.join("", fresh: "b", offers: [])
        #expect(scene.joins[none]?.errorCode == .inconsistentGroupProtocol)
        let stranger = scene.join("x")
        #expect(scene.joins[stranger]?.errorCode == .unknownMemberID)
        #expect(scene.machine.state == .stable)
    }

    /// Goal: a lost answer is given again without disturbing the others.
    @Test func repeatsAnAnswer() {
        var scene = GroupScene.stable(["a", "b"])
        let again = scene.join("b")
        #expect(scene.joins[again]?.generationID == scene.machine.generation)
        #expect(scene.machine.state == .stable)
        // The leader joins again to bring about a rebalance.
        let leader = scene.join("a")
        #expect(scene.joins[leader] == nil)
        #expect(scene.machine.state == .preparingRebalance)
    }

    /// Goal: new wishes of a follower bring about a rebalance.
    @Test func rebalancesOnNewMetadata() {
        var scene = GroupScene.stable(["a", "b"])
        scene.join("b", metadata: [9])
        #expect(scene.machine.state == .preparingRebalance)
        let leader = scene.join("a")
        #expect(scene.joins[leader]?.members.map(\.metadata) == [Array("range".utf8), [9]])
    }

    /// Goal: a delay lets members of a new group gather before their first generation.
    @Test func gathersFirst() {
        var scene = GroupScene(initialDelayMilliseconds: 3_000)
        let first = scene.join("", fresh: "a")
        scene.pass(2_000)
        let second = scene.join("", fresh: "b")
        scene.pass(2_000)
        #expect(scene.joins.isEmpty)
        scene.pass(1_000)
        #expect(scene.joins[first]?.members.count == 2)
        #expect(scene.joins[second]?.generationID == 1)
    }

    // MARK: Static members

    /// Goal: a static member that starts anew takes its place without a rebalance; its old self is fenced.
    @Test func staticMemberComesBack() {
        var scene = GroupScene()
        scene.join("", fresh: "l-1", instance: "l")
        scene.sync("l-1", instance: "l", assignments: ["l-1": [1]])
        scene.join("", fresh: "f-1", instance: "f")
        scene.join("l-1", instance: "l")
        scene.sync("l-1", instance: "l", assignments: ["l-1": [1], "f-1": [2]])
        scene.sync("f-1", instance: "f")
        let generation = scene.machine.generation

        let back = scene.join("", fresh: "f-2", instance: "f")
        #expect(scene.joins[back]?.memberID == "f-2")
        #expect(scene.joins[back]?.generationID == generation)
        #expect(scene.machine.state == .stable)
        let assigned = scene.sync("f-2", instance: "f")
        #expect(scene.syncs[assigned]?.assignment == [2])
        #expect(scene.heartbeat("f-1", instance: "f") == .fencedInstanceID)
        let old = scene.join("f-1", instance: "f")
        #expect(scene.joins[old]?.errorCode == .fencedInstanceID)

        // A leader of version 9 is told to assign nothing; an older one that it only follows.
        let leader = scene.join("", fresh: "l-2", instance: "l")
        #expect(scene.joins[leader]?.skipAssignment == true)
        #expect(scene.joins[leader]?.leader == "l-2")
        let older = scene.join("", fresh: "l-3", instance: "l", canSkip: false)
        #expect(scene.joins[older]?.leader == "l-2")
        #expect(scene.joins[older]?.members == [])
    }

    /// Goal: what a client's subscription says of its last generation makes no rebalance (the Java client's
    /// says -1 after a start); other topics do.
    @Test func staticMemberComesBackWithAnotherSubscription() throws {
        func wanting(_ topic: String, generation: Int32) throws -> [UInt8] {
            let wanted = ConsumerSubscription {
                $0.topics = [topic]
                $0.generation = generation
            }
            return Array(try wanted.versionedBytes(version: 3).readableBytesView)
        }
        var scene = GroupScene()
        scene.join("", fresh: "s-1", instance: "s", metadata: try wanting("t", generation: 7))
        scene.sync("s-1", instance: "s")
        scene.join("", fresh: "s-2", instance: "s", metadata: try wanting("t", generation: -1))
        #expect(scene.machine.generation == 1)
        #expect(scene.machine.state == .stable)
        scene.join("", fresh: "s-3", instance: "s", metadata: try wanting("u", generation: -1))
        #expect(scene.machine.generation == 2)
    }

    /// Goal: a static member that is away keeps its place in a rebalance until its session ends.
    @Test func staticMemberKeepsItsPlace() {
        var scene = GroupScene()
        scene.join("", fresh: "s-1", instance: "s", session: 300_000)
        scene.sync("s-1", instance: "s")
        let other = scene.join("", fresh: "a", session: 300_000)
        scene.pass(60_000)
        #expect(scene.joins[other]?.leader == "a")
        #expect(scene.machine.members.count == 2)
        scene.sync("a", assignments: ["a": [1], "s-1": [2]])
        scene.pass(240_000)
        #expect(scene.machine.membersInOrder.map(\.id) == ["a"])
    }

    /// Goal: a join that comes again over a new connection answers the old one.
    @Test func answersAnEarlierJoin() {
        var scene = GroupScene.stable(["a", "b"])
        let early = scene.join("b", metadata: [1])
        let late = scene.join("b", metadata: [1])
        #expect(scene.joins[early]?.errorCode == .rebalanceInProgress)
        scene.join("a")
        #expect(scene.joins[late]?.errorCode == KafkaErrorCode.none)
    }
}
