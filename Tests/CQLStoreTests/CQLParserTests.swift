// CQL as text into statements, and what is refused where.

import CQLProtocol
import Testing

@Suite("CQL parser")
struct CQLParserTests {
    @Test func readsEveryKindOfStatement() throws {
        for text in Self.good { _ = try CQLParser.parse(text) }
    }

    private static let good = [
        "USE \"Ks\"", "use ks;", "-- a comment\nUSE ks // another\n", "/* one */ USE /* two */ ks",
        "CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': 'X', 'dc1': 3} AND durable_writes = false",
        "CREATE TABLE ks.t (a int, b text, c list<frozen<map<text, int>>>, s blob STATIC, PRIMARY KEY ((a, b), c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x' AND caching = {}",
        "CREATE TABLE t (p1 int PRIMARY KEY, d1 text)",
        "ALTER TABLE t ADD (a int, b text)",
        "ALTER TABLE t DROP a", "ALTER TABLE t RENAME a TO b AND c TO d",
        "ALTER TABLE t WITH comment = ''",
        "DROP TABLE IF EXISTS t", "TRUNCATE t", "TRUNCATE TABLE ks.t",
        "CREATE TYPE a (b int, c frozen<d>)",
        "INSERT INTO t (a, b) VALUES (1, ?) IF NOT EXISTS USING TTL 5 AND TIMESTAMP :ts",
        "INSERT INTO t JSON '{\"a\": 1}' DEFAULT UNSET",
        "UPDATE t USING TTL ? SET a = 1, b = b + {1}, c['x'] = 2, d = [1] + d, e = e - 1, f += 1, g.h = 1 WHERE k = 1 AND (c1, c2) = (1, 2) IF a = 1 AND b[1] > 2 AND c IN (1, 2)",
        "UPDATE t SET c = c -1 WHERE k = 1", "UPDATE t SET a = 1 WHERE k = 1 IF EXISTS",
        "DELETE a, b[1] FROM t USING TIMESTAMP 5 WHERE k = 1 AND c > 2",
        "DELETE FROM t WHERE k IN (1, 2)",
        "BEGIN UNLOGGED BATCH USING TIMESTAMP 1 INSERT INTO t (a) VALUES (1); DELETE FROM t WHERE a = 1 APPLY BATCH",
        "BEGIN BATCH APPLY BATCH;",
        "SELECT * FROM t", "SELECT DISTINCT a, b FROM t",
        "SELECT count(*), count(1), min(a) AS m, writetime(b), ttl(c), token(a, b), cast(a AS text), d['x'], e.f FROM t",
        "SELECT a FROM t WHERE k = ? AND c IN ? AND token(k) > token(5) AND v CONTAINS KEY 'x' AND m['a'] = 3 ORDER BY c DESC PER PARTITION LIMIT 2 LIMIT ? ALLOW FILTERING",
        "SELECT json, distinct FROM t",
        "SELECT key FROM t WHERE (a, b) > (1, 2) AND (c) IN ((1), (2))",
        "SELECT a FROM t GROUP BY a, b", "SELECT toTimestamp(now()) FROM t",
        "DESCRIBE KEYSPACES", "DESC TABLES", "DESCRIBE CLUSTER", "DESCRIBE FULL SCHEMA",
        "DESCRIBE SCHEMA WITH INTERNALS",
        "DESCRIBE KEYSPACE ks", "DESCRIBE TABLE ks.t", "DESCRIBE \"T\"", "LIST ROLES",
        "GRANT SELECT ON t TO u", "CREATE CUSTOM INDEX ON t (a)",
    ]

    @Test(arguments: [
        ("SELEC * FROM t", 1, 0), ("SELECT FROM t", 1, 7), ("SELECT *\nFROM", 0, -1),
        ("INSERT INTO t (a) VALUES (1", 0, -1), ("SELECT * FROM t WHERE a = 'x", 1, 28),
        ("CREATE TABLE t (select int PRIMARY KEY)", 1, 16), ("USE ks; USE ks", 1, 8), ("", 0, -1),
        (";", 1, 0),
        ("SELECT * FROM t WHERE a = #", 1, 26), ("UPDATE t SET a = b WHERE k = 1", 1, 19),
        ("SELECT * FROM t /* never ends", 1, 29),
    ])
    func namesThePlaceOfAnError(text: String, line: Int, column: Int) {
        let error = #expect(throws: CQLSyntaxError.self) { try CQLParser.parse(text) }
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test func foldsNamesUnlessQuoted() throws {
        guard
            case .select(let select) = try CQLParser.parse(
                "SELECT Abc, \"Abc\", \"a\"\"b\" FROM KS.\"T\"")
        else {
            Issue.record("not a SELECT")
            return
        }
        #expect(select.items.map(\.selector) == [.column("abc"), .column("Abc"), .column("a\"b")])
        #expect(select.table == CQLName(keyspace: "ks", "T"))
    }

    @Test(arguments: [
        ("1", CQLTerm.integer("1")), ("-1", .integer("-1")), ("1.5e3", .float("1.5e3")),
        ("-NaN", .float("-NaN")),
        ("'it''s'", .string("it's")), ("$$it's$$", .string("it's")), ("0xCAFE", .hex("CAFE")),
        ("TRUE", .boolean(true)),
        ("null", .null),
        ("123e4567-e89b-42d3-a456-426614174000", .uuid("123e4567-e89b-42d3-a456-426614174000")),
        ("1y2mo", .duration("1y2mo")), ("P1Y2M3DT4H", .duration("P1Y2M3DT4H")),
        ("P0001-02-03T04:05:06", .duration("P0001-02-03T04:05:06")),
        ("[]", .list([])), ("{}", .set([])), ("{1, 2}", .set([.integer("1"), .integer("2")])),
        ("(1, 'a')", .tuple([.integer("1"), .string("a")])),
        ("?", .marker(CQLMarker(index: 0, name: nil))),
        (":Name", .marker(CQLMarker(index: 0, name: "name"))),
        ("now()", .function(CQLName("now"), [])),
    ])
    func readsTerms(text: String, term: CQLTerm) throws {
        guard case .insert(let insert) = try CQLParser.parse("INSERT INTO t (a) VALUES (\(text))"),
            case .values(_, let terms) = insert.content
        else {
            Issue.record("not an INSERT")
            return
        }
        #expect(terms == [term])
    }

    /// Method: good statements cut at every character, and with one character replaced. Nothing may crash.
    @Test func survivesCutsAndNoise() {
        var random = SeededGenerator(seed: 11)
        for text in Self.good {
            let characters = Array(text)
            for length in characters.indices {
                _ = try? CQLParser.parse(String(characters[..<length]))
            }
            for _ in 0..<20 {
                var noisy = characters
                noisy[Int.random(in: noisy.indices, using: &random)] =
                    "'\"$(){}[]<>,;:?-*0xµ ".randomElement(using: &random) ?? " "
                _ = try? CQLParser.parse(String(noisy))
            }
        }
    }

    @Test func boundsItsDepth() {
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: CQLSyntaxError.self) {
            try CQLParser.parse("INSERT INTO t (a) VALUES (\(deep)")
        }
        let types = String(repeating: "list<", count: 10_000)
        #expect(throws: CQLSyntaxError.self) { try CQLParser.parse("CREATE TABLE t (a \(types)") }
        let hints = String(repeating: "-", count: 9_999) + "a"
        #expect(throws: CQLSyntaxError.self) {
            try CQLParser.parse("INSERT INTO t (a) VALUES (\(hints))")
        }
    }
}
