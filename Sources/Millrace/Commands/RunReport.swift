// What a run did, at its end: people by gender, stages, exceptions, five rows from the store.

import AirflowClient
import CQLClient
import CQLProtocol
import Foundation
import Logging
import MillraceBase

struct RunReport: Sendable {
    let ended: EndedRun
    let file: StackFile
    let settings: Settings

    private static let rowsShown = 5

    /// Prints the report; a run that did not succeed ends in a `Failure` with its id.
    func print(json: Bool) async throws {
        if json { Terminal.print(self.json.text) } else { try await printText() }
        guard ended.run.isSuccess else { throw await failure() }
    }

    private func printText() async throws {
        guard ended.run.isSuccess else { return }
        var people = Table(head: ["people", "new", "changed", "as before"], numbers: [1, 2, 3])
        for (gender, landed) in byGender {
            people.rows.append([
                gender, Shown.count(landed["inserted"]?.int ?? 0),
                Shown.count(landed["updated"]?.int ?? 0),
                Shown.count(landed["unchanged"]?.int ?? 0),
            ])
        }
        Terminal.print("\n" + people.text + "\n")
        Terminal.print(Summary.stages(ended.progress).text + "\n")
        if let left = exhaustion {
            Terminal.print(
                "the source is exhausted: \(Shown.count(left.came)) of \(Shown.count(left.asked)) "
                    + "records were left")
        }
        for line in Summary.exceptions(ended.progress) { Terminal.print(line) }
        if ended.results["confirm"]?.int ?? 0 > 0 { try await printRows() }
        Terminal.print("\nrun \(ended.run.id): \(ended.run.state) in \(Shown.time(ended.took))")
        for line in nextSteps { Terminal.print(line) }
    }

    /// What to type now: the live stack's addresses, or those that `up` will serve.
    private var nextSteps: [String] {
        let stages = StageName.allCases.filter { $0.standardPort != nil }
        if !file.isOwn {
            return ["next: millrace status, of the stack that stays up and serves"]
                + stages.compactMap { stage in
                    file.addresses[stage.rawValue].map {
                        "  \(stage.rawValue.padded(to: 13)) \($0)"
                    }
                }
        }
        return ["next: millrace up, which serves"]
            + stages.compactMap { stage in
                let endpoint = settings.endpoint(stage.rawValue)
                guard endpoint.scheme == "embedded", let port = endpoint.port ?? stage.standardPort
                else { return nil }
                let place = port == 0 ? "a free port" : "127.0.0.1:\(port)"
                return "  \(stage.rawValue.padded(to: 13)) \(place)"
            }
    }

    /// How many records were asked for and how many came, when a source with an end had too few.
    private var exhaustion: (asked: Int, came: Int)? {
        guard let staged = ended.results["fetch_users"], let asked = staged["asked"]?.int else {
            return nil
        }
        let rejected = (staged["rejected"]?.object?.members ?? []).compactMap(\.value.int)
        let came = (staged["people"]?.int ?? 0) + rejected.reduce(0, +)
        return came < asked ? (asked, came) : nil
    }

    /// Landing results by the gender that stands in their task's name.
    private var byGender: [(String, JSONValue)] {
        ended.results.filter { $0.key.hasPrefix("land_") }.sorted { $0.key < $1.key }
            .map { (String($0.key.dropFirst(5)), $0.value) }
    }

    /// A real store as the settings have it, password included; ours where it listens now.
    private var store: Endpoint {
        get throws {
            let given = settings.endpoint("store")
            return given.scheme == "embedded" ? try file.endpoint("store") : given
        }
    }

    /// Rows read back by CQL, so that what is said to have arrived is seen.
    private func printRows() async throws {
        guard let table = CommandScope.pipelines.flatMap(\.tables).first else { return }
        let session = try await CQLSession.connect(
            try store, logger: Logger(label: "millrace"))
        let name = "\(table.keyspace).\(table.name)"
        do {
            let columns = "first_name, last_name, gender, email, address"
            let rows = try await session.execute(
                "SELECT \(columns) FROM \(name) LIMIT \(Self.rowsShown)")
            var shown = Table(head: ["first_name", "last_name", "gender", "email", "address"])
            for row in rows {
                shown.rows.append(try (0..<5).map { try row.text(at: $0) })
            }
            Terminal.print("\nfrom \(name):\n" + shown.text)
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    private func failure() async -> Failure {
        let bad = ended.tasks.first { $0.state == "failed" }
        let task = bad.map { "task \($0.taskID)" } ?? "its tasks"
        return Failure(
            "the run did not succeed", at: "run \(ended.run.id) of \(ended.dag), \(task)",
            because: await cause(of: bad) ?? "its state is \(ended.run.state)",
            next: "millrace tasks logs \(ended.dag) \(ended.run.id)"
                + (bad.map { " \($0.taskID)" } ?? ""))
    }

    /// The words a failed task left at the end of its log, as one line.
    private func cause(of task: AirflowTaskInstance?) async -> String? {
        guard let task, let airflow = try? AirflowConnection(file.endpoint("orchestrator")),
            let lines = try? await airflow.logs(
                ended.dag, ended.run.id, task: task.taskID, try: task.tryNumber),
            let last = lines.last(where: { $0.contains(Self.failed) }),
            let start = last.range(of: Self.failed)?.upperBound
        else { return nil }
        return last[start...].split(separator: "\n")
            .map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: "; ")
    }

    /// What the orchestrator writes before the error of a task.
    private static let failed = "ERROR failed: "

    private var json: JSONValue {
        let stages = Stage.allCases.map { stage -> (name: String, value: JSONValue) in
            let counters = ended.progress.stages[stage] ?? .init()
            func milliseconds(_ share: Double) -> JSONValue {
                counters.latency.percentile(share).map { JSONValue($0.milliseconds) } ?? .null
            }
            return (
                stage.rawValue,
                [
                    "count": JSONValue(Int(counters.count)), "p50_ms": milliseconds(0.5),
                    "p99_ms": milliseconds(0.99),
                ]
            )
        }
        let genders = byGender.map { (name: $0.0, value: $0.1) }
        let durations = ended.tasks.compactMap { task in
            task.duration.map { (name: task.taskID, value: JSONValue($0)) }
        }
        let states = ended.tasks.map { (name: $0.taskID, value: JSONValue($0.state)) }
        return [
            "dag_id": .string(ended.dag), "run_id": .string(ended.run.id),
            "state": .string(ended.run.state),
            "seconds": JSONValue(ended.took.milliseconds / 1_000),
            "confirmed": ended.results["confirm"] ?? .null, "exhausted": .bool(exhaustion != nil),
            "people": .object(JSONObject(genders)), "stages": .object(JSONObject(stages)),
            "resent": JSONValue(Int(ended.progress.resent)),
            "skipped": JSONValue(Int(ended.progress.skipped)),
            "rejected": .object(
                JSONObject(
                    ended.progress.rejected.sorted { $0.key < $1.key }
                        .map { ($0.key, JSONValue(Int($0.value))) })),
            "tasks": .object(JSONObject(durations)), "states": .object(JSONObject(states)),
        ]
    }
}

extension CQLRow {
    /// A text cell for people; empty for null.
    fileprivate func text(at column: Int) throws -> String { try self[column].string ?? "" }
}
