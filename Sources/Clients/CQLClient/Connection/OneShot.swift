// An answer that one task waits for and anybody may give.

import Synchronization

/// A continuation that is resumed once, by whoever comes first: the answer, a deadline, or the
/// cancellation of the task.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Result<Value, CQLError>, Never>)
        case answered(Result<Value, CQLError>)
        case over
    }

    private let state = Mutex<State>(.new)

    /// The first answer counts; later ones are dropped.
    func finish(_ result: Result<Value, CQLError>) {
        let continuation = state.withLock {
            state -> CheckedContinuation<Result<Value, CQLError>, Never>? in
            switch state {
            case .new:
                state = .answered(result)
                return nil
            case .waiting(let continuation):
                state = .over
                return continuation
            case .answered, .over: return nil
            }
        }
        continuation?.resume(returning: result)
    }

    /// Waits; by one task only. Cancelled, it throws `.cancelled` at once.
    func value() async throws(CQLError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Result<Value, CQLError>? in
                    guard case .answered(let result) = state else {
                        state = .waiting(continuation)
                        return nil
                    }
                    state = .over
                    return result
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            finish(.failure(.cancelled))
        }
        return try result.get()
    }
}
