// Values as JSON and back.

import CQLProtocol
import MillraceBase
import Testing

@testable import CQLStore

@Suite("JSON of values")
struct JSONValueTests {
    private static let point = CQLUserType(
        keyspace: "ks", name: "point", fields: [.init("x", .int), .init("Name", .text)])

    private func bytes(_ json: String, _ type: CQLType) throws -> [UInt8]? {
        try JSONReader(now: 0).bytes(try JSONValue(parsing: json), type)
    }

    private func refusal(_ json: String, _ type: CQLType) -> String {
        do {
            return "accepted \(String(describing: try bytes(json, type)))"
        } catch let error as JSONMismatch {
            return error.why
        } catch {
            return "\(error)"
        }
    }

    /// Method: JSON to bytes and back is the same text where the text is Cassandra's own form.
    @Test(arguments: [
        ("123", CQLType.int), ("-123123123123", .bigint), ("32767", .smallint), ("-128", .tinyint),
        ("123123123123123123123", .varint), ("-1.23E-12", .decimal), ("1E+1000000000", .decimal),
        ("123123.123123", .double), ("123123.0", .double), ("1.0E10", .double), ("123.123", .float),
        ("true", .boolean), ("\"a \\\"b\\\" \\n \\u0001\"", .text), ("\"0x00ff\"", .blob),
        ("\"1987-03-23\"", .date), ("\"00:00:00.000000123\"", .time),
        ("\"2014-01-01 12:15:45.000Z\"", .timestamp), ("\"127.0.0.1\"", .inet),
        ("\"0:0:0:0:0:0:0:1\"", .inet), ("\"1y1mo2d10h5m\"", .duration),
        ("\"6bddc89a-5644-11e4-97fc-56847afe9799\"", .timeuuid),
        ("[1, 2]", .list(.int)), ("[]", .frozen(.set(.int))),
        ("{\"1\": true, \"2\": false}", .map(.int, .boolean)),
        ("{\"[0, \\\"a\\\"]\": 1}", .map(.tuple([.int, .text]), .int)),
        ("[1, null]", .tuple([.int, .text])), ("[0.5, 1.0]", .vector(.float, dimensions: 2)),
        ("{\"x\": 1, \"\\\"Name\\\"\": \"n\"}", .udt(point)),
    ])
    func goesRound(json: String, type: CQLType) throws {
        #expect(JSONValues.text(try bytes(json, type), type) == json)
    }

    @Test(arguments: [
        ("\"123\"", CQLType.int, "123"), ("\"TRUE\"", .boolean, "true"), ("null", .int, "null"),
        ("1234", .timestamp, "\"1970-01-01 00:00:01.234Z\""),
        ("\"2014-01-01\"", .timestamp, "\"2014-01-01 00:00:00.000Z\""),
        ("[3, 1, 3]", .set(.int), "[1, 3]"),
        ("{\"X\": 1}", .udt(point), "{\"x\": 1, \"\\\"Name\\\"\": null}"),
        ("\"[1]\"", .list(.int), "[1]"), ("\"1e400\"", .double, "null"),
    ])
    func understandsOtherForms(json: String, type: CQLType, shown: String) throws {
        #expect(JSONValues.text(try bytes(json, type), type) == shown)
    }

    @Test(arguments: [
        ("2147483648", CQLType.int, "Expected an int value, but got a Long: 2147483648"),
        ("1.5", .int, "Expected an int value, but got a Double: 1.5"),
        ("\"x\"", .int, "Unable to make int from 'x'"),
        ("128", .tinyint, "Unable to make byte from '128'"),
        ("5", .text, "Expected a UTF-8 string, but got a Integer: 5"),
        ("\"é\"", .ascii, "Invalid ASCII character in string literal"),
        (
            "\"123\"", .blob,
            "Value '123' is not a valid blob representation: String representation of blob is "
                + "missing 0x prefix"
        ),
        ("\"abc\"", .boolean, "Unable to make boolean from 'abc'"),
        ("\"\"", .varint, "Value '' is not a valid representation of a varint value"),
        ("true", .decimal, "Value 'true' is not a valid representation of a decimal value"),
        ("[null]", .list(.int), "Invalid null element in list"),
        ("{\"a\": null}", .map(.text, .int), "Invalid null value in map"),
        ("123", .list(.int), "Expected a list, but got a Integer: 123"),
        ("[1]", .tuple([.int, .int]), "Tuple is missing items (expected 2): [1]"),
        ("[1, 2, 3]", .tuple([.int, .int]), "Tuple contains extra items (expected 2): [1, 2, 3]"),
        ("{\"y\": 1}", .udt(point), "Unknown field 'y' in value of user defined type point"),
        (
            "[1.0]", .vector(.float, dimensions: 2),
            "List had incorrect size: expected 2 but given 1; [1.0]"
        ),
        ("\"xyz\"", .date, "Unable to coerce 'xyz' to a formatted date (long)"),
    ])
    func refuses(json: String, type: CQLType, message: String) {
        #expect(refusal(json, type) == message)
    }

    @Test func documentsNameColumns() throws {
        let members = try JSONDocument.members(
            "{\"K\": 1, \"\\\"Foo\\\"\": 2}", columns: ["k", "Foo"])
        #expect(Set(members.keys) == ["k", "Foo"])
        for (text, message) in [
            ("{\"k\": 1, \"zzz\": 0}", "JSON values map contains unrecognized column: zzz"),
            ("null", "Got null for INSERT JSON values"),
        ] {
            let error = #expect(throws: StatementError.self) {
                _ = try JSONDocument.members(text, columns: ["k"])
            }
            #expect(error?.message == message)
        }
        let error = #expect(throws: StatementError.self) {
            _ = try JSONDocument.members("12.34", columns: ["k"])
        }
        #expect(error?.message.hasPrefix("Could not decode JSON string as a map") == true)
    }
}
