// Airflow's REST API v2, typed: ours and a real Airflow 3 alike.

package import AsyncHTTPClient
package import MillraceBase
import NIOHTTP1

/// What commands and the console ask of an orchestrator.
///
/// User and password in the URL are exchanged for a token at the first call. Every call throws
/// `AirflowError`, with Airflow's own words as its `detail`.
package struct AirflowConnection: Sendable {
    let transport: AirflowTransport

    /// - Parameter endpoint: `http://host:8080`, also `airflow+http://…`.
    package init(_ endpoint: Endpoint, http: HTTPClient = AirflowConnection.http) {
        transport = AirflowTransport(endpoint, http: http)
    }

    /// Lives as long as the process. Unlike `HTTPClient.shared` it says at once that nobody listens,
    /// instead of trying again until the time for an answer is over.
    package static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package func version() async throws(AirflowError) -> String {
        try await transport.call(.GET, "/version")["version"]?.string ?? ""
    }

    /// `{"metadatabase":{"status":"healthy"},"scheduler":{…},…}`
    package func health() async throws(AirflowError) -> JSONValue {
        try await transport.call(.GET, "/monitor/health")
    }

    package func dags() async throws(AirflowError) -> [AirflowDAG] {
        try await all("/dags", "dags").map { AirflowDAG($0) }
    }

    package func dag(_ id: String) async throws(AirflowError) -> AirflowDAG {
        AirflowDAG(try await transport.call(.GET, Self.path(id)))
    }

    /// All that is known of a DAG; `params` holds its parameters by name.
    package func details(_ dagID: String) async throws(AirflowError) -> JSONValue {
        try await transport.call(.GET, Self.path(dagID) + "/details")
    }

    /// Tasks and what comes after each: the graph.
    package func tasks(_ dagID: String) async throws(AirflowError) -> [AirflowTask] {
        try await list(Self.path(dagID) + "/tasks", "tasks").map { AirflowTask($0) }
    }

    @discardableResult
    package func setPaused(
        _ dagID: String, _ isPaused: Bool
    ) async throws(AirflowError) -> AirflowDAG {
        let body: JSONValue = ["is_paused": .bool(isPaused)]
        return AirflowDAG(try await transport.call(.PATCH, Self.path(dagID), body: body))
    }

    /// - Parameter conf: an object of parameters by name.
    package func trigger(
        _ dagID: String, conf: JSONValue? = nil, runID: String? = nil, note: String? = nil
    ) async throws(AirflowError) -> AirflowRun {
        // A real Airflow 3 demands the key `logical_date`, null when it does not matter.
        var body: JSONObject = ["logical_date": nil, "conf": conf ?? [:]]
        if let runID { body["dag_run_id"] = .string(runID) }
        if let note { body["note"] = .string(note) }
        let path = Self.path(dagID) + "/dagRuns"
        return AirflowRun(try await transport.call(.POST, path, body: .object(body)))
    }

    /// The latest runs, newest first.
    ///
    /// - Parameter dagID: `nil` for the runs of all DAGs.
    package func runs(
        _ dagID: String?, states: [String] = [], limit: Int = AirflowClientLimits.pageItems
    ) async throws(AirflowError) -> [AirflowRun] {
        let filter = states.map { "&state=" + PercentCoding.encoded($0) }.joined()
        let path = Self.path(dagID ?? "~") + "/dagRuns?order_by=-run_after&limit=\(limit)" + filter
        return try await list(path, "dag_runs").map { AirflowRun($0) }
    }

    package func run(_ dagID: String, _ runID: String) async throws(AirflowError) -> AirflowRun {
        AirflowRun(try await transport.call(.GET, Self.path(dagID, runID)))
    }

    package func taskInstances(
        _ dagID: String, _ runID: String
    ) async throws(AirflowError) -> [AirflowTaskInstance] {
        let path = Self.path(dagID, runID) + "/taskInstances"
        return try await all(path, "task_instances").map { AirflowTaskInstance($0) }
    }

    /// The lines of one try's log.
    ///
    /// - Parameter number: which try; `nil` for the latest.
    package func logs(
        _ dagID: String, _ runID: String, task: String, try number: Int? = nil
    ) async throws(AirflowError) -> [String] {
        let path = Self.path(dagID, runID) + "/taskInstances/" + Self.segment(task)
        var number = number ?? 0
        if number == 0 { number = try await transport.call(.GET, path)["try_number"]?.int ?? 1 }
        let lines = try await list(path + "/logs/\(number)?full_content=true", "content")
        return lines.map { line in
            if let text = line.string { return text }
            let moment = line["timestamp"]?.string.map { $0 + " " } ?? ""
            let level = line["level"]?.string.map { $0.uppercased() + " " } ?? ""
            return moment + level + (line["event"]?.string ?? line.text)
        }
    }

    /// A task's result; `nil` when it has none.
    package func result(
        _ dagID: String, _ runID: String, task: String
    ) async throws(AirflowError) -> JSONValue? {
        let path = Self.path(dagID, runID) + "/taskInstances/" + Self.segment(task)
        do throws(AirflowError) {
            return try await transport.call(.GET, path + "/xcomEntries/return_value")["value"]
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
    }

    /// Lets tasks of a run run anew, and by default all that follows them.
    ///
    /// - Parameters:
    ///   - tasks: their ids; `nil` for all.
    ///   - dryRun: only says which it would be.
    /// - Returns: the tasks that were cleared.
    package func clear(
        _ dagID: String, _ runID: String, tasks: [String]? = nil, onlyFailed: Bool = false,
        downstream: Bool = true, upstream: Bool = false, dryRun: Bool = false
    ) async throws(AirflowError) -> [AirflowTaskInstance] {
        var body: JSONObject = [
            "dry_run": .bool(dryRun), "dag_run_id": .string(runID),
            "only_failed": .bool(onlyFailed), "include_downstream": .bool(downstream),
            "include_upstream": .bool(upstream), "reset_dag_runs": true,
        ]
        if let tasks { body["task_ids"] = .array(tasks.map { .string($0) }) }
        let path = Self.path(dagID) + "/clearTaskInstances"
        let answer = try await transport.call(.POST, path, body: .object(body))
        return try Self.items(answer, "task_instances", path).map { AirflowTaskInstance($0) }
    }

    private func list(_ path: String, _ name: String) async throws(AirflowError) -> [JSONValue] {
        try Self.items(try await transport.call(.GET, path), name, path)
    }

    private static func items(
        _ answer: JSONValue, _ name: String, _ path: String
    ) throws(AirflowError) -> [JSONValue] {
        guard let items = answer[name]?.array else {
            throw AirflowError(.badAnswer, "\(name) is missing in the answer", path: path)
        }
        return items
    }

    /// Every item of a list, page by page.
    private func all(_ path: String, _ name: String) async throws(AirflowError) -> [JSONValue] {
        var items: [JSONValue] = []
        for _ in 0..<AirflowClientLimits.pagesMax {
            let page = "\(path)?limit=\(AirflowClientLimits.pageItems)&offset=\(items.count)"
            let answer = try await transport.call(.GET, page)
            let more = try Self.items(answer, name, path)
            items += more
            if more.isEmpty || items.count >= answer["total_entries"]?.int ?? 0 { break }
        }
        return items
    }

    static func path(_ dagID: String) -> String { "/dags/" + segment(dagID) }

    static func path(_ dagID: String, _ runID: String) -> String {
        path(dagID) + "/dagRuns/" + segment(runID)
    }

    static func segment(_ text: String) -> String {
        PercentCoding.encoded(text).replacing("/", with: "%2F")
    }
}
