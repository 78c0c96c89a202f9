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
        if let staged = ended.results["fetch_users"], let asked = staged["asked"]?.int {
            let came = (staged["people"]?.int ?? 0) + rejectedCount(staged)
            if came < asked {
                Terminal.print(
                    "the source is exhausted: \(Shown.count(came)) of \(Shown.count(asked)) records were left"
                )
            }
        }
        for line in Summary.exceptions(ended.progress) { Terminal.print(line) }
        if ended.results["confirm"]?.int ?? 0 > 0 { try await printRows() }
        Terminal.print("\nrun \(ended.run.id): \(ended.run.state) in \(Shown.time(ended.took))")
        Terminal.print("next: millrace up, which serves")
        for stage in StageName.allCases {
            let endpoint = settings.endpoint(stage.rawValue)
            if endpoint.scheme == "embedded", let port = endpoint.port ?? stage.standardPort {
                Terminal.print("  \(stage.rawValue.padded(to: 13)) 127.0.0.1:\(port)")
            }
        }
    }

    private func rejectedCount(_ staged: JSONValue) -> Int {
        (staged["rejected"]?.object?.members ?? []).reduce(0) { $0 + ($1.value.int ?? 0) }
    }

    /// Landing results by the gender that stands in their task's name.
    private var byGender: [(String, JSONValue)] {
        ended.results.filter { $0.key.hasPrefix("land_") }.sorted { $0.key < $1.key }
            .map { (String($0.key.dropFirst(5)), $0.value) }
    }

    /// Rows read back by CQL, so that what is said to have arrived is seen.
    private func printRows() async throws {
        guard let table = CommandScope.pipelines.flatMap(\.tables).first else { return }
        let session = try await CQLSession.connect(
            try file.endpoint("store"), logger: Logger(label: "millrace"))
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
            because: "its state is \(ended.run.state)",
            next: "millrace tasks logs \(ended.dag) \(ended.run.id)"
                + (bad.map { " \($0.taskID)" } ?? ""))
    }

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
            "confirmed": ended.results["confirm"] ?? .null,
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
