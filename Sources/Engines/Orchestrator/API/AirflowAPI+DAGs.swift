// Calls about DAGs and their tasks: list, get, pause, structure.

import MillraceBase
import MillraceWorkflow

extension AirflowAPI {
    /// `/dags…`; the path starts with `dags`.
    func dags(_ request: AirflowRequest) async throws -> AirflowAnswer {
        let path = request.path
        switch (request.method, path.count) {
        case (.get, 1), (.head, 1): return .ok(try await listDAGs(request))
        case (_, 1): throw AirflowRefusal.methodNotAllowed
        default: break
        }
        let dagID = path[1]
        if path.count >= 3, path[2] == "dagRuns" { return try await runs(dagID, request) }
        let plan = try core.plan(dagID)
        let rest = Array(path.dropFirst(2))
        switch (request.method, rest) {
        case (.get, []), (.head, []): return .ok(try await json(plan))
        case (.patch, []): return .ok(try await patch(plan, request))
        case (.get, ["details"]): return .ok(try await details(plan))
        case (.get, ["tasks"]):
            let tasks = plan.tasks.indices.map { AirflowJSON.task(plan, $0) }
            return .ok(["tasks": .array(tasks), "total_entries": JSONValue(tasks.count)])
        case (.get, _) where rest.count == 2 && rest[0] == "tasks":
            return .ok(AirflowJSON.task(plan, try place(of: rest[1], in: plan)))
        case (.post, ["clearTaskInstances"]): return .ok(try await clearTasks(plan, request))
        case (_, []), (_, ["details"]), (_, ["tasks"]), (_, ["clearTaskInstances"]):
            throw AirflowRefusal.methodNotAllowed
        default: throw AirflowRefusal.notFound
        }
    }

    func place(of taskID: String, in plan: DAGPlan) throws(OrchestratorError) -> Int {
        guard let place = plan.index(of: taskID) else {
            throw .unknownTask(dagID: plan.id, taskID: taskID)
        }
        return place
    }

    private func listDAGs(_ request: AirflowRequest) async throws -> JSONValue {
        let records = try await records()
        var plans = core.plans
        if let isPaused = try request.flag("paused") {
            plans = plans.filter { (records[$0.id]?.isPaused ?? false) == isPaused }
        }
        let tags = request.values("tags")
        if !tags.isEmpty { plans = plans.filter { !Set($0.tags).isDisjoint(with: tags) } }
        if let pattern = request.value("dag_id_pattern") {
            let part = pattern.lowercased().trimmingPrefix("%").replacing("%", with: "")
            plans = plans.filter { part == "~" || $0.id.lowercased().contains(part) }
        }
        plans.sort { $0.id < $1.id }
        if request.order.first.map({ $0.name == "dag_id" && $0.isDescending }) == true {
            plans.reverse()
        }
        let page = try request.page()
        let shown = plans.dropFirst(page.offset).prefix(page.limit)
        let now = core.clock.milliseconds()
        let items = shown.map {
            AirflowJSON.dag($0, records[$0.id], startedAt: core.startedAt, now: now)
        }
        return ["dags": .array(items.map { .object($0) }), "total_entries": JSONValue(plans.count)]
    }

    private func records() async throws(OrchestratorError) -> [String: DAGRecord] {
        Dictionary(
            try await core.store.dags().map { ($0.dagID, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private func json(_ plan: DAGPlan) async throws(OrchestratorError) -> JSONValue {
        let record = try await records()[plan.id]
        return .object(
            AirflowJSON.dag(
                plan, record, startedAt: core.startedAt, now: core.clock.milliseconds()))
    }

    private func details(_ plan: DAGPlan) async throws(OrchestratorError) -> JSONValue {
        let record = try await records()[plan.id]
        let counts = try await core.store.runCounts()[plan.id] ?? [:]
        return AirflowJSON.details(
            plan, record, startedAt: core.startedAt, now: core.clock.milliseconds(),
            runsActive: (counts[.running] ?? 0) + (counts[.queued] ?? 0))
    }

    private func patch(_ plan: DAGPlan, _ request: AirflowRequest) async throws -> JSONValue {
        let mask = request.values("update_mask")
        guard mask.isEmpty || mask == ["is_paused"] else {
            throw AirflowRefusal(400, "Only `is_paused` field can be updated through the REST API")
        }
        guard let isPaused = request.body?["is_paused"]?.bool else {
            throw AirflowRefusal.invalid("is_paused", "Field required: true or false")
        }
        _ = try await core.order(.setPaused(dagID: plan.id, isPaused))
        return try await json(plan)
    }
}
