// People and rejections on their way into SQLite, each with its outbox row.

import Foundation
import GRDB

/// The work of one transaction.
struct SQLitePeople {
    let database: Database
    let stamp: LandingStamp

    func upsert(_ people: [PersonRow]) throws -> UpsertResult {
        var result = UpsertResult()
        let insert = try database.cachedStatement(sql: Self.insertSQL)
        let update = try database.cachedStatement(sql: Self.updateSQL)
        let outbox = try Outbox(database, stamp)
        for person in people {
            let columns = columns(of: person)
            try insert.execute(arguments: StatementArguments(columns))
            if database.changesCount == 1 {
                result.inserted += 1
            } else {
                try update.execute(arguments: StatementArguments(columns))
                guard database.changesCount == 1 else {
                    result.unchanged += 1
                    continue
                }
                result.updated += 1
            }
            try outbox.add(key: Array(person.id.utf8), value: person.value, headers: [])
        }
        try outbox.finish()
        return result
    }

    /// - Returns: how many were not there before.
    func reject(_ rejected: [RejectedRow]) throws -> Int {
        let insert = try database.cachedStatement(
            sql: """
                INSERT INTO rejections (run, page, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                """)
        let outbox = try Outbox(database, stamp)
        var added = 0
        for row in rejected {
            try insert.execute(arguments: [outbox.run, row.page, row.index])
            guard database.changesCount == 1 else { continue }
            added += 1
            try outbox.add(
                key: row.key(run: stamp.run), value: row.raw, headers: row.headers(run: stamp.run))
        }
        try outbox.finish()
        return added
    }

    static func latest(_ database: Database, limit: Int) throws -> [LandedPerson] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, first_name, last_name, gender, email, picture, nationality, run_id,
                    landed_at_ms
                FROM users ORDER BY rowid DESC LIMIT ?
                """, arguments: [limit])
        return rows.map { row in
            LandedPerson(
                id: row[0], firstName: row[1], lastName: row[2], gender: row[3], email: row[4],
                picture: row[5], nationality: row[6], run: row[7], landedAtMilliseconds: row[8])
        }
    }

    private func columns(of person: PersonRow) -> [DatabaseValue] {
        [
            person.id.databaseValue, person.firstName.databaseValue,
            person.lastName.databaseValue, person.gender.databaseValue,
            person.address.databaseValue, person.postCode.databaseValue,
            person.email.databaseValue, person.username.databaseValue, person.dob.databaseValue,
            person.registeredDate.databaseValue, person.phone.databaseValue,
            person.picture.databaseValue, person.nationality.databaseValue,
            person.title.databaseValue,
            String(decoding: person.raw, as: UTF8.self).databaseValue, stamp.run.databaseValue,
            stamp.fetchedAt.databaseValue, stamp.landedAt.databaseValue,
        ]
    }

    private static let insertSQL = """
        INSERT INTO users (
            id, first_name, last_name, gender, address, post_code, email, username, dob,
            registered_date, phone, picture, nationality, title, raw, run_id, fetched_at_ms,
            landed_at_ms
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """

    private static let updateSQL = """
        UPDATE users SET
            first_name = ?2, last_name = ?3, gender = ?4, address = ?5, post_code = ?6, email = ?7,
            username = ?8, dob = ?9, registered_date = ?10, phone = ?11, picture = ?12,
            nationality = ?13, title = ?14, raw = ?15, run_id = ?16, fetched_at_ms = ?17,
            landed_at_ms = ?18
        WHERE id = ?1 AND raw <> ?15
        """
}

/// The outbox rows of one transaction. Sequences come from `landing_state`, so none is ever used
/// twice, and SQLite's one writer makes their order the order of commits.
private final class Outbox {
    /// The run's number in `landing_runs`.
    let run: Int64
    private let stamp: LandingStamp
    private let database: Database
    private let insert: Statement
    private let first: Int64
    private var last: Int64

    init(_ database: Database, _ stamp: LandingStamp) throws {
        self.database = database
        self.stamp = stamp
        try database.cachedStatement(
            sql: "INSERT INTO landing_runs (run_id) VALUES (?) ON CONFLICT DO NOTHING"
        ).execute(arguments: [stamp.run])
        run =
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT number FROM landing_runs WHERE run_id = ?"),
                arguments: [stamp.run]) ?? 0
        first =
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT last_sequence FROM landing_state")) ?? 0
        last = first
        insert = try database.cachedStatement(
            sql: """
                INSERT INTO outbox (
                    sequence, topic, key, value, headers, run, fetched_at_ms, landed_at_ms
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
    }

    func add(key: [UInt8], value: [UInt8], headers: [OutboxHeader]) throws {
        last += 1
        try insert.execute(arguments: [
            last, stamp.topic, Data(key), Data(value), Data(OutboxHeaders.encode(headers)), run,
            stamp.fetchedAt, stamp.landedAt,
        ])
    }

    func finish() throws {
        guard last > first else { return }
        try database.cachedStatement(sql: "UPDATE landing_state SET last_sequence = ?")
            .execute(arguments: [last])
    }
}
