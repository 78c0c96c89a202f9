// Values and their bytes as cassandra-driver 3.30.1 writes them (cassandra.cqltypes, to_binary).

import CQLProtocol
import Testing

/// One value, its type, and the bytes of the Python driver in hexadecimal.
struct ValueVector: Sendable, CustomTestStringConvertible {
    var type: String
    var value: CQLValue
    var bytes: String

    var testDescription: String { "\(type) \(bytes.prefix(40))" }

    init(_ type: String, _ value: CQLValue, _ bytes: String) {
        self.type = type
        self.value = value
        self.bytes = bytes
    }

    static let user = CQLUserType(
        keyspace: "ks", name: "address",
        fields: [.init("street", .text), .init("number", .int)])

    private static func varint(_ text: String) -> CQLValue {
        .varint(CQLVarint(text) ?? CQLVarint(0))
    }
    private static func decimal(_ text: String) -> CQLValue {
        .decimal(CQLDecimal(text) ?? CQLDecimal(unscaled: CQLVarint(0), scale: 0))
    }
    private static func inet(_ text: String) -> CQLValue {
        CQLInet(text).map { .inet($0) } ?? .null
    }
    private static func uuid(_ text: String) -> CQLValue {
        CQLUUID(text).map { .uuid($0) } ?? .null
    }
    private static func timeuuid(_ text: String) -> CQLValue {
        CQLUUID(text).map { .timeuuid($0) } ?? .null
    }

    static let all: [ValueVector] = simple + numbers + nested

    private static let simple: [ValueVector] = [
        .init("inet", inet("127.0.0.1"), "7f000001"),
        .init("inet", inet("255.1.2.3"), "ff010203"),
        .init("inet", inet("::1"), "00000000000000000000000000000001"),
        .init("inet", inet("2001:db8::ff00:42:8329"), "20010db8000000000000ff0000428329"),
        .init("date", .date(0), "80000000"),
        .init("date", .date(1), "80000001"),
        .init("date", .date(-1), "7fffffff"),
        .init("date", .date(19000), "80004a38"),
        .init("date", .date(-719162), "7ff506c6"),
        .init("date", .date(2147483647), "ffffffff"),
        .init("date", .date(-2147483648), "00000000"),
        .init("time", .time(0), "0000000000000000"),
        .init("time", .time(1), "0000000000000001"),
        .init("time", .time(86399999999999), "00004e94914effff"),
        .init("time", .time(43200000000001), "0000274a48a78001"),
        .init("timestamp", .timestamp(0), "0000000000000000"),
        .init("timestamp", .timestamp(1), "0000000000000001"),
        .init("timestamp", .timestamp(-1), "ffffffffffffffff"),
        .init("timestamp", .timestamp(1700000000123), "0000018bcfe5687b"),
        .init(
            "uuid", uuid("12345678-1234-4abc-8def-1234567890ab"), "1234567812344abc8def1234567890ab"
        ),
        .init(
            "timeuuid", timeuuid("e4b2c0de-5c1a-11ee-8c99-0242ac120002"),
            "e4b2c0de5c1a11ee8c990242ac120002"),
        .init("boolean", .boolean(true), "01"),
        .init("boolean", .boolean(false), "00"),
        .init("text", .text(""), ""),
        .init("text", .text("Grüße 世界 🎈"), "4772c3bcc39f6520e4b896e7958c20f09f8e88"),
        .init("ascii", .ascii("plain"), "706c61696e"),
        .init("blob", .blob([0, 255, 16]), "00ff10"),
        .init("blob", .blob([]), ""),
    ]

