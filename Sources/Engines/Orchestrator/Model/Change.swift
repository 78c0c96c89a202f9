// The changes to metadata that one step makes, written in one transaction.

import MillraceBase
import MillraceWorkflow

/// Changes are applied in their order, all or none.
package enum MetadataChange: Sendable {
    case insertRun(DAGRun, tasks: [TaskInstance])
    /// State, times and note of a run that exists.
    case updateRun(DAGRun)
    case deleteRun(key: Int64)
    case updateTask(run: Int64, TaskInstance)
    /// `nil` takes a result away.
    case setResult(run: Int64, taskID: String, json: [UInt8]?, at: Int64)
    case beginTry(run: Int64, taskID: String, number: Int, at: Int64)
    case endTry(run: Int64, taskID: String, TaskTry)
    /// Lines that follow those stored before.
    case appendLog(run: Int64, taskID: String, number: Int, lines: [TaskLogLine])
    case setDAG(DAGRecord)
}

/// What is kept of a DAG for ever.
package struct DAGRecord: Sendable, Equatable {
    package var dagID: String
    package var isPaused: Bool
    /// The number of the last run.
    package var runsCount: Int
    /// The last tick that a run was made for, in milliseconds since 1970.
    package var lastTick: Int64?
}

/// A run with all that is needed to go on with it.
package struct StoredRun: Sendable {
    package var run: DAGRun
    /// As stored: tasks that the program no longer has are among them, new ones are not.
    package var tasks: [TaskInstance]
    /// Results of tasks that succeeded, by id; those of the tasks asked for.
    package var results: [String: [UInt8]]
}
