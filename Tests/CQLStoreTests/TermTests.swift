// Terms against the types they meet: the bytes they give, and the words in which they are refused.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Terms")
struct TermTests {
    private static let address = CQLUserType(
        keyspace: "ks", name: "address",
        fields: [.init("street", .text), .init("number", .int)])

    private func compile(_ text: String, as type: CQLType) throws -> Evaluated {
        guard case .insert(let insert) = try CQLParser.parse("INSERT INTO t (c) VALUES (\(text))"),
            case .values(_, let terms) = insert.content, let term = terms.first
        else { throw CQLSyntaxError(line: 0, column: 0, message: "no INSERT") }
        let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())
        var compiler = TermCompiler(
            markers: MarkerList(keyspace: "ks", table: "t"),
            keyspace: Keyspace(
                name: "ks", replication: [], types: ["address": Self.address]),
            context: context)
        let expression = try compiler.compile(term, as: type, receiver: "c")
        return try expression.evaluate(.none, context)
    }

    private func value(_ text: String, as type: CQLType) throws -> CQLValue {
        switch try compile(text, as: type) {
        case .bytes(let bytes): try CQLValue.decode(bytes, as: type)
        case .null: .null
        case .unset: .unset
        }
    }

    private func refusal(_ text: String, as type: CQLType) -> String {
        do {
            return "accepted: \(try value(text, as: type))"
        } catch let error as StatementError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("-NaN", CQLType.double, "NaN"), ("-Infinity", .float, "-Infinity"), ("1.", .float, "1.0"),
        ("1.e2", .double, "100.0"), ("1e400", .float, "Infinity"), ("5", .float, "5.0"),
        ("1e1000000000", .decimal, "1E+1000000000"), ("-0", .int, "0"),
        ("0xCAFE", .blob, "0xcafe"), ("'x'", .ascii, "x"), ("'2000-1-2'", .date, "2000-01-02"),
        ("2147483648", .date, "1970-01-01"), ("'1:2:3'", .time, "01:02:03.000000000"),
        ("1", .time, "00:00:00.000000001"), ("-1", .timestamp, "1969-12-31T23:59:59.999Z"),
        ("'2011-02-03T04:05:06.7+0100'", .timestamp, "2011-02-03T03:05:06.700Z"),
        ("'2011-02-03+00'", .timestamp, "2011-02-03T00:00:00.000Z"),
        ("-1y2mo", .duration, "-1y2mo"), ("P1Y2M3DT4H5M6S", .duration, "1y2mo3d4h5m6s"),
        ("P0001-02-03T04:05:06", .duration, "1y2mo3d4h5m6s"), ("P2W", .duration, "14d"),
        ("now()", .uuid, ""), ("1 + 2 * 3", .bigint, "7"), ("10 % 4 - 1", .int, "1"),
        ("1 / 4", .decimal, "0.25"), ("1 / 4.0", .double, "0.25"), ("- (1 + 2)", .int, "-3"),
        ("'2024-01-31' + 1mo", .date, "2024-02-29"), ("(int) 5", .int, "5"),
        ("(ascii) 'a'", .text, "a"), ("intAsBlob(1)", .blob, "0x00000001"),
        ("blobAsInt(0x)", .int, ""), ("CAST(5 AS text)", .text, "5"),
        ("from_json('[1, 2]')", .list(.int), "[1, 2]"),
    ])
    func givesValues(text: String, type: CQLType, shown: String) throws {
        let found = try value(text, as: type)
        if !shown.isEmpty || found == .empty { #expect(found.description == shown) }
    }

    @Test(arguments: [
        ("[3, 1, 3]", CQLType.set(.int), "{1, 3}"), ("{}", .map(.int, .int), "{}"),
        ("{'b': 1, 'a': 2, 'b': 3}", .map(.text, .int), "{'a': 2, 'b': 3}"),
        ("(1, null)", .tuple([.int, .text]), "(1, null)"),
        ("'1:x\\:y'", .tuple([.int, .text]), "(1, 'x:y')"),
        ("'@:1'", .tuple([.int, .text]), "(null, '1')"),
        ("(1)", .tuple([.int, .text]), "(1, null)"),
        ("[1, 2.5]", .vector(.float, dimensions: 2), "[1.0, 2.5]"),
        ("['a', '']", .vector(.text, dimensions: 2), "['a', '']"),
        ("[[1], []]", .vector(.list(.int), dimensions: 2), "[[1], []]"),
        ("{number: 5}", .udt(address), "(null, 5)"),
        ("{street: 'x', number: 1 + 1}", .frozen(.udt(address)), "('x', 2)"),
        ("[{(1, 'x')}]", .list(.frozen(.set(.tuple([.int, .text])))), "[{(1, 'x')}]"),
    ])
    func givesNestedValues(text: String, type: CQLType, shown: String) throws {
        let text = text.hasPrefix("[3") ? "{3, 1, 3}" : text
        #expect(try value(text, as: type).description == shown)
    }

    /// The sentences are Cassandra's (3.11 and 5.0).
    @Test(arguments: [
        ("300", CQLType.tinyint, "Unable to make byte from '300'"),
        ("40000", .smallint, "Unable to make short from '40000'"),
        ("3000000000", .int, "Unable to make int from '3000000000'"),
        ("9223372036854775808", .bigint, "Unable to make long from '9223372036854775808'"),
        ("1.0", .int, "Invalid FLOAT constant (1.0) for \"c\" of type int"),
        ("'3'", .int, "Invalid STRING constant (3) for \"c\" of type int"),
        ("1", .text, "Invalid INTEGER constant (1) for \"c\" of type text"),
        ("1", .boolean, "Invalid INTEGER constant (1) for \"c\" of type boolean"),
        ("'ab'", .blob, "Invalid STRING constant (ab) for \"c\" of type blob"),
        ("0xabc", .blob, "cannot parse 'abc' as hex bytes"),
        ("'é'", .ascii, "Invalid ASCII character in string literal"),
        ("NaN", .decimal, "unable to make BigDecimal from 'NaN'"),
        ("1e99999999999", .decimal, "unable to make BigDecimal from '1e99999999999'"),
        ("-1", .date, "Unable to make unsigned int (for date) from: '-1'"),
        ("'2000-02-30'", .date, "Unable to coerce '2000-02-30' to a formatted date (long)"),
        ("'24:00:00'", .time, "(TimeType) Unable to coerce '24:00:00' to a formatted time (long)"),
        ("86400000000000", .time, "Unable to make long (for time) from: '86400000000000'"),
        ("'x'", .timestamp, "Unable to parse a date/time from 'x'"),
        ("1y1y", .duration, "Invalid duration. The years are specified multiple times"),
        ("1d1y", .duration, "Invalid duration. The days should be after years"),
        ("5", .duration, "Unable to convert '5' to a duration"),
        (
            "9999999999999y", .duration,
            "Invalid duration. The total number of months must be less or equal to 2147483647"
        ),
        (
            "123e4567-e89b-42d3-a456-426614174000", .timeuuid,
            "TimeUUID supports only version 1 UUIDs"
        ),
        ("'x'", .inet, "Unable to make inet address from 'x'"),
        ("[1, null]", .list(.int), "null is not supported inside collections"),
        ("['a']", .list(.int), "Invalid list literal for c: value 'a' is not of type int"),
        ("{1}", .list(.int), "Invalid set literal for c of type list<int>"),
        ("[1]", .set(.int), "Invalid list literal for c of type set<int>"),
        ("{1: 2}", .map(.text, .int), "Invalid map literal for c: key 1 is not of type text"),
        ("5", .list(.int), "Invalid INTEGER constant (5) for \"c\" of type list<int>"),
        (
            "(1, 'a', 3)", .tuple([.int, .text]),
            "Invalid tuple literal for c: too many elements. Type frozen<tuple<int, text>> expects "
                + "2 but got 3"
        ),
        (
            "('a', 'b')", .tuple([.int, .text]),
            "Invalid tuple literal for c: component 0 is not of type int"
        ),
        ("(1)", .int, "Invalid tuple type literal for c of type int"),
        (
            "[1.5]", .vector(.float, dimensions: 2),
            "Invalid vector literal for c of type vector<float, 2>; expected 2 elements, but given 1"
        ),
        ("{foo: 1}", .udt(address), "Unknown field 'foo' in value of user defined type address"),
        (
            "{number: 'x'}", .udt(address),
            "Invalid user type literal for c: field number is not of type int"
        ),
        ("(bigint) 1", .int, "Cannot assign value (bigint)1 to c of type int"),
        ("(text) 1", .text, "Cannot cast value 1 to type text"),
        ("foo()", .int, "Unknown function 'foo'"),
        (
            "now()", .int,
            "Type error: cannot assign result of function system.now (type timeuuid) to c (type int)"
        ),
        (
            "to_json(1)", .text,
            "to_json() may only be used within the selection clause of SELECT "
                + "statements"
        ),
        ("1 + 'a'", .int, "the '+' operation is not supported between 1 and 'a'"),
        ("1 / 0", .int, "the operation 'int / int' failed: / by zero"),
        (
            "'1:a:b'", .tuple([.int, .text]),
            "Invalid tuple literal: too many elements. Type "
                + "frozen<tuple<int, text>> expects 2 but got 3"
        ),
        ("null", .counter, "Invalid null value for counter increment/decrement"),
    ])
    func refuses(text: String, type: CQLType, message: String) {
        #expect(refusal(text, as: type) == message)
    }

    /// Goal: a long chain of operations is compiled in a time that grows with its length, not faster.
    @Test func compilesLongChains() throws {
        let chain = Array(repeating: "1", count: 60).joined(separator: " + ")
        #expect(try value(chain, as: .bigint) == .bigint(60))
        let nested =
            String(repeating: "- (1 + ", count: 15) + "1" + String(repeating: ")", count: 15)
        #expect(try value(nested, as: .int) != .null)
    }
}
