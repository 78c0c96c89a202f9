// All runs together, as a value: limits, schedules, pauses, recovery. No clock, no disk.

import MillraceBase
import MillraceWorkflow
import Testing

@testable import MillraceOrchestrator

struct PlainContext: TaskContext { var invocation: TaskInvocation }

typealias DAG = WorkflowDAG<PlainContext>

/// Plays the scheduler by hand: steps are applied to a model of what is stored.
struct SchedulerPlayer {
    var machine: SchedulerMachine
    var now: Int64 = 1_800_000_000_000
    /// Tries that run.
    var running: [TryID: String] = [:]
    var cancelled: [TryID] = []
    var changes: [MetadataChange] = []
    var notices: [RunChange] = []

    init(
        _ dags: [DAG], tasksMax: Int = 8, records: [DAGRecord] = [], stored: [StoredRun] = [],
        schedules: Bool = true, nextRunKey: Int64 = 1
    ) {
        machine = SchedulerMachine(
            plans: dags.map(\.plan), tasksMax: tasksMax, dags: records, nextRunKey: nextRunKey)
        take(
            machine.began(stored, schedules: schedules, pausedAtCreation: false, now: now),
            fill: false)
    }

    mutating func take(_ step: SchedulerStep, fill: Bool = true) {
        var step = step
        if fill { machine.fill(now: now, &step) }
        changes += step.changes
        notices += step.notices
        for effect in step.effects {
            switch effect {
            case .start(let id, _, let taskID): running[id] = taskID
            case .cancel(let id): cancelled.append(id)
            }
        }
    }

    @discardableResult
    mutating func trigger(_ dagID: String, conf: JSONValue? = nil) throws -> DAGRun {
        var step = SchedulerStep()
        let run = try machine.trigger(
            TriggerRequest(dagID: dagID, configuration: conf),
            runID: machine.newRunID(now: now), now: now, &step)
        take(step)
        return run
    }

    mutating func end(_ taskID: String, _ ending: TryEnding = .succeeded(.nothing)) {
        guard let id = running.first(where: { $0.value == taskID })?.key else {
            Issue.record("\(taskID) does not run")
            return
        }
        running[id] = nil
        var step = SchedulerStep()
        machine.ended(id, ending, now: now, random: 0.5, &step)
        take(step)
    }

    mutating func tick(after milliseconds: Int64) {
        now += milliseconds
        var step = SchedulerStep()
        machine.ticked(now: now, &step)
        take(step)
    }

    mutating func pause(_ dagID: String, _ isPaused: Bool) throws {
        var step = SchedulerStep()
        try machine.setPaused(dagID, isPaused, now: now, &step)
        take(step)
    }

    var tasks: [String] { running.values.sorted() }

    /// The runs whose state was told, with the last state of each.
    var runStates: [String: RunState] {
        Dictionary(notices.map { ($0.runID, $0.runState) }, uniquingKeysWith: { $1 })
    }

    /// Applies all changes as a store would.
    func stored() -> (runs: [StoredRun], records: [DAGRecord]) {
        var runs: [Int64: StoredRun] = [:]
        var records: [String: DAGRecord] = [:]
        for change in changes {
            switch change {
            case .insertRun(let run, let tasks):
                runs[run.key] = StoredRun(run: run, tasks: tasks, results: [:])
            case .updateRun(let run): runs[run.key]?.run = run
            case .deleteRun(let key): runs[key] = nil
            case .updateTask(let run, let task):
                guard let at = runs[run]?.tasks.firstIndex(where: { $0.taskID == task.taskID })
                else {
                    continue
                }
                runs[run]?.tasks[at] = task
            case .setResult(let run, let taskID, let json, _): runs[run]?.results[taskID] = json
            case .setDAG(let record): records[record.dagID] = record
            case .beginTry, .endTry, .appendLog: break
            }
        }
        return (
            runs.values.filter { !$0.run.state.isFinished }.sorted { $0.run.key < $1.run.key },
            Array(records.values)
        )
    }
}

@Suite("SchedulerMachine")
struct SchedulerMachineTests {
    static let chain = DAG("chain", maxActiveRuns: 2) { dag in
        let a = dag.task("a", retries: 1, retryDelay: .fixed(.seconds(10))) { run in }
        dag.task("b", after: a) { run in }
    }

    static let wide = DAG("wide") { dag in
        for number in 0..<20 { dag.task("t\(number)") { run in } }
    }

    static let daily = DAG("daily", schedule: .daily) { dag in dag.task("a") { run in } }

