// The latest DAG run and its tasks, asked for by Airflow's REST API.

import AirflowClient
import MillraceBase

struct RunWatcher: Sendable {
    private let airflow: AirflowConnection?

    init(orchestrator: Endpoint?) { airflow = orchestrator.map { AirflowConnection($0) } }

    /// `{dag, id, state, tasks: [{id, state, tries, downstream}]}`; `nil` before the first run, or
    /// when the orchestrator does not answer.
    func latest() async -> JSONValue? {
        guard let airflow, let (dag, run) = try? await newest(airflow),
            let instances = try? await airflow.taskInstances(dag, run.id),
            let plan = try? await airflow.tasks(dag)
        else { return nil }
        let byID = Dictionary(instances.map { ($0.taskID, $0) }, uniquingKeysWith: { $1 })
        let tasks = plan.map { task -> JSONValue in
            [
                "id": .string(task.id), "state": JSONValue(byID[task.id]?.state),
                "tries": JSONValue(byID[task.id]?.tryNumber ?? 0),
                "downstream": .array(task.downstreamIDs.map { .string($0) }),
            ]
        }
        return [
            "dag": .string(dag), "id": .string(run.id), "state": .string(run.state),
            "tasks": .array(tasks),
        ]
    }

    /// Of all DAGs the run that started last.
    private func newest(_ airflow: AirflowConnection) async throws -> (String, AirflowRun)? {
        var newest: (dag: String, run: AirflowRun)?
        for dag in try await airflow.dags() {
            guard let run = try await airflow.runs(dag.id).first else { continue }
            let isNewer = newest.map { Self.time(run) > Self.time($0.run) } ?? true
            if isNewer { newest = (dag.id, run) }
        }
        return newest
    }

    private static func time(_ run: AirflowRun) -> String { run.json["run_after"]?.string ?? "" }
}
