// DAGs and their tasks in the shapes of Airflow's API.

import MillraceBase
import MillraceWorkflow

enum AirflowJSON {
    static func moment(_ milliseconds: Int64?) -> JSONValue {
        JSONValue(milliseconds.map { Moment.text(milliseconds: $0) })
    }

    static func seconds(from start: Int64?, to end: Int64?) -> JSONValue {
        guard let start, let end else { return .null }
        return JSONValue(Double(end - start) / 1_000)
    }

    /// - Parameter startedAt: when this process read the DAG, which is compiled into it.
    static func dag(
        _ plan: DAGPlan, _ record: DAGRecord?, startedAt: Int64, now: Int64
    ) -> JSONObject {
        let isPaused = record?.isPaused ?? false
        let next = isPaused ? nil : plan.schedule?.tick(after: now)
        let schedule = plan.schedule?.description
        return [
            "dag_id": .string(plan.id), "dag_display_name": .string(plan.id),
            "description": JSONValue(plan.description.isEmpty ? nil : plan.description),
            "is_paused": .bool(isPaused), "is_stale": false,
            "tags": .array(
                plan.tags.map {
                    [
                        "name": .string($0), "dag_id": .string(plan.id),
                        "dag_display_name": .string(plan.id),
                    ]
                }),
            "owners": ["millrace"],
            "timetable_summary": JSONValue(schedule),
            "timetable_description": .string(schedule ?? "Never, external triggers only"),
            "timetable_partitioned": false, "timetable_periodic": .bool(schedule != nil),
            "next_dagrun_logical_date": moment(next), "next_dagrun_run_after": moment(next),
            "next_dagrun_data_interval_start": moment(next),
            "next_dagrun_data_interval_end": moment(next),
            "max_active_runs": JSONValue(plan.maxActiveRuns),
            "max_active_tasks": JSONValue(OrchestratorLimits.tasksRunning),
            "max_consecutive_failed_dag_runs": 0, "has_task_concurrency_limits": false,
            "has_import_errors": false, "is_backfillable": false,
            "allowed_run_types": nil, "bundle_name": "millrace", "bundle_version": nil,
            "fileloc": "millrace", "relative_fileloc": "millrace",
            "file_token": .string(plan.id), "last_parsed_time": moment(startedAt),
            "last_parse_duration": nil, "last_expired": nil,
        ]
    }

    static func details(
        _ plan: DAGPlan, _ record: DAGRecord?, startedAt: Int64, now: Int64, runsActive: Int
    ) -> JSONValue {
        var object = dag(plan, record, startedAt: startedAt, now: now)
        let more: JSONObject = [
            "catchup": false, "concurrency": JSONValue(OrchestratorLimits.tasksRunning),
            "render_template_as_native_obj": false, "params": parameters(plan),
            "timezone": .string(plan.schedule?.timeZone ?? "UTC"), "start_date": nil,
            "end_date": nil, "doc_md": nil, "default_args": nil, "dag_run_timeout": nil,
            "is_paused_upon_creation": nil, "is_favorite": false, "last_parsed": moment(startedAt),
            "active_runs_count": JSONValue(runsActive), "template_search_path": nil,
            "asset_expression": nil, "owner_links": [:], "latest_dag_version": nil,
            "rerun_with_latest_version": nil,
        ]
        object.members += more.members
        return .object(object)
    }

    /// By name: `{"value":…,"description":…,"schema":{…}}`.
    private static func parameters(_ plan: DAGPlan) -> JSONValue {
        .object(
            JSONObject(
                plan.parameters.map { parameter in
                    (
                        parameter.name,
                        [
                            "value": parameter.defaultValue,
                            "description": JSONValue(
                                parameter.description.isEmpty ? nil : parameter.description),
                            "schema": parameter.kind.schema,
                        ]
                    )
                }))
    }

    static func task(_ plan: DAGPlan, _ place: Int) -> JSONValue {
        let task = plan.tasks[place]
        let delay = task.retryDelay
        return [
            "task_id": .string(task.id), "task_display_name": .string(task.id),
            "operator_name": .string(task.kind.operatorName),
            "class_ref": [
                "module_path": "millrace", "class_name": .string(task.kind.operatorName),
            ],
            "downstream_task_ids": .array(plan.downstreamIDs(of: place).map { .string($0) }),
            "trigger_rule": .string(task.rule.rawValue), "owner": "millrace",
            "retries": JSONValue(task.retries), "retry_delay": timeDelta(delay.first),
            "retry_exponential_backoff": delay.isExponential ? 2 : 0,
            "execution_timeout": task.timeout.map { timeDelta($0) } ?? .null,
            "depends_on_past": false, "wait_for_downstream": false, "is_mapped": false,
            "extra_links": [], "pool": "default_pool", "pool_slots": 1, "priority_weight": 1,
            "queue": "default", "weight_rule": "downstream", "params": parameters(plan),
            "template_fields": [], "ui_color": "#e8f7e4", "ui_fgcolor": "#000",
            "start_date": nil, "end_date": nil, "doc_md": nil,
        ]
    }

    private static func timeDelta(_ duration: Duration) -> JSONValue {
        let microseconds = duration.microseconds
        return [
            "__type": "TimeDelta", "days": JSONValue(microseconds / 86_400_000_000),
            "seconds": JSONValue(microseconds / 1_000_000 % 86_400),
            "microseconds": JSONValue(microseconds % 1_000_000),
        ]
    }
}

extension TaskKind {
    /// What Airflow calls the nearest operator.
    var operatorName: String {
        switch self {
        case .task: "SwiftTask"
        case .branch: "SwiftBranch"
        case .shortCircuit: "SwiftShortCircuit"
        }
    }
}
