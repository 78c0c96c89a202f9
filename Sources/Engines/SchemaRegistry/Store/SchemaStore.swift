// The topic `_schemas` as a store: written with acks=all, read back in order.

import KafkaClient
import Logging
import MillraceBase

/// Keeps a `SchemaTable` equal to the topic. A write is over when this registry has read it back,
/// so what a client was told is what every later question sees.
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

    // MARK: - Changes

    /// Decides on the newest table and writes what was decided, while nobody else does.
    func change<Answer: Sendable>(
        _ decide:
            @Sendable (SchemaTable) throws(APIError) -> (
                records: [StoreRecord], answer: Answer
            )
    ) async throws(APIError) -> Answer {
        await beginChange()
        defer { endChange() }
        let decision = try decide(table)
        do throws(KafkaError) { try await write(decision.records) } catch {
            logger.warning("a change could not be written", metadata: ["error": "\(error)"])
            throw error.isRetriable ? .storageTimeout("\(error)") : .storageFailure("\(error)")
        }
        return decision.answer
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

    private func write(_ records: [StoreRecord]) async throws(KafkaError) {
        guard !records.isEmpty else { return }
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
        guard let last = written.last?.offset else { return }
        let deadline = ContinuousClock.now + RegistryServerLimits.readBackWait
        if nextOffset <= last {
            await withCheckedContinuation {
                readers.append(Reader(offset: last, deadline: deadline, continuation: $0))
            }
        }
        guard nextOffset > last else { throw .readBackTimeout(topic) }
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
        do throws(WireError) {
            table.apply(
                try StoreRecord(key: batch.key(of: record), value: batch.value(of: record)))
        } catch {
            logger.warning(
                "a record of the topic is not understood and left out",
                metadata: ["offset": "\(record.offset)", "error": "\(error)"])
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
