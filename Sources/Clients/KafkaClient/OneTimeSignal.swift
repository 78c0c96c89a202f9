// Something that happens once, and those who wait for it.

import Foundation
import Synchronization

/// Signalled from any thread; waited for by tasks.
final class OneTimeSignal: Sendable {
    private struct State {
        var isSignalled = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())

    func signal() {
        let waiters = state.withLock { state in
            state.isSignalled = true
            defer { state.waiters.removeAll() }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: true) }
    }

    /// Waits even if the caller was cancelled: it is what closing stands on.
    /// - Returns: whether it was signalled before the time was up.
    @discardableResult
    func wait(atMost limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let number: Int? = state.withLock { state in
                if state.isSignalled { return nil }
                state.nextWaiter += 1
                state.waiters[state.nextWaiter] = continuation
                return state.nextWaiter
            }
            guard let number else { return continuation.resume(returning: true) }
            let seconds =
                Double(limit.components.seconds)
                + Double(limit.components.attoseconds) / 1e18
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { self.giveUp(number) }
        }
    }

    private func giveUp(_ number: Int) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
    }
}
