// What the page shows, gathered from the stages while somebody looks.

import KafkaClient
import Logging
import MillraceBase
import MillraceLanding
import StreamPlan
import Synchronization

/// Asks every stage at most every `freshness`, however many pages are open.
final class ConsoleWatcher: Sendable {
    private static let freshness: Duration = .milliseconds(300)

    private let configuration: ConsoleConfiguration
    private let topics: TopicWatcher
    private let runs: RunWatcher
    private let clock = WallClock.system
    private let cache = Mutex<(at: ContinuousClock.Instant, state: JSONValue)?>(nil)

    init(_ configuration: ConsoleConfiguration, logger: Logger) {
        self.configuration = configuration
        topics = TopicWatcher(
            kafka: configuration.insideKafka ?? configuration.addresses["kafka"], logger: logger)
        runs = RunWatcher(orchestrator: configuration.addresses["orchestrator"])
    }

    func stop() async { await topics.stop() }

    /// Everything the page draws. Two callers at once may both ask the stages; neither waits.
    func state() async -> JSONValue {
        if let fresh = cache.withLock({ $0 }), ContinuousClock.now - fresh.at < Self.freshness {
            return fresh.state
        }
        let state = await gathered()
        cache.withLock { $0 = (ContinuousClock.now, state) }
        return state
    }

    /// Whether anything but the time changed.
    func isDifferent(_ state: JSONValue, from other: JSONValue) -> Bool {
        func timeless(_ value: JSONValue) -> JSONValue {
            guard var object = value.object else { return value }
            object["time"] = nil
            return .object(object)
        }
        return timeless(state) != timeless(other)
    }

    func health() async -> JSONValue {
        let queries = await configuration.queries()
        let landing = await configuration.landing()
        let failed = queries.filter { $0.state == .failed }.map(\.name)
        let isWell = failed.isEmpty && (landing != nil || configuration.addresses["landing"] == nil)
        return [
            "status": isWell ? "healthy" : "unhealthy",
            "stages": .object(
                JSONObject(
                    configuration.addresses.keys.sorted().map { name in
                        let ill =
                            name == "landing" && landing == nil
                            || name == "processing" && !failed.isEmpty
                        return (name, .string(ill ? "unhealthy" : "healthy"))
                    })),
        ]
    }

    private func gathered() async -> JSONValue {
        let snapshot = configuration.snapshot()
        async let statuses = configuration.queries()
        async let landing = configuration.landing()
        async let run = runs.latest()
        let queries = await statuses
        let landed = await landing
        let stored = await configuration.stored(landed?.latest.map(\.id) ?? [])
        let topicRows = await topics.rows(committed: queries.map(\.committedOffsets))
        let lag = topicRows.reduce(0) { $0 + ($1["lag"]?.int ?? 0) }
        let rejected = snapshot.rejected.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSONValue(Int($0.value))) }
        return [
            "time": JSONValue(clock.milliseconds()),
            "stages": .array(
                stages(
                    snapshot, pending: landed?.counts.pending, lag: lag,
                    people: landed?.counts.people)),
            "rejected": .object(JSONObject(rejected)),
            "resent": JSONValue(Int(snapshot.resent)), "skipped": JSONValue(Int(snapshot.skipped)),
            "run": await run ?? .null, "topics": .array(topicRows),
            "people": .array((landed?.latest ?? []).map { Self.person($0, stored: stored) }),
            "queries": .array(queries.map(Self.query)),
        ]
    }

    private func stages(
        _ snapshot: StageProgress.Snapshot, pending: Int?, lag: Int, people: Int?
    ) -> [JSONValue] {
        func address(_ name: String) -> JSONValue {
            JSONValue(configuration.addresses[name]?.description ?? "")
        }
        func stage(
            _ stage: Stage, _ title: String, _ place: String, lag: Int?, _ lagOf: String
        ) -> JSONValue {
            let counters = snapshot.stages[stage] ?? .init()
            let latency = counters.latency
            func microseconds(_ share: Double) -> JSONValue {
                latency.percentile(share).map { JSONValue($0.microseconds) } ?? .null
            }
            return [
                "id": .string(stage.rawValue), "title": .string(title), "address": address(place),
                "count": JSONValue(Int(counters.count)), "p50": microseconds(0.5),
                "p99": microseconds(0.99), "lag": JSONValue(lag), "lagOf": .string(lagOf),
            ]
        }
        return [
            stage(.fetched, "Fetched from the source", "source", lag: nil, ""),
            stage(.landed, "Landed", "landing", lag: pending, "waiting in the outbox"),
            stage(.streamed, "Streamed to the topic", "kafka", lag: lag, "not processed yet"),
            stage(.processed, "Processed by the query", "processing", lag: nil, ""),
            stage(.stored, "Stored in the table", "store", lag: nil, ""),
        ]
    }

    private static func person(_ person: LandedPerson, stored: Set<String>) -> JSONValue {
        [
            "id": .string(person.id), "name": .string("\(person.firstName) \(person.lastName)"),
            "gender": .string(person.gender), "email": .string(person.email),
            "nationality": .string(person.nationality), "stored": .bool(stored.contains(person.id)),
        ]
    }

    private static func query(_ status: StreamQueryStatus) -> JSONValue {
        [
            "name": .string(status.name), "state": .string(status.state.rawValue),
            "batch": JSONValue(Int(status.batchID)), "rows": JSONValue(Int(status.numInputRows)),
            "message": .string(status.exception ?? status.message),
        ]
    }
}
