// The trace of one request: what was asked, and which steps were taken when.

import CQLProtocol
import MillraceBase
import Synchronization

/// Collects the steps of a request with tracing on. Its rows in `system_traces` are written once the
/// request has been answered (`TraceStorage`).
final class TraceRecorder: Sendable {
    struct Step: Sendable {
        var activity: String
        var elapsedMicroseconds: Int64
        /// The stage that took the step, as Cassandra names its threads.
        var thread: String
    }

    /// What the session's row says of the request.
    struct Session: Sendable, Equatable {
        /// "Execute CQL3 query" and the like, as Cassandra words it.
        var request = "Execute CQL3 query"
        var parameters: [String: String] = [:]
    }

    private struct State: Sendable {
        var session = Session()
        var steps: [Step] = []
    }

    /// Version 1, so that sessions sort by time.
    let id: CQLUUID
    let startedMilliseconds: Int64
    let client: CQLInet
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    private let whenDone: @Sendable (TraceRecorder) -> Void

    init(
        id: CQLUUID, startedMilliseconds: Int64, client: CQLInet,
        whenDone: @escaping @Sendable (TraceRecorder) -> Void
    ) {
        self.id = id
        self.startedMilliseconds = startedMilliseconds
        self.client = client
        self.whenDone = whenDone
    }

    /// The request has been answered.
    func finish() { whenDone(self) }

    func add(_ activity: String, thread: String = "Native-Transport-Requests-1") {
        let elapsed = elapsedMicroseconds
        state.withLock { state in
            guard state.steps.count < StoreLimits.traceStepsMax else { return }
            state.steps.append(
                Step(
                    activity: String(activity.prefix(StoreLimits.traceTextLengthMax)),
                    elapsedMicroseconds: elapsed, thread: thread))
        }
    }

    func describe(_ session: Session) { state.withLock { $0.session = session } }

    var elapsedMicroseconds: Int64 { (ContinuousClock.now - start) / .microseconds(1) }

    /// Everything so far.
    var content: (session: Session, steps: [Step]) {
        state.withLock { ($0.session, $0.steps) }
    }
}

extension Duration {
    fileprivate static func / (left: Duration, right: Duration) -> Int64 {
        Int64((left / right) as Double)
    }
}
