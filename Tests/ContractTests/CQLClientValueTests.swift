// Rows as structures, Swift values as bind values, values as text and JSON.

import CQLClient
import CQLProtocol
import Foundation
import MillraceBase
import Testing

@Suite("CQL client, values")
struct CQLClientValueTests {
    struct Person: CQLDecodableRow, Equatable {
        struct Columns {
            var id: CQLColumnPlace<UUID>
            var name: CQLColumnPlace<String?>
            var tags: CQLColumnPlace<Set<String>?>
            var scores: CQLColumnPlace<[String: Int]?>
            var born: CQLColumnPlace<Date>
            var key: CQLColumnPlace<[UInt8]>
        }

        var id: UUID
        var name: String?
        var tags: Set<String>
        var scores: [String: Int]
        var born: Date
        var key: [UInt8]

        init(
            id: UUID, name: String?, tags: Set<String>, scores: [String: Int], born: Date,
            key: [UInt8]
        ) {
            (self.id, self.name, self.tags) = (id, name, tags)
            (self.scores, self.born, self.key) = (scores, born, key)
        }

        static func columns(of result: CQLResultColumns) throws(CQLError) -> Columns {
            Columns(
                id: try result.place("id"), name: try result.place("name"),
                tags: try result.place("tags"), scores: try result.place("scores"),
                born: try result.place("born"), key: try result.place("key"))
        }

        init(_ row: CQLRow, at columns: Columns) throws(CQLError) {
            id = try row[columns.id]
            name = try row[columns.name]
            tags = try row[columns.tags] ?? []
            scores = try row[columns.scores] ?? [:]
            born = try row[columns.born]
            key = try row[columns.key]
        }
    }

    struct Record: Decodable, Equatable {
        enum Kind: String, Decodable { case good, bad }
        var id: UUID
        var name: String?
        var kind: Kind
        var age: Int
        var share: Double
        var words: [String]?
    }

    private func stage(_ body: (CQLSession) async throws -> Void) async throws {
        let store = try await CQLTestStore.embedded()
        let session = try await CQLSession.connect(store.endpoint, logger: cqlLogger)
        do {
            try await session.execute(
                "CREATE KEYSPACE v WITH replication = "
                    + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
            try await body(session)
        } catch {
            await session.close()
            await store.stop()
            throw error
        }
        await session.close()
        await store.stop()
    }

    @Test func structuresGoRound() async throws {
        try await stage { session in
            try await session.execute(
                "CREATE TABLE v.people (id uuid PRIMARY KEY, name text, tags set<text>, "
                    + "scores map<text, int>, born timestamp, key blob)")
            let people = (0..<50).map { (number: Int) -> Person in
                let isEven = number % 2 == 0
                var person = Person(
                    id: UUID(), name: nil, tags: [], scores: [:],
                    born: Date(timeIntervalSince1970: Double(number) * 1e6),
                    key: [1, UInt8(number)])
                if number % 3 != 0 { person.name = "näme \(number)" }
                if !isEven { person.tags = ["a", "b\(number)"] }
                if !isEven { person.scores = ["x": number] }
                return person
            }
            for person in people {
                try await session.execute(
                    "INSERT INTO v.people (id, name, tags, scores, born, key) "
                        + "VALUES (?, ?, ?, ?, ?, ?)",
                    binding: [
                        person.id, person.name, person.tags, person.scores, person.born,
                        person.key,
                    ])
            }
            var found: [Person] = []
            let rows = session.rows("SELECT * FROM v.people", pageSize: 7)
            for try await person in rows.decoded(Person.self) { found.append(person) }
            let order = { (a: Person, b: Person) in a.born < b.born }
            #expect(found.sorted(by: order) == people)
            let wrong = await #expect(throws: CQLError.self) {
                try await session.execute("SELECT id AS name FROM v.people").decoded(Person.self)
            }
            #expect(wrong?.description.contains("no column \"id\"") == true)
        }
    }

