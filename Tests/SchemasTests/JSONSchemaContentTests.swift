// Objects and arrays of JSON Schemas, open, closed and half open; references and drafts.

import MillraceBase
import MillraceSchemas
import Testing

private func object(_ properties: String, _ rest: String = "") -> String {
    #"{"type":"object","properties":{\#(properties)}\#(rest)}"#
}

private func items(_ tuple: String, _ rest: String = "") -> String {
    #"{"type":"array","items":[\#(tuple)]\#(rest)}"#
}

private let closed = #","additionalProperties":false"#
private let numbers = #","additionalProperties":{"type":"number"}"#
private let id = #""id":{"type":"string"}"#
private let age = #","age":{"type":"integer"}"#
private let string = #"{"type":"string"}"#
private let number = #","additionalItems":{"type":"number"}"#
private let noMore = #","additionalItems":false"#

@Suite struct JSONSchemaContentTests {
    static let objects: [SchemaPair] = [
        .init(
            "an optional property, open", reader: object(id + age), writer: object(id),
            broken: "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/age"),
        .init(
            "a required property, open", reader: object(id + age, #","required":["age"]"#),
            writer: object(id),
            broken: "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/age"),
        .init(
            "a property that takes anything, open", reader: object(id + #","any":true"#),
            writer: object(id)),
        .init(
            "an optional property, closed", reader: object(id + age, closed),
            writer: object(id, closed)),
        .init(
            "a required property, closed",
            reader: object(id + age, closed + #","required":["age"]"#), writer: object(id, closed),
            broken: "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/age"),
        .init(
            "a required property with a default, closed",
            reader: object(
                id + #","age":{"type":"integer","default":0}"#, closed + #","required":["age"]"#),
            writer: object(id, closed)),
        .init("removed, open", reader: object(id), writer: object(id + age)),
        .init(
            "removed, closed", reader: object(id, closed), writer: object(id + age, closed),
            broken: "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/age"),
        .init(
            "what could not be is removed, closed", reader: object(id, closed),
            writer: object(id + #","age":false"#, closed)),
        .init(
            "removed, covered", reader: object(id, numbers), writer: object(id + age, closed)),
        .init(
            "removed, not covered",
            reader: object(id, #","additionalProperties":{"type":"string"}"#),
            writer: object(id + age, closed),
            broken: "TYPE_CHANGED #/properties/age",
            "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/age"),
        .init(
            "added, covered", reader: object(id + #","age":{"type":"number"}"#, numbers),
            writer: object(id, #","additionalProperties":{"type":"integer"}"#)),
        .init(
            "added, not covered", reader: object(id + #","age":{"type":"string"}"#, numbers),
            writer: object(id, numbers),
            broken: "TYPE_CHANGED #/properties/age",
            "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/age"),
        .init(
            "added, covered by a pattern",
            reader: object(
                #""n_1":{"type":"number"}"#,
                #","patternProperties":{"^n_":{"type":"integer"}}"# + closed),
            writer: object("", #","patternProperties":{"^n_":{"type":"integer"}}"# + closed)),
        .init(
            "became required", reader: object(id, #","required":["id"]"#), writer: object(id),
            broken: "REQUIRED_ATTRIBUTE_ADDED #/required/id"),
        .init(
            "became required with a default",
            reader: object(#""id":{"type":"string","default":""}"#, #","required":["id"]"#),
            writer: object(id)),
        .init(
            "no longer required", reader: object(id), writer: object(id, #","required":["id"]"#)),
        .init(
            "closed now", reader: object(id, closed), writer: object(id),
            broken: "ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"),
        .init(
            "half closed now", reader: object(id, numbers), writer: object(id),
            broken: "ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties"),
        .init("opened", reader: object(id), writer: object(id, closed)),
        .init("half opened", reader: object(id, numbers), writer: object(id, closed)),
        .init("opened wholly", reader: object(id), writer: object(id, numbers)),
        .init(
            "the rest narrowed",
            reader: object(id, #","additionalProperties":{"type":"integer"}"#),
            writer: object(id, numbers), broken: "TYPE_NARROWED #/additionalProperties"),
        .init(
            "a nested type changed", reader: object(#""a":\#(object(#""x":\#(string)"#))"#),
            writer: object(#""a":\#(object(#""x":{"type":"integer"}"#))"#),
            broken: "TYPE_CHANGED #/properties/a/properties/x"),
        .init(
            "a type that was only implied", reader: object(id),
            writer: #"{"properties":{\#(id)}}"#),
        .init(
            "what goes with a property", reader: object(id, #","dependencies":{"id":["a","b"]}"#),
            writer: object(id, #","dependencies":{"id":["a"],"x":["y"]}"#),
            broken: "DEPENDENCY_ARRAY_EXTENDED #/dependencies/id"),
        .init(
            "something new goes with a property",
            reader: object(id, #","dependencies":{"id":["a"],"x":{"type":"object"}}"#),
            writer: object(id),
            broken: "DEPENDENCY_ARRAY_ADDED #/dependencies/id",
            "DEPENDENCY_SCHEMA_ADDED #/dependencies/x"),
        .init(
            "less goes with a property", reader: object(id, #","dependencies":{"id":["a"]}"#),
            writer: object(id, #","dependencies":{"id":["a","b"]}"#)),
    ]

    static let arrays: [SchemaPair] = [
        .init(
            "items changed", reader: #"{"type":"array","items":\#(string)}"#,
            writer: #"{"type":"array","items":{"type":"integer"}}"#,
            broken: "TYPE_CHANGED #/items"),
        .init(
            "items got a schema", reader: #"{"type":"array","items":\#(string)}"#,
            writer: #"{"type":"array"}"#, broken: "SCHEMA_ADDED #/items"),
        .init(
            "items lost their schema", reader: #"{"type":"array"}"#,
            writer: #"{"type":"array","items":\#(string)}"#),
        .init(
            "a place more, open", reader: items(string + "," + string), writer: items(string),
            broken: "ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1"),
        .init(
            "a place more, closed", reader: items(string + "," + string, noMore),
            writer: items(string, noMore)),
        .init(
            "a place more, not covered", reader: items(string + "," + string, number),
            writer: items(string, number), broken: "TYPE_CHANGED #/items/1",
            "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/items/1"),
        .init("a place less, open", reader: items(string), writer: items(string + "," + string)),
        .init(
            "a place less, closed", reader: items(string, noMore),
            writer: items(string + "," + string, noMore),
            broken: "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1"),
        .init(
            "a place less, covered", reader: items(string, number),
            writer: items(string + #",{"type":"integer"}"#, noMore)),
        .init(
            "closed now", reader: items(string, noMore), writer: items(string),
            broken: "ADDITIONAL_ITEMS_REMOVED #/additionalItems"),
        .init(
            "half closed now", reader: items(string, number), writer: items(string),
            broken: "ADDITIONAL_ITEMS_NARROWED #/additionalItems"),
    ]

    @Test(arguments: objects) func contentOfObjects(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    @Test(arguments: arrays) func contentOfArrays(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    /// Goal: the lenient policy forgives properties that old data might have had otherwise.
    @Test func lenientPolicy() throws {
        var pair = Self.objects[0]
        pair.policy = .lenient
        pair.broken = []
        try pair.check(.json)
        pair = Self.objects[1]
        pair.policy = .lenient
        try pair.check(.json)
    }

    static let modern = #""$schema":"https://json-schema.org/draft/2020-12/schema""#

    static let drafts: [SchemaPair] = [
        .init(
            "a reference is followed",
            reader: ##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}}"##,
            writer:
                ##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"integer"}}}"##,
            broken: "TYPE_CHANGED #/properties/a"),
        .init(
            "a schema moved to a definition",
            reader: ##"{"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"string"}}}"##,
            writer: string),
        .init(
            "recursion", reader: ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##,
            writer: ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##),
        .init(
            "recursion that breaks inside",
            reader:
                ##"{"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"string"}}}"##,
            writer:
                ##"{"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"number"}}}"##,
            broken: "TYPE_CHANGED #/properties/v"),
        .init(
            "an anchor, and an address inside",
            reader:
                ##"{\##(modern),"$id":"http://x.y/a/root","properties":{"a":{"$ref":"#n"},"b":{"$ref":"other"}},"$defs":{"n":{"$anchor":"n","type":"string"},"o":{"$id":"other","type":"string"}}}"##,
            writer:
                ##"{\##(modern),"properties":{"a":{"type":"integer"},"b":{"type":"integer"}}}"##,
            broken: "TYPE_CHANGED #/properties/a", "TYPE_CHANGED #/properties/b"),
        .init(
            "before 2019-09 nothing beside a reference counts",
            reader:
                ##"{"definitions":{"s":{"type":"string"}},"$ref":"#/definitions/s","maxLength":1}"##,
            writer: string),
        .init(
            "since 2019-09 it does",
            reader:
                ##"{\##(modern),"$defs":{"s":{"type":"string"}},"$ref":"#/$defs/s","maxLength":1}"##,
            writer: #"{\#(modern),"type":"string"}"#, broken: "TYPE_CHANGED #/"),
        .init(
            "prefixItems",
            reader: #"{\#(modern),"type":"array","prefixItems":[\#(string)],"items":false}"#,
            writer:
                #"{\#(modern),"type":"array","prefixItems":[\#(string),\#(string)],"items":false}"#,
            broken: "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1"),
        .init(
            "dependentRequired",
            reader: #"{\#(modern),"type":"object","dependentRequired":{"a":["b"]}}"#,
            writer: #"{\#(modern),"type":"object"}"#,
            broken: "DEPENDENCY_ARRAY_ADDED #/dependencies/a"),
        .init(
            "unevaluatedProperties close",
            reader: #"{\#(modern),"type":"object","unevaluatedProperties":false}"#,
            writer: #"{\#(modern),"type":"object","properties":{"a":\#(string)}}"#,
            broken: "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a",
            "UNEVALUATED_PROPERTIES_REMOVED #/unevaluatedProperties"),
        .init(
            "contains", reader: #"{\#(modern),"type":"array","contains":{},"maxContains":2}"#,
            writer: #"{\#(modern),"type":"array"}"#,
            broken: "MIN_CONTAINS_ADDED #/minContains", "MAX_CONTAINS_ADDED #/maxContains"),
        .init(
            "a format alone says nothing in 2020-12", reader: #"{\#(modern),"format":"date"}"#,
            writer: #"{\#(modern),"type":"integer"}"#),
        .init(
            "draft 4 has no const",
            reader: #"{"$schema":"http://json-schema.org/draft-04/schema#","const":1}"#,
            writer: string),
        .init(
            "a meta-schema is known",
            reader: #"{"properties":{"s":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#,
            writer: #"{"properties":{"s":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#),
    ]

    @Test(arguments: drafts) func draftsAndReferences(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    private func references(_ texts: [String: String]) -> SchemaReferences {
        SchemaReferences(
            texts.keys.map { SchemaReference(name: $0, subject: $0, version: 1) }, texts: texts)
    }

    /// Goal: other schemas are found by name, relative to `$id`, and may refer further.
    @Test(arguments: ["", #""$id":"https://x.y/schemas/user.json","#])
    func borrowedSchemas(_ id: String) throws {
        let text =
            ##"{\##(id)"type":"object","properties":{"home":{"$ref":"address.json#/definitions/home"}}}"##
        func city(_ type: String) -> SchemaReferences {
            references([
                "address.json": ##"{"definitions":{"home":{"$ref":"city.json"}}}"##,
                "city.json": #"{"type":"\#(type)"}"#,
            ])
        }
        #expect(throws: SchemaError.self) { try SchemaDocument(.json, text) }
        try SchemaPair("the same", reader: text, writer: text)
            .check(.json, readerReferences: city("string"), writerReferences: city("string"))
        let new = try SchemaDocument(kind: .json, text: text, references: city("integer"))
        let old = try SchemaDocument(kind: .json, text: text, references: city("string"))
        #expect(
            new.incompatibilities(readingDataOf: old).map { "\($0.type) \($0.path)" } == [
                "TYPE_CHANGED #/properties/home"
            ])
        #expect(
            new.violations(of: ["home": "x"]) == ["$.home: is no integer"])
    }

    /// Method: many definitions that all refer to each other. It must end, and soon.
    @Test func denseRecursionEnds() throws {
        func text(_ count: Int, _ type: String) -> String {
            let branches = (0..<count).map { ##"{"$ref":"#/definitions/d\##($0)"}"## }
                .joined(separator: ",")
            let definitions = (0..<count).map {
                #""d\#($0)":{"properties":{"x\#($0)":{"oneOf":[\#(branches)]},"y":{"type":"\#(type)"}}}"#
            }.joined(separator: ",")
            return ##"{"$ref":"#/definitions/d0","definitions":{\##(definitions)}}"##
        }
        let new = try SchemaDocument(.json, text(12, "string"))
        let old = try SchemaDocument(.json, text(12, "integer"))
        #expect(!new.incompatibilities(readingDataOf: old).isEmpty)
    }

    /// Method: a chain of references longer than any stack would like; its end differs.
    @Test func longChainsOfReferences() throws {
        func text(_ type: String) -> String {
            let count = 1_000
            let definitions = (0..<count).map {
                ##""d\##($0)":{"properties":{"p":{"$ref":"#/definitions/d\##($0 + 1)"}}}"##
            }.joined(separator: ",")
            return
                ##"{"$ref":"#/definitions/d0","definitions":{\##(definitions),"d\##(count)":{"type":"\##(type)"}}}"##
        }
        let new = try SchemaDocument(.json, text("string"))
        #expect(
            new.incompatibilities(readingDataOf: try SchemaDocument(.json, text("string"))).isEmpty)
        let found = new.incompatibilities(readingDataOf: try SchemaDocument(.json, text("null")))
        #expect(found.map(\.type) == ["TYPE_CHANGED"])
    }
}
