// Fetch sessions over a socket: what an answer leaves out, what wakes it, and how a session ends.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka fetch sessions")
struct KafkaFetchSessionTests {
    /// Names up to 12, ids from 13 on.
    static let versions: [Int16] = [7, 12, 13, 17, 18]

    /// Goal: a full fetch tells everything; after it only what changed is told, and what is forgotten
    /// is not.
    @Test(arguments: versions)
    func tellsOnlyWhatChanged(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var client = FetchSessionClient(wire, version: version)
            try await client.create("a", partitions: 3)
            try await client.create("b")
            _ = try await wire.produce(KafkaBrokerRequests.batch(["0"]), to: "a")
            let first = try await client.fetch(["a": [0: 0, 1: 0, 2: 0], "b": [0: 0]])
            #expect(client.session > 0)
            #expect(first == ["a0": ["0"], "a1": [], "a2": [], "b0": []])
            // Nothing new, but the partition is read on from offset 1 from now on.
            #expect(try await client.fetch(["a": [0: 1]]) == [:])
            #expect(try await client.fetch() == [:])
            _ = try await wire.produce(KafkaBrokerRequests.batch(["1"]), to: "a", partition: 1)
            _ = try await wire.produce(KafkaBrokerRequests.batch(["2"]), to: "a")
            _ = try await wire.produce(KafkaBrokerRequests.batch(["3"]), to: "b")
            #expect(try await client.fetch() == ["a0": ["2"], "a1": ["1"], "b0": ["3"]])
            // Records that are not read past come again; the others were read past, or are forgotten.
            let again = try await client.fetch(["a": [0: 2]], forgetting: ["a": [1]])
            #expect(again == ["b0": ["3"]])
            _ = try await wire.produce(KafkaBrokerRequests.batch(["4"]), to: "a", partition: 1)
            #expect(try await client.fetch(["b": [0: 1]]) == [:])
            // Wanted anew.
            #expect(try await client.fetch(["a": [1: 1]]) == ["a1": ["4"]])
        }
    }

    /// Goal: a client that names nothing waits for all its partitions and is woken by any. The wait is
    /// far longer than the test.
    @Test func waitsForAllItsPartitions() async throws {
        try await KafkaBrokerStage().run { wire, server in
            let other = try await KafkaBrokerWire(port: server.port)
            var client = FetchSessionClient(other, version: 17)
            try await client.create("a", partitions: 20)
            _ = try await client.fetch(
                ["a": Dictionary(uniqueKeysWithValues: (0..<20).map { (Int32($0), 0) })])
            try await client.send(waitMilliseconds: 600_000)
            _ = try await wire.produce(KafkaBrokerRequests.batch(["x"]), to: "a", partition: 13)
            #expect(try await client.answer() == ["a13": ["x"]])
            await other.close()
        }
    }

    /// Goal: what is there already counts for the least number of bytes, whatever partition has it.
    @Test func waitsForItsMinimumOverAllPartitions() async throws {
        try await KafkaBrokerStage().run { wire, server in
            let other = try await KafkaBrokerWire(port: server.port)
            var client = FetchSessionClient(other, version: 17)
            try await client.create("a", partitions: 2)
            _ = try await client.fetch(["a": [0: 0, 1: 0]])
            let batch = KafkaBrokerRequests.batch(["x"])
            try await client.send(
                waitMilliseconds: 600_000, bytesMin: Int32(2 * batch.readableBytes))
            _ = try await wire.produce(batch, to: "a", partition: 0)
            _ = try await wire.produce(batch, to: "a", partition: 1)
            #expect(try await client.answer() == ["a0": ["x"], "a1": ["x"]])
            await other.close()
        }
    }

    /// Goal: when an answer has no room for all, those that were left out come first the next time.
    @Test func takesTurns() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var client = FetchSessionClient(wire, version: 17)
            try await client.create("a", partitions: 3)
            let large = String(repeating: "x", count: 5_000)
            for partition in Int32(0)..<3 {
                for _ in 0..<2 {
                    let batch = KafkaBrokerRequests.batch(["\(partition)" + large])
                    _ = try await wire.produce(batch, to: "a", partition: partition)
                }
            }
            var offsets: [Int32: Int64] = [0: 0, 1: 0, 2: 0]
            var changed = offsets
            var turns: [Int32] = []
            for _ in 0..<6 {
                let got = try await client.fetch(["a": changed], bytesMax: 5_500)
                let having = got.filter { !$0.value.isEmpty }
                let partition = try #require(having.first.flatMap { Int32($0.key.dropFirst()) })
                #expect(having.count == 1)
                #expect(having["a\(partition)"] == ["\(partition)" + large])
                turns.append(partition)
                offsets[partition, default: 0] += 1
                changed = [partition: offsets[partition] ?? 0]
            }
            // As with Kafka, turns begin when the session is there: after the first answer.
            #expect(turns == [0, 0, 1, 2, 1, 2])
        }
    }

    /// Goal: parts of files stand in their places when turns have mixed the topics.
    @Test func filesStandInTheirPlaces() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var client = FetchSessionClient(wire, version: 17)
            for topic in ["a", "b"] { try await client.create(topic, partitions: 2) }
            // More than the log's end in memory, so that its beginning is read from the file.
            func value(_ name: String) -> String {
                name + String(repeating: name, count: 200_000)
            }
            for topic in ["a", "b"] {
                for partition in Int32(0)..<2 {
                    for _ in 0..<5 {
                        let batch = KafkaBrokerRequests.batch([value("\(topic)\(partition)")])
                        _ = try await wire.produce(batch, to: topic, partition: partition)
                    }
                }
            }
            // Only a0 and b1 bring records, and so move behind b0 and a1.
            _ = try await client.fetch(["a": [0: 0, 1: 5], "b": [0: 5, 1: 0]])
            _ = try await client.fetch(["a": [0: 1]])
            let got = try await client.fetch(
                ["a": [0: 1, 1: 0], "b": [0: 0, 1: 2]], bytesMax: 50 << 20)
            #expect(got.keys.sorted() == ["a0", "a1", "b0", "b1"])
            for (name, values) in got {
                #expect(!values.isEmpty && values.allSatisfy { $0 == value(name) })
            }
        }
    }

    // MARK: How it ends

    /// Goal: who finds no room reads all the same, by full requests.
    @Test func readsWithoutASession() async throws {
        try await KafkaBrokerStage().run(set: { $0.limits.fetchSessionsMax = 1 }) { wire, server in
            var first = FetchSessionClient(wire, version: 17)
            try await first.create("a")
            #expect(try await first.fetch(["a": [0: 0]]) == ["a0": []])
            #expect(first.session > 0)
            let other = try await KafkaBrokerWire(port: server.port)
            var second = FetchSessionClient(other, version: 17)
            second.ids = first.ids
            for _ in 0..<3 {
                #expect(try await second.fetch(["a": [0: 0]]) == ["a0": []])
                #expect(second.session == 0)
            }
            // The first one leaves; there is room for the second.
            first.epoch = -1
            _ = try await first.fetch(["a": [0: 0]])
            #expect(try await second.fetch(["a": [0: 0]]) == ["a0": []])
            #expect(second.session > 0)
            #expect(try await second.fetch() == [:])
            await other.close()
        }
    }

    @Test func refusesOtherEpochsAndIDs() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var client = FetchSessionClient(wire, version: 17)
            try await client.create("a")
            _ = try await client.fetch(["a": [0: 0]])
            let session = client.session
            client.epoch = 7
            #expect(try await client.error() == .invalidFetchSessionEpoch)
            client.session = session &+ 1
            #expect(try await client.error() == .fetchSessionIDNotFound)
            client.session = session
            client.epoch = 1
            client.version = 12
            #expect(try await client.error() == .fetchSessionTopicIDError)
            // It goes on as if nothing had happened.
            client.version = 17
            #expect(try await client.fetch() == [:])
            // Its last word closes it.
            client.epoch = -1
            #expect(try await client.fetch(["a": [0: 0]]) == ["a0": []])
            #expect(client.session == 0)
            client.session = session
            client.epoch = 2
            #expect(try await client.error() == .fetchSessionIDNotFound)
        }
    }

    /// Goal: a client that comes back on a new connection closes its old session and begins anew.
    @Test func aNewBeginningReplacesTheSession() async throws {
        try await KafkaBrokerStage().run { wire, server in
            var client = FetchSessionClient(wire, version: 17)
            try await client.create("a")
            _ = try await client.fetch(["a": [0: 0]])
            let old = client.session
            let other = try await KafkaBrokerWire(port: server.port)
            client.wire = other
            client.epoch = 0
            #expect(try await client.fetch(["a": [0: 0]]) == ["a0": []])
            #expect(client.session > 0 && client.session != old)
            client.session = old
            #expect(try await client.error() == .fetchSessionIDNotFound)
            await other.close()
        }
    }

    /// Goal: a topic that is deleted, made anew or not there yet is told as Kafka tells it, each time,
    /// while the session goes on.
    @Test(arguments: [Int16(12), 17])
    func topicsComeAndGo(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            let byID = version >= 13
            var client = FetchSessionClient(wire, version: version)
            try await client.create("a")
            client.ids["late"] = KafkaUUID(high: 7, low: 7)
            let first = try await client.codes(["a": [0: 0], "late": [0: 0]])
            #expect(
                first == ["a0": .none, "late0": byID ? .unknownTopicID : .unknownTopicOrPartition])
            _ = try await wire.ask(DeleteTopicsRequest { $0.topicNames = ["a"] }, version: 5)
            // Its name is known, so the id is not unknown: it is the partition that is gone.
            #expect(try await client.codes()["a0"] == .unknownTopicOrPartition)
            let old = client.ids["a"]
            try await client.create("a")
            client.ids["a"] = old
            #expect(
                try await client.codes()["a0"]
                    == (byID ? .inconsistentTopicID : KafkaErrorCode.none))
            _ = try await wire.createTopic("late")
            // By its name it is found now; its real id is another one.
            #expect(
                try await client.codes(["a": [0: 0]])["late0"]
                    == (byID ? .unknownTopicID : KafkaErrorCode.none))
        }
    }

    /// Goal: who may not read a topic any more is told so within the session.
    @Test func aSessionGivesNoRights() async throws {
        try await KafkaBrokerStage().run(set: {
            $0.authorizer = .acls(superUsers: [], allowEveryoneIfNoAcl: true)
        }) { wire, _ in
            var client = FetchSessionClient(wire, version: 17)
            try await client.create("a")
            _ = try await client.fetch(["a": [0: 0]])
            let denial = CreateAclsRequest {
                $0.creations = [
                    CreateAclsRequest.Creation {
                        $0.resourceType = 2
                        $0.resourceName = "a"
                        $0.resourcePatternType = 3
                        $0.principal = "User:ANONYMOUS"
                        $0.host = "*"
                        $0.operation = 3
                        $0.permissionType = 2
                    }
                ]
            }
            _ = try await wire.ask(denial, version: 3)
            #expect(try await client.codes() == ["a0": .topicAuthorizationFailed])
        }
    }
}
