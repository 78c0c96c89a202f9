// What becomes of JSON that is not what the schema says: Spark's PERMISSIVE mode, item by item.

import StreamEngine
import StreamPlan
import Testing

@Suite("PERMISSIVE")
struct PermissiveTests {
    static let schema = StructType([
        StructField("s", .string), StructField("i", .int), StructField("l", .long),
        StructField("d", .double), StructField("b", .boolean), StructField("t", .timestamp),
        StructField("x", .binary),
    ])

    static func read(_ value: String?, strict: Bool = false) -> RowBatch {
        var batch = RowBatch(sourceRows([value]))
        batch.columns = [
            ColumnVector(
                type: .binary, cells: [batch.source.rows[0].value?.bits ?? 0],
                nulls: [value == nil])
        ]
        var reader = JSONColumnReader(schema, isStrict: strict)
        reader.read(column: 0, of: &batch)
        batch.columns.removeFirst()
        return batch
    }

    static let nulls: [String?] = Array(repeating: nil, count: 7)

    /// Measured on Spark 4.3 (streaming.md, section 2, item 14), and its source for the rest.
    @Test(arguments: [
        (
            #"{"s":"a","i":1,"l":2,"d":1.5,"b":true,"t":"2024-01-02T03:04:05Z","x":"AQI="}"#,
            ["a", "1", "2", "1.5", "true", "1704164645000000", "\u{1}\u{2}"]
        ),
        // Other values for a string column become their JSON text.
        (#"{"s":12345}"#, ["12345"]), (#"{"s":true}"#, ["true"]), (#"{"s":1e2}"#, ["1e2"]),
        (#"{"s":{"x": [1, 2.5, null]}}"#, [#"{"x": [1, 2.5, null]}"#]),
        (#"{"s":[1, "a"]}"#, [#"[1, "a"]"#]), (#"{"s":null}"#, [nil]),
        // A quoted number is null in that field only.
        (#"{"s":"a","i":"1"}"#, ["a", nil]), (#"{"s":"a","l":"1"}"#, ["a", nil, nil]),
        (#"{"s":"a","d":"1.5"}"#, ["a", nil, nil, nil]),
        (#"{"d":"NaN"}"#, [nil, nil, nil, "nan"]), (#"{"d":NaN}"#, [nil, nil, nil, "nan"]),
        (#"{"d":3}"#, [nil, nil, nil, "3.0"]), (#"{"d":-Infinity}"#, [nil, nil, nil, "-inf"]),
        (#"{"i":1.0}"#, [nil, nil]), (#"{"i":2147483648}"#, [nil, nil]),
        (#"{"i":-2147483648}"#, [nil, "-2147483648"]),
        (#"{"l":9223372036854775807}"#, [nil, nil, "9223372036854775807"]),
        (#"{"l":9223372036854775808}"#, [nil, nil, nil]), (#"{"b":"true","s":"q"}"#, ["q"]),
        (#"{"b":1,"s":"q"}"#, ["q"]), (#"{"t":"soon","s":"q"}"#, ["q"]),
        (#"{"t":7}"#, [nil, nil, nil, nil, nil, "7000000"]),
        // Text after the closing brace is ignored; of equal names the last wins.
        (#"{"s":"a"} and more"#, ["a"]), (#"{"s":"a","s":"b"}"#, ["b"]),
        (#"{"s":"a","i":1,"s":null}"#, [nil, "1"]),
        // Names are case-sensitive, single quotes are taken.
        (#"{"S":"a"}"#, [nil]), (#"{'s':'a"b'}"#, [#"a"b"#]), (#"{"s":'it'}"#, ["it"]),
        (#"{}"#, [nil]), (#" { "s" : "a" , "i" : 5 } "#, ["a", "5"]),
        (#"{"s":"\u00e9\n\"\ud83d\ude00\ud800"}"#, ["é\n\"😀\u{FFFD}"]),
        (#"{"\u0073":"a"}"#, ["a"]), (#"{"z":{"s":"no"},"s":"yes"}"#, ["yes"]),
    ])
    func reads(_ text: String, _ expected: [String?]) {
        let batch = Self.read(text)
        let padded = expected + Self.nulls.dropFirst(expected.count)
        #expect(batch.shown(row: 0) == Array(padded))
        #expect(batch.rejections.isEmpty)
    }

    /// Goal: what is no object is a row of nulls for Spark, and a dead letter for us.
    @Test(
        arguments: [
            (#"{"s":"a","#, "the value is not JSON"), (#"{"s":"a"#, "the value is not JSON"),
            (#"{"s":"a" "i":1}"#, "the value is not JSON"), ("", "the value is not JSON"),
            (#"{"s":01}"#, "the value is not JSON"), (#"{"s":tru}"#, "the value is not JSON"),
            (#"{"s":1x}"#, "the value is not JSON"), (#"{s:1}"#, "the value is not JSON"),
            (#"{"s":"a"\#n"}"#, "the value is not JSON"), (#"{"s":"\q"}"#, "the value is not JSON"),
            (#"[{"s":"a"}]"#, "the value is no JSON object"),
            ("null", "the value is no JSON object"),
            ("17", "the value is no JSON object"), (nil, "the value is null"),
            (
                #"{"s":"# + String(repeating: "[", count: 200),
                "the value nests deeper than 128 levels"
            ),
        ] as [(String?, String)])
    func refuses(_ text: String?, _ reason: String) {
        let relaxed = Self.read(text)
        #expect(relaxed.shown(row: 0) == Self.nulls)
        #expect(relaxed.selection == [0])
        let strict = Self.read(text, strict: true)
        #expect(strict.selection.isEmpty)
        #expect(strict.rejections == [Rejection(row: 0, reason: reason)])
    }

    /// Goal: the fields that may not be null decide, and the reason names the field.
    @Test(arguments: [
        (#"{"email":"a@b"}"#, "id is missing"), (#"{"id":null}"#, "id is missing"),
    ])
    func needsRequiredFields(_ text: String, _ reason: String) throws {
        var pipeline = BatchPipeline(try StreamQuery.people.analyzed())
        let batch = pipeline.run(sourceRows([#"{"id":"1","email":null,"age":2}"#, text]))
        #expect(batch.rejections == [Rejection(row: 1, reason: reason)])
        #expect(batch.shown(row: 0) == ["1", nil, "2"])
        let relaxed = BatchPipeline(try StreamQuery.people.deadLetters(.none).analyzed())
        var copy = relaxed
        #expect(copy.run(sourceRows([text])).rejections.isEmpty)
    }

    @Test func namesAWrongType() throws {
        let schema = StructType([StructField("n", .int, nullable: false)])
        var batch = RowBatch(sourceRows([#"{"n":"1"}"#]))
        batch.addForTest()
        var reader = JSONColumnReader(schema, isStrict: true)
        reader.read(column: 0, of: &batch)
        #expect(batch.rejections == [Rejection(row: 0, reason: "n is no int")])
    }

    /// Goal: bytes that are not UTF-8 never come out as text.
    @Test(arguments: [
        [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ])
    func refusesBytesThatAreNotUTF8(_ bytes: [Int]) {
        let text = Array(#"{"s":""#.utf8) + bytes.map { UInt8($0) } + Array(#""}"#.utf8)
        var batch = RowBatch(sourceRows(bytes: [text]))
        batch.addForTest()
        var reader = JSONColumnReader(Self.schema, isStrict: true)
        reader.read(column: 0, of: &batch)
        #expect(batch.rejections.map(\.reason) == ["the value is not UTF-8"])
    }
}

extension RowBatch {
    /// Gives the batch one column, its values.
    mutating func addForTest() {
        let cells = source.rows.map { $0.value?.bits ?? 0 }
        let nulls = source.rows.map { $0.value == nil }
        columns = [ColumnVector(type: .binary, cells: cells[...], nulls: nulls[...])]
    }
}
