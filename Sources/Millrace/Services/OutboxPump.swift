// From the landing's outbox to Kafka, all the time: claimed in order, sent, acknowledged, deleted.

import KafkaClient
import Logging
import MillraceBase
import MillraceLanding
import ServiceLifecycle

/// Sends what landed. A row leaves the outbox only after the broker acknowledged it, so a crash
/// sends some rows twice and loses none; what is sent again is counted.
struct OutboxPump: Service {
    let landing: any LandingStore
    let kafka: KafkaConfiguration
    /// Ids of the registered schemas, by topic.
    let schemaIDs: [String: Int]
    let progress: StageProgress
    let clock: WallClock
    let logger: Logger

    /// Rows of one round: their bytes are in memory twice while they are sent.
    private static let rowsPerRound = 10_000
    /// The outbox is looked at this often even without a signal: rows of another process.
    private static let look: Duration = .milliseconds(250)
    private static let retry = Backoff(
        first: .milliseconds(50), longest: .seconds(5), triesMax: .max)

    /// How long a round that is under way may take once the stack stops.
    private static let patience: Duration = .seconds(5)

    /// Pumps until it is told to stop. The round under way is let end: cut short, its records would
    /// be sent again at the next start.
    func run() async throws {
        let (signals, signal) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in landing.changes() { signal.yield() } }
            group.addTask {
                while (try? await Task.sleep(for: Self.look)) != nil { signal.yield() }
            }
            group.addTask {
                try? await gracefulShutdown()
                signal.finish()
            }
            await withTaskGroup(of: Void.self) { pumps in
                pumps.addTask { await pumpForEver(woken: signals) }
                // Either the pump ended, or its time after the signal to stop is up.
                pumps.addTask {
                    try? await gracefulShutdown()
                    try? await Task.sleep(for: Self.patience)
                }
                await pumps.next()
                pumps.cancelAll()
            }
            group.cancelAll()
        }
    }

    private func pumpForEver(woken signals: AsyncStream<Void>) async {
        var wake = signals.makeAsyncIterator()
        var failures = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                let producer = try KafkaProducer(kafka)
                do {
                    repeat {
                        try await empty(by: producer)
                        failures = 0
                    } while await wake.next() != nil && !Task.isCancelled
                    await producer.close()
                    return
                } catch {
                    await producer.close()
                    throw error
                }
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                logger.warning(
                    "the outbox waits",
                    metadata: ["because": "\(error)", "failures": "\(failures)"])
                try? await landing.release()
                try? await Task.sleep(for: Self.retry.wait(afterFailures: failures) ?? .seconds(5))
            }
        }
    }

    /// Sends all that is there now.
    private func empty(by producer: KafkaProducer) async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let rows = try await landing.claim(limit: Self.rowsPerRound)
            if rows.isEmpty { return }
            try await send(rows, by: producer)
        }
    }

    private func send(_ rows: [OutboxRow], by producer: KafkaProducer) async throws {
        try await send(rows.map(record).map(\.fitting), by: producer)
        try await landing.acknowledge(rows.map(\.sequence))
        let now = clock.milliseconds()
        var latencies = LatencyHistogram()
        var people = 0
        for row in rows where schemaIDs[row.topic] != nil {
            latencies.record(.milliseconds(max(0, now - row.fetchedAtMilliseconds)))
            people += 1
        }
        progress.add(people, to: .streamed, latencies: latencies)
        let resent = rows.count { $0.isResend }
        if resent > 0 { progress.addResent(resent) }
    }

    /// Sends records at once; when one of them can never be taken, each by itself, and that one cut
    /// short to the dead letters. Its neighbours go on.
    private func send(_ records: [ProducerRecord], by producer: KafkaProducer) async throws {
        if try await isTaken(records, by: producer) { return }
        for record in records where try await !isTaken([record], by: producer) {
            progress.addRejected(because: ProducerRecord.tooLarge)
            _ = try await producer.send([record.cutShort(to: ProducerRecord.smallBytes)])
        }
    }

    /// - Returns: `false` when a record is too large for the broker, so that no retry helps.
    private func isTaken(
        _ records: [ProducerRecord], by producer: KafkaProducer
    ) async throws -> Bool {
        do {
            _ = try await producer.send(records)
            return true
        } catch {
            guard error.isTooLarge else { throw error }
            return false
        }
    }

    /// The record's time is the moment of the fetch: all latencies start there.
    private func record(_ row: OutboxRow) -> ProducerRecord {
        var headers = row.headers.map { KafkaHeader(name: $0.name, value: $0.value) }
        if let id = schemaIDs[row.topic] { headers.append(Self.header(schemaID: id)) }
        return ProducerRecord(
            topic: row.topic, partition: nil, key: row.key, value: row.value, headers: headers,
            timestampMilliseconds: row.fetchedAtMilliseconds)
    }

    /// `__value_schema_id` = 00 and the id, big endian. Source: reference/kafka.md, C3.
    private static func header(schemaID: Int) -> KafkaHeader {
        let id = UInt32(clamping: schemaID)
        return KafkaHeader(
            name: "__value_schema_id",
            value: [
                0, UInt8(id >> 24), UInt8(id >> 16 & 0xff), UInt8(id >> 8 & 0xff), UInt8(id & 0xff),
            ])
    }
}

extension KafkaError {
    /// No retry helps: the broker, or the client before it, refuses a record of this size.
    fileprivate var isTooLarge: Bool { name == "MSG_SIZE_TOO_LARGE" || name == "MESSAGE_TOO_LARGE" }
}

extension ProducerRecord {
    /// The reason that a record too large for Kafka travels with.
    static let tooLarge = "the record is larger than Kafka takes"
    /// What every client and broker takes unless configured for less: librdkafka's
    /// `message.max.bytes` of 1,000,000 less room for the batch's own bytes.
    static let fittingBytes = 990_000
    /// What is kept of a record that even a small limit refuses.
    static let smallBytes = 10_000

    /// Itself, or its beginning as a dead letter when no broker would take it whole.
    var fitting: ProducerRecord {
        sizeBytes > Self.fittingBytes ? cutShort(to: Self.fittingBytes / 2) : self
    }

    private var sizeBytes: Int {
        let headers = headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) + 16 }
        return (key?.count ?? 0) + (value?.count ?? 0) + headers
    }

    /// The first bytes of the value, to the dead-letter topic, with the reason and the whole size.
    func cutShort(to bytesMax: Int) -> ProducerRecord {
        var copy = self
        if !topic.hasSuffix(".dlq") { copy.topic += ".dlq" }
        copy.value = value.map { Array($0.prefix(bytesMax)) }
        if !headers.contains(where: { $0.name == "reason" }) {
            copy.headers.append(KafkaHeader(name: "reason", value: Array(Self.tooLarge.utf8)))
        }
        let size = Array(String(value?.count ?? 0).utf8)
        copy.headers.append(KafkaHeader(name: "truncated.from.bytes", value: size))
        return copy
    }
}
