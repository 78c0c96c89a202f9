// The topic `_schemas` as a store: written with acks=all, read back in order.

import KafkaClient
import Logging
import MillraceBase

/// Keeps a `SchemaTable` equal to the topic. A write is over when this registry has read it back,
/// so what a client was told is what every later question sees.
///
/// Two registries may share a topic. Kafka has no conditional append, so a write looks afterwards
/// at where it landed: when another's record came in between, and took the id or the version, the
/// other one's stays, the topic is mended, and the change is decided anew.
actor SchemaStore {
    private(set) var table = SchemaTable()
    let clusterID: String
    private let topic: String
    private let kafka: KafkaConfiguration
    private let consumer: KafkaConsumer
    private let logger: Logger
    private var producer: KafkaProducer
    /// One after the last record that is in the table.
    private var nextOffset: Int64 = 0
    private var readers: [Reader] = []
    private var isChanging = false
    private var changers: [CheckedContinuation<Void, Never>] = []
    private var guids = GUIDIndex()

    /// A write that waits to be read back.
    private struct Reader {
        var offset: Int64
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, Never>
    }

    init(
        topic: String, clusterID: String, kafka: KafkaConfiguration, logger: Logger
    ) throws(KafkaError) {
        self.topic = topic
        self.clusterID = clusterID
        self.kafka = kafka
        self.logger = logger
        producer = try KafkaProducer(kafka, logger: logger)
        consumer = try KafkaConsumer(kafka, reportsEnds: true, logger: logger)
    }

    func identities(guid: String) -> [SchemaIdentity] { guids.identities(guid, in: table) }

    // MARK: - Changes

    typealias Decide<Answer> =
        @Sendable (SchemaTable) throws(APIError) -> (records: [StoreRecord], answer: Answer)

    /// Decides on the newest table and writes what was decided, while nobody else does.
    func change<Answer: Sendable>(_ decide: @escaping Decide<Answer>) async throws(APIError)
        -> Answer
    {
        await beginChange()
        defer { endChange() }
        var losses = 0
        while true {
            let expected = nextOffset
            let decision = try await Self.decision(table, decide)
            if decision.records.isEmpty { return decision.answer }
            do throws(KafkaError) {
                if try await write(decision.records, at: expected) { return decision.answer }
            } catch {
                throw refusal(error)
            }
            losses += 1
            guard let wait = RegistryServerLimits.changeBackoff.wait(afterFailures: losses) else {
                throw .storageFailure("another registry keeps writing to \(topic)")
            }
            try? await Task.sleep(for: wait)
        }
    }

    /// Away from the actor, so that questions are answered while schemas are compared.
    private nonisolated static func decision<Answer: Sendable>(
        _ table: SchemaTable, _ decide: Decide<Answer>
    ) async throws(APIError) -> (records: [StoreRecord], answer: Answer) {
        try decide(table)
    }

    private func refusal(_ error: KafkaError) -> APIError {
        logger.warning("a change could not be written", metadata: ["error": "\(error)"])
        if error.isTooLarge { return .schemaTooLarge }
        return error.isRetriable ? .storageTimeout("\(error)") : .storageFailure("\(error)")
    }

    private func beginChange() async {
        guard isChanging else {
            isChanging = true
            return
        }
        await withCheckedContinuation { changers.append($0) }
    }

    private func endChange() {
        if changers.isEmpty { isChanging = false } else { changers.removeFirst().resume() }
    }

    /// - Parameter expected: where the first record lands when nobody wrote since the decision.
    /// - Returns: whether the records stand; not when another registry was first.
    private func write(_ records: [StoreRecord], at expected: Int64) async throws(KafkaError)
        -> Bool
    {
        let first = try await append(records)
        if first == expected { return true }
        let lost = records.filter { !stands($0) }
        guard !lost.isEmpty else { return true }
        logger.debug("another registry wrote at the same time; the change is decided anew")
        _ = try await append(lost.compactMap(winner))
        return false
    }

    private func stands(_ record: StoreRecord) -> Bool {
        guard case .schema(let version) = record else { return true }
        return table.version(at: version.place) == version
    }

    /// The last record of a key is what compaction leaves: it must be the one that counts. A key
    /// that nobody holds is written again by the next decision.
    private func winner(_ record: StoreRecord) -> StoreRecord? {
        guard case .schema(let version) = record else { return nil }
        return table.version(at: version.place).map { .schema($0) }
    }

    /// - Returns: the first record's offset, once all of them are in the table.
    private func append(_ records: [StoreRecord]) async throws(KafkaError) -> Int64? {
        if records.isEmpty { return nil }
        let written: [RecordMetadata]
        do throws(KafkaError) {
            written = try await producer.send(
                records.map {
                    ProducerRecord(topic: topic, partition: 0, key: $0.key, value: $0.value)
                })
        } catch {
            if error.isFatal { try await replaceProducer() }
            throw error
        }
        guard let last = written.last?.offset else { return nil }
        let deadline = ContinuousClock.now + RegistryServerLimits.readBackWait
        if nextOffset <= last {
            await withCheckedContinuation {
                readers.append(Reader(offset: last, deadline: deadline, continuation: $0))
            }
        }
        guard nextOffset > last else { throw .readBackTimeout(topic) }
        return written.first?.offset
    }

    private func replaceProducer() async throws(KafkaError) {
        let failed = producer
        producer = try KafkaProducer(kafka, logger: logger)
        await failed.close()
    }

    // MARK: - Reading

    /// Reads all there is; called once, before anything is asked.
    ///
    /// - Parameter offsets: from the first record to the end at the time of the call.
    func readToEnd(_ offsets: Range<Int64>) async throws(KafkaError) {
        nextOffset = offsets.lowerBound
        try await consumer.assign([place: nextOffset])
        if offsets.isEmpty { return }
        let deadline = ContinuousClock.now + RegistryServerLimits.startWait
        while ContinuousClock.now < deadline {
            // Compaction may have removed the last record; then the broker reports the end.
            let isAtEnd = try await readOnce()
            if isAtEnd || nextOffset >= offsets.upperBound { return }
        }
        throw .readBackTimeout(topic)
    }

    /// Follows the topic until it is cancelled.
    func follow() async {
        var failures = 0
        var isAssigned = true
        while !Task.isCancelled {
            do throws(KafkaError) {
                if !isAssigned {
                    let start = nextOffset == 0 ? KafkaOffset.earliest : nextOffset
                    try await consumer.assign([place: start])
                    isAssigned = true
                }
                _ = try await readOnce()
                failures = 0
            } catch {
                guard !error.isClosed else { return }
                logger.warning("the topic cannot be read", metadata: ["error": "\(error)"])
                if error.isOffsetOutOfRange {
                    // The topic is another one than before: all of it is read anew.
                    table = SchemaTable()
                    guids = GUIDIndex()
                    nextOffset = 0
                }
                isAssigned = false
                failures += 1
                try? await Task.sleep(for: RegistryServerLimits.rereadWait * min(failures, 10))
            }
        }
    }

    private var place: TopicPartition { TopicPartition(topic: topic, partition: 0) }

    /// - Returns: whether the end was reached.
    private func readOnce() async throws(KafkaError) -> Bool {
        let batch = try await consumer.poll(
            recordsMax: RegistryServerLimits.pollRecordsMax, wait: RegistryServerLimits.pollWait)
        for record in batch.records {
            apply(record, of: batch)
            nextOffset = record.offset + 1
        }
        let now = ContinuousClock.now
        let done = readers.filter { $0.offset < nextOffset || $0.deadline < now }
        readers.removeAll { $0.offset < nextOffset || $0.deadline < now }
        for reader in done { reader.continuation.resume() }
        return !batch.ends.isEmpty
    }

    private func apply(_ record: ConsumedRecord, of batch: ConsumedRecords) {
        let place: Logger.Metadata = ["offset": "\(record.offset)"]
        do throws(WireError) {
            let milliseconds = record.timestampMilliseconds
            let change = try StoreRecord(
                key: batch.key(of: record), value: batch.value(of: record),
                milliseconds: milliseconds > 0 ? milliseconds : nil)
            if !table.apply(change) {
                logger.warning(
                    "a record gives an id a second time and is left out", metadata: place)
            }
            if case .schema(let version) = change { guids.add(version) }
        } catch {
            logger.warning(
                "a record of the topic is not understood and left out: \(error)", metadata: place)
        }
    }

    /// Writes that still wait end as timed out.
    func close() async {
        await producer.close()
        await consumer.close()
        for reader in readers { reader.continuation.resume() }
        readers.removeAll()
    }
}

extension KafkaError {
    /// MESSAGE_TOO_LARGE and RECORD_LIST_TOO_LARGE, whoever says it.
    fileprivate var isTooLarge: Bool { code == 10 || code == 18 }
}
