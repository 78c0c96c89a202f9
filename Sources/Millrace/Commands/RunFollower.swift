// Triggers a run by Airflow's REST API and follows it to its end.

import AirflowClient
import Foundation
import MillraceBase

/// A run that has ended, and what the stages did meanwhile.
struct EndedRun: Sendable {
    var dag: String
    var run: AirflowRun
    var tasks: [AirflowTaskInstance]
    /// The result of each task that has one.
    var results: [String: JSONValue]
    var progress: StageProgress.Snapshot
    var took: Duration
}

struct RunFollower: Sendable {
    let airflow: AirflowConnection
    let console: ConsoleConnection
    let isQuiet: Bool
    /// Somebody else's stack may stop while a run is followed.
    private let isOwnStack: Bool

    /// How often the run and the stages are looked at.
    private static let look: Duration = .milliseconds(100)

    init(file: StackFile, settings: Settings, isQuiet: Bool) throws {
        airflow = AirflowConnection(try file.endpoint("orchestrator"))
        console = ConsoleConnection(endpoint: try file.endpoint("console"))
        self.isQuiet = isQuiet
        isOwnStack = file.isOwn
    }

    /// Triggers a run and waits for its end.
    ///
    /// - Throws: `Failure` for a paused DAG, whose runs would wait for ever.
    func runOnce(_ dag: String, conf: JSONValue) async throws -> EndedRun {
        guard try await !told(of: dag, { try await airflow.dag(dag) }).isPaused else {
            throw Failure(
                "the DAG is paused, so its runs wait", at: dag,
                next: "millrace dags unpause \(dag)")
        }
        let before = try await progress()
        let began = ContinuousClock.now
        let run = try await Self.told(
            "\(dag) with \(conf.text)",
            next: "millrace dags show \(dag), which lists its parameters and their bounds"
        ) { try await airflow.trigger(dag, conf: conf) }
        say("run \(run.id) of \(dag)")
        let total = run.conf?["users"]?.int ?? conf["users"]?.int ?? 0
        return try await follow(dag, run: run, total: total, before: before, began: began)
    }

    /// Waits for runs that were interrupted; a started stack resumes them by itself.
    ///
    /// - Parameter start: when the command began; a run that ended since was interrupted too.
    /// - Returns: the last of them, or `nil` when there was none.
    func finishInterrupted(of dag: String, since start: Date) async throws -> EndedRun? {
        var last: EndedRun?
        let began = start.formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true))
        let runs = try await told(of: dag) { try await airflow.runs(dag) }
            .filter { !$0.isFinished || ($0.json["end_date"]?.string ?? "") >= began }
        for run in runs {
            say("run \(run.id) of \(dag) goes on")
            let total = run.conf?["users"]?.int ?? 0
            let ended = try await follow(
                dag, run: run, total: total, before: .init(), began: .now)
            if last == nil || !ended.run.isSuccess { last = ended }
        }
        return last
    }

    private func follow(
        _ dag: String, run: AirflowRun, total: Int, before: StageProgress.Snapshot,
        began: ContinuousClock.Instant
    ) async throws -> EndedRun {
        do {
            return try await followToEnd(dag, run: run, total: total, before: before, began: began)
        } catch let failure as Failure {
            let answer = try? await progress()
            guard !isOwnStack, answer == nil else { throw failure }
            throw Failure(
                "the stack stopped before the run had ended", at: "run \(run.id) of \(dag)",
                because: "nobody answers at \(console.endpoint) any more",
                next: "millrace run --resume, which finishes it")
        }
    }

    private func followToEnd(
        _ dag: String, run: AirflowRun, total: Int, before: StageProgress.Snapshot,
        began: ContinuousClock.Instant
    ) async throws -> EndedRun {
        var display = ProgressDisplay(total: total, isInteractive: Terminal.isInteractive)
        var run = run
        while !run.isFinished {
            if !isQuiet { display.show(try await progress().since(before).counts) }
            try await Task.sleep(for: Self.look)
            run = try await told(of: dag) { [run] in try await airflow.run(dag, run.id) }
        }
        let took = ContinuousClock.now - began
        let snapshot = try await progress().since(before)
        if !isQuiet { display.show(snapshot.counts, isLast: true) }
        let id = run.id
        let tasks = try await told(of: dag) { try await airflow.taskInstances(dag, id) }
        var results: [String: JSONValue] = [:]
        for task in tasks where task.state == "success" {
            results[task.taskID] = try? await airflow.result(dag, id, task: task.taskID)
        }
        return EndedRun(
            dag: dag, run: run, tasks: tasks, results: results, progress: snapshot, took: took)
    }

    private func progress() async throws -> StageProgress.Snapshot {
        StageProgress.Snapshot(json: try await console.get("/api/progress"))
    }

    private func told<Value>(
        of dag: String, _ call: () async throws -> Value
    ) async throws -> Value {
        try await Self.told(dag, next: "millrace dags list-runs \(dag)", call)
    }

    private func say(_ text: String) { if !isQuiet { Terminal.print(text) } }

    /// The API's refusals as failures in the person's words.
    ///
    /// - Parameters:
    ///   - given: what the person typed.
    ///   - next: what to type after a refusal.
    static func told<Value>(
        _ given: String, next: String, _ call: () async throws -> Value
    ) async throws -> Value {
        do { return try await call() } catch let error as AirflowError {
            let (what, help) =
                switch error.kind {
                case .unreachable: ("the orchestrator does not answer", "millrace status")
                case .failed, .badAnswer: ("the orchestrator fails", "millrace doctor")
                case .unauthorized, .notFound, .conflict, .refused:
                    ("the orchestrator refuses", next)
                }
            throw Failure(what, at: given, because: "\(error)", next: help)
        }
    }
}

extension StageProgress.Snapshot {
    var counts: [Stage: Int] { stages.mapValues(\.count) }
}
