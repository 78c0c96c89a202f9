// Runs, task instances, tries and logs in the shapes of Airflow's API.

import MillraceBase
import MillraceWorkflow

extension AirflowJSON {
    static func run(_ run: DAGRun) -> JSONValue {
        [
            "dag_run_id": .string(run.runID), "dag_id": .string(run.dagID),
            "dag_display_name": .string(run.dagID), "state": .string(run.state.rawValue),
            "run_type": .string(run.type.rawValue),
            "triggered_by": .string(run.triggeredBy.rawValue), "triggering_user_name": nil,
            "logical_date": moment(run.logicalDate), "run_after": moment(run.runAfter),
            "data_interval_start": moment(run.logicalDate),
            "data_interval_end": moment(run.logicalDate),
            "queued_at": moment(run.queuedAt), "start_date": moment(run.startedAt),
            "end_date": moment(run.endedAt),
            "duration": seconds(from: run.startedAt, to: run.endedAt),
            "last_scheduling_decision": moment(run.endedAt ?? run.startedAt),
            "conf": run.configuration.object == nil ? [:] : run.configuration,
            "note": JSONValue(run.note), "dag_versions": [], "bundle_version": nil,
            "partition_key": nil, "partition_date": nil,
        ]
    }

    /// - Parameter place: the task's place in the plan; `nil` for one that the plan no longer has.
    static func taskInstance(
        _ task: TaskInstance, _ run: DAGRun, _ plan: TaskPlan?, place: Int
    ) -> JSONValue {
        var object = common(
            run, task.taskID, plan, state: task.state, number: task.tryNumber,
            startedAt: task.startedAt, endedAt: task.endedAt)
        object["max_tries"] = JSONValue(
            task.tryNumber - min(task.failures, task.tryNumber) + (plan?.retries ?? 0))
        let more: JSONObject = [
            "id": .string(uuid(run.key, place)), "logical_date": moment(run.logicalDate),
            "run_after": moment(run.runAfter), "note": nil, "rendered_map_index": nil,
            "rendered_fields": [:], "trigger": nil, "triggerer_job": nil,
            "queued_when": moment(task.queuedAt), "scheduled_when": moment(task.queuedAt),
        ]
        object.members += more.members
        return .object(object)
    }

    static func taskTry(_ tried: TaskTry, _ taskID: String, _ run: DAGRun, _ plan: TaskPlan?)
        -> JSONValue
    {
        var object = common(
            run, taskID, plan, state: tried.state, number: tried.number,
            startedAt: tried.startedAt, endedAt: tried.endedAt)
        let more: JSONObject = [
            "queued_when": moment(tried.startedAt), "scheduled_when": moment(tried.startedAt),
            // Not Airflow's: why the try ended as it did.
            "reason": JSONValue(tried.reason),
        ]
        object.members += more.members
        return .object(object)
    }

    private static func common(
        _ run: DAGRun, _ taskID: String, _ plan: TaskPlan?, state: TaskState?, number: Int,
        startedAt: Int64?, endedAt: Int64?
    ) -> JSONObject {
        [
            "task_id": .string(taskID), "task_display_name": .string(taskID),
            "dag_id": .string(run.dagID), "dag_display_name": .string(run.dagID),
            "dag_run_id": .string(run.runID), "map_index": -1,
            "state": JSONValue(state?.rawValue), "try_number": JSONValue(number),
            "max_tries": JSONValue(plan?.retries ?? 0), "start_date": moment(startedAt),
            "end_date": moment(endedAt), "duration": seconds(from: startedAt, to: endedAt),
            "operator": JSONValue(plan?.kind.operatorName),
            "operator_name": JSONValue(plan?.kind.operatorName), "executor": nil,
            "executor_config": "{}", "hostname": "", "unixname": nil, "pid": nil,
            "pool": "default_pool", "pool_slots": 1, "priority_weight": 1, "queue": "default",
            "dag_version": nil,
        ]
    }

    static func logLine(_ line: TaskLogLine) -> JSONValue {
        [
            "timestamp": moment(line.at), "event": .string(line.text),
            "level": .string(line.level.rawValue), "logger": "task",
        ]
    }

    static func result(
        _ result: StoredResult, _ taskID: String, _ run: DAGRun, value: JSONValue?
    ) -> JSONValue {
        var object: JSONObject = [
            "key": "return_value", "dag_id": .string(run.dagID),
            "dag_display_name": .string(run.dagID), "run_id": .string(run.runID),
            "task_id": .string(taskID), "task_display_name": .string(taskID), "map_index": -1,
            "timestamp": moment(result.at), "logical_date": moment(run.logicalDate),
            "run_after": moment(run.runAfter),
        ]
        if let value { object["value"] = value }
        return .object(object)
    }

    /// A UUID of our own making (version 8, RFC 9562) from a run's row and a task's place.
    private static func uuid(_ run: Int64, _ place: Int) -> String {
        func hex(_ number: UInt64, _ digits: Int) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
        }
        let run = UInt64(bitPattern: run)
        return hex(run >> 16, 8) + "-" + hex(run & 0xFFFF, 4) + "-8000-8000-"
            + hex(UInt64(max(0, place)), 12)
    }
}
