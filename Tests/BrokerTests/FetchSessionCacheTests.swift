// Which fetch sessions stay when there are more than there is room for.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Room for fetch sessions")
struct FetchSessionCacheTests {
    private static func scene(slots: Int) -> FetchSessionScene {
        var scene = FetchSessionScene()
        scene.cache.slotsMax = slots
        scene.cache.evictionMilliseconds = 100
        return scene
    }

    private static func begin(_ scene: inout FetchSessionScene, _ count: Int32) throws -> Int32 {
        try scene.begin(
            [(FetchSessionTests.a, Array(0..<count))],
            (0..<count).map { _ in FetchSessionTests.found() })
    }

    private static func use(_ scene: inout FetchSessionScene, _ id: Int32, _ epoch: Int32) throws {
        _ = try scene.order(id, epoch)
    }

    /// Goal: while all are new and in use, the next client has no session, whatever its size.
    @Test func nobodyLeavesANewSession() throws {
        var scene = Self.scene(slots: 2)
        let first = try Self.begin(&scene, 1)
        scene.now = 100
        let second = try Self.begin(&scene, 2)
        #expect(try Self.begin(&scene, 50) == 0)
        #expect(scene.cache.contains(first) && scene.cache.contains(second))
    }

    /// Goal: one that was unused for long goes first, and of those the one unused for longest.
    @Test func theUnusedGoFirst() throws {
        var scene = Self.scene(slots: 2)
        let first = try Self.begin(&scene, 5)
        let second = try Self.begin(&scene, 1)
        scene.now = 60
        try Self.use(&scene, second, 1)
        scene.now = 101
        let third = try Self.begin(&scene, 1)
        #expect(third > 0)
        #expect(!scene.cache.contains(first) && scene.cache.contains(second))
        scene.now = 161
        #expect(try Self.begin(&scene, 1) > 0)
        #expect(!scene.cache.contains(second) && scene.cache.contains(third))
    }

    /// Goal: of those in use, only one that is no longer new goes, and only for a larger one.
    @Test func theSmallGoForTheLarge() throws {
        var scene = Self.scene(slots: 2)
        let small = try Self.begin(&scene, 2)
        let large = try Self.begin(&scene, 9)
        scene.now = 101
        try Self.use(&scene, small, 1)
        try Self.use(&scene, large, 1)
        #expect(try Self.begin(&scene, 2) == 0)
        let middle = try Self.begin(&scene, 3)
        #expect(middle > 0 && !scene.cache.contains(small) && scene.cache.contains(large))
        // The new one is new: the next that is larger than the old large one takes that one's place.
        #expect(try Self.begin(&scene, 9) == 0)
        #expect(try Self.begin(&scene, 10) > 0)
        #expect(scene.cache.contains(middle) && !scene.cache.contains(large))
    }

