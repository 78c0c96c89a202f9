// A queue between threads that block, and the threads that empty it.

import Foundation

/// Gives threads something to do. It is bounded from outside: each connection has a limit of
/// requests that are not answered yet (`StoreLimits.requestsInFlightMax`).
///
/// `@unchecked Sendable`: `items` and `isClosed` are touched only with `condition` locked.
final class WorkQueue<Item: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var items: [Item] = []
    private var first = 0
    private var isClosed = false

    /// - Returns: `false` when the queue is closed; the item was not taken.
    @discardableResult
    func add(_ item: Item) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed else { return false }
        items.append(item)
        condition.signal()
        return true
    }

    func add(contentsOf more: [Item]) {
        condition.lock()
        defer { condition.unlock() }
        items += more
        condition.signal()
    }

    /// Waits for one item; `nil` when the queue is closed and empty.
    func takeOne() -> Item? {
        condition.lock()
        defer { condition.unlock() }
        while first == items.count {
            if isClosed { return nil }
            condition.wait()
        }
        let item = items[first]
        first += 1
        if first == items.count || first >= 1024 {
            items.removeFirst(first)
            first = 0
        }
        return item
    }

    /// Waits for items and takes up to `most` of them; `nil` when the queue is closed and empty, an
    /// empty list when `seconds` have passed.
    func take(most: Int, waitingSeconds seconds: Int? = nil) -> [Item]? {
        condition.lock()
        defer { condition.unlock() }
        let end = seconds.map { Date(timeIntervalSinceNow: Double($0)) }
        while first == items.count {
            if isClosed { return nil }
            if let end {
                if !condition.wait(until: end) { return [] }
            } else {
                condition.wait()
            }
        }
        if first == 0, items.count <= most {
            let all = items
            items = []
            items.reserveCapacity(all.count)
            return all
        }
        let taken = Array(items[first...].prefix(most))
        first += taken.count
        if first == items.count || first >= 1024 {
            items.removeFirst(first)
            first = 0
        }
        return taken
    }

    /// No more items are taken in; those there are still given out.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}

/// A thread of our own that can be waited for.
final class LaneThread: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let done = done
        let thread = Thread {
            body()
            done.signal()
        }
        thread.name = name
        thread.stackSize = StoreLimits.laneStackBytes
        thread.start()
    }

    func join() {
        done.wait()
        done.signal()
    }
}
