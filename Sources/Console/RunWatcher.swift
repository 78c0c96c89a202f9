// The latest DAG run and its tasks, asked for by Airflow's REST API.

import AirflowClient
import MillraceBase

struct RunWatcher: Sendable {
    let orchestrator: Endpoint?

    /// `{dag, id, state, tasks: [{id, state, tries, downstream}]}`; `nil` before the first run.
    func latest() async -> JSONValue? { nil }
}
