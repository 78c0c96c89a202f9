// What a DAG's declaration becomes: validation, parameters, results.

import Foundation
import MillraceBase
import Testing

@testable import MillraceWorkflow

@Suite("DAG")
struct DAGTests {
    @Test func aSoundOneHasNoProblems() throws {
        try SampleDAG.automation.validate()
        let plan = SampleDAG.automation.plan
        let detect = plan.index(of: "detect") ?? -1
        #expect(plan.downstreamIDs(of: detect) == ["land_red", "land_green", "land_blue"])
        #expect(plan.tasks[detect].upstreamIDs == ["fetch"])
        #expect(plan.leaves.map { plan.tasks[$0].id } == ["confirm"])
    }

    /// Goal: every problem is reported, not only the first.
    @Test func allProblemsAreReported() {
        var foreign: TaskHandle<Int>?
        _ = DAG("other") { dag in foreign = dag.task("elsewhere") { run in 1 } }
        let dag = DAG("bad id!", schedule: .cron("99 * * * *"), maxActiveRuns: 0) { dag in
            _ = dag.parameter("n", default: 0, in: 1...5)
            _ = dag.parameter("n", default: 1)
            dag.task("a") { run in }
            dag.task("a", retries: -1, timeout: .zero) { run in }
            if let foreign { dag.task("b", on: foreign) { number, run in } }
        }
        let error = #expect(throws: DAGError.self) { try dag.validate() }
        let problems = Set(error?.problems.map(\.description) ?? [])
        for part in [
            "\"bad id!\" is no id", "maxActiveRuns", "schedule", "two tasks are called \"a\"",
            "two parameters are called \"n\"",
            "default of parameter \"n\" is not a whole number from 1",
            "-1 retries", "timeout of \"a\"", "belongs to DAG \"other\"",
        ] {
            #expect(problems.contains { $0.contains(part) }, "\(part)")
        }
    }

    @Test func circlesAreNamed() {
        let dag = DAG("d") { dag in
            let a = dag.task("a") { run in }
            let b = dag.task("b", after: a) { run in }
            let c = dag.task("c", after: b) { run in }
            dag.task("end", after: c) { run in }
            dag.order(c, before: b)
        }
        let error = #expect(throws: DAGError.self) { try dag.validate() }
        guard case .circle(let ids) = error?.problems.first else {
            Issue.record("no circle in \(String(describing: error))")
            return
        }
        #expect(ids.first == ids.last)
        #expect(Set(ids) == ["b", "c"])
    }

    @Test func anEmptyOneIsRefused() {
        #expect(throws: DAGError.self) { try DAG("empty") { _ in }.validate() }
    }

    struct BadConfiguration: Sendable {
        var json: String
        var parts: [String]
    }

    @Test(arguments: [
        BadConfiguration(json: #"{"users": 0}"#, parts: ["users", "0", "1 to 1000000"]),
        BadConfiguration(json: #"{"users": 1000001}"#, parts: ["users", "1 to 1000000"]),
        BadConfiguration(json: #"{"users": "50"}"#, parts: ["users", "whole number"]),
        BadConfiguration(json: #"{"users": 1.5}"#, parts: ["users", "whole number"]),
        BadConfiguration(json: #"{"users": null}"#, parts: ["users"]),
        BadConfiguration(json: #"{"colour": "pink"}"#, parts: ["colour", "\"red\", \"green\""]),
        BadConfiguration(json: #"{"user": 5}"#, parts: ["user", "\"users\", \"colour\""]),
        BadConfiguration(json: "[1]", parts: ["object"]),
    ])
    func badConfigurationsAreRefused(_ one: BadConfiguration) throws {
        let json = try JSONValue(parsing: one.json)
        let error = #expect(throws: ParameterError.self) {
            try SampleDAG.automation.plan.parameterValues(for: json)
        }
        for part in one.parts { #expect(error?.description.contains(part) == true, "\(part)") }
    }

    @Test func defaultsFillInWhatIsNotGiven() throws {
        let plan = SampleDAG.automation.plan
        #expect(try plan.parameterValues(for: nil) == ["users": 1000, "colour": "red"])
        let given = try plan.parameterValues(for: ["users": 7])
        #expect(given == ["users": 7, "colour": "red"])
    }

    @Test func everyKindOfParameterIsChecked() {
        #expect(ParameterKind.number(0...1).takes(0.5))
        #expect(!ParameterKind.number(0...1).takes(2))
        #expect(ParameterKind.text(1...3).takes("abc"))
        #expect(!ParameterKind.text(1...3).takes(""))
        #expect(ParameterKind.boolean.takes(true))
        #expect(!ParameterKind.boolean.takes("true"))
        #expect(ParameterKind.choice(["a"]).schema == ["type": "string", "enum": ["a"]])
    }
}

@Suite("Tasks of a DAG")
struct TaskBodyTests {
    static func run(
        _ dag: DAG, _ task: String, _ results: [String: [UInt8]] = [:],
        parameters: [String: JSONValue] = [:]
    ) async throws -> TaskOutput {
        let runner = try dag.runner { SampleContext(invocation: $0) }
        let invocation = TaskInvocation(
            dagID: dag.id, runID: "r", runNumber: 1, taskID: task, tryNumber: 1,
            logicalDate: .distantPast, parameters: parameters)
        return try await runner.run(TaskInputs(results), invocation)
    }

    @Test func resultsTravelAsJSON() async throws {
        let fetched = try await Self.run(
            SampleDAG.automation, "fetch", parameters: ["users": 9, "colour": "blue"])
        let json = fetched.json ?? []
        #expect(try JSONValue(parsing: json)["count"] == 9)
        let path = try await Self.run(SampleDAG.automation, "detect", ["fetch": json])
        #expect(path == .branch(["land_blue"]))
        let landed = try await Self.run(SampleDAG.automation, "land_blue", ["fetch": json])
        #expect(landed.json == Array("27".utf8))
        #expect(try await Self.run(SampleDAG.automation, "publish").json == nil)
    }

    @Test func aMissingOrForeignResultFailsTheTask() async throws {
        let missing = await #expect(throws: FailTask.self) {
            try await Self.run(SampleDAG.automation, "detect")
        }
        #expect(missing?.reason.contains("\"fetch\"") == true)
        let foreign = await #expect(throws: FailTask.self) {
            try await Self.run(SampleDAG.automation, "detect", ["fetch": Array("[]".utf8)])
        }
        #expect(foreign?.reason.contains("Pages") == true)
    }

    @Test func tooLargeAResultFailsTheTask() async throws {
        let dag = DAG("d") { dag in
            dag.task("fits") { run in
                String(repeating: "x", count: WorkflowLimits.resultBytesMax - 2)
            }
            dag.task("large") { run in
                String(repeating: "x", count: WorkflowLimits.resultBytesMax - 1)
            }
        }
        #expect(try await Self.run(dag, "fits").json?.count == WorkflowLimits.resultBytesMax)
        let error = await #expect(throws: FailTask.self) { try await Self.run(dag, "large") }
        #expect(error?.reason.contains("\(WorkflowLimits.resultBytesMax)") == true)
    }

    @Test func aJoinTakesTheResultsThatThereAre() async throws {
        let dag = DAG("d") { dag in
            let parts = (0..<3).map { number in dag.task("t\(number)") { run in number } }
            dag.task("sum", onEach: parts) { numbers, run in numbers.reduce(0, +) }
        }
        let results = ["t0": Array("1".utf8), "t2": Array("5".utf8)]
        #expect(try await Self.run(dag, "sum", results).json == Array("6".utf8))
    }
}
