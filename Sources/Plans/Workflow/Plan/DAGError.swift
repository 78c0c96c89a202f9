// What is wrong with a DAG as it was declared.

/// Every problem of one DAG's declaration.
public struct DAGError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Problem: Equatable, Sendable {
        case noTasks
        case tooManyTasks(Int)
        case badID(String)
        case duplicateTask(String)
        case unknownTask(task: String, upstream: String)
        /// A handle of another DAG.
        case foreignTask(task: String, upstream: String, dag: String)
        /// The ids along the circle; the first one is repeated at the end.
        case circle([String])
        case badMaxActiveRuns(Int)
        case badRetries(task: String, retries: Int)
        case badTimeout(task: String)
        case tooManyParameters(Int)
        case duplicateParameter(String)
        case badDefault(parameter: String, takes: String)
        case badSchedule(ScheduleError)
    }

    public let dagID: String
    /// At least one.
    public let problems: [Problem]

    public var description: String {
        "DAG \"\(dagID)\" cannot run: " + problems.map(\.description).joined(separator: "; ")
    }
}

extension DAGError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTasks: "it has no tasks"
        case .tooManyTasks(let count):
            "it has \(count) tasks, more than \(WorkflowLimits.tasksMax)"
        case .badID(let id):
            "\"\(id)\" is no id: 1 to \(WorkflowLimits.idCharactersMax) letters, digits, -, _ and ."
        case .duplicateTask(let id): "two tasks are called \"\(id)\""
        case .unknownTask(let task, let upstream):
            "\"\(task)\" waits for \"\(upstream)\", which is not declared"
        case .foreignTask(let task, let upstream, let dag):
            "\"\(task)\" names \"\(upstream)\", which belongs to DAG \"\(dag)\""
        case .circle(let ids): "its tasks wait for each other: " + ids.joined(separator: " → ")
        case .badMaxActiveRuns(let count): "maxActiveRuns is \(count), but must be 1 or more"
        case .badRetries(let task, let retries):
            "\"\(task)\" has \(retries) retries, not 0 to \(WorkflowLimits.retriesMax)"
        case .badTimeout(let task): "the timeout of \"\(task)\" is not longer than nothing"
        case .tooManyParameters(let count):
            "it has \(count) parameters, more than \(WorkflowLimits.parametersMax)"
        case .duplicateParameter(let name): "two parameters are called \"\(name)\""
        case .badDefault(let parameter, let takes):
            "the default of parameter \"\(parameter)\" is not \(takes)"
        case .badSchedule(let error): error.description
        }
    }
}
