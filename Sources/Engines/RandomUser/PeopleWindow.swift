// How many people were asked for lately, and whether that is too many.

import Synchronization

/// Counts people, not calls, in a window that starts anew when its time is over. One count for all
/// clients: the embedded API has one.
final class PeopleWindow: Sendable {
    private struct State {
        var startedAt: Int64 = 0
        var people = 0
    }

    private let state = Mutex(State())
    private let peopleMax: Int?
    private let lengthMilliseconds: Int64

    init(peopleMax: Int?, length: Duration) {
        self.peopleMax = peopleMax
        lengthMilliseconds = max(
            1,
            length.components.seconds * 1_000
                + length.components.attoseconds / 1_000_000_000_000_000)
    }

    struct Refusal: Equatable {
        /// People asked for in this window, these included.
        var people: Int
        /// Until the window is over, rounded up.
        var seconds: Int
    }

    /// - Returns: `nil` when the people may be had.
    func take(_ count: Int, now: Int64) -> Refusal? {
        guard let peopleMax else { return nil }
        return state.withLock { state in
            if now - state.startedAt >= lengthMilliseconds || now < state.startedAt {
                state = State(startedAt: now)
            }
            guard state.people + count > peopleMax else {
                state.people += count
                return nil
            }
            let left = state.startedAt + lengthMilliseconds - now
            return Refusal(
                people: state.people + count, seconds: Int((left + 999) / 1_000))
        }
    }
}
