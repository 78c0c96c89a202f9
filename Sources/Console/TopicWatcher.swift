// Topics, their records and how far the streaming queries are behind.

import KafkaClient
import Logging
import MillraceBase
import Synchronization

/// Asks the broker by an admin client of its own, made when it is first needed.
final class TopicWatcher: Sendable {
    private let kafka: Endpoint?
    private let logger: Logger
    private let admin = Mutex<KafkaAdmin?>(nil)

    init(kafka: Endpoint?, logger: Logger) {
        self.kafka = kafka
        self.logger = logger
    }

    /// Topics the page shows, internal ones left out.
    private static let topicsMax = 100

    /// - Parameter committed: of each query, the offset after the last stored record.
    /// - Returns: `{name, partitions, records, lag}`; empty when the broker does not answer.
    func rows(committed: [[String: [Int32: Int64]]]) async -> [JSONValue] {
        guard let admin = connected() else { return [] }
        do {
            var rows: [JSONValue] = []
            let topics = try await admin.metadata().topics.filter {
                !$0.isInternal && !$0.name.hasPrefix("__")
            }
            for topic in topics.sorted(by: { $0.name < $1.name }).prefix(Self.topicsMax) {
                let marks = try await admin.watermarks(topic.name)
                let records = marks.values.reduce(Int64(0)) { $0 + $1.high - $1.low }
                rows.append([
                    "name": .string(topic.name), "partitions": JSONValue(Int(topic.partitions)),
                    "records": JSONValue(records),
                    "lag": Self.lag(
                        marks.mapValues(\.high), committed.compactMap { $0[topic.name] }),
                ])
            }
            return rows
        } catch {
            logger.debug("the broker does not tell its topics", metadata: ["because": "\(error)"])
            return []
        }
    }

    func stop() async {
        let last = admin.withLock { admin in
            defer { admin = nil }
            return admin
        }
        await last?.close()
    }

    private func connected() -> KafkaAdmin? {
        guard let kafka else { return nil }
        return admin.withLock { known in
            if known == nil { known = try? KafkaAdmin(KafkaConfiguration(kafka), logger: logger) }
            return known
        }
    }

    /// The slowest query's distance to the end; null for a topic that no query reads.
    private static func lag(_ ends: [Int32: Int64], _ readers: [[Int32: Int64]]) -> JSONValue {
        guard !readers.isEmpty else { return .null }
        return JSONValue(
            readers.map { reader in
                ends.reduce(Int64(0)) { $0 + max(0, $1.value - (reader[$1.key] ?? 0)) }
            }.max() ?? 0)
    }
}
