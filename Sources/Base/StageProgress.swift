// What every stage did so far, for the progress lines, the console and the summary.

import Synchronization

/// The stages of the pipeline in the order a person travels through them.
public enum Stage: String, Sendable, CaseIterable, Codable {
    case fetched, landed, streamed, processed, stored
}

/// The counters of all stages since the stack started. Cheap to add to, from any thread.
///
/// Latencies are measured from the moment a person was fetched to the moment the stage was done.
public final class StageProgress: Sendable {
    public struct Counters: Sendable, Equatable {
        public var count = 0
        public var latency = LatencyHistogram()
        public init() {}
    }

    public struct Snapshot: Sendable, Equatable {
        public var stages: [Stage: Counters] = [:]
        /// People sent to the topic again after a crash or a lost answer.
        public var resent = 0
        /// People who were landed before and had not changed.
        public var skipped = 0
        /// Records sent to the dead-letter topic, by the reason.
        public var rejected: [String: Int] = [:]
        public init() {}

        public func count(_ stage: Stage) -> Int { stages[stage]?.count ?? 0 }
    }

    private let state = Mutex(Snapshot())

    public init() {}

    public var snapshot: Snapshot { state.withLock { $0 } }

    /// - Parameter latency: since the fetch; `nil` when it is not known.
    public func add(_ count: Int, to stage: Stage, latency: Duration? = nil) {
        state.withLock {
            $0.stages[stage, default: Counters()].count += count
            if let latency { $0.stages[stage]?.latency.record(latency, times: count) }
        }
    }

    public func add(_ count: Int, to stage: Stage, latencies: LatencyHistogram) {
        state.withLock {
            $0.stages[stage, default: Counters()].count += count
            $0.stages[stage]?.latency.merge(latencies)
        }
    }

    public func addResent(_ count: Int) { state.withLock { $0.resent += count } }
    public func addSkipped(_ count: Int) { state.withLock { $0.skipped += count } }

    public func addRejected(_ count: Int = 1, because reason: String) {
        state.withLock { $0.rejected[reason, default: 0] += count }
    }
}
