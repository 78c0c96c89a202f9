// The Kafka client's group consumer against the embedded broker: who reads what, from where on.

import Foundation
import KafkaClient
import MillraceBase
import Synchronization
import Testing

/// Hears of rebalances, and answers with the offsets behind what was read.
private final class KafkaClientGroupEar: Sendable {
    private let heard = Mutex<[Rebalance]>([])
    private let positions = Mutex<[TopicPartition: Int64]>([:])

    var rebalances: [Rebalance] { heard.withLock { $0 } }

    func read(_ batch: ConsumedRecords) {
        for record in batch.records {
            positions.withLock { $0[batch.topicPartition(of: record)] = record.offset + 1 }
        }
    }

    func callback(_ rebalance: Rebalance) -> [TopicPartition: Int64] {
        heard.withLock { $0.append(rebalance) }
        guard rebalance.kind == .revoked else { return [:] }
        return positions.withLock { all in all.filter { rebalance.partitions.contains($0.key) } }
    }
}

extension KafkaGroupConsumer {
    /// Polls until so many records came, or too many polls were empty.
    fileprivate func take(
        _ count: Int, _ ear: KafkaClientGroupEar? = nil
    ) async throws -> [(place: TopicPartition, offset: Int64, value: [UInt8]?)] {
        var found: [(place: TopicPartition, offset: Int64, value: [UInt8]?)] = []
        for _ in 0..<150 where found.count < count {
            let batch = try poll(recordsMax: count - found.count, wait: .milliseconds(100))
            ear?.read(batch)
            found += batch.records.map {
                (batch.topicPartition(of: $0), $0.offset, batch.value(of: $0))
            }
        }
        return found
    }
}

@Suite("Kafka client: groups") struct KafkaClientGroupTests {
    private let quick = [
        "heartbeat.interval.ms": "100", "topic.metadata.refresh.interval.ms": "500",
    ]

    private func fill(
        _ broker: KafkaClientBroker, _ values: Range<UInt8>, partitions: Int32 = 2
    ) async throws {
        let producer = try KafkaProducer(broker.configuration(), logger: KafkaClientBroker.quiet)
        _ = try await producer.send(
            values.map { number in
                ProducerRecord(
                    topic: "t", partition: Int32(number) % partitions, key: nil, value: [number])
            })
        await producer.close()
    }

    private func member(
        _ broker: KafkaClientBroker, _ ear: KafkaClientGroupEar = KafkaClientGroupEar(),
        _ options: [String: String] = [:]
    ) async throws -> KafkaGroupConsumer {
        let consumer = try KafkaGroupConsumer(
            broker.configuration(quick.merging(options) { $1 }), group: "readers",
            logger: KafkaClientBroker.quiet, onRebalance: ear.callback)
        try await consumer.subscribe(["t"])
        return consumer
    }

    private let both = (0..<2).map { TopicPartition(topic: "t", partition: $0) }

