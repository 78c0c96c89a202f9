// The scanner against MillraceBase's own parser, on records made at random.

import MillraceBase
import StreamEngine
import StreamPlan
import Testing

/// A generator whose numbers follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Makes records: members in one order mostly, then shuffled, doubled, nested, escaped, cut.
struct RecordMaker {
    var random: SeededGenerator
    static let names = ["id", "name", "age", "score", "note", "extra", "mail"]
    static let pieces = [
        "a", "Zürich", "😀", "\"", "\\", "\n", "\u{1}", "longer text of some length", "", "'", "/",
        "日本語テキスト", "{", "}", ",", ":", "\u{7F}", "\u{800}", "end",
    ]

    mutating func value(_ depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 3 ? 12 : 9), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(String(Int.random(in: -1_000...1_000_000, using: &random)))
        case 3: return .number("\(Int.random(in: 0...99, using: &random)).5e1")
        case 9: return .array((0..<2).map { _ in value(depth + 1) })
        case 10, 11: return .object(JSONObject([("k", value(depth + 1)), ("é\"", "x")]))
        default: return .string(text())
        }
    }

    mutating func text() -> String {
        (0..<Int.random(in: 0...4, using: &random))
            .map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
    }

    mutating func record(mixed: Bool) -> JSONObject {
        var members = Self.names.map { name in
            (name: name, value: mixed ? value() : JSONValue.string(text()))
        }
        if mixed, Bool.random(using: &random) { members.shuffle(using: &random) }
        if mixed, Int.random(in: 0..<4, using: &random) == 0 {
            members.append((name: "name", value: value()))
        }
        if mixed, Int.random(in: 0..<4, using: &random) == 0 { members.removeFirst() }
        return JSONObject(members)
    }

    /// The record's text, in one of the forms that writers give it.
    mutating func bytes(_ record: JSONObject) -> [UInt8] {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return Array(JSONValue.object(record).prettyText.utf8)
        case 1: return escaped(record)
        default: return JSONValue.object(record).bytes
        }
    }

    /// All of it in `\u` escapes, surrogate pairs included.
    private func escaped(_ record: JSONObject) -> [UInt8] {
        func text(_ text: String) -> String {
            "\""
                + text.utf16.map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined() + "\""
        }
        let members = record.members.map { member in
            let value =
                if case .string(let inner) = member.value { text(inner) } else { member.value.text }
            return "\(text(member.name)): \(value)"
        }
        return Array("{\(members.joined(separator: " , "))}".utf8)
    }
}

@Suite("JSON scanner against a plain parser")
struct ScannerPropertyTests {
    static let schema = StructType([
        StructField("id", .string), StructField("name", .string), StructField("age", .int),
        StructField("score", .double), StructField("note", .string), StructField("mail", .string),
    ])

    /// What a plain parser makes of a record, by the rules of PERMISSIVE.
    static func expected(_ bytes: [UInt8]) -> [String?]? {
        guard let parsed = try? JSONValue(parsing: bytes), case .object(let object) = parsed else {
            return nil
        }
        return schema.fields.map { field in
            guard let value = object[field.name] else { return nil }
            switch (field.type, value) {
            case (_, .null): return nil
            case (.string, .string(let text)): return text
            case (.string, .number(let text)): return text
            case (.string, .bool(let value)): return value ? "true" : "false"
            case (.int, .number(let text)): return Int32(text).map { String($0) }
            case (.double, .number(let text)): return Double(text).map { String($0) }
            case (.string, _): return "nested"
            default: return nil
            }
        }
    }

    /// Compares, with nested values by their meaning: the scanner keeps their own text.
    static func compare(_ records: [[UInt8]], seed: UInt64) {
        var batch = RowBatch(sourceRows(bytes: records))
        batch.addForTest()
        var reader = JSONColumnReader(schema, isStrict: true)
        reader.read(column: 0, of: &batch)
        batch.columns.removeFirst()
        let rejected = Set(batch.rejections.map(\.row))
        for (row, record) in records.enumerated() {
            guard let wanted = expected(record) else {
                #expect(rejected.contains(row), "seed \(seed), row \(row)")
                continue
            }
            #expect(!rejected.contains(row), "seed \(seed), row \(row)")
            let object = (try? JSONValue(parsing: record))?.object
            for (column, field) in schema.fields.enumerated() {
                let found = batch.shown(column, row)
                if wanted[column] == "nested", let found {
                    #expect(
                        (try? JSONValue(parsing: found)) == object?[field.name],
                        "seed \(seed), row \(row), \(field.name)")
                } else {
                    #expect(found == wanted[column], "seed \(seed), row \(row), \(field.name)")
                }
            }
        }
    }

    /// Method: batches that start in one shape and then vary in everything a writer may vary.
    @Test(arguments: 1...20)
    func readsWhatAPlainParserReads(seed: UInt64) {
        var maker = RecordMaker(random: SeededGenerator(state: seed))
        var records: [[UInt8]] = []
        for index in 0..<120 {
            let record = maker.record(mixed: index >= 40)
            records.append(index < 40 ? JSONValue.object(record).bytes : maker.bytes(record))
        }
        Self.compare(records, seed: seed)
    }

    /// Method: a good record cut at every byte, behind others of its shape and alone.
    @Test(arguments: 1...6)
    func refusesEveryCut(seed: UInt64) {
        var maker = RecordMaker(random: SeededGenerator(state: seed &+ 1_000))
        let whole = JSONValue.object(maker.record(mixed: seed % 2 == 0)).bytes
        let cuts = whole.indices.map { Array(whole.prefix($0)) }
        Self.compare([whole, whole] + cuts + [whole], seed: seed)
        for cut in cuts where !cut.isEmpty { Self.compare([cut], seed: seed) }
    }

    /// Method: one byte of a good record changed to any other. Nothing may crash or read on.
    @Test(arguments: 1...4)
    func survivesEveryChangedByte(seed: UInt64) {
        var maker = RecordMaker(random: SeededGenerator(state: seed &+ 2_000))
        let whole = JSONValue.object(maker.record(mixed: false)).bytes
        var records = [whole]
        for index in whole.indices {
            var changed = whole
            changed[index] = UInt8.random(in: 0...255, using: &maker.random)
            records.append(changed)
        }
        var batch = RowBatch(sourceRows(bytes: records))
        batch.addForTest()
        var reader = JSONColumnReader(Self.schema, isStrict: true)
        reader.read(column: 0, of: &batch)
        #expect(batch.selection.contains(0))
        for row in batch.selection.map(Int.init) {
            for column in 1...Self.schema.fields.count { _ = batch.shown(column, row) }
        }
    }
}
