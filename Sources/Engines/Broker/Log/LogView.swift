// What readers see of a partition's log, and those of them that wait for more.

import NIOCore
import Synchronization

/// Somebody who waits until a log has more to read. Called once or more, on any thread.
final class LogWaiter: Sendable {
    let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }
}

/// The readers' side of a log. Changed by the log's writer when an append is as durable as promised,
/// so that nobody reads what a power cut could take back.
struct LogView: Sendable {
    /// In the order of their offsets; the last is appended to. Empty before the first append.
    var segments: [Segment] = []
    /// Bytes of the last segment that may be read.
    var activeBytes = 0
    /// The first offset that may be read.
    var startOffset: Int64 = 0
    /// The offset after the last one that may be read.
    var highWatermark: Int64 = 0
    /// The offset before which every transaction has ended; the high watermark when none is open.
    var lastStableOffset: Int64 = 0
    var openTransactions: [Int64: OpenTransaction] = [:]
    var verifications = Verifications()
    var epochs = LeaderEpochs()
    var tail = LogTail()
    var configuration: LogConfiguration
    /// Why the log serves no more; `nil` while it does.
    var failure: LogReadFault?
    var waiters: [ObjectIdentifier: LogWaiter] = [:]
    /// Those who wait for committed records.
    var stableWaiters: [ObjectIdentifier: LogWaiter] = [:]
    /// Whether something was appended since the last look of the upkeep.
    var isBusy = false

    /// The offset after the last one that a reader sees.
    func end(_ isolation: IsolationLevel) -> Int64 {
        switch isolation {
        case .readUncommitted: highWatermark
        case .readCommitted: lastStableOffset
        }
    }

    /// Takes note of what transactions are open.
    mutating func show(_ producers: ProducerTable) {
        if openTransactions.isEmpty && producers.open.isEmpty {
            lastStableOffset = highWatermark
            return
        }
        openTransactions = producers.open
        settleStableOffset()
    }

    /// To be called again when `startOffset` has risen.
    mutating func settleStableOffset() {
        let first = openTransactions.values.lazy.map(\.firstOffset).min() ?? highWatermark
        lastStableOffset = max(first, startOffset)
    }

    /// Where these segments stand, one after the other; `nil` when they do not.
    func place(of some: [Segment]) -> Range<Int>? {
        guard let first = segments.firstIndex(where: { $0 === some.first }),
            first + some.count <= segments.count,
            zip(segments[first...], some).allSatisfy({ $0 === $1 })
        else { return nil }
        return first..<first + some.count
    }

    mutating func takeWaiters(ofStable: Bool) -> [LogWaiter] {
        defer {
            waiters.removeAll(keepingCapacity: true)
            if ofStable { stableWaiters.removeAll(keepingCapacity: true) }
        }
        return ofStable
            ? Array(waiters.values) + Array(stableWaiters.values) : Array(waiters.values)
    }

    /// Bytes of all segments that may be read.
    /// - Complexity: O(segments), a system call for each.
    func sizeBytes() throws(DiskError) -> Int64 {
        var sum = Int64(activeBytes)
        for segment in segments.dropLast() { sum += Int64(try segment.file.size()) }
        return sum
    }
}

/// The view with its lock, shared by the log and its writer. The lock is held for a few fields only.
final class SharedView: Sendable {
    private let view: Mutex<LogView>
    let budget: TailBudget

    init(_ view: LogView, budget: TailBudget) {
        self.view = Mutex(view)
        self.budget = budget
    }

    deinit {
        let kept = view.withLock { $0.tail.sizeBytes }
        budget.changed(by: -kept)
    }

    func with<Value: Sendable>(_ body: (inout sending LogView) -> sending Value) -> Value {
        view.withLock(body)
    }

    /// Shows readers a block of batches that has become durable; the waiters are woken by the caller.
    /// - Returns: those who waited.
    func publish(
        _ block: ByteBuffer, from firstOffset: Int64, to endOffset: Int64, segment: Segment,
        activeBytes: Int, transactions: ProducerTable
    ) -> [LogWaiter] {
        view.withLock { view in
            if view.segments.last !== segment { view.segments.append(segment) }
            view.activeBytes = activeBytes
            view.highWatermark = endOffset
            let stableBefore = view.lastStableOffset
            view.show(transactions)
            view.isBusy = true
            let before = view.tail.sizeBytes
            view.tail.append(
                block, from: firstOffset, to: endOffset, limitBytes: budget.bytesPerLog)
            budget.changed(by: view.tail.sizeBytes - before)
            return view.takeWaiters(ofStable: view.lastStableOffset != stableBefore)
        }
    }

    /// Shows readers a compacted segment instead of those before `end`; what memory has of them goes.
    func replace(_ old: [Segment], with new: Segment, before end: Int64) {
        view.withLock { view in
            guard let place = view.place(of: old) else { return }
            view.segments.replaceSubrange(place, with: [new])
            let before = view.tail.sizeBytes
            view.tail.drop(before: end)
            budget.changed(by: view.tail.sizeBytes - before)
        }
    }

    /// Gives the tail's memory back when nothing was appended since the last call.
    func releaseIdle() {
        let segments = view.withLock { view in
            if view.isBusy {
                view.isBusy = false
            } else if view.tail.sizeBytes > 0 {
                budget.changed(by: -view.tail.sizeBytes)
                view.tail.clear()
            }
            return view.segments
        }
        for segment in segments { segment.releaseIdleIndex() }
    }

    /// The log serves no more: readers and writers are told why. The first reason stays, but for a
    /// deletion, which is the last word on any log.
    func fail(_ because: LogReadFault) -> [LogWaiter] {
        view.withLock { view in
            view.failure = because == .deleted ? because : view.failure ?? because
            return view.takeWaiters(ofStable: true)
        }
    }
}