    /// Goal: what was opened and is gone when it is answered begins anew.
    @Test func anAnswerWithoutItsSessionSaysSo() throws {
        var scene = Self.scene(slots: 1)
        let first = try Self.begin(&scene, 1)
        try Self.use(&scene, first, 1)
        let waiting = scene.context
        scene.now = 101
        #expect(try Self.begin(&scene, 1) > 0)
        scene.context = waiting
        #expect(
            scene.answer([FetchSessionTests.found(1)])
                == FetchAnswer(error: .fetchSessionIDNotFound, positions: []))
    }

    // MARK: Memory

    @Test func aSessionLargerThanAllRoomIsNotMade() throws {
        var scene = FetchSessionScene()
        scene.cache.bytesMax = 10 * Limits.fetchSessionPartitionBytes
        #expect(try Self.begin(&scene, 10) == 0)
        #expect(try Self.begin(&scene, 9) > 0)
        #expect(try Self.begin(&scene, 9) == 0)
        #expect(scene.cache.sizeBytes == 10 * Limits.fetchSessionPartitionBytes)
        scene.cache.partitionsPerSessionMax = 3
        scene.cache.bytesMax = .max
        #expect(try Self.begin(&scene, 4) == 0)
        #expect(try Self.begin(&scene, 3) > 0)
    }

    /// Goal: a session that outgrows its room is closed, and the client is told to begin anew.
    @Test(arguments: [true, false])
    func aSessionThatGrowsTooLargeIsClosed(byPartitions: Bool) throws {
        var scene = FetchSessionScene()
        if byPartitions {
            scene.cache.partitionsPerSessionMax = 5
        } else {
            scene.cache.bytesMax = 6 * Limits.fetchSessionPartitionBytes
        }
        let id = try Self.begin(&scene, 4)
        #expect(
            scene.partitions(
                scene.open(FetchSessionTests.full([(FetchSessionTests.a, [4])], id: id, epoch: 1)))
                == [0, 1, 2, 3, 4])
        #expect(
            scene.refusal(FetchSessionTests.full([(FetchSessionTests.a, [5])], id: id, epoch: 2))
                == .fetchSessionIDNotFound)
        #expect(scene.cache.count == 0 && scene.cache.sizeBytes == 0)
    }

    /// Goal: long names of topics that do not exist count.
    @Test func namesCount() throws {
        var scene = FetchSessionScene()
        scene.cache.bytesMax = 30_000
        let long = FetchTopic(name: String(repeating: "x", count: 30_000))
        _ = scene.open(FetchSessionTests.full([(long, [0])]), usesTopicIDs: false)
        #expect(scene.answer([FetchSessionTests.found(-1)]).sessionID == 0)
    }

    // MARK: Cost

    /// Goal: without room nothing is made: no slots, too many partitions, no one who may go.
    @Test func makesNothingWithoutRoom() throws {
        var scene = Self.scene(slots: 0)
        #expect(try Self.begin(&scene, 1) == 0)
        guard case .sessionless = scene.context else {
            Issue.record("a fetch without slots has a session in view")
            return
        }
        scene.cache.slotsMax = 1
        scene.cache.partitionsPerSessionMax = 3
        #expect(try Self.begin(&scene, 4) == 0)
        // Named twice counts twice: how often is not known before the session is made.
        #expect(
            try scene.begin(
                [(FetchSessionTests.a, [0, 0]), (FetchSessionTests.b, [0, 0])],
                (0..<4).map { _ in FetchSessionTests.found() }) == 0)
        #expect(scene.made == 0)
        #expect(try Self.begin(&scene, 1) > 0)
        #expect(try Self.begin(&scene, 3) == 0)
        #expect(scene.made == 1)
    }

    /// Goal: a request that names more than a session may hold closes it before anything is taken,
    /// whether it adds, repeats or forgets; one that names as much is served.
    @Test(arguments: ["added", "repeated", "forgotten", "topics"])
    func aRequestLargerThanAnySessionIsNotTaken(list: String) throws {
        var scene = FetchSessionScene()
        scene.cache.partitionsPerSessionMax = 4
        let id = try Self.begin(&scene, 4)
        let all = Array(Int32(0)..<4)
        // All at once, as a client does whose partitions all moved.
        #expect(
            scene.partitions(
                scene.open(FetchSessionTests.full([(FetchSessionTests.a, all)], id: id, epoch: 1)))
                == all)
        var wanted: [(FetchTopic, [Int32])] = []
        var forgotten: [(FetchTopic, [Int32])] = []
        switch list {
        case "added": wanted = [(FetchSessionTests.b, Array(0..<5))]
        case "repeated": wanted = [(FetchSessionTests.a, [0, 0, 0, 0, 0])]
        case "forgotten": forgotten = [(FetchSessionTests.b, Array(0..<5))]
        default: wanted = (0..<5).map { _ in (FetchSessionTests.b, []) }
        }
        #expect(
            scene.refusal(
                FetchSessionTests.full(wanted, id: id, epoch: 2, forgetting: forgotten))
                == .fetchSessionIDNotFound)
        #expect(scene.cache.count == 0 && scene.cache.sizeBytes == 0)
    }

    /// Goal: a session that needs the room of several takes it; one for which all of them are not
    /// enough takes none.
    @Test func severalGoOrNone() throws {
        var scene = Self.scene(slots: 10)
        scene.cache.bytesMax = 12 * Limits.fetchSessionPartitionBytes
        let old = try [Self.begin(&scene, 2), Self.begin(&scene, 2)]
        scene.now = 60
        let fresh = try [Self.begin(&scene, 2), Self.begin(&scene, 2)]
        scene.now = 101
        // The unused make room for six of 192 bytes.
        #expect(try Self.begin(&scene, 6) == 0)
        #expect((old + fresh).allSatisfy { scene.cache.contains($0) })
        let large = try Self.begin(&scene, 5)
        #expect(large > 0 && fresh.allSatisfy { scene.cache.contains($0) })
        #expect(!old.contains { scene.cache.contains($0) })
        #expect(scene.cache.sizeBytes == 12 * Limits.fetchSessionPartitionBytes)
    }

    /// Goal: room that was not found is not looked for again at once, unless the new one is larger;
    /// it is found a moment later, and at once when a session was closed.
    @Test func aSearchInVainIsNotRepeatedAtOnce() throws {
        var scene = Self.scene(slots: 2)
        let first = try Self.begin(&scene, 1)
        let second = try Self.begin(&scene, 4)
        scene.now = 99
        #expect(try Self.begin(&scene, 3) == 0)
        // Both are unused for long by now.
        scene.now = 99 + Limits.fetchSessionRefusalMilliseconds - 1
        #expect(try Self.begin(&scene, 3) == 0)
        scene.now += 1
        let third = try Self.begin(&scene, 3)
        #expect(third > 0 && scene.cache.count == 2)
        #expect(scene.cache.contains(first) != scene.cache.contains(second))

        scene = Self.scene(slots: 1)
        let only = try Self.begin(&scene, 1)
        #expect(try Self.begin(&scene, 3) == 0)
        _ = scene.open(FetchSessionTests.full([], id: only, epoch: FetchSession.finalEpoch))
        #expect(try Self.begin(&scene, 3) > 0)
    }

    /// Goal: the books are right after any number of changes.
    ///
    /// Method: random requests beside a model that keeps, for each session, the set of its partitions.
    @Test func keepsItsBooks() throws {
        var random = SeededGenerator(seed: 42)
        var scene = FetchSessionScene()
        scene.cache.slotsMax = 8
        scene.cache.evictionMilliseconds = 50
        var known: [Int32: (epoch: Int32, partitions: Set<Int32>)] = [:]
        for _ in 0..<3_000 {
            scene.now += 3
            if known.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
                let count = Int32.random(in: 1...12, using: &random)
                let id = try Self.begin(&scene, count)
                known = known.filter { scene.cache.contains($0.key) }
                if id != 0 { known[id] = (1, Set(0..<count)) }
            } else if let id = known.keys.sorted().randomElement(using: &random),
                let session = known[id]
            {
                let added = Int32.random(in: 0..<20, using: &random)
                let gone = Int32.random(in: 0..<20, using: &random)
                let wanted = session.partitions.union([added]).subtracting([gone])
                let opening = scene.open(
                    FetchSessionTests.full(
                        [(FetchSessionTests.a, [added])], id: id, epoch: session.epoch,
                        forgetting: [(FetchSessionTests.a, [gone])]))
                known[id] = wanted.isEmpty ? nil : (session.epoch + 1, wanted)
                guard !wanted.isEmpty else { continue }
                #expect(Set(try #require(scene.partitions(opening))) == wanted)
                let found = wanted.map { _ in
                    FetchSessionTests.found(records: Int.random(in: 0...1, using: &random))
                }
                #expect(scene.answer(found).error == .none)
            }
            #expect(scene.cache.count == known.count)
        }
        for (id, session) in known {
            _ = scene.open(
                FetchSessionTests.full(
                    [], id: id, epoch: session.epoch,
                    forgetting: [(FetchSessionTests.a, Array(session.partitions))]))
        }
        #expect(scene.cache.count == 0 && scene.cache.sizeBytes == 0)
    }
}
