// The orchestrator ends at any moment and goes on: crash points, a refusing disk, a graceful stop.

import AirflowClient
import Foundation
import GRDB
import Logging
import MillraceBase
import MillraceOrchestrator
import MillraceWorkflow
import Synchronization
import Testing

/// A store in which some writes fail. `crash` is the last thing that the process ever writes.
final class AirflowFailingStore: MetadataStore {
    enum Failing: Sendable {
        /// From the write with this number on all are refused; that one may still reach the disk.
        case crash(at: Int, afterCommit: Bool)
        /// The writes with these numbers are refused.
        case refuse(ClosedRange<Int>)
    }

    private struct State {
        var writes = 0
        var isDead = false
    }

    private let base: SQLiteMetadata
    private let failing: Failing
    private let state = Mutex(State())

    init(path: String, _ failing: Failing) throws {
        base = try SQLiteMetadata(path: path)
        self.failing = failing
    }

    var isDead: Bool { state.withLock { $0.isDead } }

    func write(_ changes: [MetadataChange]) async throws(OrchestratorError) {
        let refused = OrchestratorError.metadata(path: "test", why: "refused by the test")
        let (number, wasDead) = state.withLock { state in
            state.writes += 1
            return (state.writes, state.isDead)
        }
        if wasDead { throw refused }
        switch failing {
        case .crash(let at, let afterCommit):
            guard number >= at else { break }
            if afterCommit { try await base.write(changes) }
            state.withLock { $0.isDead = true }
            throw refused
        case .refuse(let range): if range.contains(number) { throw refused }
        }
        try await base.write(changes)
    }

    func dags() async throws(OrchestratorError) -> [DAGRecord] { try await base.dags() }
    func nextRunKey() async throws(OrchestratorError) -> Int64 { try await base.nextRunKey() }
    func unfinishedRuns(
        results: TasksWithResults
    ) async throws(OrchestratorError) -> [StoredRun] {
        try await base.unfinishedRuns(results: results)
    }
    func storedRun(
        _ dagID: String, _ runID: String, results: TasksWithResults
    ) async throws(OrchestratorError) -> StoredRun? {
        try await base.storedRun(dagID, runID, results: results)
    }
    func conflict(
        _ dagID: String, runID: String, logicalDate: Int64?
    ) async throws(OrchestratorError) -> RunConflict? {
        try await base.conflict(dagID, runID: runID, logicalDate: logicalDate)
    }
    func runs(_ query: RunQuery) async throws(OrchestratorError) -> Page<DAGRun> {
        try await base.runs(query)
    }
    func runCounts() async throws(OrchestratorError) -> [String: [RunState: Int]] {
        try await base.runCounts()
    }
    func tries(run: Int64, taskID: String) async throws(OrchestratorError) -> [TaskTry] {
        try await base.tries(run: run, taskID: taskID)
    }
    func results(
        run: Int64, taskIDs: [String]?
    ) async throws(OrchestratorError) -> [String: StoredResult] {
        try await base.results(run: run, taskIDs: taskIDs)
    }
    func log(
        run: Int64, taskID: String, number: Int
    ) async throws(OrchestratorError) -> [TaskLogLine] {
        try await base.log(run: run, taskID: taskID, number: number)
    }
    func close() async { await base.close() }
}

@Suite("Airflow recovery", .timeLimit(.minutes(3)))
struct AirflowRecoveryTests {
    static let taskIDs = ["fetch", "path", "left", "right", "join"]

    /// fetch → path → left (right is skipped) → join; `join` fails once.
    static let dag = AirflowTestDAG("d") { dag in
        let fetched = dag.task("fetch") { run in
            run.effects.add("fetch")
            run.log("fetched")
            return [1, 2, 3]
        }
        let path = dag.branch("path", on: fetched) { numbers, run in
            run.effects.add("path")
            return ["left"]
        }
        let landed = ["left", "right"].map { id in
            dag.task(id, on: fetched, after: path) { numbers, run in
                run.effects.add(id)
                return numbers.count
            }
        }
        dag.task("join", onEach: landed, retries: 1, retryDelay: .fixed(.milliseconds(1))) {
            counts, run in
            run.effects.add("join")
            if run.effects.count("join") == 1 { throw AirflowServerTests.Oops() }
            return counts
        }
    }

    /// Method: the process dies at its first, second, third … write, once before and once after the
    /// commit. Goal: the next process ends the run, and runs no task again whose end was stored.
    @Test(arguments: [false, true])
    func everyCrashPoint(afterCommit: Bool) async throws {
        var crashes = 0
        for point in 2..<60 {
            let effects = AirflowEffects()
            var isOver = false
            try await AirflowTestServer.inFolder { path in
                isOver = try await Self.crash(at: point, afterCommit, path, effects)
                if !isOver { try await Self.recover(path, effects) }
            }
            if isOver { break }
            crashes += 1
        }
        #expect(crashes >= 6)
    }

