// A request that somebody waits for.

import CQLProtocol
import NIOCore
import Synchronization

/// One request on its way through a connection. It is answered exactly once: by the handler that
/// took it, which forgets it then.
final class PendingRequest: Sendable {
    typealias Answer = Result<ResponseEnvelope, CQLError>

    private enum Waiting: Sendable {
        case continuation(CheckedContinuation<Answer, Never>)
        case callback(@Sendable (Answer) -> Void)
    }

    let request: RequestEnvelope
    let timeout: Duration
    let deadline: NIODeadline
    /// Set before the connection is told, so that a request cancelled early is not even sent.
    let isCancelled: Atomic<Bool>
    private let waiting: Mutex<Waiting?>

    init(_ request: RequestEnvelope, timeout: Duration) {
        self.request = request
        self.timeout = timeout
        deadline = .now() + TimeAmount(timeout)
        isCancelled = Atomic(false)
        waiting = Mutex(nil)
    }

    func start(_ continuation: CheckedContinuation<Answer, Never>) {
        waiting.withLock { $0 = .continuation(continuation) }
    }

    /// For the client's own questions, which no task waits for.
    func start(_ callback: @escaping @Sendable (Answer) -> Void) {
        waiting.withLock { $0 = .callback(callback) }
    }

    func finish(_ answer: Answer) {
        let waiting = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        switch waiting {
        case .continuation(let continuation): continuation.resume(returning: answer)
        case .callback(let callback): callback(answer)
        case nil: break
        }
    }
}
