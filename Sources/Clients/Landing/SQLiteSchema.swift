// The landing tables in SQLite, and how the file is opened.

import Foundation
import GRDB

enum SQLiteSchema {
    /// Of these tables, kept in `PRAGMA user_version`. A file of a later one is refused.
    static let version = 1

    /// WAL and one writer. GRDB sets `synchronous = NORMAL` after its own hook for preparing a
    /// connection, so FULL is set on the writer once it is open, and read back.
    static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(LandingLimits.busySeconds)
        configuration.maximumReaderCount = LandingLimits.readersMax
        configuration.label = "millrace.landing"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -\(LandingLimits.cacheKibibytes)")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA wal_autocheckpoint = \(LandingLimits.checkpointPages);
                    """)
            let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
            guard level == 2, journal == "wal" else {
                throw DatabaseError(message: "neither WAL nor synchronous = FULL can be set")
            }
        }
        return pool
    }

    /// - Returns: the version found; tables are made only in a new file.
    static func prepare(_ database: Database) throws -> Int {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found == 0 else { return found }
        try database.execute(sql: tables)
        try database.execute(sql: "PRAGMA user_version = \(version)")
        return version
    }

    /// `users.key` is the id's 16 bytes: an index of them is half as long as one of the text, and
    /// each transaction rewrites much of it. `people_by_gender` counts `users`, kept in the same
    /// transactions, since an index of genders would cost more. `outbox` holds chunks of records
    /// (`OutboxChunk`), its sequences `first..<first + count`.
    private static let tables = """
        CREATE TABLE users (
            key BLOB NOT NULL,
            id TEXT NOT NULL,
            first_name TEXT NOT NULL,
            last_name TEXT NOT NULL,
            gender TEXT NOT NULL,
            address TEXT NOT NULL,
            post_code TEXT NOT NULL,
            email TEXT NOT NULL,
            username TEXT NOT NULL,
            dob TEXT NOT NULL,
            registered_date TEXT NOT NULL,
            phone TEXT NOT NULL,
            picture TEXT NOT NULL,
            nationality TEXT NOT NULL,
            title TEXT NOT NULL,
            raw TEXT NOT NULL,
            run_id TEXT NOT NULL,
            fetched_at_ms INTEGER NOT NULL,
            landed_at_ms INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX users_key ON users (key);
        CREATE TABLE people_by_gender (
            gender TEXT PRIMARY KEY NOT NULL,
            people INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE landing_runs (
            number INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE
        );
        CREATE TABLE outbox (
            first INTEGER PRIMARY KEY,
            count INTEGER NOT NULL,
            run INTEGER NOT NULL,
            topic TEXT NOT NULL,
            fetched_at_ms INTEGER NOT NULL,
            landed_at_ms INTEGER NOT NULL,
            records BLOB NOT NULL
        );
        CREATE INDEX outbox_run ON outbox (run, count);
        CREATE TABLE rejections (
            run INTEGER NOT NULL,
            page INTEGER NOT NULL,
            place INTEGER NOT NULL,
            PRIMARY KEY (run, page, place)
        ) WITHOUT ROWID;
        CREATE TABLE landing_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            last_sequence INTEGER NOT NULL,
            claimed_through INTEGER NOT NULL
        );
        INSERT INTO landing_state VALUES (1, 0, 0);
        """
}
