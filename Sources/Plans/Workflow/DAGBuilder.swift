// Where a DAG's parameters and tasks are declared.

/// Collects what the closure of a `WorkflowDAG` declares. It is used inside that closure only.
///
/// A task waits for the tasks it takes results from (`on:`) and for those it only follows
/// (`after:`, one or several, single handles and arrays of handles alike). Its closure gets the
/// results in the order of `on:`, and the run's context last. What it returns is kept as JSON, at most
/// `WorkflowLimits.resultBytesMax` bytes, and given to tasks that name it in `on:`.
public final class DAGBuilder<Context: TaskContext> {
    let dagID: String
    private var parameters: [ParameterDefinition] = []
    private var tasks: [TaskPlan] = []
    private var bodies: [String: TaskBody<Context>] = [:]
    private var problems: [DAGError.Problem] = []

    init(dagID: String) { self.dagID = dagID }

    struct Built {
        var parameters: [ParameterDefinition]
        var tasks: [TaskPlan]
        var bodies: [String: TaskBody<Context>]
        var problems: [DAGError.Problem]
    }

    func finish() -> Built {
        Built(parameters: parameters, tasks: tasks, bodies: bodies, problems: problems)
    }

    func add(_ parameter: ParameterDefinition) { parameters.append(parameter) }

    func add(_ plan: TaskPlan, following: [any TaskReference], body: @escaping TaskBody<Context>) {
        var plan = plan
        for name in following.flatMap(\.names) {
            if name.dagID != dagID {
                problems.append(
                    .foreignTask(task: plan.id, upstream: name.taskID, dag: name.dagID))
            } else if !plan.upstreamIDs.contains(name.taskID) {
                plan.upstreamIDs.append(name.taskID)
            }
        }
        tasks.append(plan)
        bodies[plan.id] = body
    }

    /// Adds an edge between two tasks that exist: `second` waits for `first`.
    public func order(_ first: any TaskReference, before second: any TaskReference) {
        for name in second.names {
            guard let at = tasks.firstIndex(where: { $0.id == name.taskID }), name.dagID == dagID
            else {
                problems.append(
                    .foreignTask(task: name.taskID, upstream: name.taskID, dag: name.dagID))
                continue
            }
            for upstream in first.names where !tasks[at].upstreamIDs.contains(upstream.taskID) {
                tasks[at].upstreamIDs.append(upstream.taskID)
            }
        }
    }
}

/// One task or several: a `TaskHandle`, or an array of them.
public protocol TaskReference: Sendable {
    var names: [TaskName] { get }
}

/// A task's full name.
public struct TaskName: Sendable, Hashable {
    public var dagID: String
    public var taskID: String
}

/// A task that was declared, and the type of its result.
public struct TaskHandle<Output>: TaskReference {
    /// The task's id.
    public let id: String
    let dagID: String

    public var names: [TaskName] { [TaskName(dagID: dagID, taskID: id)] }
}

extension Array: TaskReference where Element: TaskReference {
    public var names: [TaskName] { flatMap(\.names) }
}
