// Whether the disk still takes writes, known to all threads.

import Synchronization

/// After a write or a sync failed nothing more is acknowledged until the store was opened again:
/// what a failed sync left in the page cache a later sync does not bring to the disk, although it
/// succeeds.
final class StoreHealth: Sendable {
    private struct State {
        /// Rises with each failure. A write of an earlier one is not acknowledged.
        var generation: UInt64 = 0
        var why: String?
    }

    private let state = Mutex(State())

    /// What a write has to remember, to be told apart from those after a failure.
    var generation: UInt64 { state.withLock { $0.generation } }

    var isBroken: Bool { state.withLock { $0.why != nil } }

    func isSound(_ generation: UInt64) -> Bool {
        state.withLock { $0.generation == generation && $0.why == nil }
    }

    func fail(_ why: String) {
        state.withLock { state in
            state.generation += 1
            state.why = why
        }
    }

    /// The store is open again, and all that its log had is in tables on the disk.
    func recover() { state.withLock { $0.why = nil } }
}
