// Expressions and rights over a restart of the broker: who has not come yet is given nothing new.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Groups of KIP-848: rights after a restart")
struct Groups848RightsTests {
    /// What a start makes of the group's records: nobody has been heard of.
    private static func restarted(_ scene: Scene848) -> Scene848 {
        var after = scene
        after.machine = ConsumerGroupMachine(groupID: "g")
        var source = scene.machine
        source.dirty = Set(source.allParts)
        for part in source.takeDirty() { after.machine.replay(source.record(of: part)) }
        after.machine.finishReplay(known: Set(source.members.keys))
        after.machine.restartTimers(after.context)
        return after
    }

    private static func topics(_ map: PartitionMap, _ scene: Scene848) -> Set<String> {
        Set(map.keys.compactMap { scene.topics.topic(id: $0)?.name })
    }

    /// a may see t alone, b both; they have the same expression.
    private static func scene() throws -> Scene848 {
        var scene = Scene848()
        scene.rights = ["a": ["t"], "b": ["t", "u"]]
        try scene.join("a", topics: [], pattern: "t|u")
        try scene.join("b", topics: [], pattern: "t|u")
        #expect(try scene.settle())
        #expect(topics(scene.clients["a"]?.owned ?? [:], scene) == ["t"])
        return scene
    }

    /// Goal: while b comes first and the target is computed anew, nothing of u is meant for a.
    @Test func whoHasNotComeWantsWhatItHas() throws {
        var scene = Self.restarted(try Self.scene())
        #expect(scene.machine.unheard == ["a", "b"])
        // More of both topics: a reason for a new target before a has come.
        scene.topics.make("t", 6)
        scene.topics.make("u", 6)
        scene.now += Limits.patternRefreshMilliseconds
        try scene.beat("b")
        #expect(Self.topics(scene.machine.target["a"] ?? [:], scene).isSubset(of: ["t"]))
        #expect(scene.machine.unheard == ["a"])
        for _ in 0..<6 { for id in ["b", "a"] { try scene.beat(id) } }
        #expect(try scene.settle())
        let owned = Self.topics(scene.clients["a"]?.owned ?? [:], scene)
        #expect(owned.isSubset(of: ["t"]))
        #expect(scene.ownedTwice.isEmpty)
        #expect(scene.clients.values.reduce(0) { $0 + $1.owned.partitionCount } == 12)
    }

    /// Goal: a restart alone moves nothing, with and without an authorizer.
    @Test(arguments: [true, false]) func aRestartMovesNothing(hasRights: Bool) throws {
        var scene = try Self.scene()
        if !hasRights {
            scene.rights = [:]
            for _ in 0..<6 { for id in ["a", "b"] { try scene.beat(id) } }
            #expect(try scene.settle())
        }
        let owned = scene.clients.mapValues(\.owned)
        var after = Self.restarted(scene)
        for _ in 0..<3 { for id in ["b", "a"] { try after.beat(id) } }
        #expect(after.clients.mapValues(\.owned) == owned)
        // b may see a topic of which it was given nothing: that is known again with its heartbeat.
        #expect(after.machine.epoch == scene.machine.epoch + (hasRights ? 1 : 0))
        #expect(after.machine.unheard.isEmpty)
    }

    /// Goal: rights that were taken while the broker was down count from the member's first heartbeat.
    @Test func rightsTakenMeanwhileCount() throws {
        var scene = Self.restarted(try Self.scene())
        scene.rights["b"] = ["t"]
        for _ in 0..<6 { for id in ["a", "b"] { try scene.beat(id) } }
        #expect(try scene.settle())
        for client in scene.clients.values {
            #expect(Self.topics(client.owned, scene) == ["t"])
        }
    }

    /// Goal: names are matched again when there are other topics, and only then.
    @Test func newTopicsAreFound() throws {
        var scene = Scene848()
        try scene.join("a", topics: [], pattern: "t.*")
        #expect(try scene.settle())
        scene.topics.make("t2", 2)
        try scene.beat("a")
        #expect(scene.clients["a"]?.owned.partitionCount == 4)
        scene.now += Limits.patternRefreshMilliseconds
        for _ in 0..<3 { try scene.beat("a") }
        #expect(scene.clients["a"]?.owned.partitionCount == 6)
    }
}
