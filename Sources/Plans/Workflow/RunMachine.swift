// The life of one run of a DAG, as a value. It decides; the orchestrator stores and does.

import MillraceBase

/// What becomes of each task of a run.
///
/// Invariants:
/// - a task is started only when its trigger rule allows it, or a retry of it is due;
/// - a finished task never starts again unless it is cleared;
/// - the run is finished exactly when all its tasks are, or when none can go on any more.
package struct RunMachine: Sendable {
    /// A task by its place in the plan.
    package struct TaskRecord: Sendable, Equatable {
        /// `nil` until something is decided about it.
        package var state: TaskState?
        /// Failed tries since the task was last cleared. A try that ended because the process did
        /// is none of them.
        package var failures = 0

        package init(state: TaskState? = nil, failures: Int = 0) {
            self.state = state
            self.failures = failures
        }
    }

    /// Tasks are named by their place in the plan.
    package enum Action: Sendable, Equatable {
        /// The task's record changed and is to be stored.
        case set(Int, TaskState?)
        /// Start a try as soon as there is room, then report `started`.
        case start(Int)
        case retry(Int, after: Duration)
        /// Stop the running try; its end is reported as any other.
        case cancel(Int)
        case finish(RunState)
    }

    package let plan: DAGPlan
    package private(set) var state: RunState
    package private(set) var records: [TaskRecord]
    private var counts: [UpstreamCounts]
    /// Whom each branch or short circuit decided to skip.
    private var skips: [Int: Set<Int>]
    /// Running tasks that were cleared: they start anew when their try has ended.
    private var restarting: Set<Int> = []
    private var unfinished: Int
    private var active = 0

    /// A new run, or one as it was stored.
    ///
    /// - Parameters:
    ///   - records: one for each task of the plan, in its order; `nil` for a new run.
    ///   - skips: what branches that succeeded had decided.
    package init(
        plan: DAGPlan, state: RunState = .queued, records: [TaskRecord]? = nil,
        skips: [Int: Set<Int>] = [:]
    ) {
        let records = records ?? plan.tasks.map { _ in TaskRecord() }
        precondition(records.count == plan.tasks.count, "a record for each task of the plan")
        self.plan = plan
        self.state = state
        self.records = records
        self.skips = skips
        counts = plan.upstream.map { before in
            var counts = UpstreamCounts()
            counts.all = before.count
            for index in before { counts.add(records[index].state, 1) }
            return counts
        }
        unfinished = records.count { $0.state?.isFinished != true }
        active = records.count { $0.state.map { !$0.isFinished } ?? false }
    }

    /// Starts a queued run, or goes on with a stored one: tasks that were queued are started again.
    /// What was running must be reported by `interrupted` first.
    package mutating func begin() -> [Action] {
        guard !state.isFinished else { return [] }
        state = .running
        var actions: [Action] = []
        for index in records.indices where records[index].state == .queued {
            actions.append(.start(index))
        }
        settle(Array(records.indices), &actions)
        return actions
    }

    package mutating func started(_ task: Int) -> [Action] {
        precondition(records[task].state == .queued, "only a queued task starts")
        var actions: [Action] = []
        set(task, .running, &actions)
        return actions
    }

    /// - Parameter skipping: whom the task, a branch or short circuit, does not let run.
    package mutating func succeeded(_ task: Int, skipping: Set<Int> = []) -> [Action] {
        ended(task) { machine, actions in
            if !skipping.isEmpty { machine.skips[task] = skipping }
            machine.set(task, .success, &actions)
            machine.settle(machine.plan.downstream[task] + skipping.sorted(), &actions)
        }
    }

    /// - Parameters:
    ///   - mayRetry: false for a failure that no further try can help.
    ///   - random: for the wait, in 0..<1.
    package mutating func failed(_ task: Int, mayRetry: Bool, random: Double) -> [Action] {
        ended(task) { machine, actions in
            machine.records[task].failures += 1
            let failures = machine.records[task].failures
            let plan = machine.plan.tasks[task]
            if mayRetry, failures <= plan.retries, machine.state == .running {
                machine.set(task, .upForRetry, &actions)
                let wait = plan.retryDelay.wait(afterFailures: failures, random: random)
                actions.append(.retry(task, after: wait))
            } else {
                machine.set(task, .failed, &actions)
                machine.settle(machine.plan.downstream[task], &actions)
            }
        }
    }

    /// The task found that it has nothing to do.
    package mutating func skipped(_ task: Int) -> [Action] {
        ended(task) { machine, actions in
            machine.set(task, .skipped, &actions)
            machine.settle(machine.plan.downstream[task], &actions)
        }
    }

    /// The try ended because the process did, or is about to: it runs again and no retry is used.
    package mutating func interrupted(_ task: Int) -> [Action] {
        ended(task) { machine, actions in
            machine.set(task, .queued, &actions)
            actions.append(.start(task))
        }
    }

    /// Late when the task was cleared or marked meanwhile; then nothing happens.
    package mutating func retryDue(_ task: Int) -> [Action] {
        guard records[task].state == .upForRetry else { return [] }
        var actions: [Action] = []
        set(task, .queued, &actions)
        actions.append(.start(task))
        return actions
    }

    /// What every end of a try has in common. An end may come late, after the run or the task was
    /// marked by hand; then it changes nothing.
    private mutating func ended(
        _ task: Int, _ apply: (inout Self, inout [Action]) -> Void
    ) -> [Action] {
        guard records[task].state == .running else { return [] }
        var actions: [Action] = []
        if restarting.remove(task) != nil {
            records[task].failures = 0
            set(task, nil, &actions)
            settle([task], &actions)
        } else {
            apply(&self, &actions)
        }
        return actions
    }
}

