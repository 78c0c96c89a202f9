// A number that several tasks raise.

import Synchronization

final class SynchronizedCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    /// - Returns: the number after it.
    func increment() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
