// A fetch from its request to its answer: reads, waits for more, reads again.

import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix

/// Lives on its connection's event loop.
///
/// It is woken by the append that brings records to one of its partitions, not by a timer; the timer
/// only ends the wait. What is in memory is read here, what is on disk by a thread that may block.
final class FetchJob {
    private enum State {
        case reading
        case waiting
        case done
    }

    private let plan: FetchPlan
    private let context: FetchContext
    private let sessions: FetchSessions
    /// Notes so many bytes of an answer, and gives the way back that a quota leaves for it.
    private let metered: (Int) -> Reply
    private let eventLoop: any EventLoop
    private let readThreads: NIOThreadPool
    private let wait: TimeAmount
    private var state = State.reading
    private var isOver = false
    private var timer: Scheduled<Void>?
    private var waiter: LogWaiter?

    init(
        _ plan: FetchPlan, _ context: FetchContext, of sessions: FetchSessions,
        waitMilliseconds: Int32, reply: Reply, readThreads: NIOThreadPool,
        metered: @escaping (Int) -> Reply
    ) {
        self.metered = metered
        self.plan = plan
        self.context = context
        self.sessions = sessions
        self.readThreads = readThreads
        eventLoop = reply.eventLoop
        wait = .milliseconds(
            Int64(min(max(waitMilliseconds, 0), Limits.fetchWaitMillisecondsMax)))
    }

    func start() {
        if wait > .nanoseconds(0) && !plan.parts.isEmpty {
            let job = NIOLoopBound(self, eventLoop: eventLoop)
            timer = eventLoop.scheduleTask(in: wait) { job.value.waitIsOver() }
        } else {
            isOver = true
        }
        read()
    }

    /// The connection has ended.
    func cancel() {
        state = .done
        stopWaiting()
    }

    // MARK: Reading

    private func read() {
        state = .reading
        if let outcome = plan.read(fromDisk: false) { return finish(outcome) }
        let job = NIOLoopBound(self, eventLoop: eventLoop)
        readThreads.submit { [plan, eventLoop] poolState in
            guard case .active = poolState, let outcome = plan.read(fromDisk: true) else { return }
            eventLoop.execute { job.value.finish(outcome) }
        }
    }

    private func finish(_ outcome: FetchPlan.Outcome) {
        switch state {
        case .done: return
        case .reading, .waiting: break
        }
        guard isOver || outcome.isUrgent || outcome.sizeBytes >= plan.bytesMin else {
            return waitForMore(outcome)
        }
        state = .done
        stopWaiting()
        answer(outcome, metered(outcome.sizeBytes))
    }

    private func answer(_ outcome: FetchPlan.Outcome, _ reply: Reply) {
        let answer = sessions.answer(context, plan, outcome)
        if outcome.files.isEmpty || answer.error != .none {
            return reply.send(FetchRequest.self, plan.response(outcome, answer))
        }
        do throws(WireError) {
            reply.send(
                parts: try plan.frame(
                    outcome, answer, reply.header,
                    throttleMilliseconds: reply.throttleMilliseconds))
        } catch {
            // An answer too long for its protocol; the client will ask again on a new connection.
            reply.close()
        }
    }

    // MARK: Waiting

    private func waitForMore(_ outcome: FetchPlan.Outcome) {
        state = .waiting
        let job = NIOLoopBound(self, eventLoop: eventLoop)
        let waiter =
            self.waiter
            ?? LogWaiter { [eventLoop] in
                eventLoop.execute { job.value.woken() }
            }
        self.waiter = waiter
        for (part, data) in zip(plan.parts, outcome.partitions) {
            let isQuiet =
                part.log?.wait(waiter, seen: data.end(plan.isolation), plan.isolation) ?? true
            // Records came between the reading and now: they were not going to wake anybody.
            if !isQuiet { return read() }
        }
    }

    private func woken() {
        switch state {
        case .waiting: read()
        // It reads already, or is answered: another partition woke it before.
        case .reading, .done: break
        }
    }

    private func waitIsOver() {
        isOver = true
        switch state {
        case .waiting: read()
        case .reading, .done: break
        }
    }

    private func stopWaiting() {
        timer?.cancel()
        timer = nil
        guard let waiter else { return }
        for part in plan.parts { part.log?.stopWaiting(waiter) }
        self.waiter = nil
    }
}
