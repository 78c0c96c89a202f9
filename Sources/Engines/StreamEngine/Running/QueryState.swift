// What is known about one query while it runs, for whoever asks from outside.

import MillraceBase
import StreamPlan
import Synchronization

/// The live status of a query. The loop writes, everyone reads.
final class QueryState: Sendable {
    private struct Inner {
        var status: StreamQueryStatus
        var progress: [BatchProgress] = []
        var signal = StopSignal()
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// Whom the loop waits for, and since when.
        var waiting: (sink: String, since: ContinuousClock.Instant)?
    }

    private let inner: Mutex<Inner>

    init(_ plan: AnalyzedQuery) {
        inner = Mutex(Inner(status: StreamQueryStatus(name: plan.name)))
    }

    /// The loop's status as of now.
    var status: StreamQueryStatus {
        inner.withLock {
            var status = $0.status
            status.lastProgress = $0.progress.last?.json
            guard let (sink, since) = $0.waiting, status.state == .running else { return status }
            let time = ContinuousClock.now - since
            if time > StreamLimits.slowSink {
                status.state = .retrying
                status.message =
                    "\(sink) has not acknowledged the batch for \(time.components.seconds) s"
            }
            return status
        }
    }

    /// The loop waits for a sink, which may try again by itself for a while; `nil`: no longer.
    func waits(for sink: String?) {
        inner.withLock { $0.waiting = sink.map { ($0, .now) } }
    }

    var isActive: Bool { inner.withLock { $0.status.isActive } }
    var committedOffsets: [String: [Int32: Int64]] {
        inner.withLock { $0.status.committedOffsets }
    }
    var recentProgress: [JSONValue] { inner.withLock { $0.progress }.map(\.json) }
    var signal: StopSignal { inner.withLock { $0.signal } }
    var isStopRequested: Bool { signal.isRequested }

    /// A query that stood still starts.
    ///
    /// - Returns: `false` when it runs already.
    func begin(runID: String) -> Bool {
        inner.withLock {
            guard !$0.status.isActive else { return false }
            $0.signal = StopSignal()
            $0.status.state = .starting
            $0.status.runID = runID
            $0.status.exception = nil
            $0.status.message = "Initializing sources"
            $0.status.numInputRows = 0
            return true
        }
    }

    func requestStop() {
        let signal = inner.withLock { inner -> StopSignal? in
            guard inner.status.isActive else { return nil }
            inner.status.state = .stopping
            inner.status.message = "Stopping after the running batch"
            return inner.signal
        }
        signal?.request()
    }

    /// Returns when the query stands still.
    func standsStill() async {
        await withCheckedContinuation { continuation in
            let isDone = inner.withLock { inner in
                if inner.status.isActive { inner.waiters.append(continuation) }
                return !inner.status.isActive
            }
            if isDone { continuation.resume() }
        }
    }

    /// - Parameter exception: `nil` for a query that was stopped or came to its end.
    func end(exception: String?) {
        let waiters = inner.withLock { inner in
            inner.status.state = exception == nil ? .stopped : .failed
            inner.status.exception = exception
            inner.status.message = exception == nil ? "Stopped" : "Terminated with exception"
            inner.status.isTriggerActive = false
            inner.status.isDataAvailable = false
            inner.waiting = nil
            defer { inner.waiters = [] }
            return inner.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func update(_ change: (inout StreamQueryStatus) -> Void) {
        inner.withLock { change(&$0.status) }
    }

    func running(_ message: String) {
        update {
            if $0.state != .stopping { $0.state = .running }
            $0.message = message
        }
    }

    func retrying(_ message: String) {
        update {
            if $0.state != .stopping { $0.state = .retrying }
            $0.message = message
        }
    }

    func add(_ progress: BatchProgress) {
        inner.withLock {
            $0.progress.append(progress)
            if $0.progress.count > StreamLimits.progressRetained { $0.progress.removeFirst() }
            $0.status.numInputRows += progress.numInputRows
            $0.status.committedOffsets = [progress.end.topic: progress.end.partitions]
        }
    }
}
