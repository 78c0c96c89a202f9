// How much memory all requests of the broker may hold together, and all answers.

import Synchronization

/// Counts bytes: of requests that come, wait or run, or of answers not taken. Above the limit
/// connections stop, and are called back when there is room, in the order in which they asked.
final class RequestBudget: Sendable {
    private struct Waiting {
        /// What is counted for it when its turn comes; 0 when it only waits until there is room.
        var bytes: Int
        var resume: @Sendable () -> Void
    }

    private struct State {
        var bytes = 0
        var mostBytes = 0
        /// At most one for each connection.
        var waiting: [Waiting] = []
    }

    private let limitBytes: Int
    private let state = Mutex(State())

    init(limitBytes: Int = Limits.requestBytesInFlightMax) { self.limitBytes = limitBytes }

    /// Whether somebody waits for room, or there is none now.
    var isWanted: Bool { state.withLock { !$0.waiting.isEmpty || $0.bytes >= limitBytes } }

    /// Counts what is there already, whether there is room or not.
    func take(_ bytes: Int) { state.withLock { count(bytes, &$0) } }

    /// Whether a load is over: much was held since the last call, and little is now.
    func loadIsOver() -> Bool {
        state.withLock { state in
            guard state.bytes < state.mostBytes / 4 else { return false }
            defer { state.mostBytes = state.bytes }
            return state.mostBytes >= Limits.requestBytesToTrim
        }
    }

    func give(_ bytes: Int) {
        guard bytes > 0 else { return }
        let served = state.withLock { state -> ArraySlice<Waiting> in
            state.bytes -= bytes
            var served = 0
            while served < state.waiting.count, fits(state.waiting[served].bytes, state) {
                count(state.waiting[served].bytes, &state)
                served += 1
            }
            guard served > 0 else { return [] }
            defer { state.waiting.removeFirst(served) }
            return state.waiting[..<served]
        }
        for waiting in served { waiting.resume() }
    }

    /// - Parameter resume: called once, on any thread, when there is room again.
    /// - Returns: whether there is room now; `resume` is not called then.
    func hasRoom(orLater resume: @escaping @Sendable () -> Void) -> Bool {
        takeIfRoom(0, orLater: resume)
    }

    /// Counts the bytes if they fit and nobody waits, in one step. What is larger than the whole limit
    /// goes in alone.
    ///
    /// - Parameter resume: called once, on any thread, when the bytes have been counted after all; who
    ///   does not want them any more gives them back.
    /// - Returns: whether they are counted now; `resume` is not called then.
    func takeIfRoom(_ bytes: Int, orLater resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.waiting.isEmpty, fits(bytes, state) {
                count(bytes, &state)
                return true
            }
            state.waiting.append(Waiting(bytes: bytes, resume: resume))
            return false
        }
    }

    private func count(_ bytes: Int, _ state: inout State) {
        state.bytes += bytes
        state.mostBytes = max(state.mostBytes, state.bytes)
    }

    private func fits(_ bytes: Int, _ state: State) -> Bool {
        bytes == 0
            ? state.bytes < limitBytes : state.bytes <= 0 || state.bytes + bytes <= limitBytes
    }
}
