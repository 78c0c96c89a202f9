// All runs that are not over, as a value: which tasks start, and what is stored about it.

import MillraceBase
package import MillraceWorkflow

/// Decides for all DAGs together. It knows no clock (`now` comes in, milliseconds since 1970), stores
/// nothing and starts nothing: each event adds to a `SchedulerStep`, which the loop stores first and
/// acts upon afterwards. When storing fails, the loop drops the machine's copy and nothing happened.
///
/// Invariants:
/// - no more tries run at once than `tasksMax`, no more runs of a DAG than its `maxActiveRuns`;
/// - a task has at most one running try;
/// - a run's number is used once, also for runs that were deleted.
package struct SchedulerMachine: Sendable {
    struct ActiveRun: Sendable {
        var run: DAGRun
        var machine: RunMachine
        /// One for each task of the plan, in its order.
        var tasks: [TaskInstance]
    }

    struct TaskKey: Sendable, Hashable {
        var run: Int64
        var task: Int
    }

    struct RunningTry: Sendable {
        var number: Int
        var taskID: String
        var startedAt: Int64
    }

    struct Retry: Sendable {
        var dueAt: Int64
        var delayMilliseconds: Int64
    }

    package let plans: [String: DAGPlan]
    let tasksMax: Int
    private(set) var dags: [String: DAGRecord]
    var runs: [Int64: ActiveRun] = [:]
    /// Tries that run now, by task.
    var running: [TaskKey: RunningTry] = [:]
    /// Runs that wait for others of their DAG, oldest first.
    var queuedRuns: [Int64] = []
    /// Tasks to start, first come first served; entries may be out of date.
    var ready: [TaskKey] = []
    var retries: [TaskKey: Retry] = [:]
    /// The next tick of each scheduled DAG.
    var nextTicks: [String: Int64] = [:]
    var nextRunKey: Int64
    /// Microseconds since 1970 of the last run id that was made, so that none is made twice.
    var lastRunIDMicroseconds: Int64 = 0

    /// - Parameters:
    ///   - dags: what was stored of each DAG; those never seen before are added by `began`.
    ///   - nextRunKey: larger than every stored one.
    package init(plans: [DAGPlan], tasksMax: Int, dags: [DAGRecord], nextRunKey: Int64) {
        self.plans = Dictionary(plans.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.tasksMax = tasksMax
        self.dags = Dictionary(dags.map { ($0.dagID, $0) }, uniquingKeysWith: { first, _ in first })
        self.nextRunKey = nextRunKey
    }

    package var runsActive: Int { runs.count }
    package var triesRunning: Int { running.count }

    func plan(_ dagID: String) throws(OrchestratorError) -> DAGPlan {
        guard let plan = plans[dagID] else { throw .unknownDAG(dagID) }
        return plan
    }

    mutating func setDAG(
        _ dagID: String, _ step: inout SchedulerStep, _ edit: (inout DAGRecord) -> Void
    ) {
        guard var record = dags[dagID] else { return }
        edit(&record)
        guard record != dags[dagID] else { return }
        dags[dagID] = record
        step.changes.append(.setDAG(record))
    }

    package func isPaused(_ dagID: String) -> Bool { dags[dagID]?.isPaused ?? false }

    /// The moment to call `ticked` at; `nil` when only events bring anything new.
    package var wakeAt: Int64? {
        [nextTicks.values.min(), retries.values.map(\.dueAt).min()].compactMap { $0 }.min()
    }
}

extension SchedulerMachine {
    /// Takes up DAGs and runs as they were stored. Schedules start at their next tick: what was
    /// missed while no orchestrator ran is not made up for.
    package mutating func began(
        _ stored: [StoredRun], schedules: Bool, pausedAtCreation: Bool, now: Int64
    ) -> SchedulerStep {
        var step = SchedulerStep()
        for plan in plans.values.sorted(by: { $0.id < $1.id }) {
            if dags[plan.id] == nil {
                let record = DAGRecord(
                    dagID: plan.id, isPaused: pausedAtCreation, runsCount: 0, lastTick: nil)
                dags[plan.id] = record
                step.changes.append(.setDAG(record))
            }
            if schedules { nextTicks[plan.id] = plan.schedule?.tick(after: now) }
        }
        for one in stored.sorted(by: { $0.run.key < $1.run.key }) {
            guard plans[one.run.dagID] != nil else { continue }
            adopt(one, now: now, &step)
        }
        fill(now: now, &step)
        return step
    }

    /// Makes a stored run an active one. A try that runs according to the store died with the process
    /// that ran it.
    mutating func adopt(_ stored: StoredRun, now: Int64, _ step: inout SchedulerStep) {
        guard let plan = plans[stored.run.dagID], runs[stored.run.key] == nil else { return }
        let known = Dictionary(
            stored.tasks.map { ($0.taskID, $0) }, uniquingKeysWith: { first, _ in first })
        let tasks = plan.tasks.map { known[$0.id] ?? TaskInstance(taskID: $0.id) }
        for gone in stored.tasks where plan.index(of: gone.taskID) == nil {
            var task = gone
            guard task.state != .removed else { continue }
            task.state = .removed
            step.changes.append(.updateTask(run: stored.run.key, task))
        }
        var skips: [Int: Set<Int>] = [:]
        for index in tasks.indices where tasks[index].state == .success {
            guard let result = stored.results[tasks[index].taskID] else { continue }
            let skipped = plan.skipped(by: index, storedResult: result)
            if !skipped.isEmpty { skips[index] = skipped }
        }
        let machine = RunMachine(
            plan: plan, state: stored.run.state,
            records: tasks.map { .init(state: $0.state, failures: $0.failures) }, skips: skips)
        runs[stored.run.key] = ActiveRun(run: stored.run, machine: machine, tasks: tasks)
        if stored.run.state == .queued { queuedRuns.append(stored.run.key) }
        guard stored.run.state == .running else { return }
        for index in tasks.indices {
            let key = TaskKey(run: stored.run.key, task: index)
            if tasks[index].state == .running {
                running[key] = RunningTry(
                    number: tasks[index].tryNumber, taskID: tasks[index].taskID,
                    startedAt: tasks[index].startedAt ?? now)
                let id = TryID(run: key.run, task: index, number: tasks[index].tryNumber)
                ended(id, .interrupted, because: "the process ended", now: now, random: 0, &step)
            } else if tasks[index].state == .upForRetry {
                let due = max(tasks[index].retryAt ?? now, now)
                retries[key] = Retry(dueAt: due, delayMilliseconds: due - now)
            }
        }
        act(on: stored.run.key, now: now, &step) { $0.begin() }
    }

    /// Starts what there is room for. Call it once after all events of a step.
    package mutating func fill(now: Int64, _ step: inout SchedulerStep) {
        startQueuedRuns(now: now, &step)
        guard !ready.isEmpty else { return }
        var held: [TaskKey] = []
        var at = 0
        while at < ready.count, running.count < tasksMax {
            let key = ready[at]
            at += 1
            guard let active = runs[key.run], active.machine.records[key.task].state == .queued
            else { continue }
            if isPaused(active.run.dagID) || running[key] != nil {
                held.append(key)
            } else {
                start(key, now: now, &step)
            }
        }
        ready.removeFirst(at)
        if !held.isEmpty { ready = held + ready }
    }

    private mutating func startQueuedRuns(now: Int64, _ step: inout SchedulerStep) {
        guard !queuedRuns.isEmpty else { return }
        var activeCounts: [String: Int] = [:]
        for active in runs.values where active.run.state == .running {
            activeCounts[active.run.dagID, default: 0] += 1
        }
        var waiting: [Int64] = []
        for key in queuedRuns {
            guard let run = runs[key]?.run, run.state == .queued, let plan = plans[run.dagID] else {
                continue
            }
            guard !isPaused(run.dagID), activeCounts[run.dagID, default: 0] < plan.maxActiveRuns
            else {
                waiting.append(key)
                continue
            }
            activeCounts[run.dagID, default: 0] += 1
            runs[key]?.run.startedAt = now
            act(on: key, now: now, &step) { $0.begin() }
        }
        queuedRuns = waiting
    }

    private mutating func start(_ key: TaskKey, now: Int64, _ step: inout SchedulerStep) {
        runs[key.run]?.tasks[key.task].tryNumber += 1
        runs[key.run]?.tasks[key.task].startedAt = now
        runs[key.run]?.tasks[key.task].endedAt = nil
        guard let task = runs[key.run]?.tasks[key.task], let run = runs[key.run]?.run else {
            return
        }
        running[key] = RunningTry(number: task.tryNumber, taskID: task.taskID, startedAt: now)
        step.changes.append(
            .beginTry(run: key.run, taskID: task.taskID, number: task.tryNumber, at: now))
        act(on: key.run, now: now, &step) { $0.started(key.task) }
        let id = TryID(run: key.run, task: key.task, number: task.tryNumber)
        step.effects.append(.start(id, run, taskID: task.taskID))
    }
}
