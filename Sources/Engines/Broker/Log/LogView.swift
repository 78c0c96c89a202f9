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
    var epochs = LeaderEpochs()
    var tail = LogTail()
    var configuration: LogConfiguration
    /// Why the log serves no more; `nil` while it does.
    var failure: String?
    var waiters: [ObjectIdentifier: LogWaiter] = [:]
    /// Whether something was appended since the last look of the upkeep.
    var isBusy = false

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
        activeBytes: Int
    ) -> [LogWaiter] {
        view.withLock { view in
            if view.segments.last !== segment { view.segments.append(segment) }
            view.activeBytes = activeBytes
            view.highWatermark = endOffset
            view.isBusy = true
            let before = view.tail.sizeBytes
            view.tail.append(
                block, from: firstOffset, to: endOffset, limitBytes: budget.bytesPerLog)
            budget.changed(by: view.tail.sizeBytes - before)
            let waiters = Array(view.waiters.values)
            view.waiters.removeAll(keepingCapacity: true)
            return waiters
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

    /// The log serves no more: readers and writers are told why.
    func fail(_ because: String) -> [LogWaiter] {
        view.withLock { view in
            view.failure = view.failure ?? because
            let waiters = Array(view.waiters.values)
            view.waiters.removeAll()
            return waiters
        }
    }
}
