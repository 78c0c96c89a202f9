// The tables of the metadata file, and how an older file becomes a current one.

import GRDB

enum SQLiteSchema {
    /// `user_version` of a file that this program writes.
    static let version = 1

    static let statements = """
        CREATE TABLE dags (
            dag_id TEXT PRIMARY KEY NOT NULL,
            is_paused INTEGER NOT NULL,
            runs_count INTEGER NOT NULL,
            last_tick INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE runs (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            dag_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            type TEXT NOT NULL,
            triggered_by TEXT NOT NULL,
            state TEXT NOT NULL,
            logical_date INTEGER,
            run_after INTEGER NOT NULL,
            queued_at INTEGER NOT NULL,
            started_at INTEGER,
            ended_at INTEGER,
            configuration BLOB NOT NULL,
            parameters BLOB NOT NULL,
            note TEXT,
            UNIQUE (dag_id, run_id),
            UNIQUE (dag_id, number)
        );
        CREATE UNIQUE INDEX runs_by_logical_date ON runs (dag_id, logical_date)
            WHERE logical_date IS NOT NULL;
        CREATE INDEX runs_unfinished ON runs (key) WHERE state IN ('queued', 'running');
        CREATE TABLE tasks (
            run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            task_id TEXT NOT NULL,
            place INTEGER NOT NULL,
            state TEXT,
            try_number INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            queued_at INTEGER,
            started_at INTEGER,
            ended_at INTEGER,
            retry_at INTEGER,
            PRIMARY KEY (run, task_id)
        ) WITHOUT ROWID;
        CREATE TABLE tries (
            run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            task_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            reason TEXT,
            PRIMARY KEY (run, task_id, number)
        ) WITHOUT ROWID;
        CREATE TABLE results (
            run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            task_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            json BLOB NOT NULL,
            UNIQUE (run, task_id)
        );
        CREATE TABLE log_lines (
            run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            task_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            line INTEGER NOT NULL,
            at INTEGER NOT NULL,
            level TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (run, task_id, number, line)
        ) WITHOUT ROWID;
        """

    /// Creates the tables of a new file, and refuses a newer one.
    static func prepare(_ database: Database, path: String) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw OrchestratorError.newerMetadata(path: path, version: found, known: version)
        }
        guard found == 0 else { return }
        try database.execute(sql: statements)
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }
}
