// The signal that wakes the outbox pump.

import Synchronization

/// One reader, at most one signal kept; signals given while nobody reads are kept for the next
/// reader.
final class LandingPulse: Sendable {
    private struct State {
        var reader: AsyncStream<Void>.Continuation?
        var isDue = false
        var isClosed = false
    }

    private let state = Mutex(State())

    func beat() {
        state.withLock { state in
            if let reader = state.reader { reader.yield() } else { state.isDue = true }
        }
    }

    /// A new reader takes the place of the one before, whose stream ends.
    func stream() -> AsyncStream<Void> {
        let (stream, reader) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let before = state.withLock { state in
            let before = state.reader
            state.reader = reader
            if state.isDue { reader.yield() }
            state.isDue = false
            if state.isClosed { reader.finish() }
            return before
        }
        before?.finish()
        return stream
    }

    func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            return state.reader
        }
        reader?.finish()
    }
}
