// How far the outbox was claimed: by this process, and by whoever ran before it.

import Synchronization

/// The claims of one process. The durable mark lives in the database; this says what lies behind
/// it.
final class OutboxCursor: Sendable {
    struct Position: Equatable {
        /// The last sequence that was handed out since the last `release`.
        var handedOut: Int64 = 0
        /// The last sequence that was ever marked as claimed: rows up to it are re-sends.
        var marked: Int64 = 0
        /// Counts releases, so that a claim that began before one is not mixed up with it.
        var generation = 0
    }

    private let state = Mutex(Position())

    var position: Position { state.withLock { $0 } }

    func opened(marked: Int64) { state.withLock { $0 = Position(marked: marked) } }

    func release() {
        state.withLock { state in
            state.handedOut = 0
            state.generation += 1
        }
    }

    /// - Returns: `false` when somebody else claimed or released since `before` was read.
    func advance(from before: Position, through last: Int64) -> Bool {
        state.withLock { state in
            guard state == before else { return false }
            state.handedOut = last
            return true
        }
    }

    func marked(through last: Int64) { state.withLock { $0.marked = max($0.marked, last) } }
}
