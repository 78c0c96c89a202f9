// What is read from the metadata file: for the start, for orders, for the API.

import Foundation
import GRDB
import MillraceBase
package import MillraceWorkflow

extension SQLiteMetadata {
    package func dags() async throws(OrchestratorError) -> [DAGRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM dags").map { row in
                DAGRecord(
                    dagID: row["dag_id"], isPaused: row["is_paused"], runsCount: row["runs_count"],
                    lastTick: row["last_tick"])
            }
        }
    }

    package func nextRunKey() async throws(OrchestratorError) -> Int64 {
        try await read { database in
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'runs'"
            return (try Int64.fetchOne(database, sql: sql) ?? 0) + 1
        }
    }

    package func unfinishedRuns(
        results: TasksWithResults
    ) async throws(OrchestratorError) -> [StoredRun] {
        let path = path
        return try await read { database in
            let sql = """
                SELECT \(DAGRun.columns) FROM runs WHERE state IN ('queued', 'running') ORDER BY key
                """
            return try Row.fetchAll(database, sql: sql).map { row in
                try Self.whole(DAGRun(row: row, path: path), results, database)
            }
        }
    }

    package func storedRun(
        _ dagID: String, _ runID: String, results: TasksWithResults
    ) async throws(OrchestratorError) -> StoredRun? {
        let path = path
        return try await read { database in
            let sql = "SELECT \(DAGRun.columns) FROM runs WHERE dag_id = ? AND run_id = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [dagID, runID]) else {
                return nil
            }
            return try Self.whole(DAGRun(row: row, path: path), results, database)
        }
    }

    private static func whole(
        _ run: DAGRun, _ wanted: TasksWithResults, _ database: Database
    ) throws -> StoredRun {
        let tasks = try Row.fetchAll(
            database, sql: "SELECT * FROM tasks WHERE run = ? ORDER BY place", arguments: [run.key])
        var results: [String: [UInt8]] = [:]
        for taskID in wanted[run.dagID] ?? [] {
            let json = try Data.fetchOne(
                database, sql: "SELECT json FROM results WHERE run = ? AND task_id = ?",
                arguments: [run.key, taskID])
            results[taskID] = json.map { Array($0) }
        }
        return StoredRun(run: run, tasks: tasks.map { TaskInstance(row: $0) }, results: results)
    }

    package func conflict(
        _ dagID: String, runID: String, logicalDate: Int64?
    ) async throws(OrchestratorError) -> RunConflict? {
        try await read { database in
            func exists(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
                try Bool.fetchOne(database, sql: sql, arguments: arguments) ?? false
            }
            if try exists(
                "SELECT 1 FROM runs WHERE dag_id = ? AND run_id = ?", [dagID, runID])
            {
                return RunConflict(dagID: dagID, runID: runID)
            }
            guard let logicalDate,
                try exists(
                    "SELECT 1 FROM runs WHERE dag_id = ? AND logical_date = ?",
                    [dagID, logicalDate])
            else { return nil }
            return RunConflict(dagID: dagID, logicalDate: logicalDate)
        }
    }

    package func runs(_ query: RunQuery) async throws(OrchestratorError) -> Page<DAGRun> {
        let path = path
        return try await read { database in
            var conditions: [String] = []
            var arguments: [any DatabaseValueConvertible] = []
            if let dagID = query.dagID {
                conditions.append("dag_id = ?")
                arguments.append(dagID)
            }
            if !query.states.isEmpty {
                let marks = query.states.map { _ in "?" }.joined(separator: ", ")
                conditions.append("state IN (\(marks))")
                arguments += query.states.map { $0.rawValue as any DatabaseValueConvertible }
            }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            let order = query.order.column + (query.isDescending ? " DESC" : "")
            let total = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM runs \(filter)",
                arguments: StatementArguments(arguments))
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT \(DAGRun.columns) FROM runs \(filter) ORDER BY \(order), key
                    LIMIT ? OFFSET ?
                    """, arguments: StatementArguments(arguments + [query.limit, query.offset]))
            let runs = try rows.map { try DAGRun(row: $0, path: path) }
            return Page(items: runs, total: total ?? runs.count)
        }
    }

    package func runCounts() async throws(OrchestratorError) -> [String: [RunState: Int]] {
        try await read { database in
            var counts: [String: [RunState: Int]] = [:]
            let sql = "SELECT dag_id, state, count(*) AS count FROM runs GROUP BY dag_id, state"
            for row in try Row.fetchAll(database, sql: sql) {
                let (dagID, state): (String, String) = (row["dag_id"], row["state"])
                guard let state = RunState(rawValue: state) else { continue }
                counts[dagID, default: [:]][state] = row["count"]
            }
            return counts
        }
    }

    package func tries(run: Int64, taskID: String) async throws(OrchestratorError) -> [TaskTry] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM tries WHERE run = ? AND task_id = ? ORDER BY number",
                arguments: [run, taskID]
            ).map { TaskTry(row: $0) }
        }
    }

    package func results(
        run: Int64, taskIDs: [String]?
    ) async throws(OrchestratorError) -> [String: StoredResult] {
        try await read { database in
            let sql = "SELECT task_id, at, json FROM results WHERE run = ?"
            var rows: [Row] = []
            if let taskIDs {
                for taskID in taskIDs {
                    let statement = try database.cachedStatement(sql: sql + " AND task_id = ?")
                    rows += try Row.fetchAll(statement, arguments: [run, taskID])
                }
            } else {
                rows = try Row.fetchAll(database, sql: sql, arguments: [run])
            }
            var results: [String: StoredResult] = [:]
            for row in rows {
                let json: Data = row["json"]
                results[row["task_id"]] = StoredResult(json: Array(json), at: row["at"])
            }
            return results
        }
    }

    package func log(
        run: Int64, taskID: String, number: Int
    ) async throws(OrchestratorError) -> [TaskLogLine] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT at, level, text FROM log_lines
                    WHERE run = ? AND task_id = ? AND number = ? ORDER BY line
                    """, arguments: [run, taskID, number]
            ).map { TaskLogLine(row: $0) }
        }
    }
}

extension RunQuery.Order {
    fileprivate var column: String {
        switch self {
        case .runAfter: "run_after"
        case .startDate: "started_at"
        case .endDate: "ended_at"
        case .logicalDate: "logical_date"
        case .runID: "run_id"
        case .id: "key"
        case .state: "state"
        }
    }
}
