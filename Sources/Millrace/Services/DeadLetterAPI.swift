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

    /// Records of one answer, newest first; places in one call.
    private static let listedMax = 1_000
    private static let suffix = ".dlq"

    var routes: [ConsoleRoute] {
        [
            ConsoleRoute(.get, "/api/dlq") { request throws(ConsoleRefusal) in
                try await list(request)
            },
            ConsoleRoute(.get, "/api/dlq/{partition}/{offset}") { request throws(ConsoleRefusal) in
                try await one(request)
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

    /// The newest letters and how many there are.
    private func list(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue {
        let topic = try topic(request)
        return try await reading(topic) { reader in
            let newest = reader.marks.mapValues { mark in
                max(mark.low, mark.high - Int64(Self.listedMax))
            }
            var letters: [DeadLetter] = []
            try await reader.read(from: newest) { letters.append($0) }
            letters.sort {
                ($0.timestampMilliseconds, $0.offset) > ($1.timestampMilliseconds, $1.offset)
            }
            return [
                "total": JSONValue(reader.total),
                "letters": .array(letters.prefix(Self.listedMax).map { $0.json(whole: false) }),
            ]
        }
    }

    private func one(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue {
        let topic = try topic(request)
        let place = "\(request.parameters["partition"] ?? ""):\(request.parameters["offset"] ?? "")"
        let letter = try await reading(topic) { try await $0.letter(at: place) }
        guard let letter else { throw ConsoleRefusal(404, "there is no dead letter \(place)") }
        return letter.json(whole: true)
    }

    /// Lands the letters that have become people. Idempotent: a person is landed once.
    private func replay(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue {
        guard let landing else { throw ConsoleRefusal(404, "this stack has no landing") }
        let topic = try topic(request)
        let wanted = request.body?["offsets"]?.array?.compactMap(\.string)
        guard wanted?.count ?? 0 <= Self.listedMax else {
            throw ConsoleRefusal(400, "at most \(Self.listedMax) places at once, or none for all")
        }
        let target = String(topic.dropLast(Self.suffix.count))
        return try await reading(topic) { reader in
            var replay = Replay(landing: landing, topic: target)
            guard let wanted else {
                try await reader.read(from: reader.marks.mapValues(\.low)) {
                    try await replay.take($0)
                }
                return replay.json
            }
            for place in wanted {
                if let letter = try await reader.letter(at: place) {
                    try await replay.take(letter)
                } else {
                    replay.refuse(place, because: "there is no such dead letter")
                }
            }
            return replay.json
        }
    }

    /// Opens the topic for some work, and closes it whatever comes.
    private func reading<Value: Sendable>(
        _ topic: String, _ work: @Sendable (DeadLetterReader) async throws -> Value
    ) async throws(ConsoleRefusal) -> Value {
        guard let kafka else { throw ConsoleRefusal(404, "this stack has no Kafka") }
        do {
            let reader = try await DeadLetterReader.open(topic, of: KafkaConfiguration(kafka))
            do {
                let value = try await work(reader)
                await reader.close()
                return value
            } catch {
                await reader.close()
                throw error
            }
        } catch {
            throw ConsoleRefusal(503, "\(error)")
        }
    }
}

/// What a replay did so far.
private struct Replay {
    let landing: any LandingStore
    /// Where the people of this dead-letter topic belong.
    let topic: String
    private var landed = 0
    private var refused: [(name: String, value: JSONValue)] = []

    init(landing: any LandingStore, topic: String) {
        self.landing = landing
        self.topic = topic
    }

    var json: JSONValue {
        ["landed": JSONValue(landed), "refused": .object(JSONObject(refused))]
    }

    mutating func refuse(_ place: String, because reason: String) {
        refused.append((place, .string(reason)))
    }

    /// - Throws: `LandingError`; what was landed before stays landed.
    mutating func take(_ letter: DeadLetter) async throws {
        // The streaming query refused this one. Its record is still in its topic, so mending the
        // query and reading that topic again is what helps; landing it is not.
        if let source = letter.header("source.topic") {
            let reason = letter.header("reason") ?? "a streaming query refused it"
            let next = "millrace queries restart QUERY --from earliest reads \(source) again"
            return refuse(letter.place, because: "\(reason); \(next)")
        }
        let person: PersonRecord
        do { person = try PersonRecord.parse(letter.value) } catch {
            return refuse(letter.place, because: error.reason)
        }
        let result = try await landing.upsert(
            [Person(person).row], fetchedAtMilliseconds: letter.timestampMilliseconds,
            run: "dlq-replay", topic: topic)
        landed += result.inserted + result.updated
    }
}
