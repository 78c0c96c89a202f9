// A flag that is set once and can be waited for.

import Synchronization

/// Tells one query to stop. Setting it twice is the same as once.
final class StopSignal: Sendable {
    private let isSet = Mutex(false)
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var isRequested: Bool { isSet.withLock { $0 } }

    func request() {
        isSet.withLock { $0 = true }
        continuation.finish()
    }

    /// Returns when it is set, or when the task is cancelled. For one waiter.
    func wait() async { for await _ in stream {} }
}
