// What happens when a try ends, when the clock ticks, and how a run's actions are carried out.

import Foundation
import MillraceBase
import MillraceWorkflow

extension SchedulerMachine {
    /// A try ended.
    ///
    /// - Parameter random: for the wait before a retry, in 0..<1.
    package mutating func ended(
        _ id: TryID, _ ending: TryEnding, because: String? = nil, now: Int64, random: Double,
        _ step: inout SchedulerStep
    ) {
        let key = TaskKey(run: id.run, task: id.task)
        // The end of a try of a run that was deleted or taken up anew: nobody waits for it.
        guard let tried = running[key], tried.number == id.number else { return }
        running[key] = nil
        let isAwaited = runs[id.run]?.machine.records[id.task].state == .running
        if isAwaited { runs[id.run]?.tasks[id.task].endedAt = now }
        var ending = ending
        if case .succeeded(let output) = ending, isAwaited {
            do { try succeed(id, tried.taskID, output, now: now, &step) } catch {
                ending = .failed(reason: error.reason, mayRetry: false)
            }
        }
        switch ending {
        case .succeeded: break
        case .skipped: act(on: id.run, now: now, &step) { $0.skipped(id.task) }
        case .failed(_, let mayRetry):
            act(on: id.run, now: now, &step) {
                $0.failed(id.task, mayRetry: mayRetry, random: random)
            }
        case .interrupted: act(on: id.run, now: now, &step) { $0.interrupted(id.task) }
        }
        step.changes.append(
            .endTry(run: id.run, taskID: tried.taskID, tried.ended(ending, because, at: now)))
    }

    private mutating func succeed(
        _ id: TryID, _ taskID: String, _ output: TaskOutput, now: Int64,
        _ step: inout SchedulerStep
    ) throws(FailTask) {
        guard let plan = runs[id.run]?.machine.plan else { return }
        let skipping = try plan.skipped(by: id.task, output)
        step.changes.append(.setResult(run: id.run, taskID: taskID, json: output.json, at: now))
        act(on: id.run, now: now, &step) { $0.succeeded(id.task, skipping: skipping) }
    }

    /// Time has passed: retries may be due, and ticks of schedules.
    package mutating func ticked(now: Int64, _ step: inout SchedulerStep) {
        for (key, retry) in retries {
            // After the clock was set back, nobody waits longer than the delay.
            if retry.dueAt - now > retry.delayMilliseconds {
                retries[key]?.dueAt = now + retry.delayMilliseconds
            }
            guard retry.dueAt <= now else { continue }
            retries[key] = nil
            act(on: key.run, now: now, &step) { $0.retryDue(key.task) }
        }
        for (dagID, tick) in nextTicks.sorted(by: { $0.key < $1.key }) where tick <= now {
            nextTicks[dagID] = plans[dagID]?.schedule?.tick(after: now)
            schedule(dagID, tick: tick, now: now, &step)
        }
    }

    /// A tick of a schedule becomes a run, unless the DAG is paused, the tick had its run before, or
    /// runs of this schedule still wait: they never pile up.
    private mutating func schedule(
        _ dagID: String, tick: Int64, now: Int64, _ step: inout SchedulerStep
    ) {
        guard let plan = plans[dagID], let record = dags[dagID], !record.isPaused,
            tick > record.lastTick ?? .min,
            !runs.values.contains(where: {
                $0.run.dagID == dagID && $0.run.state == .queued && $0.run.type == .scheduled
            })
        else { return }
        guard let parameters = try? plan.parameterObject(for: nil) else { return }
        setDAG(dagID, &step) { $0.lastTick = tick }
        _ = insert(
            plan, runID: "scheduled__" + Moment.runID(microseconds: tick * 1_000),
            type: .scheduled, triggeredBy: .timetable, logicalDate: tick, runAfter: tick,
            configuration: [:], parameters: parameters, note: nil, now: now, &step)
    }

    /// Lets a run's machine decide, and turns its actions into changes and effects.
    mutating func act(
        on run: Int64, now: Int64, _ step: inout SchedulerStep,
        _ decide: (inout RunMachine) -> [RunMachine.Action]
    ) {
        // Taken out while it changes, so that its arrays are changed in place.
        guard var active = runs.removeValue(forKey: run) else { return }
        let before = active.run
        let actions = decide(&active.machine)
        var changed: [Int] = []
        for action in actions {
            switch action {
            case .set(let task, let state):
                note(state, on: &active.tasks[task], now: now)
                if state == nil || state == .queued {
                    retries[TaskKey(run: run, task: task)] = nil
                }
                changed.append(task)
            case .start(let task): ready.append(TaskKey(run: run, task: task))
            case .retry(let task, let wait):
                let delay = wait.microseconds / 1_000
                active.tasks[task].retryAt = now + delay
                retries[TaskKey(run: run, task: task)] = Retry(
                    dueAt: now + delay, delayMilliseconds: delay)
            case .cancel(let task):
                guard let tried = running[TaskKey(run: run, task: task)] else { continue }
                let id = TryID(run: run, task: task, number: tried.number)
                step.effects.append(.cancel(id))
            case .finish: active.run.endedAt = now
            }
        }
        for task in Set(changed).sorted() {
            active.tasks[task].failures = active.machine.records[task].failures
            step.changes.append(.updateTask(run: run, active.tasks[task]))
            step.notices.append(
                RunChange(
                    dagID: active.run.dagID, runID: active.run.runID,
                    runState: active.machine.state, taskID: active.tasks[task].taskID,
                    taskState: active.tasks[task].state))
        }
        active.run.state = active.machine.state
        if !active.run.state.isFinished { active.run.endedAt = nil }
        if active.run != before {
            step.changes.append(.updateRun(active.run))
            step.notices.append(
                RunChange(
                    dagID: active.run.dagID, runID: active.run.runID, runState: active.run.state,
                    taskID: nil, taskState: nil))
        }
        guard active.run.state.isFinished else {
            runs[run] = active
            return
        }
        for key in retries.keys where key.run == run { retries[key] = nil }
    }

    /// The moments that go with a new state.
    private func note(_ state: TaskState?, on task: inout TaskInstance, now: Int64) {
        task.state = state
        task.retryAt = nil
        switch state {
        case nil: (task.queuedAt, task.startedAt, task.endedAt) = (nil, nil, nil)
        case .queued: task.queuedAt = now
        case .running, .upForRetry: break
        case .success, .failed, .skipped, .upstreamFailed, .removed: task.endedAt = now
        }
    }
}

extension SchedulerMachine.RunningTry {
    fileprivate func ended(_ ending: TryEnding, _ because: String?, at now: Int64) -> TaskTry {
        let state: TaskState
        var reason = because
        switch ending {
        case .succeeded: state = .success
        case .skipped(let why): (state, reason) = (.skipped, why)
        case .failed(let why, _): (state, reason) = (.failed, why)
        case .interrupted: (state, reason) = (.failed, because ?? "the orchestrator stopped")
        }
        let limit = OrchestratorLimits.reasonCharactersMax
        return TaskTry(
            number: number, state: state, startedAt: startedAt, endedAt: now,
            reason: reason.map { String($0.prefix(limit)) })
    }
}
