// Corners of CQL's grammar: numbers, names, comments, assignments, and the words of errors.

import CQLProtocol
import Testing

@Suite("CQL grammar")
struct CQLGrammarTests {
    private func term(_ text: String) throws -> CQLTerm? {
        guard case .insert(let insert) = try CQLParser.parse("INSERT INTO t (a) VALUES (\(text))"),
            case .values(_, let terms) = insert.content
        else { return nil }
        return terms.first
    }

    private func assignments(_ text: String) throws -> [CQLAssignment] {
        guard case .update(let update) = try CQLParser.parse("UPDATE t SET \(text) WHERE k = 0")
        else { return [] }
        return update.assignments
    }

    @Test(arguments: [
        ("1.", CQLTerm.float("1.")), ("1.e5", .float("1.e5")), ("-0", .integer("-0")),
        ("1E-5", .float("1E-5")), ("-1.5", .float("-1.5")), ("0x", .hex("")),
        ("-1d2h", .duration("-1d2h")), ("12µs", .duration("12µs")), ("P1W", .duration("P1W")),
        (":\"Quoted\"", .marker(CQLMarker(index: 0, name: "Quoted"))),
        ("$$a$b$$", .string("a$b")), ("''", .string("")),
        ("CAST(1 AS text)", .cast(.integer("1"), .named(CQLName("text")))),
        (
            "1 + 2 * 3",
            .arithmetic(
                .integer("1"), .add, .arithmetic(.integer("2"), .multiply, .integer("3")))
        ),
    ])
    func readsTerms(text: String, expected: CQLTerm) throws {
        #expect(try term(text) == expected)
    }

    @Test(arguments: [".5", "true.x", "1..2", "\"x\"", "#", "$$a", "{a: 1, 2}"])
    func refusesTerms(text: String) {
        #expect(throws: CQLSyntaxError.self) { _ = try term(text) }
    }

    @Test func namesAreWordsThatAreNotReserved() throws {
        for word in ["default", "unset", "mbean", "replace", "ttl", "json", "int", "key", "vector"]
        {
            _ = try CQLParser.parse("CREATE TABLE \(word) (\(word) int PRIMARY KEY)")
        }
        for word in ["select", "true", "FALSE", "token", "nan", "infinity", "null"] {
            #expect(throws: CQLSyntaxError.self) {
                _ = try CQLParser.parse("CREATE TABLE t (\(word) int PRIMARY KEY)")
            }
        }
    }

    @Test func readsComments() throws {
        for text in ["USE a --x\r;", "USE a // x\n", "USE /*-- */ a", "-- x\r\nUSE a", "USE a;;"] {
            _ = try CQLParser.parse(text)
        }
    }

    @Test func readsAssignments() throws {
        #expect(
            try assignments("a += 1, b -= 2") == [
                .add("a", .integer("1")), .subtract("b", .integer("2")),
            ])
        #expect(try assignments("l = [1] + l") == [.prepend("l", .list([.integer("1")]))])
        #expect(try assignments("c = c -1") == [.subtract("c", .integer("1"))])
        #expect(
            try assignments("u.f = 1, u.g = 2") == [
                .field("u", "f", .integer("1")), .field("u", "g", .integer("2")),
            ])
        #expect(
            try assignments("a = 1 + 2") == [
                .set("a", .arithmetic(.integer("1"), .add, .integer("2")))
            ])
    }

    @Test(arguments: [
        ("a = 1, a = 2", "Multiple incompatible setting of column a"),
        ("l = [1], l = l + [2]", "Multiple incompatible setting of column l"),
        ("u.f = 1, u.f = 2", "Multiple incompatible setting of column u"),
        ("l = m + [1]", "Only expressions of the form X = X +<value> are supported."),
        ("l = [1] + m", "Only expressions of the form X = <value> + X are supported."),
    ])
    func refusesAssignments(text: String, message: String) {
        let error = #expect(throws: CQLSyntaxError.self) { _ = try assignments(text) }
        #expect(error?.message.hasPrefix(message) == true)
    }

    /// The words are ANTLR's, seen of Cassandra 3.11.
    @Test(arguments: [
        ("SELECT FROM t", "line 1:7 no viable alternative at input 'FROM' (SELECT [FROM]...)"),
        ("SELECT * FROM", "line 0:-1 no viable alternative at input '<EOF>'"),
        ("INSERT INTO t (p) VALUES (1", "line 0:-1 mismatched input '<EOF>' expecting ')'"),
        ("SELECT * FROM t WHERE p = #", "line 1:26 no viable alternative at character '#'"),
        (";", "line 1:0 no viable alternative at input ';' ([;])"),
        (
            "INSERT INTO t (p) VALUES (abc, 1)",
            "line 1:29 no viable alternative at input ',' (...t (p) VALUES ([abc],...)"
        ),
        ("SELECT * FROM t WHERE p = 'x", "line 1:28 mismatched character '<EOF>' expecting '''"),
    ])
    func tellsWhatIsWrong(text: String, message: String) {
        let error = #expect(throws: CQLSyntaxError.self) { _ = try CQLParser.parse(text) }
        #expect(error?.description == message)
    }

    /// Goal: neither depth nor length of a statement takes the stack.
    @Test func boundsChainsAndDepth() throws {
        let chain = Array(repeating: "1", count: 5_000).joined(separator: " + ")
        #expect(throws: CQLSyntaxError.self) { _ = try term(chain) }
        for (open, close) in [("[", "]"), ("(", ")"), ("{", "}"), ("(int)", ""), ("- ", "")] {
            let deep =
                String(repeating: open, count: 20_000) + "1"
                + String(repeating: close, count: 20_000)
            #expect(throws: CQLSyntaxError.self) { _ = try term(deep) }
        }
        let long = Array(repeating: "1", count: 50_000).joined(separator: ", ")
        #expect(try term("[\(long)]") != nil)
    }

    /// Chains and brackets in each other, which walk deeper than either limit.
    @Test(arguments: ["1", "abs(1)", "p"])
    func whatStandsTooDeepIsRefused(_ start: String) {
        var text = start
        for _ in 0..<6 { text = "(" + text + ")" + String(repeating: "+1", count: 60) }
        #expect(throws: CQLSyntaxError.self) { try CQLParser.parse("SELECT \(text) FROM t") }
        #expect(throws: CQLSyntaxError.self) {
            try CQLParser.parse("INSERT INTO t (p) VALUES (\(text))")
        }
        for chain in ["+p", "*p", "[1]", ".a"] {
            let long = "p" + String(repeating: chain, count: 500)
            #expect(throws: CQLSyntaxError.self) { try CQLParser.parse("SELECT \(long) FROM t") }
        }
    }

    @Test func aSumInsideOfEachElementIsFine() throws {
        let elements = Array(repeating: "1+1", count: 500).joined(separator: ",")
        _ = try CQLParser.parse("INSERT INTO t (p, l) VALUES (1, [\(elements)])")
    }
}
