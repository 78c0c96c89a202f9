// What wakes the coordinator's timer loop before its time, when a group gets a deadline meanwhile.

import Synchronization

/// One sleeper, whom anybody may wake; also just before it sleeps.
final class GroupAlarm: Sendable {
    struct Sleep {
        var deadline: Int64
        var bell: HeldAnswer<Void>
    }

    private struct State {
        var current: Sleep?
        /// The earliest deadline that came while nobody slept: the next sleeper may not know of it.
        var wanted: Int64?
    }

    private let state = Mutex(State())

    /// Sleeps until `deadline`, a call of `wake` or the end of the task, whichever comes first.
    ///
    /// - Parameters: milliseconds of the clock that deadlines are of.
    func sleep(until deadline: Int64, now: Int64) async {
        let sleep = begin(until: deadline)
        await withTaskGroup(of: Void.self) { group in
            // A child, not a task of its own: the group waits for it. It ends at the deadline or when it is
            // cancelled, which its sibling's end does below.
            group.addTask {
                // It throws when it is cancelled, and that is an end like any other.
                try? await Task.sleep(for: .milliseconds(max(sleep.deadline - now, 1)))
            }
            // A child, not a task of its own: the group waits for it. It ends when the bell rings or when it
            // is cancelled, which its sibling's end does below.
            group.addTask { await sleep.bell.wait() }
            await group.next()
            group.cancelAll()
        }
        state.withLock { $0.current = nil }
    }

    /// - Returns: the sleep that `wake` ends from now on; a shorter one if somebody wanted that before.
    func begin(until deadline: Int64) -> Sleep {
        let bell = HeldAnswer<Void>()
        return state.withLock { state in
            let sleep = Sleep(deadline: min(deadline, state.wanted ?? .max), bell: bell)
            state = State(current: sleep)
            return sleep
        }
    }

    /// Wakes the sleeper if it would sleep beyond `deadline`; the next one if nobody sleeps.
    func wake(for deadline: Int64) {
        let bell = state.withLock { state -> HeldAnswer<Void>? in
            guard let sleep = state.current else {
                state.wanted = min(deadline, state.wanted ?? .max)
                return nil
            }
            return deadline < sleep.deadline ? sleep.bell : nil
        }
        bell?.answer(())
    }
}
