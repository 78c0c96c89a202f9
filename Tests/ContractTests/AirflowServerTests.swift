// Airflow's REST API v2, our client against our server, over a socket.

import AirflowClient
import Foundation
import MillraceBase
import MillraceOrchestrator
import MillraceWorkflow
import Testing

@Suite("Airflow REST", .timeLimit(.minutes(2)))
struct AirflowServerTests {
    /// fetch → detect → land_a | land_b → publish
    static let people = AirflowTestDAG("people", schedule: .daily, tags: ["demo"]) { dag in
        let users = dag.parameter("users", default: 10, in: 1...100)
        let fetched = dag.task("fetch") { run in
            run.log("fetching \(run[users])")
            return run[users]
        }
        let path = dag.branch("detect", on: fetched) { users, run in
            users > 50 ? ["land_a", "land_b"] : ["land_a"]
        }
        let landed = ["land_a", "land_b"].map { id in
            dag.task(id, on: fetched, after: path) { users, run in users * 2 }
        }
        dag.task("publish", onEach: landed) { counts, run in counts.reduce(0, +) }
    }

    struct Oops: Error, CustomStringConvertible { var description: String { "oops" } }

    static let troubles = AirflowTestDAG("troubles", maxActiveRuns: 4) { dag in
        let kind = dag.parameter("kind", default: "flaky")
        dag.task(
            "flaky", retries: 2, retryDelay: .fixed(.milliseconds(5)), timeout: .milliseconds(300)
        ) { run in
            run.effects.add("flaky")
            switch run[kind] {
            case "flaky": if run.invocation.tryNumber < 3 { throw Oops() }
            case "slow": try await Task.sleep(for: .seconds(60))
            case "final": throw FailTask("nothing helps")
            case "skip": throw SkipTask("nothing to do")
            default: throw Oops()
            }
        }
        dag.branch("lost", when: .always) { run in run[kind] == "lost" ? ["nowhere"] : [] }
    }

