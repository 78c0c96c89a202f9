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
        _ = try await producer.send(rows.map(record))
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
