// Checkpoints of topics that are deleted and made again by the same name, and a crash behind that.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka log checkpoints")
struct KafkaLogCheckpointTests {
    private static let names = ["recovery-point-offset-checkpoint", "log-start-offset-checkpoint"]

    private static func path(_ stage: KafkaBrokerStage, _ name: String) -> URL {
        URL(filePath: stage.directory + "/" + name)
    }

    private static func batch(_ records: Int) -> ByteBuffer {
        KafkaBrokerRequests.batch((0..<records).map { "\($0)" })
    }

    /// A directory left in order, whose checkpoints both say 500 of the topic `t`.
    private static func filled(_ stage: KafkaBrokerStage) async throws {
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            _ = try await wire.produce(batch(500), to: "t")
            let request = DeleteRecordsRequest {
                $0.topics = [
                    DeleteRecordsRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [DeleteRecordsRequest.Topic.Partition { $0.offset = 500 }]
                    }
                ]
            }
            let answer = try await wire.ask(request, version: 2).topics[0].partitions[0]
            #expect(answer.lowWatermark == 500)
        }
        for name in names { #expect(try offsets(stage, name) == ["t-0": 500]) }
    }

    private static func offsets(
        _ stage: KafkaBrokerStage, _ name: String
    ) throws -> [String: Int64] {
        let bytes = Array(try Data(contentsOf: path(stage, name)))
        let offsets = try #require(OffsetCheckpoint.decode(bytes))
        return Dictionary(uniqueKeysWithValues: offsets.map { ($0.key.description, $0.value) })
    }

    /// All that was acknowledged is there, from the first record on.
    private static func expectWhole(_ stage: KafkaBrokerStage) async throws {
        try await stage.run { wire, _ async throws in
            #expect(try await wire.endOffset("t", timestamp: -2) == 0)
            #expect(try await wire.endOffset("t") == 100)
            #expect(try await wire.fetch("t", from: 0).errorCode == .none)
            #expect(try await wire.values(of: "t").map(\.1) == (0..<100).map { "\($0)" })
        }
    }

    /// Goal: what is acknowledged by a topic made again survives `kill -9`, whatever was deleted of the
    /// one before it.
    @Test func aTopicMadeAgainKeepsItsRecordsOverACrash() async throws {
        let stage = KafkaBrokerStage()
        try await Self.filled(stage)
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.ask(DeleteTopicsRequest { $0.topicNames = ["t"] }, version: 5)
            for name in Self.names { #expect(try Self.offsets(stage, name) == [:]) }
            _ = try await wire.createTopic("t")
            #expect(try await wire.produce(Self.batch(100), to: "t").errorCode == .none)
            return try stage.copy()
        }
        try await Self.expectWhole(crashed)
    }

    /// Goal: the same when the broker was killed between the topic's deletion and the checkpoints'.
    @Test func linesThatADeletionLeftAreNotTaken() async throws {
        let stage = KafkaBrokerStage()
        try await Self.filled(stage)
        let old = try Self.names.map { ($0, try Data(contentsOf: Self.path(stage, $0))) }
        let deleted = try await stage.run { wire, _ async throws in
            _ = try await wire.ask(DeleteTopicsRequest { $0.topicNames = ["t"] }, version: 5)
            return try stage.copy()
        }
        for (name, bytes) in old { try bytes.write(to: Self.path(deleted, name)) }
        let crashed = try await deleted.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            #expect(try await wire.produce(Self.batch(100), to: "t").errorCode == .none)
            return try deleted.copy()
        }
        try await Self.expectWhole(crashed)
    }

    /// Goal: a checkpoint that says more than the log has, as after a lost end, makes no partition that
    /// nothing can be read from: what comes next is read.
    @Test func aStartBehindTheEndIsTheEnd() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            _ = try await wire.produce(Self.batch(10), to: "t")
        }
        try Data("0\n1\nt 0 500\n".utf8).write(to: Self.path(stage, Self.names[1]))
        try await stage.run { wire, _ async throws in
            #expect(try await wire.endOffset("t", timestamp: -2) == 10)
            #expect(try await wire.produce(Self.batch(1), to: "t").baseOffset == 10)
            #expect(try await wire.fetch("t", from: 10).errorCode == .none)
            #expect(try await wire.fetch("t", from: 11).errorCode == .none)
        }
    }
}
