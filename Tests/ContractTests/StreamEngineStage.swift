// A broker and a store of our own for one test, and a query between them.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import KafkaClient
import Logging
import MillraceBase
import MillraceBroker
import StreamEngine
import StreamPlan
import Synchronization
import Testing

let streamLogger: Logger = {
    var logger = Logger(label: "millrace.test.stream")
    logger.logLevel = .critical
    return logger
}()

/// Real engines on free ports, in a folder that goes away.
final class StreamStage: Sendable {
    let folder: String
    /// `nil` while one is stopped: it gives its folder's lock back when it is gone.
    private let broker: Mutex<BrokerServer?>
    private let store: Mutex<CQLStoreServer?>
    let session: CQLSession
    let kafka: Endpoint
    let storeEndpoint: Endpoint

    static let topic = "people"
    static let schema = StructType([
        StructField("id", .string, nullable: false), StructField("email", .string),
        StructField("age", .int),
    ])

    static let query = StreamQuery("people_query")
        .read(.kafka(topic: topic, from: .earliest))
        .select(fromJSON("value", as: schema))
        .filter(col("email").isNotNull)
        .write(.cassandra(keyspace: "ks", table: "people"))

    init() async throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("stream-\(UUID().uuidString)").path
        let broker = try await BrokerServer.start(
            BrokerConfiguration(directory: folder + "/broker", port: 0), logger: streamLogger)
        let store = try await CQLStoreServer.start(
            CQLStoreConfiguration(directory: folder + "/store", port: 0), logger: streamLogger)
        kafka = try Endpoint.parse("kafka://127.0.0.1:\(broker.port)")
        storeEndpoint = try Endpoint.parse("cassandra://127.0.0.1:\(store.port)")
        self.broker = Mutex(broker)
        self.store = Mutex(store)
        session = try await CQLSession.connect(storeEndpoint, logger: streamLogger)
        try await session.execute(
            "CREATE KEYSPACE ks WITH replication = "
                + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        try await session.execute(
            "CREATE TABLE ks.people (id uuid PRIMARY KEY, email text, age int)")
        let admin = try KafkaAdmin(KafkaConfiguration(kafka), logger: streamLogger)
        try await admin.createTopic(Self.topic, partitions: 3)
        await admin.close()
    }

    var checkpoints: String { folder + "/checkpoints" }

    func close() async {
        await session.close()
        await stopStore()
        await stopBroker()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func stopStore() async { await store.withLock { $0.take() }?.close() }
    func stopBroker() async { await broker.withLock { $0.take() }?.stop() }

    /// On the port and the data that it had before.
    func startStore() async throws {
        let server = try await CQLStoreServer.start(
            CQLStoreConfiguration(directory: folder + "/store", port: storeEndpoint.port ?? 0),
            logger: streamLogger)
        store.withLock { $0 = server }
    }

    func startBroker() async throws {
        let server = try await BrokerServer.start(
            BrokerConfiguration(directory: folder + "/broker", port: kafka.port ?? 0),
            logger: streamLogger)
        broker.withLock { $0 = server }
    }

    /// Writes people with these numbers, and whatever else, to the topic.
    func produce(_ numbers: Range<Int>, and others: [String] = []) async throws {
        let producer = try KafkaProducer(KafkaConfiguration(kafka), logger: streamLogger)
        let people = numbers.map { number in
            ProducerRecord(
                topic: Self.topic, key: Array(Self.id(number).utf8),
                value: Array(
                    #"{"id":"\#(Self.id(number))","email":"p\#(number)@x","age":\#(number % 90)}"#
                        .utf8))
        }
        let rest = others.map { ProducerRecord(topic: Self.topic, key: nil, value: Array($0.utf8)) }
        _ = try await producer.send(people + rest)
        await producer.close()
    }

    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "00000000-0000-4000-8000-"
            + String(repeating: "0", count: 12 - digits.utf8.count) + digits
    }

    func stored() async throws -> Int {
        var ids: Set<CQLUUID> = []
        for try await row in session.rows("SELECT id FROM ks.people") {
            if let id = try row["id"].uuid { ids.insert(id) }
        }
        return ids.count
    }

    func configuration() -> StreamEngineConfiguration {
        var configuration = StreamEngineConfiguration(
            kafka: kafka, store: storeEndpoint, checkpoints: checkpoints)
        configuration.batchRowsMax = 200
        return configuration
    }

    /// Runs queries while the body does its work, then stops them.
    func running<Value: Sendable>(
        _ queries: [StreamQuery] = [StreamStage.query],
        _ configuration: StreamEngineConfiguration? = nil,
        progress: StageProgress = StageProgress(),
        _ body: (StreamEngineRunner) async throws -> Value
    ) async throws -> Value {
        let runner = try StreamEngineRunner(
            configuration ?? self.configuration(), queries: queries, progress: progress,
            logger: streamLogger)
        // Ends with the body: it is cancelled and waited for below.
        let running = Task { try await runner.run() }
        do {
            let value = try await body(runner)
            running.cancel()
            _ = await running.result
            return value
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
    }
}

/// Looks again until it is so; gives up after 20 seconds.
func streamEventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// The same as an expectation; works in closures that throw nothing else.
func streamExpect(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let isSo = try await streamEventually(condition)
    #expect(isSo, "not so after 20 seconds", sourceLocation: sourceLocation)
}
