// An order to the write lane from another thread, and the way back.

import Foundation
import Synchronization

/// Hands one order to the lane and waits for its result, once each.
final class LaneTicket<Order: Sendable, Answer: Sendable>: Sendable {
    let order: Order
    private let result = Mutex<Answer?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ order: Order) { self.order = order }

    func finish(_ found: Answer) {
        result.withLock { $0 = found }
        done.signal()
    }

    /// Blocks; not for Swift's own threads.
    func wait() -> Answer? {
        done.wait()
        return result.withLock { $0 }
    }
}
