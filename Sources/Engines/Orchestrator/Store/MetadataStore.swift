// Where runs, tries, results and logs are kept: what the orchestrator asks of it.

import MillraceBase
package import MillraceWorkflow

/// Durable metadata. One writer, the scheduler's loop; readers at any time see whole steps only.
package protocol MetadataStore: Sendable {
    /// All changes in one transaction, on disk when this returns.
    func write(_ changes: [MetadataChange]) async throws(OrchestratorError)

    func dags() async throws(OrchestratorError) -> [DAGRecord]
    /// Larger than the key of any run that ever was.
    func nextRunKey() async throws(OrchestratorError) -> Int64
    /// Runs that are not over. Results of all their tasks that succeeded as branches come with them.
    func unfinishedRuns(results: TasksWithResults) async throws(OrchestratorError) -> [StoredRun]
    func storedRun(
        _ dagID: String, _ runID: String, results: TasksWithResults
    ) async throws(OrchestratorError) -> StoredRun?

    /// - Returns: which of the two is taken already; `nil` when both are free.
    func conflict(
        _ dagID: String, runID: String, logicalDate: Int64?
    ) async throws(OrchestratorError) -> RunConflict?
    func runs(_ query: RunQuery) async throws(OrchestratorError) -> Page<DAGRun>
    /// Runs of each DAG by their state.
    func runCounts() async throws(OrchestratorError) -> [String: [RunState: Int]]
    func tries(run: Int64, taskID: String) async throws(OrchestratorError) -> [TaskTry]
    /// When a result was stored comes with it.
    func results(
        run: Int64, taskIDs: [String]?
    ) async throws(OrchestratorError) -> [String: StoredResult]
    func log(
        run: Int64, taskID: String, number: Int
    ) async throws(OrchestratorError) -> [TaskLogLine]

    func close() async
}

/// Of which tasks results are read together with a run, by DAG.
package typealias TasksWithResults = [String: [String]]

package struct StoredResult: Sendable, Equatable {
    package var json: [UInt8]
    /// Milliseconds since 1970.
    package var at: Int64
}

package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// How many there are in all.
    package var total: Int
}

/// Which runs, in which order.
package struct RunQuery: Sendable {
    package enum Order: String, Sendable, CaseIterable {
        case runAfter = "run_after"
        case startDate = "start_date"
        case endDate = "end_date"
        case logicalDate = "logical_date"
        case runID = "dag_run_id"
        case id
        case state
    }

    /// `nil` for all DAGs.
    package var dagID: String?
    package var states: [RunState] = []
    package var order: Order = .id
    package var isDescending = false
    package var limit: Int
    package var offset = 0

    package init(dagID: String? = nil, limit: Int) {
        self.dagID = dagID
        self.limit = limit
    }
}
