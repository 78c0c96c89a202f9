// Records of a dead-letter topic, and reading them with a Kafka client like anybody's.

import KafkaClient
import MillraceBase

/// A record of a dead-letter topic.
struct DeadLetter: Sendable {
    var partition: Int32
    var offset: Int64
    var timestampMilliseconds: Int64
    var headers: [(name: String, value: String)]
    var value: [UInt8]

    init(_ record: ConsumedRecord, at place: TopicPartition, in batch: ConsumedRecords) {
        partition = place.partition
        offset = record.offset
        timestampMilliseconds = record.timestampMilliseconds
        headers = batch.headers(of: record).map {
            ($0.name, String(decoding: $0.value ?? [], as: UTF8.self))
        }
        value = batch.value(of: record) ?? []
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// `partition:offset`, as the commands take it.
    var place: String { "\(partition):\(offset)" }

    /// - Parameter whole: with the record's bytes as text.
    func json(whole: Bool) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("place", .string(place)), ("partition", JSONValue(Int(partition))),
            ("offset", JSONValue(offset)), ("timestamp", JSONValue(timestampMilliseconds)),
            ("bytes", JSONValue(Int(value.count))),
            ("reason", JSONValue(header("reason"))),
        ]
        if whole {
            let texts = headers.map { (name: $0.name, value: JSONValue.string($0.value)) }
            members.append(("headers", .object(JSONObject(texts))))
            members.append(("value", .string(String(decoding: value, as: UTF8.self))))
        }
        return .object(JSONObject(members))
    }
}

/// A dead-letter topic as it was when it was opened; letters that come later are not read.
struct DeadLetterReader: Sendable {
    let topic: String
    /// Of each partition, the oldest offset and the one after the newest.
    let marks: [Int32: (low: Int64, high: Int64)]
    private let consumer: KafkaConsumer

    private static let recordsPerPoll = 1_000
    private static let pollWait: Duration = .milliseconds(100)

    var total: Int { marks.values.reduce(0) { $0 + Int($1.high - $1.low) } }

    /// - Throws: `KafkaError` when the broker cannot be asked.
    static func open(_ topic: String, of kafka: KafkaConfiguration) async throws -> DeadLetterReader
    {
        let admin = try KafkaAdmin(kafka)
        do {
            let marks = try await admin.watermarks(topic)
            await admin.close()
            return DeadLetterReader(
                topic: topic, marks: marks, consumer: try KafkaConsumer(kafka, headers: true))
        } catch {
            await admin.close()
            throw error
        }
    }

    func close() async { await consumer.close() }

    /// - Parameter place: `partition:offset`.
    /// - Returns: `nil` when there is none.
    func letter(at place: String) async throws -> DeadLetter? {
        let numbers = place.split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2, let partition = Int32(numbers[0]), let offset = Int64(numbers[1]),
            let mark = marks[partition], (mark.low..<mark.high).contains(offset)
        else { return nil }
        var found: DeadLetter?
        try await read(from: [partition: offset], to: [partition: offset + 1]) { found = $0 }
        return found
    }

    /// Visits the letters of each partition in order.
    ///
    /// - Parameter ends: the offset after the last of each partition; without it, to the end.
    func read(
        from starts: [Int32: Int64], to ends: [Int32: Int64]? = nil,
        _ visit: (DeadLetter) async throws -> Void
    ) async throws {
        let ends = ends ?? marks.mapValues(\.high)
        var next: [TopicPartition: Int64] = [:]
        for (partition, start) in starts where start < ends[partition] ?? 0 {
            next[TopicPartition(topic: topic, partition: partition)] = start
        }
        guard !next.isEmpty else { return }
        try await consumer.assign(next)
        while !next.isEmpty {
            try Task.checkCancellation()
            let batch = try await consumer.poll(
                recordsMax: Self.recordsPerPoll, wait: Self.pollWait)
            for record in batch.records {
                let place = batch.topicPartition(of: record)
                guard let wanted = next[place], record.offset >= wanted else { continue }
                let end = ends[place.partition] ?? 0
                if record.offset < end { try await visit(DeadLetter(record, at: place, in: batch)) }
                next[place] = record.offset + 1 < end ? record.offset + 1 : nil
            }
        }
    }
}
