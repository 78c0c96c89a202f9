// People and rejections on their way into PostgreSQL, each with its outbox row.

import PostgresClient

/// One statement each: arrays in, `unnest`ed, landed and queued by data-modifying CTEs.
enum PostgresPeople {
    /// - Parameter people: without repeated ids, which one INSERT could not update twice.
    static func upsert(
        _ people: [PersonRow], _ stamp: LandingStamp, in session: PostgresSession
    ) throws(PostgresError) -> UpsertResult {
        let texts = PersonRow.Column.allCases.prefix { $0 != .raw }.map { column in
            PostgresParameter.texts(people.map { $0.text(column) })
        }
        let parameters: [PostgresParameter] =
            texts + [
                .utf8Texts(people.map(\.raw)), .byteStrings(people.map(\.value)),
                .text(stamp.run), .int(stamp.fetchedAt), .int(stamp.landedAt), .text(stamp.topic),
            ]
        let rows = try session.transaction { session throws(PostgresError) in
            try session.execute(PostgresSchema.lockSQL)
            return try session.query(upsertSQL, parameters)
        }
        let inserted = Int(rows.int(0, 0) ?? 0)
        let updated = Int(rows.int(0, 1) ?? 0)
        return UpsertResult(
            inserted: inserted, updated: updated, unchanged: people.count - inserted - updated)
    }

    private static let columns = """
        id, first_name, last_name, gender, address, post_code, email, username, dob,
        registered_date, phone, picture, nationality, title, raw
        """

    private static let upsertSQL = """
        WITH incoming AS (
            SELECT * FROM unnest(
                $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                $13::text[], $14::text[], $15::text[], $16::bytea[]
            ) WITH ORDINALITY AS incoming (\(columns), value, place)
        ), landed AS (
            INSERT INTO users (\(columns), run_id, fetched_at_ms, landed_at_ms)
            SELECT \(columns), $17::text, $18::bigint, $19::bigint FROM incoming ORDER BY place
            ON CONFLICT (id) DO UPDATE SET
                first_name = excluded.first_name, last_name = excluded.last_name,
                gender = excluded.gender, address = excluded.address,
                post_code = excluded.post_code, email = excluded.email,
                username = excluded.username, dob = excluded.dob,
                registered_date = excluded.registered_date, phone = excluded.phone,
                picture = excluded.picture, nationality = excluded.nationality,
                title = excluded.title, raw = excluded.raw, run_id = excluded.run_id,
                fetched_at_ms = excluded.fetched_at_ms, landed_at_ms = excluded.landed_at_ms
            WHERE users.raw <> excluded.raw
            RETURNING id, (xmax = 0) AS is_new
        ), queued AS (
            INSERT INTO outbox (topic, key, value, headers, run_id, fetched_at_ms, landed_at_ms)
            SELECT $20::text, convert_to(id, 'UTF8'), value, ''::bytea, $17::text, $18::bigint,
                $19::bigint
            FROM landed JOIN incoming USING (id) ORDER BY place
        )
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM landed
        """

    /// - Returns: how many were not there before.
    static func reject(
        _ rejected: [RejectedRow], _ stamp: LandingStamp, in session: PostgresSession
    ) throws(PostgresError) -> Int {
        let parameters: [PostgresParameter] = [
            .ints(rejected.map { Int64($0.page) }), .ints(rejected.map { Int64($0.index) }),
            .byteStrings(rejected.map { $0.key(run: stamp.run) }),
            .byteStrings(rejected.map(\.raw)),
            .byteStrings(rejected.map { OutboxHeaders.encode($0.headers(run: stamp.run)) }),
            .text(stamp.run), .int(stamp.fetchedAt), .int(stamp.landedAt), .text(stamp.topic),
        ]
        let rows = try session.transaction { session throws(PostgresError) in
            try session.execute(PostgresSchema.lockSQL)
            return try session.query(rejectSQL, parameters)
        }
        return Int(rows.int(0, 0) ?? 0)
    }

    private static let rejectSQL = """
        WITH incoming AS (
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])
                AS incoming (page, place, key, value, headers)
        ), added AS (
            INSERT INTO rejections (run_id, page, place)
            SELECT $6::text, page, place FROM incoming
            ON CONFLICT DO NOTHING
            RETURNING page, place
        ), queued AS (
            INSERT INTO outbox (topic, key, value, headers, run_id, fetched_at_ms, landed_at_ms)
            SELECT $9::text, key, value, headers, $6::text, $7::bigint, $8::bigint
            FROM added JOIN incoming USING (page, place) ORDER BY page, place
        )
        SELECT count(*) FROM added
        """

    static func latest(
        _ session: PostgresSession, limit: Int
    ) throws(PostgresError) -> [LandedPerson] {
        let rows = try session.query(
            """
            SELECT id, first_name, last_name, gender, email, picture, nationality, run_id,
                landed_at_ms
            FROM users ORDER BY landed_at_ms DESC LIMIT $1
            """, [.int(Int64(limit))])
        return (0..<rows.count).map { row in
            func text(_ column: Int) -> String { rows.text(row, column) ?? "" }
            return LandedPerson(
                id: text(0), firstName: text(1), lastName: text(2), gender: text(3),
                email: text(4), picture: text(5), nationality: text(6), run: text(7),
                landedAtMilliseconds: rows.int(row, 8) ?? 0)
        }
    }
}
