// The broker and the protocol's edges: versions, announcements, hostile bytes, ports and directories.

import Foundation
import KafkaProtocol
import Logging
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka broker at the edges")
struct KafkaBrokerProtocolTests {
    /// Goal: every API whose messages are known is announced, Produce from 0 on, and the features too.
    @Test func announcesWhatItServes() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            let request = ApiVersionsRequest {
                $0.clientSoftwareName = "test"
                $0.clientSoftwareVersion = "1"
            }
            let response = try await wire.ask(request, version: 3)
            #expect(response.errorCode == .none)
            let produce = try #require(response.apiKeys.first { $0.apiKey == 0 })
            #expect((produce.minVersion, produce.maxVersion) == (0, 13))
            #expect(response.apiKeys.map(\.apiKey) == ApiKey.allCases.map(\.rawValue).sorted())
            let levels = response.finalizedFeatures.map { "\($0.name) \($0.maxVersionLevel)" }
            #expect(levels.contains("transaction.version 2") && levels.contains("group.version 1"))
            // A client that says nothing about itself is told so (KIP-511).
            let nobody = try await wire.ask(ApiVersionsRequest(), version: 3)
            #expect(nobody.errorCode == .invalidRequest)
        }
    }

    /// Goal: an unknown version of ApiVersions is answered as version 0, and the connection goes on.
    @Test func answersAnUnknownVersionOfApiVersions() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var frame = ByteBuffer()
            frame.writeMultipleIntegers(
                Int32(12), Int16(18), Int16(99), Int32(7), Int16(-1), UInt8(0), UInt8(0))
            frame.setInteger(Int32(frame.readableBytes - 4), at: 0)
            try await wire.send(frame)
            var answer = try await wire.frame()
            #expect(answer.readInteger(as: Int32.self) == 7)
            let response = try ApiVersionsResponse(reading: answer, version: 0)
            #expect(response.errorCode == .unsupportedVersion)
            #expect(response.apiKeys.map(\.apiKey) == [18])
            #expect(try await wire.ask(ApiVersionsRequest(), version: 0).errorCode == .none)
        }
    }

    /// Goal: librdkafka 2.16 sends three bytes too many with Metadata; Kafka lets them pass.
    @Test func letsBytesBehindARequestPass() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            var frame = try MetadataRequest { $0.topics = nil }
                .frame(version: 12, correlationID: 3, clientID: "c")
            frame.writeBytes([1, 0, 0])
            frame.setInteger(Int32(frame.readableBytes - 4), at: frame.readerIndex)
            try await wire.send(frame)
            #expect(try await wire.answer(MetadataRequest.self, version: 12).correlationID == 3)
        }
    }

    /// Method: sizes no request has, unknown APIs, and a good request cut at every byte. Each ends its
    /// own connection or waits for more; the broker goes on for others.
    @Test func hostileBytesEndOnlyTheirConnection() async throws {
        try await KafkaBrokerStage().run { wire, server in
            _ = try await wire.createTopic("t")
            var attacks = [Int32(-1), .min, .max, 104_857_601].map { ByteBuffer(integer: $0) }
            var unknown = ByteBuffer()
            unknown.writeMultipleIntegers(Int32(10), Int16(999), Int16(0), Int32(1), Int16(-1))
            attacks.append(unknown)
            for attack in attacks {
                let bad = try await KafkaBrokerWire(port: server.port)
                try await bad.send(attack)
                await #expect(throws: KafkaBrokerWire.Ended.self) { try await bad.frame() }
                await bad.close()
            }
            let good = try KafkaBrokerRequests.produce(KafkaBrokerRequests.batch(["a"]), to: "t")
                .frame(version: 9, correlationID: 1, clientID: "c")
            for count in 5..<good.readableBytes {
                var cut = try #require(good.getSlice(at: good.readerIndex, length: count))
                cut.setInteger(Int32(count - 4), at: cut.readerIndex)
                let bad = try await KafkaBrokerWire(port: server.port)
                try await bad.send(cut)
                // Cut inside the batch or before: either no request, or a batch that is refused.
                if let (_, response) = try? await bad.answer(ProduceRequest.self, version: 9) {
                    let answers = response.responses.flatMap(\.partitionResponses)
                    #expect(answers.allSatisfy { $0.errorCode != .none })
                }
                await bad.close()
            }
            #expect(try await wire.endOffset("t") == 0)
        }
    }

    /// Goal: acks=0 has no answer, and the next request's answer is the next frame.
    @Test func acksZeroIsNotAnswered() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("t")
            let request = KafkaBrokerRequests.produce(
                KafkaBrokerRequests.batch(["a"]), to: "t", acks: 0)
            try await wire.send(request, version: 9, correlationID: 8)
            #expect(try await wire.endOffset("t") == 1)
        }
    }

    @Test func aTakenPortIsSaid() async throws {
        try await KafkaBrokerStage().run { _, server in
            _ = await #expect(throws: BrokerError.portTaken(server.port)) {
                _ = try await KafkaBrokerStage().start(port: server.port)
            }
        }
    }

    @Test func aDirectoryIsUsedByOneBroker() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { _, _ in
            _ = await #expect(throws: BrokerError.directoryInUse(stage.directory)) {
                _ = try await stage.start()
            }
        }
    }

    @Test func aDirectoryThatCannotBeIsSaidByPath() async throws {
        let stage = KafkaBrokerStage()
        try Data("a file".utf8).write(to: URL(filePath: stage.directory))
        await #expect(throws: BrokerError.self) { _ = try await stage.start() }
    }

    // MARK: Topics

    @Test func topicsAreMadeByMetadataOnlyWhereAllowed() async throws {
        let wanted = MetadataRequest {
            $0.topics = ["new", "bad name"].map { name in
                MetadataRequest.Topic { $0.name = name }
            }
        }
        try await KafkaBrokerStage().run { wire, _ in
            var forbidding = wanted
            forbidding.allowAutoTopicCreation = false
            let refused = try await wire.ask(forbidding, version: 9)
            #expect(
                refused.topics.map(\.errorCode) == [
                    .unknownTopicOrPartition, .invalidTopicException,
                ])
            let made = try await wire.ask(wanted, version: 9)
            #expect(made.topics.map(\.errorCode) == [.none, .invalidTopicException])
            #expect(made.topics[0].partitions.map(\.leaderID) == [made.controllerID])
        }
        try await KafkaBrokerStage().run(set: { $0.autoCreateTopics = false }) { wire, _ in
            let refused = try await wire.ask(wanted, version: 9)
            #expect(refused.topics[0].errorCode == .unknownTopicOrPartition)
        }
    }

    /// Goal: a deleted topic's id and records do not come back with its name.
    @Test func aTopicMadeAgainIsAnother() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            let first = try await wire.createTopic("t")
            _ = try await wire.produce(KafkaBrokerRequests.batch(["old"]), to: "t")
            let deletion = DeleteTopicsRequest {
                $0.topics = [DeleteTopicsRequest.DeleteTopicState { $0.topicID = first.topicID }]
            }
            #expect(try await wire.ask(deletion, version: 6).responses[0].errorCode == .none)
            #expect(
                try await wire.ask(deletion, version: 6).responses[0].errorCode == .unknownTopicID)
            let second = try await wire.createTopic("t")
            #expect(second.topicID != first.topicID)
            #expect(try await wire.values(of: "t").isEmpty)
        }
    }

    @Test func describesPartitionsWithACursor() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a", partitions: 3)
            _ = try await wire.createTopic("b", partitions: 2)
            var request = DescribeTopicPartitionsRequest { $0.responsePartitionLimit = 2 }
            var found: [String] = []
            for _ in 0..<10 {
                let response = try await wire.ask(request, version: 0)
                for topic in response.topics {
                    found += topic.partitions.map { "\(topic.name ?? "")\($0.partitionIndex)" }
                }
                guard let next = response.nextCursor else { break }
                request.cursor = DescribeTopicPartitionsRequest.Cursor {
                    $0.topicName = next.topicName
                    $0.partitionIndex = next.partitionIndex
                }
            }
            #expect(found == ["a0", "a1", "a2", "b0", "b1"])
        }
    }
}
