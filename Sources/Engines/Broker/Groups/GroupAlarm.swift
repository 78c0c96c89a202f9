// What wakes the coordinator's timer loop before its time, when a group gets a deadline meanwhile.

import Synchronization

/// One sleeper, whom anybody may wake.
final class GroupAlarm: Sendable {
    private struct Sleep {
        var deadline: Int64
        var bell: HeldAnswer<Void>
    }

    private let current = Mutex<Sleep?>(nil)

    /// Sleeps until `deadline`, a call of `wake` or the end of the task, whichever comes first.
    ///
    /// - Parameters: milliseconds of the clock that deadlines are of.
    func sleep(until deadline: Int64, now: Int64) async {
        let bell = HeldAnswer<Void>()
        current.withLock { $0 = Sleep(deadline: deadline, bell: bell) }
        await withTaskGroup(of: Void.self) { group in
            // Two children: the first to end cancels the other, and both end when they are cancelled.
            group.addTask {
                // It throws when it is cancelled, and that is an end like any other.
                try? await Task.sleep(for: .milliseconds(max(deadline - now, 1)))
            }
            group.addTask { await bell.wait() }
            await group.next()
            group.cancelAll()
        }
        current.withLock { $0 = nil }
    }

    /// Wakes the sleeper if it would sleep beyond `deadline`.
    func wake(for deadline: Int64) {
        let bell = current.withLock { sleep in
            sleep.flatMap { deadline < $0.deadline ? $0.bell : nil }
        }
        bell?.answer(())
    }
}
