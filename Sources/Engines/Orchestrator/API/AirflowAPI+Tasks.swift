// Calls about the tasks of a run: list, get, tries, logs, results.

import MillraceBase
import MillraceWorkflow

extension AirflowAPI {
    /// `/dags/{dag_id}/dagRuns/{run_id}/taskInstances…`
    func taskInstances(
        _ dagID: String, _ runID: String, _ request: AirflowRequest
    ) async throws -> AirflowAnswer {
        guard request.method == .get || request.method == .head else {
            throw AirflowRefusal.methodNotAllowed
        }
        let stored = try await core.existing(dagID, runID)
        let plan = try core.plan(dagID)
        let rest = Array(request.path.dropFirst(5))
        guard let taskID = rest.first else { return .ok(try list(stored, plan, request)) }
        guard let task = stored.tasks.first(where: { $0.taskID == taskID }) else {
            throw AirflowRefusal(
                404,
                "The Task Instance with dag_id: `\(dagID)`, run_id: `\(runID)`, task_id: "
                    + "`\(taskID)` and map_index: `-1` was not found")
        }
        let taskPlan = plan.index(of: taskID).map { plan.tasks[$0] }
        switch rest.dropFirst().first {
        case nil: return .ok(json(task, stored, plan))
        case "-1" where rest.count == 2: return .ok(json(task, stored, plan))
        case "tries" where rest.count == 2:
            let tries = try await core.store.tries(run: stored.run.key, taskID: taskID)
            let items = tries.map { AirflowJSON.taskTry($0, taskID, stored.run, taskPlan) }
            return .ok(["task_instances": .array(items), "total_entries": JSONValue(items.count)])
        case "tries" where rest.count == 3:
            let tries = try await core.store.tries(run: stored.run.key, taskID: taskID)
            guard let tried = tries.first(where: { String($0.number) == rest[2] }) else {
                throw AirflowRefusal(404, "Try \(rest[2]) of task `\(taskID)` was not found")
            }
            return .ok(AirflowJSON.taskTry(tried, taskID, stored.run, taskPlan))
        case "logs" where rest.count == 3:
            return try await log(stored.run, taskID, rest[2], request)
        case "xcomEntries" where rest.count <= 3:
            return .ok(try await results(stored.run, taskID, key: rest.count == 3 ? rest[2] : nil))
        default: throw AirflowRefusal.notFound
        }
    }

    func json(_ task: TaskInstance, _ stored: StoredRun, _ plan: DAGPlan) -> JSONValue {
        let place = plan.index(of: task.taskID)
        let known = stored.tasks.firstIndex { $0.taskID == task.taskID }
        return AirflowJSON.taskInstance(
            task, stored.run, place.map { plan.tasks[$0] }, place: known ?? 0)
    }

    private func list(
        _ stored: StoredRun, _ plan: DAGPlan, _ request: AirflowRequest
    ) throws(AirflowRefusal) -> JSONValue {
        let states = request.values("state")
        let page = try request.page()
        let matching = stored.tasks.filter { task in
            states.isEmpty || states.contains(task.state?.rawValue ?? "none")
                || task.state == nil && states.contains("no_status")
        }
        let shown = matching.dropFirst(page.offset).prefix(page.limit)
        return [
            "task_instances": .array(shown.map { json($0, stored, plan) }),
            "total_entries": JSONValue(matching.count),
        ]
    }

    private func log(
        _ run: DAGRun, _ taskID: String, _ number: String, _ request: AirflowRequest
    ) async throws -> AirflowAnswer {
        guard let number = Int(number), number >= 0 else {
            throw AirflowRefusal.invalid("try_number", "try_number is 1, 2, …", in: "path")
        }
        let tries = try await core.store.tries(run: run.key, taskID: taskID)
        guard tries.contains(where: { $0.number == number }) else {
            throw AirflowRefusal(
                404, "TaskInstance not found: task `\(taskID)` has no try \(number)")
        }
        let lines = try await core.store.log(run: run.key, taskID: taskID, number: number)
        let content = lines.map { AirflowJSON.logLine($0) }
        guard request.wantsLines else {
            return .ok(["content": .array(content), "continuation_token": nil])
        }
        let (stream, source) = AsyncStream.makeStream(of: JSONValue.self)
        for line in content { source.yield(line) }
        source.finish()
        return AirflowAnswer(status: 200, body: .lines(stream))
    }

    private func results(_ run: DAGRun, _ taskID: String, key: String?) async throws -> JSONValue {
        let stored = try await core.store.results(run: run.key, taskIDs: [taskID])[taskID]
        guard let key else {
            let items = stored.map { [AirflowJSON.result($0, taskID, run, value: nil)] } ?? []
            return ["xcom_entries": .array(items), "total_entries": JSONValue(items.count)]
        }
        guard key == "return_value", let stored else {
            throw AirflowRefusal(404, "XCom entry with key: `\(key)` not found")
        }
        let value = try JSONValue(parsing: stored.json)
        return AirflowJSON.result(stored, taskID, run, value: value)
    }
}
