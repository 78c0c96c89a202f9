// The Kafka client against the embedded broker: what is sent is read, and errors have types.

import Foundation
import KafkaClient
import Logging
import MillraceBase
import MillraceBroker
import Testing

/// A broker in a folder that goes away.
struct KafkaClientBroker {
    let server: BrokerServer
    let folder: String

    static func start(
        in folder: String? = nil, port: Int = 0,
        set: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws -> Self {
        let folder =
            folder ?? NSTemporaryDirectory() + "millrace-kafka-client-\(UUID().uuidString)"
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var configuration = BrokerConfiguration(directory: folder, port: port)
        set(&configuration)
        let server = try await BrokerServer.start(configuration, logger: logger)
        return Self(server: server, folder: folder)
    }

    func configuration(_ options: [String: String] = [:]) -> KafkaConfiguration {
        KafkaConfiguration(
            Endpoint(
                scheme: "kafka", hosts: [.init("127.0.0.1", port: server.port)], options: options))
    }

    func makeTopic(_ name: String, partitions: Int = 1) async throws {
        let admin = try KafkaAdmin(configuration(), logger: Self.quiet)
        try await admin.createTopic(name, partitions: partitions)
        await admin.close()
    }

    func stop() async {
        await server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    static func with(
        set: (inout BrokerConfiguration) -> Void = { _ in },
        _ body: (Self) async throws -> Void
    ) async throws {
        let broker = try await start(set: set)
        do { try await body(broker) } catch {
            await broker.stop()
            throw error
        }
        await broker.stop()
    }
}

extension KafkaConsumer {
    /// Polls until so many records came, or too many polls were empty.
    func records(_ count: Int, of topic: String = "t") async throws -> [(Int64, [UInt8]?)] {
        var found: [(Int64, [UInt8]?)] = []
        for _ in 0..<100 where found.count < count {
            let batch = try await poll(recordsMax: 1_000, wait: .milliseconds(100))
            found += batch.records.map { ($0.offset, batch.value(of: $0)) }
        }
        return found
    }
}

@Suite struct KafkaClientTests {
    /// Goal: one send keeps its order in each partition, and says where each record is.
    @Test func sendTellsWhereEachRecordIs() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 3)
            let producer = try KafkaProducer(
                broker.configuration(), logger: KafkaClientBroker.quiet)
            let records = (0..<300).map { number in
                ProducerRecord(
                    topic: "t", partition: Int32(number % 3), key: nil,
                    value: Array(String(number).utf8))
            }
            let metadata = try await producer.send(records)
            let expected = records.indices.map { number in
                RecordMetadata(partition: Int32(number % 3), offset: Int64(number / 3))
            }
            #expect(metadata == expected)
            #expect(producer.unacknowledged == 0)
            await producer.close()
        }
    }

    /// Method: a queue of 100 records makes librdkafka refuse most of 5,000 at first.
    @Test func sendWaitsForRoomInTheQueue() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let producer = try KafkaProducer(
                broker.configuration(["queue.buffering.max.messages": "100"]),
                logger: KafkaClientBroker.quiet)
            let records = (0..<5_000).map {
                ProducerRecord(topic: "t", key: nil, value: Array(String($0).utf8))
            }
            async let first = producer.send(records)
            async let second = producer.send(records)
            let (one, other) = (try await first, try await second)
            #expect(one.map(\.offset) == one.map(\.offset).sorted())
            #expect(Set((one + other).map(\.offset)) == Set(0..<10_000))
            await producer.close()
        }
    }

    @Test func everyPartOfARecordComesBack() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let sent = [
                ProducerRecord(
                    topic: "t", key: [1], value: [2, 3],
                    headers: [
                        KafkaHeader(name: "a", value: [9]), KafkaHeader(name: "b", value: nil),
                        KafkaHeader(name: "a", value: []),
                    ], timestampMilliseconds: 1_234_567_890_123),
                ProducerRecord(topic: "t", key: [1], value: nil),
                ProducerRecord(topic: "t", key: nil, value: []),
                ProducerRecord(topic: "t", key: [], value: [0]),
            ]
            let producer = try KafkaProducer(
                broker.configuration(), logger: KafkaClientBroker.quiet)
            _ = try await producer.send(sent)
            await producer.close()
            let consumer = try KafkaConsumer(
                broker.configuration(), headers: true, reportsEnds: true,
                logger: KafkaClientBroker.quiet)
            let place = TopicPartition(topic: "t", partition: 0)
            try await consumer.assign([place: KafkaOffset.earliest])
            var batches: [ConsumedRecords] = []
            var isAtEnd = false
            for _ in 0..<100 where !isAtEnd {
                batches.append(try await consumer.poll(recordsMax: 2, wait: .milliseconds(100)))
                isAtEnd = batches.last?.ends == [place]
            }
            #expect(isAtEnd)
            let read = batches.flatMap { batch in batch.records.map { (batch, $0) } }
            #expect(read.map(\.1.offset) == [0, 1, 2, 3])
            #expect(read.map { $0.0.key(of: $0.1) } == sent.map(\.key))
            #expect(read.map { $0.0.value(of: $0.1) } == sent.map(\.value))
            #expect(read.map { $0.0.headers(of: $0.1) } == sent.map(\.headers))
            #expect(read.allSatisfy { $0.0.topicPartition(of: $0.1) == place })
            #expect(read.first?.1.timestampMilliseconds == 1_234_567_890_123)
            await consumer.close()
        }
    }

    /// Goal: after a new assignment nothing of the old one is seen.
    @Test func assignSeeks() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let producer = try KafkaProducer(
                broker.configuration(), logger: KafkaClientBroker.quiet)
            _ = try await producer.send(
                (0..<100).map { ProducerRecord(topic: "t", key: nil, value: [UInt8($0)]) })
            await producer.close()
            let consumer = try KafkaConsumer(
                broker.configuration(), logger: KafkaClientBroker.quiet)
            let place = TopicPartition(topic: "t", partition: 0)
            for start in [0, 50, 10, 99, 0] as [Int64] {
                try await consumer.assign([place: start])
                let found = try await consumer.records(100 - Int(start))
                #expect(found.map(\.0) == Array(start..<100))
            }
            await consumer.close()
        }
    }

    @Test func lostOffsetsAndUnknownTopicsAreErrors() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let consumer = try KafkaConsumer(
                broker.configuration(), logger: KafkaClientBroker.quiet)
            let place = TopicPartition(topic: "t", partition: 0)
            try await consumer.assign([place: 1_000])
            let lost = await #expect(throws: KafkaError.self) {
                for _ in 0..<50 {
                    _ = try await consumer.poll(recordsMax: 1, wait: .milliseconds(100))
                }
            }
            #expect(lost?.isOffsetOutOfRange == true)
            #expect(lost?.topic == "t" && lost?.partition == 0)
            let unknown = await #expect(throws: KafkaError.self) {
                try await consumer.assign([TopicPartition(topic: "absent", partition: 0): 0])
            }
            #expect(unknown?.isUnknownTopic == true)
            await consumer.close()
            let closed = await #expect(throws: KafkaError.self) {
                _ = try await consumer.poll(recordsMax: 1, wait: .zero)
            }
            #expect(closed?.isClosed == true)
        }
    }

    @Test func adminMakesAndRemovesTopics() async throws {
        try await KafkaClientBroker.with { broker in
            let admin = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            let configs = ["cleanup.policy": "compact"]
            #expect(try await admin.createTopic("a", partitions: 2, configs: configs))
            #expect(try await !admin.createTopic("a", partitions: 2))
            let metadata = try await admin.metadata()
            #expect(metadata.clusterID == broker.server.clusterID)
            #expect(metadata.brokers.map(\.port) == [broker.server.port])
            #expect(metadata.topics.map(\.name).contains("a"))
            #expect(try await admin.metadata(topic: "a").topics.map(\.partitions) == [2])
            let ends = try await admin.watermarks("a")
            #expect(ends.keys.sorted() == [0, 1] && ends.values.allSatisfy { $0 == (0, 0) })
            #expect(try await admin.committed(group: "nobody", topic: "a") == [:])
            #expect(try await admin.groups().allSatisfy { $0.id != "nobody" })
            let bad = await #expect(throws: KafkaError.self) {
                try await admin.createTopic("no blank", partitions: 1)
            }
            #expect(bad?.isRetriable == false)
            #expect(try await admin.deleteTopic("a"))
            #expect(try await !admin.deleteTopic("a"))
            await admin.close()
        }
    }
}
