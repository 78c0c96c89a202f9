// The states of tasks and runs, in Airflow's words.

/// Raw values are what Airflow's API says. A task that nothing was decided about has no state (`nil`).
/// Source: apache/airflow task-sdk `TaskInstanceState`; those that only Airflow's own executors and
/// sensors need are left out.
public enum TaskState: String, Sendable, CaseIterable, Codable {
    case queued, running, success, failed, skipped
    case upForRetry = "up_for_retry"
    case upstreamFailed = "upstream_failed"
    /// The DAG no longer has the task.
    case removed

    /// Whether nothing more will happen to the task by itself.
    public var isFinished: Bool {
        switch self {
        case .success, .failed, .skipped, .upstreamFailed, .removed: true
        case .queued, .running, .upForRetry: false
        }
    }
}

/// Source: Airflow's `DagRunState`.
public enum RunState: String, Sendable, CaseIterable, Codable {
    case queued, running, success, failed

    public var isFinished: Bool {
        switch self {
        case .success, .failed: true
        case .queued, .running: false
        }
    }
}