extension RunMachine {
    /// Forgets what became of some tasks, so that they run again, and reopens the run.
    package mutating func cleared(_ tasks: Set<Int>) -> [Action] {
        var actions: [Action] = []
        state = .running
        for task in tasks.sorted() {
            skips[task] = nil
            if records[task].state == .running {
                if restarting.insert(task).inserted { actions.append(.cancel(task)) }
                continue
            }
            records[task].failures = 0
            set(task, nil, &actions)
        }
        settle(Array(records.indices), &actions)
        return actions
    }

    /// Ends the run by hand. Success: what is left counts as succeeded. Failure: what runs has
    /// failed, the rest is skipped. Source: Airflow's "mark run as …".
    package mutating func marked(_ result: RunState) -> [Action] {
        precondition(result.isFinished, "a run is marked as success or failed")
        var actions: [Action] = []
        restarting = []
        for task in records.indices where records[task].state?.isFinished != true {
            let wasRunning = records[task].state == .running
            if wasRunning { actions.append(.cancel(task)) }
            set(task, result == .success ? .success : wasRunning ? .failed : .skipped, &actions)
        }
        state = result
        actions.append(.finish(result))
        return actions
    }

    /// Decides about tasks nothing was decided about, and about those that follow from it, then
    /// whether the run is over. First come, first decided: a state is final once it is set.
    private mutating func settle(_ tasks: [Int], _ actions: inout [Action]) {
        guard state == .running else { return }
        var open = tasks
        var at = 0
        while at < open.count {
            let task = open[at]
            at += 1
            guard records[task].state == nil else { continue }
            switch decision(task) {
            case .wait: break
            case .run:
                set(task, .queued, &actions)
                actions.append(.start(task))
            case .skip:
                set(task, .skipped, &actions)
                open += plan.downstream[task]
            case .failUpstream:
                set(task, .upstreamFailed, &actions)
                open += plan.downstream[task]
            }
        }
        if let result { finish(result, &actions) }
    }

    private func decision(_ task: Int) -> TriggerRule.Decision {
        if skips.values.contains(where: { $0.contains(task) }) { return .skip }
        return plan.tasks[task].rule.decision(counts[task])
    }

    /// The run's end, once there is one. Leaves decide; tasks that wait while nothing goes on will
    /// wait for ever, which is a failure.
    private var result: RunState? {
        guard unfinished == 0 else { return active == 0 ? .failed : nil }
        let isFailed = plan.leaves.contains { leaf in
            records[leaf].state == .failed || records[leaf].state == .upstreamFailed
        }
        return isFailed ? .failed : .success
    }

    private mutating func finish(_ result: RunState, _ actions: inout [Action]) {
        state = result
        actions.append(.finish(result))
    }

    private mutating func set(_ task: Int, _ state: TaskState?, _ actions: inout [Action]) {
        let old = records[task].state
        guard old != state else { return }
        records[task].state = state
        for next in plan.downstream[task] {
            counts[next].add(old, -1)
            counts[next].add(state, 1)
        }
        unfinished += (old?.isFinished == true ? 1 : 0) - (state?.isFinished == true ? 1 : 0)
        active -= old.map { $0.isFinished ? 0 : 1 } ?? 0
        active += state.map { $0.isFinished ? 0 : 1 } ?? 0
        actions.append(.set(task, state))
    }
}

extension UpstreamCounts {
    fileprivate mutating func add(_ state: TaskState?, _ count: Int) {
        switch state {
        case nil, .queued, .running, .upForRetry: break
        case .success: succeeded += count
        case .failed: failed += count
        case .upstreamFailed: upstreamFailed += count
        case .skipped: skipped += count
        case .removed: removed += count
        }
    }
}

extension DAGPlan {
    /// Whom the output of a branch or short circuit keeps from running.
    ///
    /// - Throws: `FailTask` for a chosen id that is not directly after the branch.
    package func skipped(by task: Int, _ output: TaskOutput) throws(FailTask) -> Set<Int> {
        switch output {
        case .nothing, .result: return []
        case .shortCircuit(let goesOn): return goesOn ? [] : allDownstream(of: [task])
        case .branch(let chosen):
            let possible = downstreamIDs(of: task)
            for id in chosen where !possible.contains(id) {
                let known = possible.map { "\"\($0)\"" }.joined(separator: ", ")
                throw FailTask(
                    "the branch chose \"\(id.prefix(WorkflowLimits.idCharactersMax))\", which is "
                        + "not directly after it; possible are " + (known.isEmpty ? "none" : known))
            }
            let indices = chosen.compactMap { index(of: $0) }
            let kept = allDownstream(of: indices).union(indices)
            return Set(downstream[task]).subtracting(kept)
        }
    }

    /// The same from a stored result. Empty for one that no longer fits the plan.
    package func skipped(by task: Int, storedResult: [UInt8]) -> Set<Int> {
        guard let json = try? JSONValue(parsing: storedResult) else { return [] }
        let output: TaskOutput
        switch tasks[task].kind {
        case .task: return []
        case .branch: output = .branch((json.array ?? []).compactMap(\.string))
        case .shortCircuit: output = .shortCircuit(json.bool ?? true)
        }
        return (try? skipped(by: task, output)) ?? []
    }
}
