// How much memory all requests of the broker may hold together, and all answers.

import Synchronization

/// Counts bytes: of requests that come, wait or run, or of answers not taken. Above the limit
/// connections stop, and are called back when there is room.
final class RequestBudget: Sendable {
    private struct State {
        var bytes = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let limitBytes: Int
    private let state = Mutex(State())

    init(limitBytes: Int = Limits.requestBytesInFlightMax) { self.limitBytes = limitBytes }

    /// Whether there is no room now.
    var isFull: Bool { state.withLock { $0.bytes >= limitBytes } }

    func take(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    func give(_ bytes: Int) {
        guard bytes > 0 else { return }
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            state.bytes -= bytes
            guard state.bytes < limitBytes else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for resume in waiting { resume() }
    }

    /// - Parameter resume: called once, on any thread, when there is room again.
    /// - Returns: whether there is room now; `resume` is not called then.
    func hasRoom(orLater resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.bytes < limitBytes { return true }
            state.waiting.append(resume)
            return false
        }
    }
}
