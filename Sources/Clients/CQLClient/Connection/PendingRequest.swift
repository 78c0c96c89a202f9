// A request that somebody waits for.

import CQLProtocol
import NIOCore
import Synchronization

/// One request on its way through a connection. Its continuation is resumed exactly once: by the
/// handler that took it, which forgets it then.
final class PendingRequest: Sendable {
    typealias Answer = Result<ResponseEnvelope, CQLError>

    let request: RequestEnvelope
    let timeout: Duration
    let deadline: NIODeadline
    /// Set before the connection is told, so that a request cancelled early is not even sent.
    let isCancelled: Atomic<Bool>
    private let continuation: Mutex<CheckedContinuation<Answer, Never>?>

    init(_ request: RequestEnvelope, timeout: Duration) {
        self.request = request
        self.timeout = timeout
        deadline = .now() + TimeAmount(timeout)
        isCancelled = Atomic(false)
        continuation = Mutex(nil)
    }

    func start(_ continuation: CheckedContinuation<Answer, Never>) {
        self.continuation.withLock { $0 = continuation }
    }

    func finish(_ answer: Answer) {
        continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: answer)
    }
}
