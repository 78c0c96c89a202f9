// Timestamps for writes, by this client's clock.

import MillraceBase
import Synchronization

/// Microseconds since 1970 that rise strictly, so that of two writes of one session the later wins
/// (Cassandra's own drivers do the same).
final class TimestampClock: Sendable {
    private let clock: WallClock
    private let last = Mutex<Int64>(0)

    init(_ clock: WallClock = .system) { self.clock = clock }

    /// - Returns: the first of `count` timestamps that follow each other.
    func next(_ count: Int = 1) -> Int64 {
        last.withLock { last in
            let first = max(clock.milliseconds() * 1_000, last + 1)
            last = first + Int64(count) - 1
            return first
        }
    }
}