    /// Goal: what the callback answers on the way out is where the next member begins.
    @Test func aSecondMemberGoesOn() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 2)
            try await fill(broker, 0..<20)
            let ear = KafkaClientGroupEar()
            let first = try await member(broker, ear)
            let read = try await first.take(20, ear)
            #expect(Set(read.map(\.value)) == Set((0..<20).map { [$0] }))
            #expect(await first.assignment == Set(both))
            await first.close()
            await first.close()
            #expect(await first.assignment.isEmpty)
            #expect(ear.rebalances.map(\.kind) == [.assigned, .revoked])
            #expect(ear.rebalances.allSatisfy { Set($0.partitions) == Set(both) })
            let admin = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            #expect(try await admin.committed(group: "readers", topic: "t") == [0: 10, 1: 10])

            try await fill(broker, 20..<22)
            let second = try await member(broker)
            let rest = try await second.take(2)
            #expect(Set(rest.map(\.value)) == [[20], [21]])
            #expect(Set(rest.map(\.offset)) == [10])
            try await second.commit([both[0]: 11])
            #expect(try await admin.committed(group: "readers", topic: "t") == [0: 11, 1: 10])
            await second.close()
            let closed = await #expect(throws: KafkaError.self) {
                _ = try await second.poll(wait: .zero)
            }
            #expect(closed?.isClosed == true)
            await admin.close()
        }
    }

    /// Goal: members share, eagerly or one by one; every record is read and none lost on the way.
    @Test(arguments: ["range", "cooperative-sticky"])
    func membersShare(strategy: String) async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 2)
            try await fill(broker, 0..<20)
            let options = ["partition.assignment.strategy": strategy]
            let ear = KafkaClientGroupEar()
            let first = try await member(broker, ear, options)
            var values = try await first.take(20, ear).compactMap { $0.value?.first }
            let otherEar = KafkaClientGroupEar()
            let second = try await member(broker, otherEar, options)
            for _ in 0..<200 {
                for (consumer, ear) in [(first, ear), (second, otherEar)] {
                    let batch = try await consumer.poll(wait: .milliseconds(50))
                    ear.read(batch)
                    values += batch.records.compactMap { batch.value(of: $0)?.first }
                }
                let counts = (await first.assignment.count, await second.assignment.count)
                if counts == (1, 1) { break }
            }
            #expect(await first.assignment.union(await second.assignment) == Set(both))
            #expect(ear.rebalances.contains { $0.kind == .revoked })
            // The offsets were committed before the partition changed hands: nothing comes twice.
            #expect(values.sorted() == Array(0..<20))
            try await fill(broker, 20..<22)
            let one = try await first.take(1)
            let other = try await second.take(1)
            #expect(Set((one + other).map(\.value)) == [[20], [21]])
            await first.close()
            await second.close()
        }
    }

    @Test func batchesEndByCancellingAndByClosing() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 2)
            try await fill(broker, 0..<20)
            let consumer = try await member(broker)
            try await withThrowingTaskGroup(of: Int.self) { group in
                let (started, start) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    var count = 0
                    for try await batch in consumer.batches(recordsMax: 3) {
                        #expect((1...3).contains(batch.count))
                        count += batch.count
                        if count == 20 { start.finish() }
                    }
                    return count
                }
                for await _ in started {}
                group.cancelAll()
                let count = try await group.next()
                #expect(count == 20)
            }
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var count = 0
                    for try await batch in consumer.batches() { count += batch.count }
                    return count
                }
                await consumer.close()
                let count = try await group.next()
                #expect(count == 0)
            }
        }
    }

    @Test func pausedPartitionsRest() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 2)
            try await fill(broker, 0..<2)
            let consumer = try await member(broker)
            #expect(try await consumer.take(2).count == 2)
            try await consumer.pause([both[0]])
            try await fill(broker, 2..<10)
            let read = try await consumer.take(4)
            #expect(read.map(\.value) == [[3], [5], [7], [9]])
            #expect(try await consumer.poll(wait: .milliseconds(100)).isEmpty)
            try await consumer.resume([both[0]])
            let rest = try await consumer.take(4)
            #expect(rest.map(\.value) == [[2], [4], [6], [8]])
            try await consumer.seek([both[0]: 3, both[1]: 4])
            let again = try await consumer.take(3)
            #expect(Set(again.map(\.value)) == [[6], [8], [9]])
            let absent = await #expect(throws: KafkaError.self) {
                try await consumer.seek([TopicPartition(topic: "t", partition: 9): 0])
            }
            #expect(absent?.partition == 9)
            try await consumer.unsubscribe()
            for _ in 0..<100 where await !consumer.assignment.isEmpty {
                _ = try await consumer.poll(wait: .milliseconds(100))
            }
            #expect(await consumer.assignment.isEmpty)
            await consumer.close()
        }
    }

    @Test func aProtocolTheLibraryLacksIsRefused() async throws {
        let broker = KafkaConfiguration(
            Endpoint(scheme: "kafka", hosts: [.init("127.0.0.1", port: 1)]))
        var newer = broker
        newer.properties["group.protocol"] = "consumer"
        let refused = #expect(throws: KafkaError.self) {
            _ = try KafkaGroupConsumer(newer, group: "g", logger: KafkaClientBroker.quiet)
        }
        #expect(refused?.message.contains("2.4") == true)
        newer.properties["group.protocol"] = "classic"
        let classic = try KafkaGroupConsumer(newer, group: "g", logger: KafkaClientBroker.quiet)
        // Nothing listens there, and closing does not wait for it.
        await classic.close()
    }

    /// Goal: the text is librdkafka's JSON.
    @Test func statisticsComeWhenAskedFor() async throws {
        struct Statistics: Decodable { var type: String }
        func type(_ text: String?) throws -> String? {
            try text.map { try JSONDecoder().decode(Statistics.self, from: Data($0.utf8)).type }
        }
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t", partitions: 2)
            let options = ["statistics.interval.ms": "20"]
            let consumer = try await member(broker, KafkaClientGroupEar(), options)
            let silent = try await member(broker)
            let producer = try KafkaProducer(
                broker.configuration(options), logger: KafkaClientBroker.quiet)
            for _ in 0..<100 where consumer.statistics == nil || producer.statistics == nil {
                _ = try await consumer.poll(wait: .milliseconds(50))
            }
            #expect(try type(consumer.statistics) == "consumer")
            #expect(try type(producer.statistics) == "producer")
            _ = try await silent.poll(wait: .milliseconds(50))
            #expect(silent.statistics == nil)
            await silent.close()
            await consumer.close()
            await producer.close()
        }
    }
}