    @Test func aRunFromTriggerToResult() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people], at: path) { test in
                let run = try await test.client.trigger("people", conf: ["users": 60])
                #expect(run.id.hasPrefix("manual__"))
                let ended = try await test.client.wait("people", run.id)
                #expect(ended.isSuccess)
                let tasks = try await test.client.taskInstances("people", run.id)
                #expect(tasks.map(\.taskID) == ["fetch", "detect", "land_a", "land_b", "publish"])
                #expect(tasks.allSatisfy { $0.state == "success" && $0.tryNumber == 1 })
                #expect(try await test.client.result("people", run.id, task: "publish") == 240)
                #expect(
                    try await test.client.result("people", run.id, task: "detect")
                        == ["land_a", "land_b"])
                let log = try await test.client.logs("people", run.id, task: "fetch")
                #expect(log.count == 1 && log[0].hasSuffix("fetching 60"))
                #expect(try await test.server.wait(dagID: "people", runID: run.id).number == 1)
            }
        }
    }

    @Test func aBranchThatIsNotChosenIsSkipped() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people], at: path) { test in
                let run = try await test.client.trigger("people")
                #expect(try await test.client.wait("people", run.id).isSuccess)
                let tasks = try await test.client.taskInstances("people", run.id)
                #expect(tasks.first { $0.taskID == "land_b" }?.state == "skipped")
                #expect(try await test.client.result("people", run.id, task: "land_b") == nil)
                #expect(try await test.client.result("people", run.id, task: "publish") == 20)
            }
        }
    }

    @Test func dagsAreShownPausedAndTheirGraphRead() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people, Self.troubles], at: path) { test in
                #expect(try await test.client.version().hasPrefix("3."))
                #expect(try await test.client.dags().map(\.id) == ["people", "troubles"])
                let tasks = try await test.client.tasks("people")
                #expect(tasks.first { $0.id == "detect" }?.downstreamIDs == ["land_a", "land_b"])
                #expect(tasks.last?.triggerRule == "none_failed_min_one_success")
                let details = try await test.client.details("people")
                #expect(details["params"]?["users"]?["schema"]?["maximum"] == 100)
                #expect(try await test.client.setPaused("people", true).isPaused)
                let run = try await test.client.trigger("people")
                #expect(try await test.client.run("people", run.id).state == "queued")
                try await test.client.setPaused("people", false)
                #expect(try await test.client.wait("people", run.id).isSuccess)
                #expect(try await test.client.dag("people").nextRun?.contains("T00:00:00") == true)
            }
        }
    }

    @Test func refusalsSayWhatIsWrong() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people], at: path) { test in
                let bounds = await #expect(throws: AirflowError.self) {
                    try await test.client.trigger("people", conf: ["users": 101])
                }
                #expect(bounds?.kind == .refused && bounds?.status == 400)
                #expect(bounds?.detail.contains("users") == true)
                #expect(bounds?.detail.contains("from 1 to 100") == true)
                let missing = await #expect(throws: AirflowError.self) {
                    try await test.client.trigger("nobody")
                }
                #expect(missing?.kind == .notFound)
                _ = try await test.client.trigger("people", runID: "mine")
                let twice = await #expect(throws: AirflowError.self) {
                    try await test.client.trigger("people", runID: "mine")
                }
                #expect(twice?.kind == .conflict)
                let badID = await #expect(throws: AirflowError.self) {
                    try await test.client.trigger("people", runID: "no/slash")
                }
                #expect(badID?.kind == .refused)
            }
        }
    }

    @Test func troublesEndAsTheyShould() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.troubles], at: path) { test in
                func play(_ kind: String) async throws -> (
                    run: AirflowRun, task: AirflowTaskInstance?
                ) {
                    let run = try await test.client.trigger(
                        "troubles", conf: ["kind": .string(kind)])
                    let ended = try await test.client.wait("troubles", run.id)
                    let tasks = try await test.client.taskInstances("troubles", run.id)
                    return (ended, tasks.first)
                }
                let flaky = try await play("flaky")
                #expect(flaky.run.isSuccess && flaky.task?.tryNumber == 3)
                let first = try await test.client.logs(
                    "troubles", flaky.run.id, task: "flaky", try: 1)
                #expect(first.last?.contains("failed: oops") == true)
                let final = try await play("final")
                #expect(final.task?.state == "failed" && final.task?.tryNumber == 1)
                let skipped = try await play("skip")
                #expect(skipped.run.isSuccess && skipped.task?.state == "skipped")
                let slow = try await play("slow")
                #expect(slow.task?.state == "failed" && slow.task?.tryNumber == 3)
                let why = try await test.server.failures(dagID: "troubles", runID: slow.run.id)
                #expect(why.first?.reason == "timed out after 0.3 seconds")
                let lost = try await test.client.trigger("troubles", conf: ["kind": "lost"])
                _ = try await test.client.wait("troubles", lost.id)
                let reasons = try await test.server.failures(dagID: "troubles", runID: lost.id)
                let branch = reasons.first { $0.taskID == "lost" }
                #expect(branch?.reason.contains("\"nowhere\"") == true)
            }
        }
    }

    @Test func clearedTasksRunAgain() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people], at: path) { test in
                let run = try await test.client.trigger("people")
                _ = try await test.client.wait("people", run.id)
                let would = try await test.client.clear(
                    "people", run.id, tasks: ["land_a"], dryRun: true)
                #expect(would.map(\.taskID) == ["land_a", "publish"])
                _ = try await test.client.clear("people", run.id, tasks: ["land_a"])
                #expect(try await test.client.wait("people", run.id).isSuccess)
                let tries = try await test.client.taskInstances("people", run.id).map(\.tryNumber)
                #expect(tries == [1, 1, 2, 0, 2])
            }
        }
    }

    /// Goal: the display of progress hears of every state, after it was stored.
    @Test func changesAreTold() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.people], at: path) { test in
                let changes = test.server.changes()
                let run = try await test.server.trigger(dagID: "people", conf: ["users": 60])
                var states: [String: [TaskState]] = [:]
                for await change in changes where change.runID == run.runID {
                    if let id = change.taskID, let state = change.taskState {
                        states[id, default: []].append(state)
                    }
                    if change.runState.isFinished, change.taskID == nil { break }
                }
                #expect(states["publish"]?.last == .success)
                #expect(states["fetch"]?.last == .success)
            }
        }
    }
}

@Suite("Airflow address")
struct AirflowAddressTests {
    @Test func anUnreachableOrWrongAddressIsAnError() async throws {
        for address in ["http://127.0.0.1:1", "kafka://127.0.0.1:9092"] {
            let error = await #expect(throws: AirflowError.self) {
                try await AirflowConnection(Endpoint.parse(address)).dags()
            }
            #expect(error?.kind == .unreachable && error?.status == 0)
        }
    }
}
