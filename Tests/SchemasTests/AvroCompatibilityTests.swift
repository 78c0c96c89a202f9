// Which Avro schemas read which: a table of pairs, after the specification's "Schema Resolution".

import MillraceSchemas
import Testing

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
            broken: "READER_FIELD_MISSING_DEFAULT_VALUE /fields/1"),
        .init(
            "a field was removed", reader: base,
            writer: user(field("id", #""string""#) + "," + field("age", #""int""#))),
        .init(
            "a field was renamed, with an alias",
            reader: user(field("key", #""string""#, #","aliases":["id"]"#)), writer: base),
        .init(
            "a field's type changed", reader: user(field("id", #""int""#)), writer: base,
            broken: "TYPE_MISMATCH /fields/0/type"),
        .init(
            "a nested field was added",
            reader: user(
                field("a", #"{"type":"record","name":"A","fields":[\#(field("x", #""int""#))]}"#)),
            writer: user(field("a", #"{"type":"record","name":"A","fields":[]}"#)),
            broken: "READER_FIELD_MISSING_DEFAULT_VALUE /fields/0/type/fields/0"),
        .init(
            "the record was renamed",
            reader: #"{"type":"record","name":"Person","fields":[]}"#,
            writer: #"{"type":"record","name":"User","fields":[]}"#, broken: "NAME_MISMATCH /name"),
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
            "long as int", reader: #""int""#, writer: #""long""#, broken: "TYPE_MISMATCH /"),
        .init(
            "double as float", reader: #""float""#, writer: #""double""#,
            broken: "TYPE_MISMATCH /"),
        .init(
            "boolean as string", reader: #""string""#, writer: #""boolean""#,
            broken: "TYPE_MISMATCH /"),
        .init("a union took a branch more", reader: #"["null","string"]"#, writer: #""string""#),
        .init(
            "a union lost a branch", reader: #"["null","string"]"#,
            writer: #"["null","string","int"]"#, broken: "MISSING_UNION_BRANCH /2"),
        .init(
            "a union became its only branch", reader: #""string""#, writer: #"["string"]"#),
        .init(
            "null is not read", reader: #""string""#, writer: #"["null","string"]"#,
            broken: "TYPE_MISMATCH /"),
        .init(
            "an int in a union of long", reader: #"["null","long"]"#, writer: #"["null","int"]"#),
        .init(
            "items", reader: #"{"type":"array","items":"int"}"#,
            writer: #"{"type":"array","items":"string"}"#, broken: "TYPE_MISMATCH /items"),
        .init(
            "values", reader: #"{"type":"map","values":"double"}"#,
            writer: #"{"type":"map","values":"int"}"#),
        .init(
            "array as map", reader: #"{"type":"map","values":"int"}"#,
            writer: #"{"type":"array","items":"int"}"#, broken: "TYPE_MISMATCH /"),
        .init(
            "an enum gained a symbol", reader: #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A"]}"#),
        .init(
            "an enum lost a symbol", reader: #"{"type":"enum","name":"E","symbols":["A"]}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
            broken: "MISSING_ENUM_SYMBOLS /symbols"),
        .init(
            "an enum lost a symbol and has a default",
            reader: #"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#,
            writer: #"{"type":"enum","name":"E","symbols":["A","B"]}"#),
        .init(
            "a fixed grew", reader: #"{"type":"fixed","name":"F","size":8}"#,
            writer: #"{"type":"fixed","name":"F","size":4}"#,
            broken: "FIXED_SIZE_MISMATCH /size"),
    ]

    @Test(arguments: fields) func recordFields(_ pair: SchemaPair) throws { try pair.check(.avro) }

    @Test(arguments: types) func typesOfValues(_ pair: SchemaPair) throws { try pair.check(.avro) }

    static let more: [SchemaPair] = [
        .init(
            "two fields lost their defaults",
            reader: user(field("a", #""int""#) + "," + field("b", #""int""#)), writer: user(""),
            broken: "READER_FIELD_MISSING_DEFAULT_VALUE /fields/0",
            "READER_FIELD_MISSING_DEFAULT_VALUE /fields/1"),
        .init(
            "a null default is a default",
            reader: user(field("a", #"["null","int"]"#, #","default":null"#)), writer: user("")),
        .init(
            "an alias is a full name",
            reader: #"{"type":"record","name":"m.P","aliases":["n.User"],"fields":[]}"#,
            writer: user("")),
        .init(
            "an alias in the reader's namespace is another name",
            reader: #"{"type":"record","name":"m.P","aliases":["User"],"fields":[]}"#,
            writer: user(""), broken: "NAME_MISMATCH /name"),
        .init(
            "a decimal changed its scale, which Avro does not look at",
            reader: #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
            writer: #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}"#),
        .init(
            "a record in a union is told by the union",
            reader: #"["null",\#(user(field("a", #""int""#)))]"#,
            writer: #"["null",\#(user(""))]"#, broken: "MISSING_UNION_BRANCH /1"),
        .init(
            "a record in a union, before not in one",
            reader: #"["null",\#(user(field("a", #""int""#)))]"#, writer: user(""),
            broken: "MISSING_UNION_BRANCH /"),
        .init(
            "each branch of a writer's union counts", reader: #""double""#,
            writer: #"["int","float","long"]"#),
        .init(
            "recursion that breaks inside",
            reader:
                #"{"type":"record","name":"L","fields":[\#(field("next", #"["null","L"]"#)),\#(field("v", #""int""#))]}"#,
            writer:
                #"{"type":"record","name":"L","fields":[\#(field("next", #"["null","L"]"#)),\#(field("v", #""string""#))]}"#,
            broken: "TYPE_MISMATCH /fields/1/type"),
        .init(
            "a fixed is no bytes", reader: #""bytes""#,
            writer: #"{"type":"fixed","name":"F","size":4}"#, broken: "TYPE_MISMATCH /"),
        .init(
            "an error is a record", reader: #"{"type":"error","name":"E","fields":[]}"#,
            writer: #"{"type":"record","name":"E","fields":[]}"#),
    ]

    @Test(arguments: more) func others(_ pair: SchemaPair) throws { try pair.check(.avro) }

    /// Goal: the sentences are Confluent's, since people search for them.
    @Test func messages() throws {
        let reader = try SchemaDocument(
            .avro, user(field("id", #""int""#) + "," + field("email", #""string""#)))
        let found = reader.incompatibilities(readingDataOf: try SchemaDocument(.avro, base))
        #expect(
            found.map { $0.message(reader: "new", writer: "old") } == [
                "{errorType:'TYPE_MISMATCH', description:'The type (path '/fields/0/type') of a "
                    + "field in the new schema does not match with the old schema', "
                    + "additionalInfo:'reader type: INT not compatible with writer type: STRING'}",
                "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'email' "
                    + "at path '/fields/1' in the new schema has no default value and is missing "
                    + "in the old schema', additionalInfo:'email'}",
            ])
    }
}