    @Test func noMoreTriesThanAllowed() throws {
        var player = SchedulerPlayer([Self.wide], tasksMax: 3)
        try player.trigger("wide")
        #expect(player.tasks == ["t0", "t1", "t2"])
        player.end("t1")
        #expect(player.tasks == ["t0", "t2", "t3"])
    }

    @Test func noMoreRunsThanAllowed() throws {
        var player = SchedulerPlayer([Self.chain])
        let runs = try (0..<3).map { _ in try player.trigger("chain") }
        #expect(player.runStates[runs[1].runID] == .running)
        #expect(player.runStates[runs[2].runID] == .queued)
        player.end("a", .failed(reason: "no", mayRetry: false))
        #expect(player.runStates[runs[2].runID] == .running)
        #expect(runs.map(\.number) == [1, 2, 3])
        #expect(Set(runs.map(\.runID)).count == 3)
    }

    /// Goal: the end of one task and the start of the next are one step, so one transaction.
    @Test func anEndAndTheNextStartAreOneStep() throws {
        var player = SchedulerPlayer([Self.chain])
        try player.trigger("chain")
        player.changes = []
        player.end("a", .succeeded(.result(Array("1".utf8))))
        #expect(player.tasks == ["b"])
        var kinds: [String] = []
        for change in player.changes {
            switch change {
            case .setResult: kinds.append("result")
            case .updateTask(_, let task):
                kinds.append("\(task.taskID) \(task.state?.rawValue ?? "")")
            case .beginTry: kinds.append("begin")
            case .endTry: kinds.append("end")
            case .insertRun, .updateRun, .deleteRun, .appendLog, .setDAG: kinds.append("other")
            }
        }
        #expect(kinds == ["result", "a success", "b queued", "end", "begin", "b running"])
    }

    @Test func retriesWaitForTheClock() throws {
        var player = SchedulerPlayer([Self.chain])
        try player.trigger("chain")
        player.end("a", .failed(reason: "no", mayRetry: true))
        #expect(player.machine.wakeAt == player.now + 10_000)
        player.tick(after: 9_999)
        #expect(player.tasks.isEmpty)
        player.tick(after: 1)
        #expect(player.tasks == ["a"])
        player.end("a", .failed(reason: "no", mayRetry: true))
        #expect(player.runStates.values.allSatisfy { $0 == .failed })
    }

    /// Goal: after the clock was set back by a year nobody waits for a year.
    @Test func retriesOutliveAClockSetBack() throws {
        var player = SchedulerPlayer([Self.chain])
        try player.trigger("chain")
        player.end("a", .failed(reason: "no", mayRetry: true))
        player.tick(after: -365 * 86_400_000)
        player.tick(after: 10_000)
        #expect(player.tasks == ["a"])
    }

    @Test func schedulesNeverCatchUp() throws {
        var player = SchedulerPlayer([Self.daily])
        #expect(player.running.isEmpty)
        let tick = try #require(player.machine.wakeAt)
        #expect(tick % 86_400_000 == 0 && tick > player.now)
        player.tick(after: tick - player.now)
        #expect(player.runStates.keys.allSatisfy { $0.hasPrefix("scheduled__") })
        #expect(player.tasks == ["a"])
        player.end("a")
        // Asleep for ten days: one run, not ten.
        player.tick(after: 10 * 86_400_000)
        #expect(player.runStates.count == 2)
        // Down for ten days: none, the next tick is the first.
        var again = SchedulerPlayer([Self.daily], records: player.stored().records)
        again.now += 30 * 86_400_000
        #expect(again.running.isEmpty)
    }

    @Test func aTickHasOneRunAlsoAfterTheClockWasSetBack() throws {
        var player = SchedulerPlayer([Self.daily])
        let tick = try #require(player.machine.wakeAt)
        player.tick(after: tick - player.now)
        player.end("a")
        var again = SchedulerPlayer([Self.daily], records: player.stored().records)
        again.tick(after: tick - again.now)
        #expect(again.running.isEmpty)
    }

    @Test func withoutSchedulesNothingIsDue() {
        let player = SchedulerPlayer([Self.daily], schedules: false)
        #expect(player.machine.wakeAt == nil)
    }

    @Test func aPausedDAGStartsNothing() throws {
        var player = SchedulerPlayer([Self.chain])
        try player.trigger("chain")
        try player.pause("chain", true)
        player.end("a")
        #expect(player.tasks.isEmpty)
        try player.trigger("chain")
        #expect(player.runStates.values.contains(.queued))
        try player.pause("chain", false)
        #expect(player.tasks == ["a", "b"])
    }

