// What an orchestrator is started with, and how it can fail.

package import MillraceBase

package struct OrchestratorConfiguration: Sendable {
    /// `sqlite:PATH`; the file is created when it is missing.
    package var metadata: Endpoint
    package var host: String
    /// 0 for a free one.
    package var port: Int
    /// False: nothing starts by its schedule, runs come by trigger only.
    package var schedules: Bool
    /// Tasks that run at once, over all runs.
    package var tasksMax: Int
    /// Whether a DAG that was never seen before is paused. Airflow's default is true, ours false.
    package var pausedAtCreation: Bool

    package init(
        metadata: Endpoint, host: String = "127.0.0.1", port: Int = 8080, schedules: Bool = true,
        tasksMax: Int = OrchestratorLimits.tasksRunning, pausedAtCreation: Bool = false
    ) {
        self.metadata = metadata
        self.host = host
        self.port = port
        self.schedules = schedules
        self.tasksMax = tasksMax
        self.pausedAtCreation = pausedAtCreation
    }
}

package enum OrchestratorError: Error, Equatable, Sendable, CustomStringConvertible {
    case portTaken(Int)
    /// The address cannot be bound; why.
    case cannotListen(String)
    /// The scheme is not `sqlite:`.
    case unsupportedMetadata(String)
    /// The metadata file at this path cannot be opened, read or written; why.
    case metadata(path: String, why: String)
    /// Written by a newer version of this program.
    case newerMetadata(path: String, version: Int, known: Int)
    /// A DAG that cannot run; all its problems.
    case badDAG(String)
    case unknownDAG(String)
    case unknownRun(dagID: String, runID: String)
    case unknownTask(dagID: String, taskID: String)
    /// A run with this id or logical date exists.
    case runExists(String)
    /// Parameters that the DAG does not take: names the parameter and its bounds.
    case badConfiguration(String)
    case badRequest(String)
    case tooManyRuns(Int)
    /// The orchestrator is stopping and takes no more orders.
    case stopping

    package var description: String {
        switch self {
        case .portTaken(let port): "port \(port) is taken"
        case .cannotListen(let why): "cannot listen: \(why)"
        case .unsupportedMetadata(let scheme):
            "the orchestrator keeps its metadata in sqlite:PATH, not in \"\(scheme):\""
        case .metadata(let path, let why): "the metadata in \(path) cannot be used: \(why)"
        case .newerMetadata(let path, let version, let known):
            "the metadata in \(path) has format \(version), this program knows up to \(known)"
        case .badDAG(let problems): problems
        case .unknownDAG(let id): "The DAG with ID: `\(id)` was not found"
        case .unknownRun(let dagID, let runID):
            "The DagRun with dag_id: `\(dagID)` and run_id: `\(runID)` was not found"
        case .unknownTask(let dagID, let taskID):
            "The task with ID: `\(taskID)` was not found in DAG `\(dagID)`"
        case .runExists(let what): what
        case .badConfiguration(let why): why
        case .badRequest(let why): why
        case .tooManyRuns(let count): "\(count) runs are waiting already"
        case .stopping: "the orchestrator is stopping"
        }
    }
}
