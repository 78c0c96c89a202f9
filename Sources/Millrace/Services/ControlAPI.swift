// The calls that only the stack itself can answer: progress, streaming queries, dead letters.

import Logging
import MillraceBase
import MillraceConsole
import MillraceLanding
import StreamPlan

/// Routes for the console's HTTP API. The commands in other terminals call them too.
struct ControlAPI: Sendable {
    let progress: StageProgress
    let runner: (any StreamRunner)?
    let landing: (any LandingStore)?
    let kafka: Endpoint?
    let topics: [TopicPlan]
    /// The table whose rows the console shows as arrived; `nil` without a store.
    let table: TablePlan?
    let store: StoreConnection?
    let file: StackFile
    let logger: Logger

    var routes: [ConsoleRoute] {
        let letters = DeadLetterAPI(
            kafka: kafka, landing: landing, topics: topics, progress: progress, logger: logger)
        return [
            ConsoleRoute(.get, "/api/stack") { [file] _ in file.json },
            ConsoleRoute(.get, "/api/progress") { [progress] _ in progress.snapshot.json },
            ConsoleRoute(.get, "/api/landing") { _ throws(ConsoleRefusal) in try await counts() },
            ConsoleRoute(.get, "/api/queries") { _ throws(ConsoleRefusal) in
                .array(await queries().map(\.json))
            },
            ConsoleRoute(.get, "/api/queries/{name}") { request throws(ConsoleRefusal) in
                try await query(request).json
            },
            ConsoleRoute(.post, "/api/queries/{name}/restart") { request throws(ConsoleRefusal) in
                try await restart(request)
            },
        ] + letters.routes
    }

    private func counts() async throws(ConsoleRefusal) -> JSONValue {
        guard let landing else { throw ConsoleRefusal(404, "this stack has no landing") }
        do {
            let counts = try await landing.counts()
            let genders = counts.peopleByGender.sorted { $0.key < $1.key }
                .map { (name: $0.key, value: JSONValue(Int($0.value))) }
            return [
                "people": JSONValue(Int(counts.people)), "pending": JSONValue(Int(counts.pending)),
                "rejected": JSONValue(Int(counts.rejected)),
                "peopleByGender": .object(JSONObject(genders)),
            ]
        } catch { throw ConsoleRefusal(503, error.description) }
    }

    func queries() async -> [StreamQueryStatus] { await runner?.statuses() ?? [] }

    /// People the console shows at once.
    private static let latestCount = 10

    func landed() async -> (counts: LandingCounts, latest: [LandedPerson])? {
        guard let landing, let counts = try? await landing.counts(),
            let latest = try? await landing.latest(limit: Self.latestCount)
        else { return nil }
        return (counts, latest)
    }

    func stored(_ ids: [String]) async -> Set<String> {
        guard let store, let table, !ids.isEmpty else { return [] }
        return Set((try? await store.present(ids, in: "\(table.keyspace).\(table.name)")) ?? [])
    }

    private func query(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> StreamQueryStatus
    {
        let name = request.parameters["name"] ?? ""
        if let status = await runner?.status(of: name) { return status }
        let known = await queries().map(\.name).joined(separator: ", ")
        throw ConsoleRefusal(404, "there is no query \"\(name)\"; there are: \(known)")
    }

    private func restart(_ request: ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue {
        let status = try await query(request)
        let from = request.body?["from"]?.string ?? "earliest"
        guard let offsets = StartingOffsets(text: from) else {
            throw ConsoleRefusal(400, "restart from \"earliest\" or \"latest\", not \"\(from)\"")
        }
        do { try await runner?.restart(status.name, from: offsets) } catch {
            throw ConsoleRefusal(409, error.description)
        }
        return try await query(request).json
    }
}

extension StartingOffsets {
    init?(text: String) {
        switch text {
        case "earliest": self = .earliest
        case "latest": self = .latest
        default: return nil
        }
    }
}
