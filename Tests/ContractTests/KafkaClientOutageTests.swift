// The Kafka client while the broker is away: it waits, says so, and closes in time.

import KafkaClient
import MillraceBase
import MillraceBroker
import Testing

@Suite struct KafkaClientOutageTests {
    /// Port 1 of this machine: nobody listens there.
    private func nowhere(_ options: [String: String] = [:]) -> KafkaConfiguration {
        KafkaConfiguration(
            Endpoint(scheme: "kafka", hosts: [.init("127.0.0.1", port: 1)], options: options))
    }

    private let record = ProducerRecord(topic: "t", key: nil, value: [1])

    @Test func sendFailsInTimeAndCanBeTriedAgain() async throws {
        let producer = try KafkaProducer(
            nowhere(["message.timeout.ms": "300"]), logger: KafkaClientBroker.quiet)
        let error = await #expect(throws: KafkaError.self) { try await producer.send([record]) }
        #expect(error?.name == "_MSG_TIMED_OUT")
        #expect(error?.isRetriable == true && error?.isFatal == false)
        guard case .unreachable = producer.state else {
            Issue.record("the state is \(producer.state)")
            return
        }
        await producer.close()
    }

    @Test func cancellingEndsASend() async throws {
        let producer = try KafkaProducer(nowhere(), logger: KafkaClientBroker.quiet)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let error = await #expect(throws: KafkaError.self) {
                    try await producer.send([record])
                }
                #expect(error?.isCancelled == true)
            }
            try? await Task.sleep(for: .milliseconds(50))
            group.cancelAll()
        }
        let closing = try KafkaProducer(
            nowhere(["message.timeout.ms": "200"]), logger: KafkaClientBroker.quiet)
        await closing.close()
        let error = await #expect(throws: KafkaError.self) { try await closing.send([record]) }
        #expect(error?.isClosed == true)
        await producer.close()
    }

    @Test func propertiesAreChecked() {
        let unknown = #expect(throws: KafkaError.self) {
            try KafkaProducer(nowhere(["no.such.property": "1"]))
        }
        #expect(unknown?.message.contains("no.such.property") == true)
        let wrong = #expect(throws: KafkaError.self) {
            try KafkaConsumer(nowhere(["fetch.wait.max.ms": "soon"]))
        }
        #expect(wrong?.message.contains("fetch.wait.max.ms") == true)
    }

    @Test func adminCallsFailWithAType() async throws {
        let admin = try KafkaAdmin(
            nowhere(["socket.timeout.ms": "300"]), logger: KafkaClientBroker.quiet)
        await admin.close()
        let error = await #expect(throws: KafkaError.self) { try await admin.metadata() }
        #expect(error?.isClosed == true)
    }

    /// Goal: a broker that goes away and comes back on its port costs nothing but time.
    @Test func readingAndSendingGoOnAfterARestart() async throws {
        var broker: KafkaClientBroker? = try await KafkaClientBroker.start()
        try await broker?.makeTopic("t")
        let (port, folder) = (broker?.server.port ?? 0, broker?.folder ?? "")
        let address = KafkaConfiguration(
            Endpoint(scheme: "kafka", hosts: [.init("127.0.0.1", port: port)]))
        let producer = try KafkaProducer(address, logger: KafkaClientBroker.quiet)
        let consumer = try KafkaConsumer(address, logger: KafkaClientBroker.quiet)
        _ = try await producer.send([record])
        try await consumer.assign([TopicPartition(topic: "t", partition: 0): 0])
        #expect(try await consumer.records(1).map(\.0) == [0])

        await broker?.server.stop()
        // The folder's lock is freed with the last reference to the server.
        broker = nil
        for _ in 0..<100 where consumer.state == .connected {
            #expect(try await consumer.poll(recordsMax: 10, wait: .milliseconds(50)).isEmpty)
        }
        #expect(consumer.state != .connected)
        async let sent = producer.send([record, record])

        let again = try await restart(in: folder, port: port)
        #expect(try await sent.map(\.offset) == [1, 2])
        #expect(try await consumer.records(2).map(\.0) == [1, 2])
        #expect(consumer.state == .connected && producer.state == .connected)
        await consumer.close()
        await producer.close()
        await again.stop()
    }

    private func restart(in folder: String, port: Int) async throws -> KafkaClientBroker {
        for _ in 0..<100 {
            if let broker = try? await KafkaClientBroker.start(in: folder, port: port) {
                return broker
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await KafkaClientBroker.start(in: folder, port: port)
    }
}
