// Runs, tasks and tries as rows, in both directions.

import Foundation
import GRDB
import MillraceBase
import MillraceWorkflow

extension DAGRun {
    static let columns = """
        key, dag_id, run_id, number, type, triggered_by, state, logical_date, run_after, queued_at, \
        started_at, ended_at, configuration, parameters, note
        """

    init(row: Row, path: String) throws {
        func damaged(_ column: String) -> OrchestratorError {
            .metadata(path: path, why: "a run has a damaged \(column)")
        }
        guard let type = RunType(rawValue: row["type"]) else { throw damaged("type") }
        guard let state = RunState(rawValue: row["state"]) else { throw damaged("state") }
        guard let by = TriggeredBy(rawValue: row["triggered_by"]) else {
            throw damaged("triggered_by")
        }
        let configuration: Data = row["configuration"]
        let parameters: Data = row["parameters"]
        self.init(
            key: row["key"], dagID: row["dag_id"], runID: row["run_id"], number: row["number"],
            type: type, triggeredBy: by, state: state, logicalDate: row["logical_date"],
            runAfter: row["run_after"], queuedAt: row["queued_at"], startedAt: row["started_at"],
            endedAt: row["ended_at"], configuration: try JSONValue(parsing: configuration),
            parameters: try JSONValue(parsing: parameters), note: row["note"])
    }

    func insert(_ database: Database) throws {
        try database.run(
            """
            INSERT INTO runs (\(Self.columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                key, dagID, runID, number, type.rawValue, triggeredBy.rawValue, state.rawValue,
                logicalDate, runAfter, queuedAt, startedAt, endedAt, Data(configuration.bytes),
                Data(parameters.bytes), note,
            ])
    }

    func update(_ database: Database) throws {
        try database.run(
            "UPDATE runs SET state = ?, started_at = ?, ended_at = ?, note = ? WHERE key = ?",
            [state.rawValue, startedAt, endedAt, note, key])
    }
}

extension TaskInstance {
    init(row: Row) {
        self.init(taskID: row["task_id"])
        let state: String? = row["state"]
        self.state = state.flatMap { TaskState(rawValue: $0) }
        tryNumber = row["try_number"]
        failures = row["failures"]
        queuedAt = row["queued_at"]
        startedAt = row["started_at"]
        endedAt = row["ended_at"]
        retryAt = row["retry_at"]
    }

    func insert(_ database: Database, run: Int64, place: Int) throws {
        try database.run(
            """
            INSERT INTO tasks (run, task_id, place, state, try_number, failures)
            VALUES (?, ?, ?, ?, ?, ?)
            """, [run, taskID, place, state?.rawValue, tryNumber, failures])
    }

    /// Inserts a task that the program has only since the run was made.
    func upsert(_ database: Database, run: Int64) throws {
        try database.run(
            """
            INSERT INTO tasks (run, task_id, place, state, try_number, failures, queued_at,
                started_at, ended_at, retry_at)
            VALUES (?, ?, (SELECT count(*) FROM tasks WHERE run = ?1), ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (run, task_id) DO UPDATE SET state = excluded.state,
                try_number = excluded.try_number, failures = excluded.failures,
                queued_at = excluded.queued_at, started_at = excluded.started_at,
                ended_at = excluded.ended_at, retry_at = excluded.retry_at
            """,
            [
                run, taskID, state?.rawValue, tryNumber, failures, queuedAt, startedAt, endedAt,
                retryAt,
            ])
    }
}

extension TaskTry {
    init(row: Row) {
        let state: String = row["state"]
        self.init(
            number: row["number"], state: TaskState(rawValue: state) ?? .failed,
            startedAt: row["started_at"], endedAt: row["ended_at"], reason: row["reason"])
    }
}

extension TaskLogLine {
    init(row: Row) {
        let level: String = row["level"]
        self.init(at: row["at"], level: Level(rawValue: level) ?? .info, text: row["text"])
    }
}