    @Test func decodableGoesRound() async throws {
        try await stage { session in
            try await session.execute(
                "CREATE TABLE v.records (id uuid PRIMARY KEY, name text, kind text, age tinyint, "
                    + "share float, words list<text>)")
            let id = UUID()
            let insert = "INSERT INTO v.records (id, name, kind, age, share, words) "
            try await session.execute(
                insert + "VALUES (?, ?, ?, ?, ?, ?)",
                binding: [id, String?.none, "good", 7, 0.5, ["a", "b"]])
            let rows = try await session.execute("SELECT * FROM v.records")
            let expected = Record(
                id: id, name: nil, kind: .good, age: 7, share: 0.5, words: ["a", "b"])
            #expect(try rows[0].decoded(as: Record.self) == expected)
            let decoder = CQLRowDecoder(rows.columns)
            #expect(try decoder.decode(rows[0], as: Record.self) == expected)
            let tooBig = await #expect(throws: CQLError.self) {
                try await session.execute(
                    insert + "VALUES (?, ?, ?, ?, ?, ?)",
                    binding: [id, "n", "good", 1_000, 0.5, ["a"]])
            }
            #expect(tooBig?.description.contains("age") == true)
        }
    }

    @Test func answersConditionsAndBatches() async throws {
        try await stage { session in
            try await session.execute("CREATE TABLE v.c (k int PRIMARY KEY, v int)")
            let insert = "INSERT INTO v.c (k, v) VALUES (?, ?) IF NOT EXISTS"
            let first = try await session.execute(insert, binding: [1, 2])
            #expect(first.wasApplied == true)
            let second = try await session.execute(insert, binding: [1, 3])
            #expect(second.wasApplied == false)
            #expect(try second[0]["v"] == .int(2))
            #expect(try await session.execute("SELECT * FROM v.c").wasApplied == nil)
            let plain = try await session.prepare("INSERT INTO v.c (k, v) VALUES (?, ?)")
            for kind in [BatchRequest.Kind.logged, .unlogged] {
                var batch = CQLBatch(kind)
                for number in 10..<20 { try batch.add(plain, [.int(Int32(number)), .int(1)]) }
                try batch.add("DELETE FROM v.c WHERE k = 1")
                try await session.execute(batch)
            }
            let count = try await session.execute("SELECT count(*) FROM v.c")
            #expect(try count[0][0] == .bigint(10))
            try await session.execute("CREATE TABLE v.n (k int PRIMARY KEY, n counter)")
            let add = try await session.prepare("UPDATE v.n SET n = n + ? WHERE k = ?")
            var counters = CQLBatch(.counter)
            for _ in 0..<3 { try counters.add(add, [.bigint(5), .int(1)]) }
            try await session.execute(counters)
            #expect(try await session.execute("SELECT n FROM v.n")[0][0] == .counter(15))
        }
    }

    /// Goal: USE reaches every connection, those to come too.
    @Test func usesAKeyspace() async throws {
        let store = try await CQLTestStore.embedded()
        let session = try await CQLSession.connect(
            Endpoint.parse("\(store.endpoint)?connections=3"), logger: cqlLogger)
        try await session.execute(
            "CREATE KEYSPACE v WITH replication = "
                + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        try await session.execute("USE v")
        #expect(session.keyspace == "v")
        try await session.execute("CREATE TABLE t (k int PRIMARY KEY)")
        for number in 0..<9 {
            try await session.execute("INSERT INTO t (k) VALUES (\(number))")
        }
        #expect(try await session.execute("SELECT k FROM t").count == 9)
        await session.close()
        await store.stop()
    }

    // MARK: Text and JSON

    private static let address = CQLType.udt(
        CQLUserType(
            keyspace: "v", name: "address",
            fields: [.init("street", .text), .init("Zip", .int), .init("set", .set(.text))]))

    static let samples: [(CQLValue, CQLType)] = [
        (.text("it's, \"so\"\n{}"), .text), (.int(-7), .int), (.bigint(.min), .bigint),
        (.tinyint(-128), .tinyint), (.smallint(300), .smallint), (.boolean(true), .boolean),
        (.double(0.1), .double), (.double(-.infinity), .double), (.float(3.25e-9), .float),
        (.blob([0, 255, 16]), .blob), (.blob([]), .blob), (.uuid(CQLUUID(high: 1, low: 2)), .uuid),
        (.timestamp(-62_135_596_800_001), .timestamp), (.timestamp(1_700_000_000_123), .timestamp),
        (.date(-719_529), .date), (.date(20_000), .date), (.time(86_399_999_999_999), .time),
        (.duration(CQLDuration(months: -14, days: -3, nanoseconds: -1_002_003)), .duration),
        (.varint(CQLVarint("-123456789012345678901234567890") ?? CQLVarint(0)), .varint),
        (.decimal(CQLDecimal("12.3400") ?? CQLDecimal(unscaled: CQLVarint(0), scale: 0)), .decimal),
        (.decimal(CQLDecimal(unscaled: CQLVarint(5), scale: -30)), .decimal),
        (CQLInet(bytes: [127, 0, 0, 1]).map { .inet($0) } ?? .null, .inet),
        (.list([.text("a'b"), .text("")]), .list(.text)), (.list([]), .list(.int)),
        (.set([.timestamp(0), .timestamp(1)]), .set(.timestamp)),
        (.map([.init(.int(1), .list([.text("x")]))]), .map(.int, .frozen(.list(.text)))),
        (.tuple([.int(1), .null, .text("null")]), .tuple([.int, .text, .text])),
        (.udt([.text("a: b"), .null, .set([.text("}")])]), address),
        (.vector([.float(1), .float(-0.5)]), .vector(.float, dimensions: 2)),
        (.map([.init(.text("k\"\\"), .udt([.null, .int(3), .null]))]), .map(.text, address)),
    ]

    @Test(arguments: samples.indices)
    func textGoesRound(index: Int) throws {
        let (value, type) = Self.samples[index]
        let text = CQLValueText.text(value, as: type)
        let back = try CQLValueText.value(text, as: type)
        #expect(back == value, "\(text)")
        // Cut short, it is an error or another value, never a crash.
        for end in text.indices { _ = try? CQLValueText.value(String(text[..<end]), as: type) }
    }

    @Test(arguments: samples.indices)
    func jsonGoesRound(index: Int) throws {
        let (value, type) = Self.samples[index]
        let text = CQLValueJSON.json(value, as: type).text
        #expect(try CQLValueJSON.value(JSONValue(parsing: text), as: type) == value, "\(text)")
    }

    @Test(arguments: [
        ("2026-02-30", CQLType.date), ("24:00", .time), ("2026-01-01 25:00", .timestamp),
        ("0xf", .blob), ("300", .tinyint), ("1,5", .double), ("yes", .boolean), ("x", .uuid),
        ("[1, 2", .list(.int)), ("{1: }", .map(.int, .int)), ("(1, 2, 3)", .tuple([.int])),
        ("[1]", .vector(.int, dimensions: 2)), ("1h2", .duration), ("1.2.3", .inet),
    ])
    func refusesText(text: String, type: CQLType) {
        #expect(throws: CQLEncodingError.self) { try CQLValueText.value(text, as: type) }
    }

    @Test func readsTimesOfAllForms() throws {
        let moment = CQLValue.timestamp(1_795_420_800_000)
        for text in [
            "2026-11-23T08:00:00.000Z", "2026-11-23 08:00:00", "2026-11-23 09:00+0100",
            "2026-11-23T03:00:00-05:00", "1795420800000",
        ] {
            #expect(try CQLValueText.value(text, as: .timestamp) == moment, "\(text)")
        }
    }
}