    /// Goal: killed after any step, the next process goes on; nothing that ended runs again, no retry
    /// is used up, and the run ends.
    @Test(arguments: 0..<6)
    func goesOnAfterEveryStep(stepsBefore: Int) throws {
        var player = SchedulerPlayer([Self.chain])
        let run = try player.trigger("chain")
        var ended: [String] = []
        for _ in 0..<stepsBefore {
            guard let task = player.tasks.first else { break }
            player.end(task)
            ended.append(task)
        }
        let stored = player.stored()
        var again = SchedulerPlayer(
            [Self.chain], records: stored.records, stored: stored.runs, nextRunKey: 2)
        for task in again.tasks { #expect(!ended.contains(task)) }
        if let id = again.running.keys.first, stepsBefore == 0 { #expect(id.number == 2) }
        while let task = again.tasks.first {
            // A failed try still has its retry: the interrupted one did not count.
            again.end(task)
        }
        #expect((again.runStates[run.runID] ?? player.runStates[run.runID]) == .success)
        #expect(try again.trigger("chain").number == 2)
    }

    @Test func deletedRunsKeepTheirNumber() throws {
        var player = SchedulerPlayer([Self.daily])
        let run = try player.trigger("daily")
        var step = SchedulerStep()
        #expect(throws: OrchestratorError.self) { try player.machine.delete(run, &step) }
        player.end("a")
        try player.machine.delete(run, &step)
        player.take(step)
        #expect(try player.trigger("daily").number == 2)
    }

    @Test func markingCancelsAndClearingWaitsForTheOldTry() throws {
        var player = SchedulerPlayer([Self.chain])
        let run = try player.trigger("chain")
        let stored = StoredRun(run: run, tasks: [], results: [:])
        var step = SchedulerStep()
        _ = try player.machine.mark(stored, .failed, now: player.now, &step)
        player.take(step)
        #expect(player.cancelled.count == 1)
        #expect(player.runStates[run.runID] == .failed)
        // Cleared while the old try still ends: two tries never run at once.
        let old = try #require(player.running.keys.first)
        let kept = player.stored(including: run.key)
        step = SchedulerStep()
        _ = try player.machine.clear(kept, [0, 1], now: player.now, &step)
        player.take(step)
        #expect(player.running.count == 1)
        player.end("a", .failed(reason: "stopped", mayRetry: false))
        #expect(player.tasks == ["a"])
        #expect(player.running.keys.first != old)
    }

    @Test func badConfigurationsMakeNoRun() {
        let dag = DAG("d") { dag in
            _ = dag.parameter("users", default: 5, in: 1...10)
            dag.task("a") { run in }
        }
        var player = SchedulerPlayer([dag])
        let error = #expect(throws: OrchestratorError.self) {
            try player.trigger("d", conf: ["users": 11])
        }
        #expect(error?.description.contains("1 to 10") == true)
        #expect(player.machine.runsActive == 0)
    }

    /// Goal: tasks that the program no longer has are marked as removed, new ones run.
    @Test func aChangedDAGGoesOn() throws {
        let before = DAG("d") { dag in
            dag.task("old") { run in }
            dag.task("kept") { run in }
        }
        let after = DAG("d") { dag in
            let kept = dag.task("kept") { run in }
            dag.task("new", after: kept) { run in }
        }
        var player = SchedulerPlayer([before])
        try player.trigger("d")
        player.end("kept")
        let stored = player.stored()
        var again = SchedulerPlayer([after], records: stored.records, stored: stored.runs)
        #expect(again.tasks == ["new"])
        again.end("new")
        #expect(again.runStates.values.allSatisfy { $0 == .success })
    }
}

extension SchedulerPlayer {
    /// One run as a store would have it, finished or not.
    func stored(including key: Int64) -> StoredRun {
        var copy = self
        for index in copy.changes.indices {
            if case .updateRun(var run) = copy.changes[index], run.key == key {
                run.state = run.state.isFinished ? .running : run.state
                copy.changes[index] = .updateRun(run)
            }
        }
        var stored =
            copy.stored().runs.first { $0.run.key == key }
            ?? StoredRun(
                run: DAGRun(
                    key: key, dagID: "", runID: "", number: 0, type: .manual, triggeredBy: .test,
                    state: .failed, runAfter: 0, queuedAt: 0, configuration: [:], parameters: [:]),
                tasks: [], results: [:])
        stored.run.state = .failed
        return stored
    }
}
