// Dead letters: listed, shown, and sent through again once what was wrong is mended.

import KafkaClient
import Logging
import MillraceBase
import MillraceConsole
import MillraceLanding
import RandomUserClient

/// Topics that end in `.dlq`, read with a Kafka client like anybody's.
struct DeadLetterAPI: Sendable {
    let kafka: Endpoint?
    let landing: (any LandingStore)?
    let topics: [TopicPlan]
    let progress: StageProgress
    let logger: Logger

    /// Records of one answer, newest first.
    private static let listedMax = 1_000
    private static let pollWait: Duration = .milliseconds(100)
    private static let suffix = ".dlq"

    var routes: [ConsoleRoute] {
        [
            ConsoleRoute(.get, "/api/dlq") { request throws(ConsoleRefusal) in
                .array(try await letters(request).map { $0.json(whole: false) })
            },
            ConsoleRoute(.get, "/api/dlq/{partition}/{offset}") { request throws(ConsoleRefusal) in
                try await one(request).json(whole: true)
            },
            ConsoleRoute(.post, "/api/dlq/replay") { request throws(ConsoleRefusal) in
                try await replay(request)
            },
        ]
    }

    private func topic(_ request: ConsoleRequest) throws(ConsoleRefusal) -> String {
        let known = topics.map(\.name).filter { $0.hasSuffix(Self.suffix) }
        let asked = request.query["topic"] ?? request.body?["topic"]?.string ?? known.first
        guard let asked, known.contains(asked) else {
            throw ConsoleRefusal(
                404,
                "there is no such dead-letter topic; there are: \(known.joined(separator: ", "))")
        }
        return asked
    }

    private func letters(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> [DeadLetter] {
        let topic = try topic(request)
        guard let kafka else { throw ConsoleRefusal(404, "this stack has no Kafka") }
        do { return try await read(topic, of: KafkaConfiguration(kafka)) } catch {
            throw ConsoleRefusal(503, "\(error)")
        }
    }

    private func one(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> DeadLetter {
        let all = try await letters(request)
        let partition = request.parameters["partition"] ?? ""
        let offset = request.parameters["offset"] ?? ""
        let found = all.first { String($0.partition) == partition && String($0.offset) == offset }
        guard let found else {
            throw ConsoleRefusal(404, "there is no dead letter \(partition):\(offset)")
        }
        return found
    }

    private func read(_ topic: String, of kafka: KafkaConfiguration) async throws -> [DeadLetter] {
        let admin = try KafkaAdmin(kafka)
        let marks: [Int32: (low: Int64, high: Int64)]
        do { marks = try await admin.watermarks(topic) } catch {
            await admin.close()
            throw error
        }
        await admin.close()
        let consumer = try KafkaConsumer(kafka, headers: true)
        do {
            let letters = try await read(topic, marks: marks, by: consumer)
            await consumer.close()
            return letters
        } catch {
            await consumer.close()
            throw error
        }
    }

    private func read(
        _ topic: String, marks: [Int32: (low: Int64, high: Int64)], by consumer: KafkaConsumer
    ) async throws -> [DeadLetter] {
        var next: [TopicPartition: Int64] = [:]
        for (partition, mark) in marks where mark.high > mark.low {
            next[TopicPartition(topic: topic, partition: partition)] = max(
                mark.low, mark.high - Int64(Self.listedMax))
        }
        guard !next.isEmpty else { return [] }
        try await consumer.assign(next)
        var letters: [DeadLetter] = []
        while next.contains(where: { $0.value < marks[$0.key.partition]?.high ?? 0 }) {
            try Task.checkCancellation()
            let batch = try await consumer.poll(recordsMax: Self.listedMax, wait: Self.pollWait)
            for record in batch.records {
                let place = batch.topicPartition(of: record)
                next[place] = record.offset + 1
                letters.append(DeadLetter(record, at: place, in: batch))
            }
        }
        return Array(letters.reversed().prefix(Self.listedMax))
    }

    /// Lands the letters that have become people. Idempotent: a person is landed once.
    private func replay(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue {
        guard let landing else { throw ConsoleRefusal(404, "this stack has no landing") }
        let topic = try topic(request)
        let target = String(topic.dropLast(Self.suffix.count))
        let wanted = request.body?["offsets"]?.array.map { Set($0.compactMap(\.string)) }
        var landed = 0
        var refused: [(name: String, value: JSONValue)] = []
        for letter in try await letters(request) where wanted?.contains(letter.place) ?? true {
            do {
                let person = try PersonRecord.parse(letter.value)
                let row = LandingContext.row(of: person)
                let result = try await landing.upsert(
                    [row], fetchedAtMilliseconds: letter.timestampMilliseconds,
                    run: "dlq-replay", topic: target)
                landed += result.inserted + result.updated
            } catch let error as RecordRejection {
                refused.append((letter.place, .string(error.reason)))
            } catch { throw ConsoleRefusal(503, "\(error)") }
        }
        return ["landed": JSONValue(landed), "refused": .object(JSONObject(refused))]
    }
}

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

    /// `partition:offset`, as the commands take it.
    var place: String { "\(partition):\(offset)" }

    /// - Parameter whole: with the record's bytes as text.
    func json(whole: Bool) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("place", .string(place)), ("partition", JSONValue(Int(partition))),
            ("offset", JSONValue(offset)), ("timestamp", JSONValue(timestampMilliseconds)),
            ("bytes", JSONValue(Int(value.count))),
            ("reason", JSONValue(headers.first { $0.name == "reason" }?.value)),
        ]
        if whole {
            let texts = headers.map { (name: $0.name, value: JSONValue.string($0.value)) }
            members.append(("headers", .object(JSONObject(texts))))
            members.append(("value", .string(String(decoding: value, as: UTF8.self))))
        }
        return .object(JSONObject(members))
    }
}
