// What the API tells of DAGs, runs and tasks. Each keeps the whole answer as `json`.
// Source: apache-airflow-client 3.3.2, models.

package import MillraceBase

package struct AirflowDAG: Sendable, Equatable {
    package let json: JSONValue
    package var id: String { json["dag_id"]?.string ?? "" }
    package var isPaused: Bool { json["is_paused"]?.bool ?? false }
    package var description: String { json["description"]?.string ?? "" }
    /// In words; `nil` for one that is only triggered.
    package var schedule: String? { json["timetable_summary"]?.string }
    /// RFC 3339.
    package var nextRun: String? { json["next_dagrun_run_after"]?.string }
    package var tags: [String] { (json["tags"]?.array ?? []).compactMap { $0["name"]?.string } }

    package init(_ json: JSONValue) { self.json = json }
}

/// A task of a DAG, and what comes after it.
package struct AirflowTask: Sendable, Equatable {
    package let json: JSONValue
    package var id: String { json["task_id"]?.string ?? "" }
    package var downstreamIDs: [String] {
        (json["downstream_task_ids"]?.array ?? []).compactMap(\.string)
    }
    package var triggerRule: String { json["trigger_rule"]?.string ?? "all_success" }
    package var retries: Int { json["retries"]?.double.map { Int($0) } ?? 0 }

    package init(_ json: JSONValue) { self.json = json }
}

package struct AirflowRun: Sendable, Equatable {
    package let json: JSONValue
    package var id: String { json["dag_run_id"]?.string ?? "" }
    package var dagID: String { json["dag_id"]?.string ?? "" }
    /// `queued`, `running`, `success` or `failed`.
    package var state: String { json["state"]?.string ?? "" }
    package var conf: JSONValue? { json["conf"] }
    package var isSuccess: Bool { state == "success" }
    package var isFinished: Bool { isSuccess || state == "failed" }
    /// RFC 3339, as all moments here.
    package var runAfter: String? { json["run_after"]?.string }
    package var startedAt: String? { json["start_date"]?.string }
    package var endedAt: String? { json["end_date"]?.string }
    /// Seconds; `nil` before it ended.
    package var duration: Double? { json["duration"]?.double }

    package init(_ json: JSONValue) { self.json = json }
}

package struct AirflowTaskInstance: Sendable, Equatable {
    package let json: JSONValue
    package var taskID: String { json["task_id"]?.string ?? "" }
    /// `nil` for a task that nothing was decided about yet.
    package var state: String? { json["state"]?.string }
    package var tryNumber: Int { json["try_number"]?.int ?? 0 }
    /// Seconds; `nil` before it started.
    package var duration: Double? { json["duration"]?.double }

    package init(_ json: JSONValue) { self.json = json }
}
