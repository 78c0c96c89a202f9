// The landing tables in PostgreSQL.

import PostgresClient

/// Source: PostgreSQL 12 and later. The tables stand in the first schema of the search path.
enum PostgresSchema {
    /// Of these tables, kept in `landing_state`. Later ones are refused.
    static let version = 1

    /// The key of the advisory lock under which the outbox is written: whoever holds it takes the
    /// next sequences and commits before anybody else may, so sequences rise in the order of
    /// commits.
    static let lockSQL = "SELECT pg_advisory_xact_lock(7244902513)"

    /// Makes the tables where there are none.
    ///
    /// - Returns: the version found, and how far the outbox was ever claimed.
    static func prepare(
        _ session: PostgresSession
    ) throws(PostgresError) -> (version: Int, claimedThrough: Int64) {
        try session.transaction { session throws(PostgresError) in
            try session.execute(lockSQL)
            let found = try session.query("SELECT to_regclass('landing_state') IS NOT NULL")
            if found.bool(0, 0) != true { try session.execute(tables) }
            let state = try session.query("SELECT version, claimed_through FROM landing_state")
            guard state.count == 1 else {
                throw PostgresError(message: "the table landing_state has \(state.count) rows")
            }
            return (Int(state.int(0, 0) ?? 0), state.int(0, 1) ?? 0)
        }
    }

    private static let tables = """
        CREATE TABLE users (
            id text PRIMARY KEY,
            first_name text NOT NULL,
            last_name text NOT NULL,
            gender text NOT NULL,
            address text NOT NULL,
            post_code text NOT NULL,
            email text NOT NULL,
            username text NOT NULL,
            dob text NOT NULL,
            registered_date text NOT NULL,
            phone text NOT NULL,
            picture text NOT NULL,
            nationality text NOT NULL,
            title text NOT NULL,
            raw text NOT NULL,
            run_id text NOT NULL,
            fetched_at_ms bigint NOT NULL,
            landed_at_ms bigint NOT NULL
        );
        CREATE INDEX users_gender ON users (gender);
        CREATE INDEX users_landed_at ON users (landed_at_ms);
        CREATE TABLE outbox (
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            topic text NOT NULL,
            key bytea NOT NULL,
            value bytea NOT NULL,
            headers bytea NOT NULL,
            run_id text NOT NULL,
            fetched_at_ms bigint NOT NULL,
            landed_at_ms bigint NOT NULL
        );
        CREATE INDEX outbox_run ON outbox (run_id);
        CREATE TABLE rejections (
            run_id text NOT NULL,
            page bigint NOT NULL,
            place bigint NOT NULL,
            PRIMARY KEY (run_id, page, place)
        );
        CREATE TABLE landing_state (
            id integer PRIMARY KEY CHECK (id = 1),
            version bigint NOT NULL,
            claimed_through bigint NOT NULL
        );
        INSERT INTO landing_state VALUES (1, \(version), 0);
        """
}
