// What reaches the scheduler's loop: ends of tries, orders, ticks. One reader.

import MillraceBase
import MillraceWorkflow
import Synchronization

/// An order and whom to answer.
struct Order: Sendable {
    enum Kind: Sendable {
        case trigger(TriggerRequest)
        case setPaused(dagID: String, Bool)
        case clear(dagID: String, runID: String, tasks: Set<Int>)
        case mark(dagID: String, runID: String, RunState)
        case setNote(dagID: String, runID: String, String?)
        case delete(dagID: String, runID: String)
    }

    var kind: Kind
    var answer: CheckedContinuation<Result<DAGRun?, OrchestratorError>, Never>
}

/// Letters wait here, in their order, until the loop takes all of them at once.
///
/// Its room is bounded by who writes: one letter for each running try, each waiting order, each
/// armed wake-up. Waiting is not ended by cancellation: the loop must outlive the tries it waits for.
final class Mailbox: Sendable {
    enum Letter: Sendable {
        case ended(TryID, TryEnding)
        case order(Order)
        /// A moment to look at the clock has come, as it was armed the so many-th time.
        case wake(Int)
        /// A running try has written lines.
        case linesWait
        /// Lines have waited long enough.
        case flushLogs
        case stop
    }

    private struct State {
        var letters: [Letter] = []
        var reader: CheckedContinuation<[Letter], Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    func post(_ letter: Letter) {
        let refused = state.withLock { state -> Order? in
            if state.isClosed, case .order(let order) = letter { return order }
            if let reader = state.reader {
                state.reader = nil
                reader.resume(returning: [letter])
            } else {
                state.letters.append(letter)
            }
            return nil
        }
        refused?.answer.resume(returning: .failure(.stopping))
    }

    /// All letters that wait, at least one.
    func next() async -> [Letter] {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                precondition(state.reader == nil, "the mailbox has one reader")
                if state.letters.isEmpty {
                    state.reader = continuation
                } else {
                    continuation.resume(returning: state.letters)
                    state.letters = []
                }
            }
        }
    }

    /// Puts letters back in front, after they could not be dealt with.
    func putBack(_ letters: [Letter]) {
        state.withLock { $0.letters = letters + $0.letters }
    }

    /// No order is taken any more; those that wait are refused.
    func close() {
        let rest = state.withLock { state in
            state.isClosed = true
            let rest = state.letters
            state.letters.removeAll { if case .order = $0 { true } else { false } }
            return rest
        }
        for case .order(let order) in rest { order.answer.resume(returning: .failure(.stopping)) }
    }
}
