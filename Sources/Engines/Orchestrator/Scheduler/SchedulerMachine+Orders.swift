// What people and programs order: trigger, pause, clear, mark, note, delete.

import MillraceBase
package import MillraceWorkflow

extension SchedulerMachine {
    /// Makes a run. Whether its id and logical date are free must have been looked up before.
    package mutating func trigger(
        _ request: TriggerRequest, runID: String, now: Int64, _ step: inout SchedulerStep
    ) throws(OrchestratorError) -> DAGRun {
        let plan = try plan(request.dagID)
        let parameters = try plan.parameterObject(for: request.configuration)
        guard queuedRuns.count < OrchestratorLimits.runsQueuedMax else {
            throw .tooManyRuns(queuedRuns.count)
        }
        return insert(
            plan, runID: runID, type: .manual, triggeredBy: request.triggeredBy,
            logicalDate: request.logicalDate, runAfter: now,
            configuration: request.configuration ?? [:], parameters: parameters,
            note: request.note, now: now, &step)
    }

    /// A run id from the moment; never the same twice, also when the clock was set back.
    package mutating func newRunID(now: Int64) -> String {
        lastRunIDMicroseconds = max(now * 1_000, lastRunIDMicroseconds + 1)
        return "manual__" + Moment.runID(microseconds: lastRunIDMicroseconds)
    }

    mutating func insert(
        _ plan: DAGPlan, runID: String, type: RunType, triggeredBy: TriggeredBy,
        logicalDate: Int64?, runAfter: Int64, configuration: JSONValue, parameters: JSONValue,
        note: String?, now: Int64, _ step: inout SchedulerStep
    ) -> DAGRun {
        setDAG(plan.id, &step) { $0.runsCount += 1 }
        let run = DAGRun(
            key: nextRunKey, dagID: plan.id, runID: runID, number: dags[plan.id]?.runsCount ?? 1,
            type: type, triggeredBy: triggeredBy, state: .queued, logicalDate: logicalDate,
            runAfter: runAfter, queuedAt: now, configuration: configuration,
            parameters: parameters, note: note)
        nextRunKey += 1
        let tasks = plan.tasks.map { TaskInstance(taskID: $0.id) }
        runs[run.key] = ActiveRun(run: run, machine: RunMachine(plan: plan), tasks: tasks)
        queuedRuns.append(run.key)
        step.changes.append(.insertRun(run, tasks: tasks))
        step.notices.append(
            RunChange(
                dagID: run.dagID, runID: run.runID, runState: run.state, taskID: nil, taskState: nil
            ))
        return run
    }

    /// A paused DAG starts no runs and no tasks; what runs is let finish.
    package mutating func setPaused(
        _ dagID: String, _ isPaused: Bool, now: Int64, _ step: inout SchedulerStep
    ) throws(OrchestratorError) {
        let plan = try plan(dagID)
        setDAG(dagID, &step) { $0.isPaused = isPaused }
        if !isPaused, nextTicks[dagID] != nil {
            nextTicks[dagID] = plan.schedule?.tick(after: now)
        }
    }

    /// Lets tasks of a run start anew, and the run with them. Results of these tasks are forgotten.
    package mutating func clear(
        _ stored: StoredRun, _ tasks: Set<Int>, now: Int64, _ step: inout SchedulerStep
    ) throws(OrchestratorError) -> DAGRun {
        _ = try plan(stored.run.dagID)
        guard !tasks.isEmpty else { return runs[stored.run.key]?.run ?? stored.run }
        let key = stored.run.key
        adopt(stored, now: now, &step)
        if runs[key]?.run.state != .running { runs[key]?.run.startedAt = now }
        for task in tasks.sorted() {
            guard let taskID = runs[key]?.tasks[task].taskID else { continue }
            step.changes.append(.setResult(run: key, taskID: taskID, json: nil, at: now))
        }
        queuedRuns.removeAll { $0 == key }
        act(on: key, now: now, &step) { $0.cleared(tasks) }
        return runs[key]?.run ?? stored.run
    }

    /// Ends a run by hand as success or failed; `queued` starts what is left of a finished one.
    package mutating func mark(
        _ stored: StoredRun, _ state: RunState, now: Int64, _ step: inout SchedulerStep
    ) throws(OrchestratorError) -> DAGRun {
        _ = try plan(stored.run.dagID)
        let key = stored.run.key
        adopt(stored, now: now, &step)
        var run = runs[key]?.run ?? stored.run
        queuedRuns.removeAll { $0 == key }
        switch state {
        case .success, .failed:
            act(on: key, now: now, &step) { $0.marked(state) }
            run.state = state
            run.endedAt = now
            return run
        case .queued, .running:
            act(on: key, now: now, &step) { $0.cleared([]) }
            return runs[key]?.run ?? run
        }
    }

    package mutating func setNote(
        _ stored: StoredRun, _ note: String?, _ step: inout SchedulerStep
    ) -> DAGRun {
        var run = runs[stored.run.key]?.run ?? stored.run
        run.note = note.map { String($0.prefix(OrchestratorLimits.noteCharactersMax)) }
        if runs[run.key] != nil { runs[run.key]?.run.note = run.note }
        step.changes.append(.updateRun(run))
        return run
    }

    package mutating func delete(
        _ run: DAGRun, _ step: inout SchedulerStep
    ) throws(OrchestratorError) {
        guard runs[run.key] == nil, !running.keys.contains(where: { $0.run == run.key }) else {
            throw .badRequest(
                "The DagRun with dag_id: `\(run.dagID)` and run_id: `\(run.runID)` is not finished")
        }
        step.changes.append(.deleteRun(key: run.key))
    }

    /// The active run of a key, for who looks a run up before an order.
    func activeRun(_ dagID: String, _ runID: String) -> StoredRun? {
        guard
            let active = runs.values.first(where: {
                $0.run.dagID == dagID && $0.run.runID == runID
            })
        else { return nil }
        return StoredRun(run: active.run, tasks: active.tasks, results: [:])
    }
}
