// What the scheduler's machine takes in and gives out.

package import MillraceBase
package import MillraceWorkflow

/// A try that runs: a run, a task's place in its plan, and the try's number.
package struct TryID: Sendable, Hashable {
    package var run: Int64
    package var task: Int
    package var number: Int
}

/// What is to be stored, then done, then told; in this order.
package struct SchedulerStep: Sendable {
    package var changes: [MetadataChange] = []
    package var effects: [Effect] = []
    package var notices: [RunChange] = []

    package init() {}

    package enum Effect: Sendable {
        case start(TryID, DAGRun, taskID: String)
        case cancel(TryID)
    }
}

/// How a try ended.
package enum TryEnding: Sendable {
    case succeeded(TaskOutput)
    case skipped(reason: String)
    case failed(reason: String, mayRetry: Bool)
    /// The orchestrator stops; the task runs again as a fresh try.
    case interrupted
}

/// A wish for a run.
package struct TriggerRequest: Sendable {
    package var dagID: String
    /// `nil`: made from the moment.
    package var runID: String?
    /// In milliseconds since 1970; one run at most has it.
    package var logicalDate: Int64?
    package var configuration: JSONValue?
    package var note: String?
    package var triggeredBy: TriggeredBy

    package init(
        dagID: String, runID: String? = nil, logicalDate: Int64? = nil,
        configuration: JSONValue? = nil, note: String? = nil, triggeredBy: TriggeredBy = .restAPI
    ) {
        self.dagID = dagID
        self.runID = runID
        self.logicalDate = logicalDate
        self.configuration = configuration
        self.note = note
        self.triggeredBy = triggeredBy
    }
}