    private static let numbers: [ValueVector] = [
        .init("int", .int(0), "00000000"),
        .init("int", .int(1), "00000001"),
        .init("int", .int(-1), "ffffffff"),
        .init("int", .int(127), "0000007f"),
        .init("int", .int(128), "00000080"),
        .init("int", .int(-128), "ffffff80"),
        .init("int", .int(-129), "ffffff7f"),
        .init("int", .int(255), "000000ff"),
        .init("int", .int(256), "00000100"),
        .init("int", .int(2147483647), "7fffffff"),
        .init("int", .int(-2147483648), "80000000"),
        .init("bigint", .bigint(0), "0000000000000000"),
        .init("bigint", .bigint(1), "0000000000000001"),
        .init("bigint", .bigint(-1), "ffffffffffffffff"),
        .init("bigint", .bigint(9223372036854775807), "7fffffffffffffff"),
        .init("bigint", .bigint(.min), "8000000000000000"),
        .init("counter", .counter(42), "000000000000002a"),
        .init("smallint", .smallint(0), "0000"),
        .init("smallint", .smallint(-32768), "8000"),
        .init("smallint", .smallint(32767), "7fff"),
        .init("tinyint", .tinyint(0), "00"),
        .init("tinyint", .tinyint(-128), "80"),
        .init("tinyint", .tinyint(127), "7f"),
        .init("varint", varint("0"), "00"),
        .init("varint", varint("1"), "01"),
        .init("varint", varint("-1"), "ff"),
        .init("varint", varint("127"), "7f"),
        .init("varint", varint("128"), "0080"),
        .init("varint", varint("-128"), "80"),
        .init("varint", varint("-129"), "ff7f"),
        .init("varint", varint("255"), "00ff"),
        .init("varint", varint("256"), "0100"),
        .init("varint", varint("65535"), "00ffff"),
        .init("varint", varint("-65536"), "ff0000"),
        .init("varint", varint("9223372036854775808"), "008000000000000000"),
        .init("varint", varint("18446744073709551616"), "010000000000000000"),
        .init("varint", varint("-9223372036854775809"), "ff7fffffffffffffff"),
        .init(
            "varint", varint("10000000000000000000000000000000000000000"),
            "1d6329f1c35ca4bfabb9f5610000000000"),
        .init(
            "varint", varint("-10000000000000000000000000000000000000000"),
            "e29cd60e3ca35b4054460a9f0000000000"),
        .init(
            "varint", varint("1606938044258990275541962092341162602522202993782792835301376"),
            "0100000000000000000000000000000000000000000000000000"),
        .init("decimal", decimal("0"), "0000000000"),
        .init("decimal", decimal("1"), "0000000001"),
        .init("decimal", decimal("-1"), "00000000ff"),
        .init("decimal", decimal("1.0"), "000000010a"),
        .init("decimal", decimal("1.00"), "0000000264"),
        .init("decimal", decimal("12.50"), "0000000204e2"),
        .init("decimal", decimal("-0.00012345678901234567890"), "00000017ff54ab567314e0f52e"),
        .init("decimal", decimal("1e-7"), "0000000701"),
        .init("decimal", decimal("1e10"), "fffffff601"),
        .init("decimal", decimal("-3.5E+20"), "ffffffeddd"),
        .init(
            "decimal", decimal("123456789012345678901234567890.123456789"),
            "000000095ce0e9a56015fec5aadfa328ae398115"),
        .init("duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 0)), "000000"),
        .init("duration", .duration(CQLDuration(months: 1, days: 2, nanoseconds: 3)), "020406"),
        .init("duration", .duration(CQLDuration(months: -1, days: -2, nanoseconds: -3)), "010305"),
        .init(
            "duration", .duration(CQLDuration(months: 12, days: 30, nanoseconds: 1000000000)),
            "183cf077359400"),
        .init(
            "duration",
            .duration(CQLDuration(months: 0, days: 0, nanoseconds: 9223372036854775807)),
            "0000fffffffffffffffffe"),
        .init(
            "duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: .min)),
            "0000ffffffffffffffffff"),
        .init(
            "duration",
            .duration(
                CQLDuration(months: 2147483647, days: 2147483647, nanoseconds: 9223372036854775807)),
            "f0fffffffef0fffffffefffffffffffffffffe"),
        .init(
            "duration",
            .duration(CQLDuration(months: -2147483648, days: -2147483648, nanoseconds: .min)),
            "f0fffffffff0ffffffffffffffffffffffffff"),
        .init("duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 63)), "00007e"),
        .init("duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 64)), "00008080"),
        .init(
            "duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 8191)), "0000bffe"),
        .init(
            "duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 8192)), "0000c04000"),
        .init(
            "duration", .duration(CQLDuration(months: 0, days: 0, nanoseconds: 17179869184)),
            "0000f80800000000"),
        .init("float", .float(0.0), "00000000"),
        .init("double", .double(0.0), "0000000000000000"),
        .init("float", .float(-0.0), "80000000"),
        .init("double", .double(-0.0), "8000000000000000"),
        .init("float", .float(1.5), "3fc00000"),
        .init("double", .double(1.5), "3ff8000000000000"),
        .init("float", .float(-32500000000.0), "d0f224d5"),
        .init("double", .double(-32500000000.0), "c21e449a94000000"),
        .init("float", .float(.infinity), "7f800000"),
        .init("double", .double(.infinity), "7ff0000000000000"),
        .init("float", .float(-.infinity), "ff800000"),
        .init("double", .double(-.infinity), "fff0000000000000"),
        .init("double", .double(0.1), "3fb999999999999a"),
    ]

    private static let nested: [ValueVector] = [
        .init(
            "list<int>", .list([.int(1), .int(-2), .int(3)]),
            "00000003000000040000000100000004fffffffe0000000400000003"),
        .init("list<text>", .list([]), "00000000"),
        .init("set<text>", .set([.text("a"), .text("bc")]), "000000020000000161000000026263"),
        .init(
            "map<text, int>", .map([.init(.text("k"), .int(7)), .init(.text("l"), .int(-1))]),
            "00000002000000016b0000000400000007000000016c00000004ffffffff"),
        .init(
            "map<text, frozen<list<int>>>", .map([.init(.text("k"), .list([.int(1), .int(2)]))]),
            "00000001000000016b000000140000000200000004000000010000000400000002"),
        .init(
            "tuple<int, text, boolean>", .tuple([.int(5), .text("x"), .null]),
            "00000004000000050000000178ffffffff"),
        .init(
            "list<frozen<tuple<int, text>>>",
            .list([.tuple([.int(1), .text("a")]), .tuple([.null, .text("b")])]),
            "000000020000000d0000000400000001000000016100000009ffffffff0000000162"),
        .init("address", .udt([.text("Main"), .int(9)]), "000000044d61696e0000000400000009"),
        .init(
            "vector<float, 3>", .vector([.float(1), .float(-2.5), .float(0)]),
            "3f800000c020000000000000"),
        .init(
            "vector<text, 2>", .vector([.text("ab"), .text(String(repeating: "x", count: 200))]),
            "02616280c8" + String(repeating: "78", count: 200)),
        .init("vector<smallint, 2>", .vector([.smallint(1), .smallint(-2)]), "02000102fffe"),
        .init(
            "vector<uuid, 1>", .vector([uuid("12345678-1234-4abc-8def-1234567890ab")]),
            "1234567812344abc8def1234567890ab"),
    ]
}
