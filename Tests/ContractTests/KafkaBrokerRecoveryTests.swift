// What the broker keeps: over an orderly stop, a crash, a torn file, a damaged one.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka broker recovery")
struct KafkaBrokerRecoveryTests {
    private static func log(_ stage: KafkaBrokerStage, _ name: String = "00000000000000000000.log")
        -> URL
    {
        URL(filePath: stage.directory + "/t-0/" + name)
    }

    private static func filled(_ stage: KafkaBrokerStage, batches: Int) async throws -> [Int] {
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t", settings: ["retention.ms": "-1"])
            var ends: [Int] = []
            for number in 0..<batches {
                let batch = KafkaBrokerRequests.batch(
                    ["a\(number)", "b\(number)"], producerID: 9, epoch: 0,
                    sequence: Int32(number * 2))
                _ = try await wire.produce(batch, to: "t")
                ends.append((ends.last ?? 0) + batch.readableBytes)
            }
            return ends
        }
    }

    @Test func everythingIsThereAfterAnOrderlyStop() async throws {
        let stage = KafkaBrokerStage()
        _ = try await Self.filled(stage, batches: 3)
        let cluster = try await stage.run { wire, server async throws in
            #expect(
                try await wire.values(of: "t").map(\.1) == ["a0", "b0", "a1", "b1", "a2", "b2"])
            // The producer is known: a repeat is a repeat, the next is the next.
            let again = KafkaBrokerRequests.batch(
                ["a2", "b2"], producerID: 9, epoch: 0, sequence: 4)
            #expect(try await wire.produce(again, to: "t").baseOffset == 4)
            return server.clusterID
        }
        try await stage.run { wire, server async throws in
            #expect(server.clusterID == cluster)
            let data = try await wire.ask(MetadataRequest { $0.topics = nil }, version: 9)
            #expect(data.topics[0].partitions[0].leaderEpoch == 0)
            #expect(data.clusterID == cluster)
        }
    }

    /// Goal: a cancelled service stops in order too: the next start finds nothing to recover.
    @Test func cancellingIsAnOrderlyStop() async throws {
        let stage = KafkaBrokerStage()
        _ = try await Self.filled(stage, batches: 1)
        let server = try await stage.start()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await server.run() }
            group.cancelAll()
        }
        let marker = stage.directory + "/.kafka_cleanshutdown"
        #expect(FileManager.default.fileExists(atPath: marker))
    }

    /// Goal: after a crash all that was acknowledged is there, repeats are known, the epoch has risen.
    @Test func everythingAcknowledgedIsThereAfterACrash() async throws {
        let stage = KafkaBrokerStage()
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            for number in 0..<5 {
                let batch = KafkaBrokerRequests.batch(
                    ["\(number)"], producerID: 9, epoch: 0, sequence: Int32(number))
                _ = try await wire.produce(batch, to: "t")
            }
            return try stage.copy()
        }
        try await crashed.run { wire, _ async throws in
            #expect(try await wire.values(of: "t").map(\.1) == ["0", "1", "2", "3", "4"])
            let again = KafkaBrokerRequests.batch(["2"], producerID: 9, epoch: 0, sequence: 2)
            #expect(try await wire.produce(again, to: "t").baseOffset == 2)
            let next = KafkaBrokerRequests.batch(["5"], producerID: 9, epoch: 0, sequence: 5)
            #expect(try await wire.produce(next, to: "t").baseOffset == 5)
            let data = try await wire.ask(MetadataRequest { $0.topics = nil }, version: 9)
            #expect(data.topics[0].partitions[0].leaderEpoch == 1)
            #expect(
                try await wire.fetch("t", from: 5).records?.getInteger(at: 12, as: Int32.self) == 1)
        }
    }

    /// Method: a small log cut at every byte. What remains is the whole batches before the cut, and
    /// appending goes on behind them, the producer's next sequence included.
    @Test func aTornTailIsCutAtEveryByte() async throws {
        let stage = KafkaBrokerStage()
        let ends = try await Self.filled(stage, batches: 2)
        let whole = try Data(contentsOf: Self.log(stage))
        #expect(whole.count == ends.last)
        let marker = stage.directory + "/.kafka_cleanshutdown"
        for count in 0..<whole.count {
            try await Self.cut(stage, to: whole.prefix(count), marker: marker)
            let kept = ends.count { $0 <= count }
            try await stage.run { wire, _ async throws in
                #expect(try await wire.endOffset("t") == Int64(kept * 2))
                let next = KafkaBrokerRequests.batch(
                    ["x"], producerID: 9, epoch: 0, sequence: Int32(kept * 2))
                #expect(try await wire.produce(next, to: "t").baseOffset == Int64(kept * 2))
            }
        }
    }

    /// Leaves the directory as a crash with this log: no mark of an orderly stop, no checkpoints.
    private static func cut(
        _ stage: KafkaBrokerStage, to bytes: Data, marker: String
    ) async throws {
        let folder = stage.directory + "/t-0"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasSuffix("snapshot") || name.hasSuffix("index") {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
        try? FileManager.default.removeItem(atPath: marker)
        try? FileManager.default.removeItem(
            atPath: stage.directory + "/recovery-point-offset-checkpoint")
        try bytes.write(to: log(stage))
    }

    /// Goal: the leader epoch that clients saw after a crash does not go back, though nothing is appended.
    @Test func theLeaderEpochDoesNotGoBack() async throws {
        let stage = KafkaBrokerStage()
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            _ = try await wire.produce(KafkaBrokerRequests.batch(["a"]), to: "t")
            #expect(try await Self.epoch(wire) == 0)
            return try stage.copy()
        }
        for _ in 0..<3 {
            try await crashed.run { wire, _ async throws in
                #expect(try await Self.epoch(wire) == 1)
            }
        }
        try FileManager.default.removeItem(
            atPath: crashed.directory + "/.kafka_cleanshutdown")
        for _ in 0..<2 {
            try await crashed.run { wire, _ async throws in
                #expect(try await Self.epoch(wire) == 2)
                #expect(try await wire.values(of: "t").map(\.1) == ["a"])
            }
        }
    }

    /// The leader epoch at the end of `t`, as ListOffsets says it.
    private static func epoch(_ wire: KafkaBrokerWire) async throws -> Int32 {
        let request = ListOffsetsRequest {
            $0.replicaID = -1
            $0.topics = [
                ListOffsetsRequest.Topic {
                    $0.name = "t"
                    $0.partitions = [ListOffsetsRequest.Topic.Partition { $0.timestamp = -1 }]
                }
            ]
        }
        return try await wire.ask(request, version: 7).topics[0].partitions[0].leaderEpoch
    }

    /// Goal: garbage behind the last batch is cut, and lost index files are made again.
    @Test func garbageIsCutAndIndexesAreMadeAgain() async throws {
        let stage = KafkaBrokerStage()
        let ends = try await Self.filled(stage, batches: 3)
        var bytes = try Data(contentsOf: Self.log(stage))
        bytes.append(Data(repeating: 0, count: 5_000))
        try await Self.cut(stage, to: bytes, marker: stage.directory + "/.kafka_cleanshutdown")
        try await stage.run { wire, _ async throws in
            #expect(try await wire.values(of: "t").count == 6)
        }
        #expect(try Data(contentsOf: Self.log(stage)).count == ends.last)
    }

    /// Goal: a batch the disk spoiled is not served; the others are, and other partitions too.
    @Test func aSpoiledBatchIsNotServed() async throws {
        let stage = KafkaBrokerStage()
        let ends = try await Self.filled(stage, batches: 3)
        var bytes = try Data(contentsOf: Self.log(stage))
        bytes[ends[0] + 65] ^= 0x10
        try bytes.write(to: Self.log(stage))
        try await stage.run { wire, _ async throws in
            #expect(try await wire.fetch("t", from: 0).records?.readableBytes == ends[0])
            #expect(try await wire.fetch("t", from: 2).errorCode == .corruptMessage)
            #expect(try await wire.fetch("t", from: 4).errorCode == .none)
        }
    }

    /// Goal: many segments, read from disk again after a restart, give every record once.
    @Test func segmentsRollAndAreReadAgain() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t", settings: ["segment.bytes": "20000"])
            for number in 0..<60 {
                let value = "\(number):" + String(repeating: "x", count: 2_000)
                _ = try await wire.produce(KafkaBrokerRequests.batch([value]), to: "t")
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: stage.directory + "/t-0")
        #expect(names.count { $0.hasSuffix(".log") } == 7)
        try await stage.run { wire, _ async throws in
            let values = try await wire.values(of: "t")
            #expect(values.map(\.0) == Array(0..<60))
            #expect(values.map { $0.1.split(separator: ":")[0] } == (0..<60).map { "\($0)" })
        }
    }

    @Test func timesAreFoundAgainAfterARestart() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t", settings: ["segment.bytes": "2000"])
            for time in [1_000, 5_000, 3_000, 9_000, 7_000] as [Int64] {
                let value = String(repeating: "x", count: 900)
                _ = try await wire.produce(
                    KafkaBrokerRequests.batch([value, value], time: time), to: "t")
            }
        }
        try await stage.run { wire, _ async throws in
            let expected: [(Int64, Int64)] = [
                (0, 0), (1_000, 0), (1_001, 1), (1_002, 2), (3_000, 2), (5_001, 3), (5_002, 6),
                (9_001, 7), (9_002, -1), (-3, 7), (-2, 0), (-1, 10),
            ]
            for (time, offset) in expected {
                #expect(try await wire.endOffset("t", timestamp: time) == offset, "time \(time)")
            }
        }
    }

    @Test func deletedRecordsStayDeleted() async throws {
        let stage = KafkaBrokerStage()
        _ = try await Self.filled(stage, batches: 3)
        try await stage.run { wire, _ async throws in
            let request = DeleteRecordsRequest {
                $0.topics = [
                    DeleteRecordsRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [
                            DeleteRecordsRequest.Topic.Partition { $0.offset = 3 }
                        ]
                    }
                ]
            }
            let answer = try await wire.ask(request, version: 2).topics[0].partitions[0]
            #expect(answer.lowWatermark == 3)
            #expect(try await wire.fetch("t", from: 2).errorCode == .offsetOutOfRange)
        }
        try await stage.run { wire, _ async throws in
            #expect(try await wire.endOffset("t", timestamp: -2) == 3)
            #expect(try await wire.fetch("t", from: 2).errorCode == .offsetOutOfRange)
            #expect(try await wire.fetch("t", from: 3).errorCode == .none)
        }
    }

    /// Goal: what a group committed is there after a crash.
    @Test func committedOffsetsSurviveACrash() async throws {
        let stage = KafkaBrokerStage()
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            let commit = OffsetCommitRequest {
                $0.groupID = "g"
                $0.topics = [
                    OffsetCommitRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [
                            OffsetCommitRequest.Topic
                                .Partition { $0.committedOffset = 17 }
                        ]
                    }
                ]
            }
            let answer = try await wire.ask(commit, version: 7)
            #expect(answer.topics[0].partitions[0].errorCode == .none)
            return try stage.copy()
        }
        try await crashed.run { wire, _ async throws in
            let fetch = OffsetFetchRequest {
                $0.groupID = "g"; $0.topics = nil
            }
            let answer = try await wire.ask(fetch, version: 7)
            #expect(answer.topics.map(\.name) == ["t"])
            #expect(answer.topics[0].partitions[0].committedOffset == 17)
        }
    }
}
