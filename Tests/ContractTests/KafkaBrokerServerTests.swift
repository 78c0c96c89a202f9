// The broker over a socket: order, waiting, limits, errors, and bytes that are no requests.

import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka broker over a socket")
struct KafkaBrokerServerTests {
    private static func batch(_ values: String...) -> ByteBuffer {
        KafkaBrokerRequests.batch(values)
    }

    @Test(arguments: [Durability.none, .group, .always])
    func keepsAndServesRecords(durability: Durability) async throws {
        try await KafkaBrokerStage().run(durability) { wire, _ in
            _ = try await wire.createTopic("t", partitions: 2)
            #expect(try await wire.produce(Self.batch("a", "b"), to: "t").baseOffset == 0)
            #expect(try await wire.produce(Self.batch("c"), to: "t").baseOffset == 2)
            #expect(try await wire.produce(Self.batch("d"), to: "t", partition: 1).baseOffset == 0)
            #expect(try await wire.values(of: "t").map(\.1) == ["a", "b", "c"])
            #expect(try await wire.values(of: "t").map(\.0) == [0, 1, 2])
        }
    }

    /// Goal: requests that are sent without waiting are answered in their order.
    @Test func answersInTheOrderOfTheRequests() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t")
            for number in Int32(0)..<20 {
                let request = KafkaBrokerRequests.produce(Self.batch("\(number)"), to: "t")
                try await wire.send(request, version: 9, correlationID: number)
            }
            try await wire.send(MetadataRequest { $0.topics = nil }, version: 9, correlationID: 20)
            for number in Int32(0)..<20 {
                let (id, response) = try await wire.answer(ProduceRequest.self, version: 9)
                #expect(id == number)
                #expect(response.responses[0].partitionResponses[0].baseOffset == Int64(number))
            }
            #expect(try await wire.answer(MetadataRequest.self, version: 9).correlationID == 20)
        }
    }

    /// Goal: a fetch that waits is woken by the append; the wait is far longer than the test.
    @Test func aWaitingFetchIsWoken() async throws {
        try await KafkaBrokerStage().run { wire, server in
            _ = try await wire.createTopic("t")
            let other = try await KafkaBrokerWire(port: server.port)
            let request = KafkaBrokerRequests.fetch("t", from: 0, waitMilliseconds: 600_000)
            try await other.send(request, version: 12)
            _ = try await wire.produce(Self.batch("now"), to: "t")
            let (_, response) = try await other.answer(FetchRequest.self, version: 12)
            #expect((response.responses[0].partitions[0].records?.readableBytes ?? 0) > 0)
            await other.close()
        }
    }

    /// Goal: a fetch that waits is told that its topic is deleted, and not that a disk failed.
    @Test(arguments: [Int16(12), 13])
    func aWaitingFetchIsToldOfADeletion(version: Int16) async throws {
        try await KafkaBrokerStage().run { wire, server in
            let topic = try await wire.createTopic("t")
            let other = try await KafkaBrokerWire(port: server.port)
            var request = KafkaBrokerRequests.fetch("t", from: 0, waitMilliseconds: 600_000)
            request.topics[0].topicID = topic.topicID
            try await other.send(request, version: version)
            // Takes a while, so that the fetch waits; one that comes later has the same answer.
            _ = try await wire.createTopic("u", partitions: 10)
            _ = try await wire.ask(DeleteTopicsRequest { $0.topicNames = ["t"] }, version: 5)
            let (_, response) = try await other.answer(FetchRequest.self, version: version)
            #expect(
                response.responses[0].partitions[0].errorCode
                    == (version < 13 ? .unknownTopicOrPartition : .unknownTopicID))
            await other.close()
        }
    }

    /// Goal: a fetch waits for as many bytes as it asks for.
    @Test func aFetchWaitsForItsMinimum() async throws {
        try await KafkaBrokerStage().run { wire, server in
            _ = try await wire.createTopic("t")
            let other = try await KafkaBrokerWire(port: server.port)
            let size = Int32(Self.batch("one").readableBytes)
            let request = KafkaBrokerRequests.fetch(
                "t", from: 0, waitMilliseconds: 600_000, bytesMin: 2 * size)
            try await other.send(request, version: 12)
            _ = try await wire.produce(Self.batch("one"), to: "t")
            _ = try await wire.produce(Self.batch("two"), to: "t")
            let (_, response) = try await other.answer(FetchRequest.self, version: 12)
            #expect(response.responses[0].partitions[0].records?.readableBytes == Int(2 * size))
            await other.close()
        }
    }

    /// Goal: one whole batch comes even when it is larger than every limit of the fetch.
    @Test func aFetchBringsAtLeastOneBatch() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t")
            let large = Self.batch(String(repeating: "x", count: 10_000))
            _ = try await wire.produce(large, to: "t")
            _ = try await wire.produce(large, to: "t")
            let data = try await wire.fetch("t", from: 0, bytesMax: 10)
            #expect(data.records?.readableBytes == large.readableBytes)
            #expect(data.highWatermark == 2)
        }
    }

    @Test func aFetchOutsideTheLogIsRefused() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t")
            _ = try await wire.produce(Self.batch("a"), to: "t")
            #expect(try await wire.fetch("t", from: 2).errorCode == .offsetOutOfRange)
            #expect(try await wire.fetch("t", from: -1).errorCode == .offsetOutOfRange)
            #expect(try await wire.fetch("t", from: 1).errorCode == .none)
            #expect(try await wire.fetch("no", from: 0).errorCode == .unknownTopicOrPartition)
        }
    }

    // MARK: Batches that are refused

    @Test func refusesBadBatches() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t", settings: ["max.message.bytes": "5000"])
            var flipped = Self.batch("a")
            flipped.setInteger(UInt8(0xff), at: flipped.readerIndex + 64)
            #expect(try await wire.produce(flipped, to: "t").errorCode == .corruptMessage)
            var two = Self.batch("a")
            two.writeImmutableBuffer(Self.batch("b"))
            #expect(try await wire.produce(two, to: "t").errorCode == .invalidRecord)
            let large = Self.batch(String(repeating: "x", count: 6_000))
            #expect(try await wire.produce(large, to: "t").errorCode == .messageTooLarge)
            let future = KafkaBrokerRequests.batch(["a"], time: 4_000_000_000_000)
            #expect(try await wire.produce(future, to: "t").errorCode == .invalidTimestamp)
            #expect(
                try await wire.produce(Self.batch("a"), to: "t", acks: 7).errorCode
                    == .invalidRequiredAcks)
            #expect(try await wire.endOffset("t") == 0)
        }
    }

    /// Goal: null keys in a compacted topic are named by their index (A5 trap 3).
    @Test func aCompactedTopicNamesRecordsWithoutKey() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t", settings: ["cleanup.policy": "compact"])
            let answer = try await wire.produce(
                KafkaBrokerRequests.batch(["a", "b"], key: nil), to: "t")
            #expect(answer.errorCode == .invalidRecord)
            #expect(answer.recordErrors.map(\.batchIndex) == [0, 1])
        }
    }

    // MARK: Idempotence

    @Test func aRepeatedBatchIsAnsweredWithItsOffset() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t")
            let first = KafkaBrokerRequests.batch(["a"], producerID: 5, epoch: 0, sequence: 0)
            let second = KafkaBrokerRequests.batch(["b"], producerID: 5, epoch: 0, sequence: 1)
            let fourth = KafkaBrokerRequests.batch(["d"], producerID: 5, epoch: 0, sequence: 3)
            #expect(try await wire.produce(first, to: "t").baseOffset == 0)
            #expect(try await wire.produce(second, to: "t").baseOffset == 1)
            #expect(try await wire.produce(first, to: "t").baseOffset == 0)
            #expect(try await wire.produce(fourth, to: "t").errorCode == .outOfOrderSequenceNumber)
            let fenced = KafkaBrokerRequests.batch(["e"], producerID: 5, epoch: 1, sequence: 0)
            #expect(try await wire.produce(fenced, to: "t").baseOffset == 2)
            #expect(try await wire.produce(second, to: "t").errorCode == .invalidProducerEpoch)
            #expect(try await wire.endOffset("t") == 3)
        }
    }

    @Test func producerIDsAreGivenOnce() async throws {
        let stage = KafkaBrokerStage()
        var ids: [Int64] = []
        for _ in 0..<2 {
            ids += try await stage.run { wire, _ async throws in
                var ids: [Int64] = []
                for _ in 0..<3 {
                    ids.append(try await wire.ask(InitProducerIDRequest(), version: 4).producerID)
                }
                return ids
            }
        }
        #expect(Set(ids).count == 6)
    }
}
