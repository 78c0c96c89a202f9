// An answer that somebody waits for while others decide when it comes.

import Synchronization

/// Takes one value once; whoever waits gets it, or `nil` when the wait is cancelled first.
final class HeldAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value?, Never>)
        case answered(Value?)
    }

    private let state = Mutex(State.open)

    /// Gives the answer. Only the first one counts.
    func answer(_ value: Value?) {
        let waiting = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            case .open:
                state = .answered(value)
                return nil
            case .waiting(let continuation):
                state = .answered(value)
                return continuation
            case .answered:
                return nil
            }
        }
        waiting?.resume(returning: value)
    }

    /// Waits for the answer. Called once.
    ///
    /// - Returns: `nil` when the task was cancelled before the answer came.
    func wait() async -> Value? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early = state.withLock { state -> Value?? in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .answered(let value):
                        return .some(value)
                    case .waiting:
                        preconditionFailure("two tasks wait for one answer")
                    }
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            answer(nil)
        }
    }
}
