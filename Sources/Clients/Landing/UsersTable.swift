// The table `users` in SQLite, as one transaction writes it.

import GRDB

/// Inserts what is new, updates what has changed, and keeps count of genders.
struct UsersTable {
    enum Outcome { case inserted, updated, unchanged }

    /// Everything that `users` holds of a person, in the order of the statements' values.
    private static let columns = PersonRow.Column.allCases.filter { $0 != .value }
    /// The values that are the same for a whole transaction, or page of it.
    private enum Shared {
        static let run = Int32(columns.count + 2)
        static let fetchedAt = run + 1
        static let landedAt = run + 2
    }

    private let insert: DirectStatement
    private let find: DirectStatement
    private let update: DirectStatement
    private let count: DirectStatement
    /// The key's bytes, then the run's; SQLite reads both where they are until `end`.
    private let memory: UnsafeMutableRawBufferPointer
    private var genders = GenderChanges()

    init(_ database: Database, _ stamp: LandingStamp) throws {
        insert = try DirectStatement(database, Self.insertSQL)
        find = try DirectStatement(database, Self.findSQL)
        update = try DirectStatement(database, Self.updateSQL)
        count = try DirectStatement(database, Self.countSQL)
        let run = Array(stamp.run.utf8)
        memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: PersonKey.byteCount + run.count, alignment: 8)
        memory[PersonKey.byteCount...].copyBytes(from: run)
        do {
            for statement in [insert, update] {
                try statement.bind(1, blob: keyBytes)
                try statement.bind(
                    Shared.run,
                    text: UnsafeRawBufferPointer(rebasing: memory[PersonKey.byteCount...]))
                try statement.bind(Shared.landedAt, stamp.landedAt)
            }
            try find.bind(1, blob: keyBytes)
        } catch {
            end()
            throw error
        }
    }

    /// To be called once, at last. The statements forget `memory` before it goes, and nothing else
    /// keeps its address.
    func end() {
        for statement in [insert, find, update, count] { statement.end() }
        memory.deallocate()
    }

    func begin(fetchedAt: Int64) throws {
        for statement in [insert, update] { try statement.bind(Shared.fetchedAt, fetchedAt) }
    }

    mutating func land(_ person: PersonColumns, key: PersonKey) throws -> Outcome {
        key.write(to: memory)
        try bind(person, to: insert)
        if try insert.run() == 1 {
            genders.add(1, to: person[.gender])
            return .inserted
        }
        guard try find.step() else {
            find.reset()
            return .unchanged
        }
        let isUnchanged = find.bytes(0).hasBytes(person[.raw])
        if !isUnchanged { genders.add(-1, to: find.bytes(1)) }
        find.reset()
        if isUnchanged { return .unchanged }
        try bind(person, to: update)
        try update.run()
        genders.add(1, to: person[.gender])
        return .updated
    }

    func finish() throws {
        for (gender, change) in genders.all where change != 0 {
            try gender.withUnsafeBytes { text in
                try count.bind(1, text: text)
                try count.bind(2, Int64(change))
                try count.run()
            }
        }
    }

    private var keyBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<PersonKey.byteCount])
    }

    private func bind(_ person: PersonColumns, to statement: DirectStatement) throws {
        for column in Self.columns {
            try statement.bind(Int32(column.rawValue + 2), text: person[column])
        }
    }

    private static let insertSQL = """
        INSERT INTO users (
            key, id, first_name, last_name, gender, address, post_code, email, username, dob,
            registered_date, phone, picture, nationality, title, raw, run_id, fetched_at_ms,
            landed_at_ms
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO NOTHING
        """

    private static let findSQL = "SELECT raw, gender FROM users WHERE key = ?"

    private static let updateSQL = """
        UPDATE users SET
            id = ?2, first_name = ?3, last_name = ?4, gender = ?5, address = ?6, post_code = ?7,
            email = ?8, username = ?9, dob = ?10, registered_date = ?11, phone = ?12,
            picture = ?13, nationality = ?14, title = ?15, raw = ?16, run_id = ?17,
            fetched_at_ms = ?18, landed_at_ms = ?19
        WHERE key = ?1
        """

    private static let countSQL = """
        INSERT INTO people_by_gender (gender, people) VALUES (?, ?)
        ON CONFLICT (gender) DO UPDATE SET people = people + excluded.people
        """
}

/// How many people of each gender more, or less, a transaction makes.
private struct GenderChanges {
    /// A handful of texts: looking through them is faster than hashing.
    private(set) var all: [(gender: [UInt8], change: Int)] = []

    mutating func add(_ change: Int, to gender: UnsafeRawBufferPointer) {
        for index in all.indices where all[index].gender.withUnsafeBytes({ $0.hasBytes(gender) }) {
            all[index].change += change
            return
        }
        all.append((Array(gender), change))
    }
}
