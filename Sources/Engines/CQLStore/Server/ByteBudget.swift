// How much memory all connections may hold together: of requests that come, of requests that wait or
// run, of answers that are not taken.

import Synchronization

/// Counts bytes. Who finds no room is called back when there is some, in the order of asking.
final class ByteBudget: Sendable {
    private struct Waiting {
        var bytes: Int
        var resume: @Sendable () -> Void
    }

    private struct State {
        var taken = 0
        var waiting: [Waiting] = []
    }

    private let limitBytes: Int
    private let state = Mutex(State())

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var takenBytes: Int { state.withLock { $0.taken } }
    /// Nothing more fits, or somebody waits for it.
    var isFull: Bool { state.withLock { $0.taken >= limitBytes || !$0.waiting.isEmpty } }

    /// Counts what is there already, whether there is room or not.
    func take(_ bytes: Int) { state.withLock { $0.taken += bytes } }

    /// Counts the bytes if they fit and nobody waits, in one step.
    func takeIfRoom(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty, fits(bytes, state) else { return false }
            state.taken += bytes
            return true
        }
    }

    /// The same; when there is no room, `resume` is called once, on any thread, as soon as the bytes
    /// have been counted after all. Who does not want them any more gives them back.
    ///
    /// - Parameter bytes: 0 only waits until the budget is not used up.
    func takeIfRoom(_ bytes: Int, orLater resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty, fits(bytes, state) else {
                state.waiting.append(Waiting(bytes: bytes, resume: resume))
                return false
            }
            state.taken += bytes
            return true
        }
    }

    func give(_ bytes: Int) {
        guard bytes > 0 else { return }
        let served = state.withLock { state -> ArraySlice<Waiting> in
            state.taken -= bytes
            var count = 0
            while count < state.waiting.count, fits(state.waiting[count].bytes, state) {
                state.taken += state.waiting[count].bytes
                count += 1
            }
            guard count > 0 else { return [] }
            defer { state.waiting.removeFirst(count) }
            return state.waiting[..<count]
        }
        for waiting in served { waiting.resume() }
    }

    /// What is larger than the whole budget goes in alone.
    private func fits(_ bytes: Int, _ state: State) -> Bool {
        bytes == 0
            ? state.taken < limitBytes : state.taken <= 0 || state.taken + bytes <= limitBytes
    }
}

/// The budgets of one store.
struct StoreBudgets: Sendable {
    /// Large requests that have begun to come, by the size that they claim.
    let coming = ByteBudget(limitBytes: StoreLimits.comingBytesMax)
    /// Requests that wait or run.
    let requests = ByteBudget(limitBytes: StoreLimits.requestBytesMaxOfAll)
    /// Answers that clients have not taken.
    let answers = ByteBudget(limitBytes: StoreLimits.answerBytesMaxOfAll)
}
