// What is an Avro schema and what is not, and how it is written down again.

import MillraceSchemas
import Testing

@Suite struct AvroParserTests {
    static let good = [
        #""string""#, #"{"type":"string"}"#, #"["null","int"]"#,
        #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        #"{"type":"record","name":"a.b.C","fields":[]}"#,
        #"{"type":"record","name":"R","fields":[{"name":"x","type":["int","null"],"default":1}]}"#,
        #"{"type":"record","name":"R","fields":[{"name":"x","type":["null","int"],"default":null}]}"#,
        #"{"type":"fixed","name":"F","size":16,"logicalType":"duration"}"#,
        #"{"type":"error","name":"E","fields":[]}"#,
        #"{"type":"array","items":{"type":"map","values":"long"}}"#,
    ]

    static let bad: [(String, String)] = [
        ("", "not JSON"), ("string", "not JSON"), (#""text""#, "is not defined"),
        ("1", "is no type"), (#"{"name":"x"}"#, "has no \"type\""),
        (#"{"type":"record","name":"1x","fields":[]}"#, "needs a \"name\""),
        (#"{"type":"record","name":"R"}"#, "needs \"fields\""),
        (#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#, "has no \"type\""),
        (
            #"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
            "R.a: the field is there twice"
        ),
        (
            #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#,
            "R.a: the default is no int"
        ),
        (#"["int","int"]"#, "has int twice"), (#"["int",["null"]]"#, "directly inside"),
        (#"{"type":"enum","name":"E","symbols":["A","A"]}"#, "is there twice"),
        (#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#, "none of the symbols"),
        (#"{"type":"fixed","name":"F"}"#, "needs a \"size\""),
        (#"{"type":"array"}"#, "without \"items\""),
        (
            #"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]"#,
            "defined twice"
        ),
    ]

    @Test(arguments: good) func isAccepted(_ text: String) throws {
        _ = try SchemaDocument(.avro, text)
    }

    @Test(arguments: bad) func isRefused(_ text: String, _ why: String) {
        let error = #expect(throws: SchemaError.self) { try SchemaDocument(.avro, text) }
        #expect(error?.description.contains(why) == true, "\(String(describing: error))")
    }

    /// Cut short at every byte, a schema is refused and nothing breaks.
    @Test func cutShort() {
        let text = #"{"type":"record","name":"R","fields":[{"name":"a","type":["null","int"]}]}"#
        for count in 0..<text.utf8.count {
            #expect(throws: SchemaError.self) {
                try SchemaDocument(.avro, String(text.prefix(count)))
            }
        }
    }

    @Test func deepNestingIsRefused() {
        let depth = 120
        let text =
            String(repeating: #"{"type":"array","items":"#, count: depth) + #""int""#
            + String(repeating: "}", count: depth)
        #expect(throws: SchemaError.self) { try SchemaDocument(.avro, text) }
    }

    @Test func canonicalTextIgnoresSpaceAndOrder() throws {
        let one = try SchemaDocument(
            .avro,
            #"""
            { "name": "User", "type": "record", "namespace": "com.example",
              "fields": [ {"type": {"type": "string"}, "name": "id", "order": "ascending"} ] }
            """#)
        let other = try SchemaDocument(
            .avro,
            #"{"type":"record","name":"com.example.User","fields":[{"name":"id","type":"string"}]}"#
        )
        #expect(one.canonicalText == other.canonicalText)
        #expect(
            one.canonicalText
                == #"{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"string"}]}"#
        )
        let again = try SchemaDocument(.avro, one.canonicalText)
        #expect(again.canonicalText == one.canonicalText)
    }

    /// Goal: names, doc, defaults, aliases and logical types survive being written.
    @Test func canonicalTextKeepsEverything() throws {
        let text =
            #"{"type":"record","name":"R","namespace":"a","doc":"d","fields":[{"name":"x","type":{"type":"fixed","name":"F","namespace":"b","size":2},"default":"ab","aliases":["y"]},{"name":"z","type":"b.F"},{"name":"t","type":{"type":"long","logicalType":"timestamp-millis"},"order":"ignore"}],"owner":"me","aliases":["Old"]}"#
        #expect(try SchemaDocument(.avro, text).canonicalText == text)
    }

    @Test func parsingCanonicalForm() throws {
        let document = try SchemaDocument(
            .avro,
            #"{"doc":"d","type":"record","namespace":"a","name":"R","fields":[{"doc":"f","name":"x","type":{"type":"long","logicalType":"timestamp-millis"},"default":0},{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}]}"#
        )
        #expect(
            document.parsingCanonicalForm
                == #"{"name":"a.R","type":"record","fields":[{"name":"x","type":"long"},{"name":"e","type":{"name":"a.E","type":"enum","symbols":["A"]}}]}"#
        )
    }

    /// Goal: Confluent's normal form: sorted attributes, aliases and defaults.
    @Test func normalizedText() throws {
        let document = try SchemaDocument(
            .avro,
            #"{"type":"record","name":"R","namespace":"a","doc":"","zeta":1,"alpha":2,"aliases":["Z","b.A"],"fields":[{"name":"d","type":{"type":"bytes","scale":2,"x":0,"precision":4,"logicalType":"decimal"}},{"name":"m","type":{"type":"map","values":"int"},"default":{"b":1,"a":2},"aliases":["z","y"]}]}"#
        )
        #expect(
            document.canonicalText(normalized: true)
                == #"{"type":"record","name":"R","namespace":"a","fields":[{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2,"x":0}},{"name":"m","type":{"type":"map","values":"int"},"default":{"a":2,"b":1},"aliases":["y","z"]}],"alpha":2,"zeta":1,"aliases":["Z","b.A"]}"#
        )
        #expect(document.canonicalText(normalized: false) == document.canonicalText)
    }

    static let address =
        #"{"type":"record","name":"n.Address","fields":[{"name":"city","type":"n.City"}]}"#
    static let city = #"{"type":"enum","name":"n.City","symbols":["X"]}"#

    /// Goal: types come from other schemas, which may themselves borrow, whatever their order.
    @Test func references() throws {
        let text =
            #"{"type":"record","name":"n.User","fields":[{"name":"home","type":"Address"}]}"#
        #expect(throws: SchemaError.self) { try SchemaDocument(.avro, text) }
        let references = SchemaReferences(
            [
                SchemaReference(name: "n.City", subject: "city", version: 1),
                SchemaReference(name: "n.Address", subject: "address", version: 2),
            ], texts: ["n.Address": Self.address, "n.City": Self.city])
        let document = try SchemaDocument(kind: .avro, text: text, references: references)
        #expect(
            document.canonicalText
                == #"{"type":"record","name":"User","namespace":"n","fields":[{"name":"home","type":"Address"}]}"#
        )
        #expect(document.text(format: "resolved").contains(#""symbols":["X"]"#))
        #expect(
            document.canonicalReferences(normalized: true).map(\.name) == ["n.Address", "n.City"])
        #expect(document.canonicalReferences(normalized: false) == references.list)
        let incomplete = SchemaReferences([], texts: ["n.Address": Self.address])
        let error = #expect(throws: SchemaError.self) {
            try SchemaDocument(kind: .avro, text: text, references: incomplete)
        }
        #expect(error?.description.contains("the reference n.Address") == true)
    }

    /// Goal: a schema that is kept already is read, though its default would be refused today.
    @Test func defaultsOfOldSchemas() throws {
        let text =
            #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#
        _ = try SchemaDocument(kind: .avro, text: text, isNew: false)
    }
}