    /// - Returns: whether the run ended before its crash came.
    private static func crash(
        at point: Int, _ afterCommit: Bool, _ path: String, _ effects: AirflowEffects
    ) async throws -> Bool {
        let store = try AirflowFailingStore(path: path, .crash(at: point, afterCommit: afterCommit))
        let ended = Mutex(false)
        try await AirflowTestServer.with([dag], at: path, effects: effects, store: store) { test in
            let run = try? await test.server.trigger(dagID: "d", runID: "run")
            guard run != nil else { return }
            try await AirflowTestServer.until {
                let state = try await test.server.dagRun(dagID: "d", runID: "run")?.state
                ended.withLock { $0 = state?.isFinished == true && !store.isDead }
                return store.isDead || state?.isFinished == true
            }
        }
        return ended.withLock { $0 }
    }

    private static func recover(_ path: String, _ effects: AirflowEffects) async throws {
        let metadata = try SQLiteMetadata(path: path)
        let before = try await metadata.storedRun("d", "run", results: [:])
        await metadata.close()
        let done = (before?.tasks ?? []).filter { $0.state == .success }.map(\.taskID)
        let countsBefore = effects.all
        try await AirflowTestServer.with([dag], at: path, effects: effects) { test in
            // A crash before the trigger's commit: there is no run, and the caller was told so.
            if before == nil { _ = try await test.server.trigger(dagID: "d", runID: "run") }
            let run = try await test.server.wait(dagID: "d", runID: "run")
            #expect(run.state == .success)
            #expect(run.number == 1)
            for id in done {
                #expect(effects.count(id) == countsBefore[id] ?? 0, "\(id) ran again")
            }
            let states = try await test.server.taskInstances(dagID: "d", runID: "run").map(\.state)
            #expect(states == [.success, .success, .success, .skipped, .success])
            #expect(effects.count("right") == 0)
            #expect(try await test.server.trigger(dagID: "d").number == 2)
        }
    }

    /// Goal: while the disk refuses nothing is lost and nothing runs twice; orders are refused.
    @Test func aDiskThatRefusesForAWhile() async throws {
        try await AirflowTestServer.inFolder { path in
            let store = try AirflowFailingStore(path: path, .refuse(4...6))
            let effects = AirflowEffects()
            try await AirflowTestServer.with([Self.dag], at: path, effects: effects, store: store) {
                test in
                _ = try await test.server.trigger(dagID: "d", runID: "run")
                let run = try await test.server.wait(dagID: "d", runID: "run")
                #expect(run.state == .success)
                #expect(effects.all == ["fetch": 1, "path": 1, "left": 1, "join": 2])
            }
        }
    }

    /// Goal: Ctrl-C cancels what runs; at the next start it runs as a new try and no retry is used.
    @Test func aStopIsGoneOnFrom() async throws {
        let dag = AirflowTestDAG("d") { dag in
            let first = dag.task("first") { run in run.effects.add("first") }
            dag.task("second", after: first) { run in
                run.effects.add("second")
                if run.invocation.tryNumber == 1 { try await Task.sleep(for: .seconds(600)) }
            }
        }
        let effects = AirflowEffects()
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([dag], at: path, effects: effects) { test in
                _ = try await test.client.trigger("d", runID: "run")
                try await AirflowTestServer.until { effects.count("second") == 1 }
            }
            try await AirflowTestServer.with([dag], at: path, effects: effects) { test in
                #expect(try await test.client.wait("d", "run").isSuccess)
                let tasks = try await test.client.taskInstances("d", "run")
                #expect(tasks.map(\.tryNumber) == [1, 2])
                #expect(effects.all == ["first": 1, "second": 2])
            }
        }
    }

    @Test func pausesOutliveARestart() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.dag], at: path) { test in
                try await test.client.setPaused("d", true)
            }
            try await AirflowTestServer.with([Self.dag], at: path) { test in
                let dag = try await test.client.dag("d")
                #expect(dag.isPaused)
            }
        }
    }

    @Test func newerMetadataIsRefused() async throws {
        try await AirflowTestServer.inFolder { path in
            await (try SQLiteMetadata(path: path)).close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
            try queue.close()
            #expect(throws: OrchestratorError.newerMetadata(path: path, version: 99, known: 1)) {
                try SQLiteMetadata(path: path)
            }
        }
    }

    @Test func aPathThatCannotBeIsNamed() {
        let error = #expect(throws: OrchestratorError.self) {
            try SQLiteMetadata(path: "/proc/nowhere/orchestrator.sqlite")
        }
        #expect(error?.description.contains("/proc/nowhere/orchestrator.sqlite") == true)
    }

    @Test func aTakenPortIsNamed() async throws {
        try await AirflowTestServer.inFolder { path in
            try await AirflowTestServer.with([Self.dag], at: path) { test in
                let port = test.server.port
                let configuration = OrchestratorConfiguration(
                    metadata: Endpoint(scheme: "sqlite", path: path + ".other"), port: port)
                await #expect(throws: OrchestratorError.portTaken(port)) {
                    _ = try await OrchestratorServer.start(
                        configuration, dags: [Self.dag],
                        context: { AirflowTestContext(invocation: $0, effects: test.effects) },
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                }
            }
        }
    }
}
