// Calls that let tasks of a run start anew.

import MillraceBase
import MillraceWorkflow

extension AirflowAPI {
    /// `POST /dags/{dag_id}/clearTaskInstances`. A dry run, which is the default, only says which.
    func clearTasks(_ plan: DAGPlan, _ request: AirflowRequest) async throws -> JSONValue {
        let body = request.body ?? [:]
        guard let runID = body["dag_run_id"]?.string else {
            throw AirflowRefusal.invalid(
                "dag_run_id", "Field required: tasks are cleared run by run")
        }
        let stored = try await core.existing(plan.id, runID)
        let chosen = try Self.selection(body, stored, plan, onlyFailed: true)
        var shown = stored
        if body["dry_run"]?.bool == false {
            _ = try await core.order(.clear(dagID: plan.id, runID: runID, tasks: chosen))
            shown = try await core.existing(plan.id, runID)
        }
        return list(chosen, shown, plan)
    }

    /// `POST /dags/{dag_id}/dagRuns/{run_id}/clear`: all tasks, or all that failed.
    func clearRun(
        _ dagID: String, _ runID: String, _ request: AirflowRequest
    ) async throws -> JSONValue {
        let plan = try core.plan(dagID)
        let body = request.body ?? [:]
        let stored = try await core.existing(dagID, runID)
        let chosen = try Self.selection(body, stored, plan, onlyFailed: false)
        guard body["dry_run"]?.bool == false else { return list(chosen, stored, plan) }
        let order = Order.Kind.clear(dagID: dagID, runID: runID, tasks: chosen)
        return AirflowJSON.run(try await core.order(order) ?? stored.run)
    }

    private func list(_ chosen: Set<Int>, _ stored: StoredRun, _ plan: DAGPlan) -> JSONValue {
        let ids = Set(chosen.map { plan.tasks[$0].id })
        let items = stored.tasks.filter { ids.contains($0.taskID) }.map { json($0, stored, plan) }
        return ["task_instances": .array(items), "total_entries": JSONValue(items.count)]
    }

    /// The tasks that a body means, by their places in the plan.
    ///
    /// `only_failed` looks at the tasks themselves after upstream and downstream were added, and takes
    /// `upstream_failed` for failed.
    private static func selection(
        _ body: JSONValue, _ stored: StoredRun, _ plan: DAGPlan, onlyFailed: Bool
    ) throws -> Set<Int> {
        var chosen = Set(plan.tasks.indices)
        if let list = body["task_ids"], !list.isNull {
            // An item is an id, or a pair of an id and a map index.
            let ids = (list.array ?? []).compactMap { $0.string ?? $0[0]?.string }
            chosen = []
            for id in ids {
                guard let place = plan.index(of: id) else {
                    throw OrchestratorError.unknownTask(dagID: plan.id, taskID: id)
                }
                chosen.insert(place)
            }
            let given = Array(chosen)
            if body["include_upstream"]?.bool == true {
                chosen.formUnion(plan.allUpstream(of: given))
            }
            if body["include_downstream"]?.bool == true {
                chosen.formUnion(plan.allDownstream(of: given))
            }
        }
        var states: [Int: TaskState] = [:]
        for task in stored.tasks {
            if let place = plan.index(of: task.taskID) { states[place] = task.state }
        }
        if body["only_failed"]?.bool ?? onlyFailed {
            chosen = chosen.filter { states[$0] == .failed || states[$0] == .upstreamFailed }
        }
        if body["only_running"]?.bool == true { chosen = chosen.filter { states[$0] == .running } }
        return chosen
    }
}
