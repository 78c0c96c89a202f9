// Transactions of the Kafka client against the embedded broker: all or none, and one producer at a time.

import KafkaClient
import Testing

extension KafkaClientBroker {
    func transactional(
        _ id: String, _ options: [String: String] = [:]
    ) async throws -> KafkaProducer {
        let producer = try KafkaProducer(
            configuration(options.merging(["transactional.id": id]) { $1 }), logger: Self.quiet)
        try await producer.initTransactions()
        return producer
    }

    /// The first byte of every record of partition 0 that a reader sees up to the end it is shown.
    ///
    /// - Parameter count: how many are waited for, as a commit is decided before its markers are written.
    func seen(
        _ topic: String, _ count: Int, isolation: String = "read_committed"
    ) async throws -> [UInt8] {
        let consumer = try KafkaConsumer(
            configuration(["isolation.level": isolation]), reportsEnds: true, logger: Self.quiet)
        try await consumer.assign([
            TopicPartition(topic: topic, partition: 0): KafkaOffset.earliest
        ])
        var found: [UInt8] = []
        var isAtEnd = false
        for _ in 0..<100 where !isAtEnd || found.count < count {
            let batch = try await consumer.poll(recordsMax: 1_000, wait: .milliseconds(100))
            found += batch.records.compactMap { batch.value(of: $0)?.first }
            isAtEnd = !batch.ends.isEmpty || (isAtEnd && batch.isEmpty)
        }
        #expect(isAtEnd)
        await consumer.close()
        return found
    }
}

private func record(_ number: UInt8, _ topic: String = "t") -> ProducerRecord {
    ProducerRecord(topic: topic, key: nil, value: [number])
}

/// Its transactions change its own state, which the helper's isolation allows.
private actor KafkaClientTeller {
    private(set) var sent = 0

    func send(_ number: UInt8, with producer: KafkaProducer) async throws {
        try await producer.transaction {
            _ = try await producer.send([record(number)])
            sent += 1
        }
    }
}

@Suite("Kafka client: transactions") struct KafkaClientTransactionsTests {
    private struct Stop: Error, Equatable {}

    @Test func readersSeeWhatWasCommitted() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let admin = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            let producer = try await broker.transactional("one")
            for number: UInt8 in 1...4 {
                try producer.beginTransaction()
                _ = try await producer.send([record(number)])
                if number.isMultiple(of: 2) {
                    try await producer.abortTransaction()
                } else {
                    try await producer.commitTransaction()
                }
            }
            // An open transaction holds readers of committed records back, and nobody else.
            try producer.beginTransaction()
            _ = try await producer.send([record(5)])
            #expect(try await broker.seen("t", 2) == [1, 3])
            #expect(
                try await broker.seen("t", 5, isolation: "read_uncommitted") == [1, 2, 3, 4, 5])
            let stable = try await admin.offsets("t", at: .latest, readCommitted: true)
            #expect(stable == [0: 8])
            #expect(try await admin.offsets("t", at: .latest) == [0: 9])
            try await producer.commitTransaction()
            #expect(try await broker.seen("t", 3) == [1, 3, 5])
            await producer.close()
            await admin.close()
        }
    }

    /// Goal: whoever takes the id over ends what the older one began, and the older one for good.
    @Test func anOlderProducerIsFenced() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            let older = try await broker.transactional("one")
            try older.beginTransaction()
            _ = try await older.send([record(1)])
            let newer = try await broker.transactional("one")
            let fenced = await #expect(throws: KafkaError.self) {
                try await older.commitTransaction()
            }
            #expect(fenced?.isFatal == true)
            let after = await #expect(throws: KafkaError.self) {
                _ = try await older.send([record(2)])
            }
            #expect(after?.isFatal == true)
            try await newer.transaction { _ = try await newer.send([record(3)]) }
            #expect(try await broker.seen("t", 1) == [3])
            await older.close()
            await newer.close()
        }
    }

    /// Method: 20 numbers are doubled, with the first try of each batch given up.
    @Test func consumeTransformProduce() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("in")
            try await broker.makeTopic("out")
            let source = try KafkaProducer(broker.configuration(), logger: KafkaClientBroker.quiet)
            _ = try await source.send((0..<20).map { record($0, "in") })
            await source.close()
            let producer = try await broker.transactional("double")
            let consumer = try KafkaGroupConsumer(
                broker.configuration(), group: "double", logger: KafkaClientBroker.quiet)
            try await consumer.subscribe(["in"])
            let admin = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            let place = TopicPartition(topic: "in", partition: 0)
            var committed: Int64 = 0
            func stable() async throws -> Int64 {
                try await admin.settledOffsets(group: "double", topic: "in")[0] ?? 0
            }
            for try await batch in consumer.batches(recordsMax: 7) {
                let next = (batch.records.last?.offset ?? -1) + 1
                let doubled = batch.records.map {
                    record((batch.value(of: $0)?[0] ?? 0) * 2, "out")
                }
                let membership = try await consumer.membership()
                await #expect(throws: Stop.self) {
                    try await producer.transaction {
                        _ = try await producer.send(doubled)
                        try await producer.send(offsets: [place: next], of: membership)
                        throw Stop()
                    }
                }
                #expect(try await stable() == committed)
                try await producer.transaction {
                    _ = try await producer.send(doubled)
                    try await producer.send(offsets: [place: next], of: membership)
                }
                committed = next
                #expect(try await stable() == next)
                if next == 20 { break }
            }
            #expect(committed == 20)
            #expect(try await broker.seen("out", 20) == (0..<20).map { $0 * 2 })
            await consumer.close()
            await producer.close()
            await admin.close()
        }
    }

    @Test func theHelperCommitsOrAborts() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.makeTopic("t")
            // A time below that of records without transactions is taken over for them.
            let producer = try await broker.transactional(
                "one", ["transaction.timeout.ms": "20000"])
            let first = try await producer.transaction { try await producer.send([record(1)]) }
            #expect(first == [RecordMetadata(partition: 0, offset: 0)])
            let refused = await #expect(throws: KafkaError.self) {
                try await producer.transaction {
                    _ = try await producer.send([record(2)])
                    _ = try await producer.send([
                        ProducerRecord(topic: "t", partition: 9, key: nil, value: [3])
                    ])
                }
            }
            #expect(refused?.isFatal == false)
            try await producer.transaction { _ = try await producer.send([record(4)]) }
            let teller = KafkaClientTeller()
            try await teller.send(5, with: producer)
            #expect(await teller.sent == 1)
            #expect(try await broker.seen("t", 3) == [1, 4, 5])
            await producer.close()
        }
    }

    @Test func outOfOrderCallsAreErrors() async throws {
        try await KafkaClientBroker.with { broker in
            let plain = try KafkaProducer(broker.configuration(), logger: KafkaClientBroker.quiet)
            #expect(throws: KafkaError.self) { try plain.beginTransaction() }
            await plain.close()
            let producer = try await broker.transactional("one")
            await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            await producer.close()
            let closed = #expect(throws: KafkaError.self) { try producer.beginTransaction() }
            #expect(closed?.isClosed == true)
            let late = await #expect(throws: KafkaError.self) {
                try await producer.commitTransaction()
            }
            #expect(late?.isClosed == true)
        }
    }
}
