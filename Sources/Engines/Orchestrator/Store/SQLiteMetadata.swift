// Metadata in one SQLite file: opened, written, closed.

import Foundation
import GRDB
import MillraceBase
import MillraceWorkflow

/// One file in WAL mode. A step is one transaction, synced before it is acknowledged
/// (`synchronous = FULL`; source: sqlite.org/pragma.html#pragma_synchronous).
package final class SQLiteMetadata: MetadataStore {
    let path: String
    private let pool: DatabasePool
    /// SQLite blocks; it never does so on a thread that tasks share.
    private let writer = SerialThread("orchestrator.metadata.writer")
    private let reader = SerialThread("orchestrator.metadata.reader")

    /// Opens or creates the file at `path`, and the folder it is in.
    package init(path: String) throws(OrchestratorError) {
        self.path = path
        do {
            let folder = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var configuration = Configuration()
            configuration.maximumReaderCount = OrchestratorLimits.readersMax
            configuration.label = "orchestrator"
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.write { try SQLiteSchema.prepare($0, path: path) }
            // The pool sets NORMAL after any preparation of ours, so FULL is set last.
            let level = try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                return try Int.fetchOne(database, sql: "PRAGMA synchronous")
            }
            guard level == 2 else {
                throw OrchestratorError.metadata(
                    path: path, why: "SQLite did not take synchronous = FULL")
            }
        } catch {
            throw Self.described(error, path)
        }
    }

    package func close() async {
        _ = try? await writer.run { [pool] in
            // GRDB closes its writer before its readers, which leaves the log beside the file.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try pool.close()
        }
    }

    package func write(_ changes: [MetadataChange]) async throws(OrchestratorError) {
        do {
            try await writer.run { [pool] in
                try pool.write { database in
                    for change in changes { try change.apply(to: database) }
                }
            }
        } catch {
            throw Self.described(error, path)
        }
    }

    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(OrchestratorError) -> Value {
        do { return try await reader.run { [pool] in try pool.read(work) } } catch {
            throw Self.described(error, path)
        }
    }

    private static func described(_ error: any Error, _ path: String) -> OrchestratorError {
        if let error = error as? OrchestratorError { return error }
        // SQLite's own words; never the statement, whose arguments may be private.
        if let error = error as? DatabaseError {
            return .metadata(path: path, why: error.message ?? "SQLite error \(error.resultCode)")
        }
        return .metadata(path: path, why: error.localizedDescription)
    }
}

extension MetadataChange {
    fileprivate func apply(to database: Database) throws {
        switch self {
        case .insertRun(let run, let tasks):
            try run.insert(database)
            for (place, task) in tasks.enumerated() {
                try task.insert(database, run: run.key, place: place)
            }
        case .updateRun(let run): try run.update(database)
        case .deleteRun(let key):
            try database.run("DELETE FROM runs WHERE key = ?", [key])
        case .updateTask(let run, let task): try task.upsert(database, run: run)
        case .setResult(let run, let taskID, let json, let at):
            guard let json else {
                try database.run(
                    "DELETE FROM results WHERE run = ? AND task_id = ?", [run, taskID])
                return
            }
            try database.run(
                "INSERT OR REPLACE INTO results (run, task_id, at, json) VALUES (?, ?, ?, ?)",
                [run, taskID, at, Data(json)])
        case .beginTry(let run, let taskID, let number, let at):
            try database.run(
                """
                INSERT INTO tries (run, task_id, number, state, started_at)
                VALUES (?, ?, ?, 'running', ?)
                """, [run, taskID, number, at])
        case .endTry(let run, let taskID, let tried):
            try database.run(
                """
                UPDATE tries SET state = ?, ended_at = ?, reason = ?
                WHERE run = ? AND task_id = ? AND number = ?
                """,
                [tried.state.rawValue, tried.endedAt, tried.reason, run, taskID, tried.number])
        case .appendLog(let run, let taskID, let number, let lines):
            try Self.append(lines, run, taskID, number, database)
        case .setDAG(let record):
            try database.run(
                """
                INSERT INTO dags (dag_id, is_paused, runs_count, last_tick) VALUES (?, ?, ?, ?)
                ON CONFLICT (dag_id) DO UPDATE SET is_paused = excluded.is_paused,
                    runs_count = excluded.runs_count, last_tick = excluded.last_tick
                """, [record.dagID, record.isPaused, record.runsCount, record.lastTick])
        }
    }

    /// Nothing is kept of a run that was deleted meanwhile.
    private static func append(
        _ lines: [TaskLogLine], _ run: Int64, _ taskID: String, _ number: Int, _ database: Database
    ) throws {
        let known = try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT 1 FROM runs WHERE key = ?"), arguments: [run])
        guard known == true else { return }
        var line =
            try Int.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT max(line) FROM log_lines WHERE run = ? AND task_id = ? AND number = ?
                        """), arguments: [run, taskID, number]) ?? 0
        for one in lines {
            line += 1
            try database.run(
                """
                INSERT INTO log_lines (run, task_id, number, line, at, level, text)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, [run, taskID, number, line, one.at, one.level.rawValue, one.text])
        }
    }
}

extension Database {
    /// Executes a statement that is prepared once and kept.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
