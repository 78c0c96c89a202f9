// Which JSON Schemas accept what others do: a table of pairs, by Confluent's rules.

import MillraceSchemas
import Testing

private func object(_ properties: String, _ rest: String = "") -> String {
    #"{"type":"object","properties":{\#(properties)}\#(rest)}"#
}

private let closed = #","additionalProperties":false"#
private let id = #""id":{"type":"string"}"#
private let age = #","age":{"type":"integer"}"#

@Suite struct JSONSchemaCompatibilityTests {
    static let objects: [SchemaPair] = [
        .init("the same", reader: object(id), writer: object(id)),
        .init(
            "a property was added to an open model", reader: object(id + age), writer: object(id),
            broken: "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL at #/properties/age"),
        .init(
            "a property that takes anything was added to an open model",
            reader: object(id + #","any":{}"#), writer: object(id)),
        .init(
            "an optional property was added to a closed model", reader: object(id + age, closed),
            writer: object(id, closed)),
        .init(
            "a required property was added to a closed model",
            reader: object(id + age, closed + #","required":["age"]"#), writer: object(id, closed),
            broken: "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL at #/properties/age"),
        .init(
            "a required property with a default was added to a closed model",
            reader: object(
                id + #","age":{"type":"integer","default":0}"#, closed + #","required":["age"]"#),
            writer: object(id, closed)),
        .init(
            "a property was removed from an open model", reader: object(id),
            writer: object(id + age)),
        .init(
            "a property was removed from a closed model", reader: object(id, closed),
            writer: object(id + age, closed),
            broken: "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL at #/properties/age"),
        .init(
            "a property was removed and the rest's schema takes it",
            reader: object(id, #","additionalProperties":{"type":"number"}"#),
            writer: object(id + age, closed)),
        .init(
            "a property was removed and the rest's schema refuses it",
            reader: object(id, #","additionalProperties":{"type":"string"}"#),
            writer: object(id + age, closed),
            broken: "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"),
        .init(
            "a property became required", reader: object(id, #","required":["id"]"#),
            writer: object(id), broken: "REQUIRED_ATTRIBUTE_ADDED at #/properties/id"),
        .init(
            "a property is no longer required", reader: object(id),
            writer: object(id, #","required":["id"]"#)),
        .init(
            "the model was closed", reader: object(id, closed), writer: object(id),
            broken: "ADDITIONAL_PROPERTIES_REMOVED at #/additionalProperties"),
        .init("the model was opened", reader: object(id), writer: object(id, closed)),
        .init(
            "a nested type changed", reader: object(#""a":\#(object(#""x":{"type":"string"}"#))"#),
            writer: object(#""a":\#(object(#""x":{"type":"integer"}"#))"#),
            broken: "TYPE_CHANGED at #/properties/a/properties/x"),
        .init(
            "a reference is followed",
            reader: ##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}}"##,
            writer:
                ##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"integer"}}}"##,
            broken: "TYPE_CHANGED at #/properties/a"),
        .init(
            "recursion",
            reader: ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##,
            writer: ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##),
    ]

    static let values: [SchemaPair] = [
        .init(
            "integer as number", reader: #"{"type":"number"}"#, writer: #"{"type":"integer"}"#),
        .init(
            "number as integer", reader: #"{"type":"integer"}"#, writer: #"{"type":"number"}"#,
            broken: "TYPE_NARROWED at #"),
        .init(
            "string as number", reader: #"{"type":"number"}"#, writer: #"{"type":"string"}"#,
            broken: "TYPE_CHANGED at #"),
        .init(
            "a type more", reader: #"{"type":["string","null"]}"#, writer: #"{"type":"string"}"#),
        .init(
            "a type less", reader: #"{"type":"string"}"#, writer: #"{"type":["string","null"]}"#,
            broken: "TYPE_NARROWED at #"),
        .init("anything reads", reader: "{}", writer: #"{"type":"string"}"#),
        .init("true reads", reader: "true", writer: #"{"type":"string"}"#),
        .init(
            "any type before", reader: #"{"type":"string"}"#, writer: "{}",
            broken: "TYPE_NARROWED at #"),
        .init(
            "an enum grew", reader: #"{"enum":["a","b"]}"#, writer: #"{"enum":["a"]}"#),
        .init(
            "an enum shrank", reader: #"{"enum":["a"]}"#, writer: #"{"enum":["a","b"]}"#,
            broken: "ENUM_ARRAY_NARROWED at #"),
        .init(
            "maxLength grew", reader: #"{"type":"string","maxLength":5}"#,
            writer: #"{"type":"string","maxLength":4}"#),
        .init(
            "maxLength shrank", reader: #"{"type":"string","maxLength":3}"#,
            writer: #"{"type":"string","maxLength":4}"#, broken: "MAX_LENGTH_DECREASED at #/maxL"),
        .init(
            "maxLength is new", reader: #"{"type":"string","maxLength":3}"#,
            writer: #"{"type":"string"}"#, broken: "MAX_LENGTH_ADDED at #/maxLength"),
        .init(
            "minimum grew", reader: #"{"type":"number","minimum":2}"#,
            writer: #"{"type":"number","minimum":1}"#, broken: "MINIMUM_INCREASED at #/minimum"),
        .init(
            "a pattern is new", reader: #"{"type":"string","pattern":"a"}"#,
            writer: #"{"type":"string"}"#, broken: "PATTERN_ADDED at #/pattern"),
        .init(
            "items changed", reader: #"{"type":"array","items":{"type":"string"}}"#,
            writer: #"{"type":"array","items":{"type":"integer"}}"#,
            broken: "TYPE_CHANGED at #/items"),
        .init(
            "unique is new", reader: #"{"type":"array","uniqueItems":true}"#,
            writer: #"{"type":"array"}"#, broken: "UNIQUE_ITEMS_ADDED at #/uniqueItems"),
        .init(
            "a choice more", reader: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"null"}]}"#),
        .init(
            "a choice less", reader: #"{"oneOf":[{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            broken: "SUM_TYPE_NARROWED at #"),
        .init(
            "one of the choices", reader: #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"type":"string"}"#),
        .init(
            "a condition more",
            reader: #"{"allOf":[{"type":"string"},{"maxLength":3}]}"#,
            writer: #"{"allOf":[{"type":"string"}]}"#, broken: "PRODUCT_TYPE_EXTENDED at #"),
        .init(
            "a condition less", reader: #"{"allOf":[{"type":"string"}]}"#,
            writer: #"{"allOf":[{"type":"string"},{"maxLength":3}]}"#),
    ]

    @Test(arguments: objects) func contentModels(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    @Test(arguments: values) func valuesAndBounds(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    static let bad = [
        "", "[]", "1", #"{"type":"text"}"#, #"{"required":[1]}"#, ##"{"$ref":"#/definitions/x"}"##,
        #"{"properties":[]}"#, #"{"maxLength":-1}"#, #"{"oneOf":[]}"#, #"{"items":1}"#,
    ]

    @Test(arguments: bad) func isRefused(_ text: String) {
        #expect(throws: SchemaError.self) { try SchemaDocument(.json, text) }
    }
}
