// A run of a DAG and its tasks as they are stored and shown.

package import MillraceBase
package import MillraceWorkflow

/// Source: Airflow's `DagRunType`; the kinds that nothing here makes are left out.
package enum RunType: String, Sendable {
    case manual, scheduled
}

/// Source: Airflow's `DagRunTriggeredByType`.
package enum TriggeredBy: String, Sendable {
    case cli, restAPI = "rest_api", ui, test, timetable
}

/// One run. Moments are milliseconds since 1970.
package struct DAGRun: Sendable, Equatable {
    /// The row in the metadata; never shown.
    package var key: Int64
    package var dagID: String
    package var runID: String
    /// 1, 2, 3, … for each DAG, kept for ever.
    package var number: Int
    package var type: RunType
    package var triggeredBy: TriggeredBy
    package var state: RunState
    /// The tick of a scheduled run, what the trigger gave otherwise.
    package var logicalDate: Int64?
    package var runAfter: Int64
    package var queuedAt: Int64
    package var startedAt: Int64?
    package var endedAt: Int64?
    /// As it was given.
    package var configuration: JSONValue
    /// Every parameter's value, as an object.
    package var parameters: JSONValue
    package var note: String?
}

/// One task of a run. Moments are milliseconds since 1970.
package struct TaskInstance: Sendable, Equatable {
    package var taskID: String
    package var state: TaskState?
    /// The last try's number; 0 before the first.
    package var tryNumber = 0
    /// Failed tries since it was last cleared.
    package var failures = 0
    package var queuedAt: Int64?
    package var startedAt: Int64?
    package var endedAt: Int64?
    /// When the next try is due, of one that is up for retry.
    package var retryAt: Int64?

    package init(taskID: String) { self.taskID = taskID }
}

/// One try of a task.
package struct TaskTry: Sendable, Equatable {
    package var number: Int
    /// `running`, or how it ended.
    package var state: TaskState
    package var startedAt: Int64
    package var endedAt: Int64?
    /// Why it failed or was skipped, in words.
    package var reason: String?
}

package struct TaskLogLine: Sendable, Equatable {
    package enum Level: String, Sendable { case info, warning, error }

    /// Milliseconds since 1970.
    package var at: Int64
    package var level: Level
    package var text: String
}

/// What a listener hears of: a run or one of its tasks has a new state, and it is stored.
package struct RunChange: Sendable, Equatable {
    package var dagID: String
    package var runID: String
    package var runState: RunState
    /// `nil` when it is the run itself that changed.
    package var taskID: String?
    package var taskState: TaskState?
}
