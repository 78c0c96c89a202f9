// A DAG as a value: its tasks, what each waits for, its parameters and its schedule.

/// Tasks and the order among them, written once and run many times.
///
///     WorkflowDAG<MyContext>("nightly", schedule: .daily) { dag in
///         let pages = dag.parameter("pages", default: 10, in: 1...100)
///         let fetched = dag.task("fetch", retries: 3) { run in try await fetch(run[pages]) }
///         dag.task("count", on: fetched) { fetched, run in run.log("\(fetched.count) pages") }
///     }
///
/// It runs nothing by itself; an orchestrator does. Its ids and edges are checked by `validate()`.
public struct WorkflowDAG<Context: TaskContext>: Sendable {
    /// What is known without running anything.
    package let plan: DAGPlan
    private let bodies: [String: TaskBody<Context>]
    private let problems: [DAGError.Problem]

    /// - Parameters:
    ///   - id: letters, digits, `-`, `_` and `.`, 250 characters at most.
    ///   - schedule: when runs start by themselves; `nil` for a DAG that is only triggered.
    ///   - maxActiveRuns: runs of this DAG that may be active at once; others wait as `queued`.
    ///   - build: declares parameters and tasks. It is called once, at once.
    public init(
        _ id: String, schedule: Schedule? = nil, description: String = "", tags: [String] = [],
        maxActiveRuns: Int = 1, build: (DAGBuilder<Context>) -> Void
    ) {
        let builder = DAGBuilder<Context>(dagID: id)
        build(builder)
        let built = builder.finish()
        plan = DAGPlan(
            id: id, schedule: schedule, description: description, tags: tags,
            maxActiveRuns: maxActiveRuns, parameters: built.parameters, tasks: built.tasks)
        bodies = built.bodies
        problems = built.problems
    }

    public var id: String { plan.id }
    public var schedule: Schedule? { plan.schedule }
    public var description: String { plan.description }
    public var tags: [String] { plan.tags }
    public var maxActiveRuns: Int { plan.maxActiveRuns }
    /// In the order they were declared.
    public var taskIDs: [String] { plan.tasks.map(\.id) }

    /// Checks ids, edges, schedule and parameters.
    ///
    /// - Throws: `DAGError` with every problem found, not only the first.
    public func validate() throws(DAGError) {
        let all = problems + plan.problems
        guard all.isEmpty else { throw DAGError(dagID: id, problems: all) }
    }

    /// Forgets the context's type: what an orchestrator keeps.
    ///
    /// - Parameter context: makes the context of one task try.
    package func runner(
        context: @escaping @Sendable (TaskInvocation) -> Context
    ) throws(DAGError) -> DAGRunner {
        try validate()
        return DAGRunner(plan: plan) { [bodies] inputs, invocation in
            guard let body = bodies[invocation.taskID] else {
                throw FailTask("the DAG has no task \"\(invocation.taskID)\"")
            }
            return try await body(inputs, context(invocation))
        }
    }
}

/// A DAG whose context's type is forgotten: its plan, and how to run one of its tasks.
package struct DAGRunner: Sendable {
    package let plan: DAGPlan
    /// Runs the task that the invocation names, once. Throws what the task's body throws.
    package let run: @Sendable (TaskInputs, TaskInvocation) async throws -> TaskOutput

    package init(
        plan: DAGPlan,
        run: @escaping @Sendable (TaskInputs, TaskInvocation) async throws -> TaskOutput
    ) {
        self.plan = plan
        self.run = run
    }
}
