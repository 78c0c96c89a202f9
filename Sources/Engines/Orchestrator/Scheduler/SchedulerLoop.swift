// The one loop that stores what the machine decides, and then does it.

import Logging
import MillraceBase
import MillraceWorkflow
import ServiceLifecycle
import Synchronization

/// Letters in, one transaction, effects out. An actor, so that its state is safe; its loop is the only
/// one who changes it.
actor SchedulerLoop {
    private struct RunningTry {
        var log: TaskLog
        var stop: TryStop
        var taskID: String
    }

    /// What one round does, apart from the machine's step.
    private struct Round {
        var ends: [TryID: TryEnding] = [:]
        var answers: [(order: Order, answer: Result<DAGRun?, OrchestratorError>)] = []
        var logs: [(log: TaskLog, lines: [TaskLogLine])] = []
        var flushesLogs = false
    }

    private let mailbox: Mailbox
    let store: any MetadataStore
    private let runners: [String: DAGRunner]
    private let listeners: ChangeListeners
    private let clock: WallClock
    private let logger: Logger
    private var machine: SchedulerMachine
    private var tries: [TryID: RunningTry] = [:]
    /// What the recovery of stored runs decided; done when the loop starts.
    private var firstEffects: [SchedulerStep.Effect]
    /// The moment of the wake-up that is armed, and how many were before; only the last one counts.
    private var wakeArmedAt: Int64?
    private var wakesArmed = 0
    private var isFlushArmed = false
    private var failuresToStore = 0
    private var isStopping = false

    init(
        machine: SchedulerMachine, first: SchedulerStep, mailbox: Mailbox, store: any MetadataStore,
        runners: [String: DAGRunner], listeners: ChangeListeners, clock: WallClock, logger: Logger
    ) {
        self.machine = machine
        self.mailbox = mailbox
        self.store = store
        self.runners = runners
        self.listeners = listeners
        self.clock = clock
        self.logger = logger
        firstEffects = first.effects
    }

    /// Runs until a `stop` letter came and all tries have ended. Cancelling the surrounding task does
    /// not end it at once: what tries did is stored first.
    func run() async {
        await withDiscardingTaskGroup { group in
            perform(firstEffects, in: &group)
            firstEffects = []
            mailbox.post(.flushLogs)
            while !(isStopping && tries.isEmpty) {
                let letters = await mailbox.next()
                await handle(letters, in: &group)
                armWake(in: &group)
            }
            group.cancelAll()
        }
        mailbox.close()
    }

    private func handle(
        _ letters: [Mailbox.Letter], in group: inout DiscardingTaskGroup
    ) async {
        let now = clock.milliseconds()
        // A copy: when it cannot be stored, nothing happened.
        var next = machine
        var step = SchedulerStep()
        var round = Round()
        for letter in letters {
            switch letter {
            case .ended(let id, let ending):
                // Tries are only cancelled when the orchestrator stops.
                if case .interrupted = ending { stop(&group) }
                next.ended(id, ending, now: now, random: .random(in: 0..<1), &step)
                round.ends[id] = ending
            case .order(let order):
                let answer = await apply(order.kind, to: &next, now: now, &step)
                round.answers.append((order, answer))
            case .wake(let count): if count == wakesArmed { wakeArmedAt = nil }
            case .linesWait: armFlush(in: &group)
            case .flushLogs:
                isFlushArmed = false
                round.flushesLogs = true
            case .stop: stop(&group)
            }
        }
        next.ticked(now: now, &step)
        if !isStopping { next.fill(now: now, &step) }
        collectLogs(&round, &step)
        do {
            if !step.changes.isEmpty { try await store.write(step.changes) }
        } catch {
            await storeFailed(error, round)
            return
        }
        failuresToStore = 0
        machine = next
        for id in round.ends.keys { tries[id] = nil }
        perform(step.effects, in: &group)
        for (order, answer) in round.answers { order.answer.resume(returning: answer) }
        listeners.tell(step.notices)
    }

    /// Lines of tries that ended go with their end; those of others when they waited long enough.
    private func collectLogs(_ round: inout Round, _ step: inout SchedulerStep) {
        func collect(_ id: TryID, _ tried: RunningTry, atEnd: Bool) {
            let lines = tried.log.take(atEnd: atEnd)
            guard !lines.isEmpty else { return }
            round.logs.append((tried.log, lines))
            step.changes.append(
                .appendLog(run: id.run, taskID: tried.taskID, number: id.number, lines: lines))
        }
        if round.flushesLogs {
            for (id, tried) in tries where round.ends[id] == nil {
                collect(id, tried, atEnd: false)
            }
        }
        for id in round.ends.keys {
            if let tried = tries[id] { collect(id, tried, atEnd: true) }
        }
    }

    /// The disk refused. Orders are refused too; ends of tries and lines of logs wait, and are stored
    /// as soon as that works again.
    private func storeFailed(_ error: OrchestratorError, _ round: Round) async {
        failuresToStore += 1
        logger.error(
            "cannot store the state of runs, trying again",
            metadata: ["because": "\(error)", "failures": "\(failuresToStore)"])
        for (order, _) in round.answers { order.answer.resume(returning: .failure(error)) }
        for (log, lines) in round.logs { log.putBack(lines) }
        mailbox.putBack(round.ends.map { .ended($0.key, $0.value) } + [.flushLogs])
        if isStopping {
            // At the next start these tries count as ended by the process.
            tries = [:]
            return
        }
        let backoff = Backoff(
            first: OrchestratorLimits.storeRetryFirst,
            longest: OrchestratorLimits.storeRetryLongest, triesMax: .max)
        if let wait = backoff.wait(afterFailures: failuresToStore) {
            try? await Task.sleep(for: wait)
        }
    }

    private func stop(_ group: inout DiscardingTaskGroup) {
        isStopping = true
        group.cancelAll()
    }

    private func perform(_ effects: [SchedulerStep.Effect], in group: inout DiscardingTaskGroup) {
        for effect in effects {
            switch effect {
            case .start(let id, let run, let taskID): start(id, run, taskID, in: &group)
            case .cancel(let id): tries[id]?.stop.ask()
            }
        }
    }

    private func start(
        _ id: TryID, _ run: DAGRun, _ taskID: String, in group: inout DiscardingTaskGroup
    ) {
        guard let runner = runners[run.dagID] else { return }
        let mailbox = mailbox
        let log = TaskLog(clock: clock) { mailbox.post(.linesWait) }
        let stop = TryStop()
        tries[id] = RunningTry(log: log, stop: stop, taskID: taskID)
        let execution = TaskExecution(
            runner: runner, store: store, run: run, id: id, log: log, stop: stop)
        group.addTask { mailbox.post(.ended(id, await execution.perform())) }
    }

    /// Posts a letter when the machine next wants to look at the clock.
    private func armWake(in group: inout DiscardingTaskGroup) {
        guard let wakeAt = machine.wakeAt, !isStopping else { return }
        if let wakeArmedAt, wakeArmedAt <= wakeAt { return }
        wakeArmedAt = wakeAt
        wakesArmed += 1
        let wait = Duration.milliseconds(max(0, wakeAt - clock.milliseconds()))
        post(.wake(wakesArmed), after: min(wait, OrchestratorLimits.sleepMax), in: &group)
    }

    private func armFlush(in group: inout DiscardingTaskGroup) {
        guard !isFlushArmed else { return }
        isFlushArmed = true
        post(.flushLogs, after: OrchestratorLimits.logDelay, in: &group)
    }

    private func post(
        _ letter: Mailbox.Letter, after wait: Duration, in group: inout DiscardingTaskGroup
    ) {
        group.addTask { [mailbox] in
            guard (try? await Task.sleep(for: wait)) != nil else { return }
            mailbox.post(letter)
        }
    }
}
