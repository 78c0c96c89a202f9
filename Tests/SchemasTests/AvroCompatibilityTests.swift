// Which Avro schemas read which: a table of pairs, after the specification's "Schema Resolution".

import MillraceSchemas
import Testing

/// A reader, a writer, and the rule that must be broken; `nil` when the reader can read.
struct SchemaPair: Sendable, CustomTestStringConvertible {
    var name: String
    var reader: String
    var writer: String
    /// The start of the message: rule, and path.
    var broken: String?

    init(_ name: String, reader: String, writer: String, broken: String? = nil) {
        self.name = name
        self.reader = reader
        self.writer = writer
        self.broken = broken
    }

    var testDescription: String { name }

    func check(_ kind: SchemaKind) throws {
        let found = try SchemaDocument(kind, reader).incompatibilities(
            readingDataOf: try SchemaDocument(kind, writer))
        if let broken {
            #expect(found.contains { $0.hasPrefix(broken) }, "found \(found)")
        } else {
            #expect(found.isEmpty)
        }
    }
}

/// A record `User` with these fields.
private func user(_ fields: String) -> String {
    #"{"type":"record","name":"User","namespace":"n","fields":[\#(fields)]}"#
}

private func field(_ name: String, _ type: String, _ rest: String = "") -> String {
    #"{"name":"\#(name)","type":\#(type)\#(rest)}"#
}

private let base = user(field("id", #""string""#))

@Suite struct AvroCompatibilityTests {
    static let fields: [SchemaPair] = [
        .init("the same", reader: base, writer: base),
        .init(
            "a field with a default was added",
            reader: user(
                field("id", #""string""#) + "," + field("age", #""int""#, #","default":0"#)),
            writer: base),
        .init(
            "a field without a default was added",
            reader: user(field("id", #""string""#) + "," + field("age", #""int""#)), writer: base,
            broken: "READER_FIELD_MISSING_DEFAULT_VALUE at /age"),
        .init(
            "a field was removed", reader: base,
            writer: user(field("id", #""string""#) + "," + field("age", #""int""#))),
        .init(
            "a field was renamed, with an alias",
            reader: user(field("key", #""string""#, #","aliases":["id"]"#)), writer: base),
        .init(
            "a field's type changed", reader: user(field("id", #""int""#)), writer: base,
            broken: "TYPE_MISMATCH at /id"),
        .init(
            "a nested field was added",
            reader: user(
                field("a", #"{"type":"record","name":"A","fields":[\#(field("x", #""int""#))]}"#)),
            writer: user(field("a", #"{"type":"record","name":"A","fields":[]}"#)),
            broken: "READER_FIELD_MISSING_DEFAULT_VALUE at /a/x"),
        .init(
            "the record was renamed",
            reader: #"{"type":"record","name":"Person","fields":[]}"#,
            writer: #"{"type":"record","name":"User","fields":[]}"#, broken: "NAME_MISMATCH at /"),
        .init(
            "the record was renamed, with an alias",
            reader: #"{"type":"record","name":"Person","aliases":["User"],"fields":[]}"#,
            writer: #"{"type":"record","name":"User","fields":[]}"#),
        .init(
            "the namespace changed", reader: base,
            writer: base.replacing(#""namespace":"n""#, with: #""namespace":"m""#)),
        .init(
            "recursion",
            reader: #"{"type":"record","name":"L","fields":[\#(field("next", #"["null","L"]"#))]}"#,
            writer: #"{"type":"record","name":"L","fields":[\#(field("next", #"["null","L"]"#))]}"#),
    ]

    static let types: [SchemaPair] = [
        .init("int as long", reader: #""long""#, writer: #""int""#),
        .init("int as double", reader: #""double""#, writer: #""int""#),
        .init("float as double", reader: #""double""#, writer: #""float""#),
        .init("string as bytes", reader: #""bytes""#, writer: #""string""#),
        .init("bytes as string", reader: #""string""#, writer: #""bytes""#),
        .init(
            "long as int", reader: #""int""#, writer: #""long""#, broken: "TYPE_MISMATCH at /"),
        .init(
            "double as float", reader: #""float""#, writer: #""double""#,
            broken: "TYPE_MISMATCH at /"),
        .init(
            "boolean as string", reader: #""string""#, writer: #""boolean""#,
            broken: "TYPE_MISMATCH at /"),
        .init("a union took a branch more", reader: #"["null","string"]"#, writer: #""string""#),
        .init(
            "a union lost a branch", reader: #"["null","string"]"#,
            writer: #"["null","string","int"]"#, broken: "MISSING_UNION_BRANCH at /"),
        .init(
            "a union became its only branch", reader: #""string""#, writer: #"["string"]"#),
        .init(
            "null is not read", reader: #""string""#, writer: #"["null","string"]"#,
            broken: "MISSING_UNION_BRANCH at /"),
        .init(
            "an int in a union of long", reader: #"["null","long"]"#, writer: #"["null","int"]"#),
        .init(
            "items", reader: #"{"type":"array","items":"int"}"#,
            writer: #"{"type":"array","items":"string"}"#, broken: "TYPE_MISMATCH at /items"),
        .init(
            "values", reader: #"{"type":"map","values":"double"}"#,
            writer: #"{"type":"map","values":"int"}"#),
        .init(
            "array as map", reader: #"{"type":"map","values":"int"}"#,
            writer: #"{"type":"array","items":"int"}"#, broken: "TYPE_MISMATCH at /"),
        .init(
            "an enum gained a symbol", reader: #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A"]}"#),
        .init(
            "an enum lost a symbol", reader: #"{"type":"enum","name":"E","symbols":["A"]}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
            broken: "MISSING_ENUM_SYMBOLS at /"),
        .init(
            "an enum lost a symbol and has a default",
            reader: #"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A","B"]}"#),
        .init(
            "a fixed grew", reader: #"{"type":"fixed","name":"F","size":8}"#,
            writer: #"{"type":"fixed","name":"F","size":4}"#,
            broken: "FIXED_SIZE_MISMATCH at /"),
    ]

    @Test(arguments: fields) func recordFields(_ pair: SchemaPair) throws { try pair.check(.avro) }

    @Test(arguments: types) func typesOfValues(_ pair: SchemaPair) throws { try pair.check(.avro) }

    @Test func messageNamesTheField() throws {
        let reader = try SchemaDocument(
            .avro, user(field("id", #""string""#) + "," + field("email", #""string""#)))
        let found = reader.incompatibilities(readingDataOf: try SchemaDocument(.avro, base))
        #expect(found.count == 1)
        #expect(found.first?.contains("'email'") == true)
    }
}
