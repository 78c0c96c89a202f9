// Which JSON Schemas accept what others do: values, bounds and choices. Rules: Confluent's.

import MillraceSchemas
import Testing

@Suite struct JSONSchemaCompatibilityTests {
    /// A string, number or array with one keyword more: the old value, the new one, the rule.
    static let bounds: [(type: String, old: String, new: String, broken: [String])] = [
        ("string", #""maxLength":4"#, #""maxLength":5"#, []),
        ("string", #""maxLength":4"#, #""maxLength":3"#, ["MAX_LENGTH_DECREASED #/maxLength"]),
        ("string", "", #""maxLength":3"#, ["MAX_LENGTH_ADDED #/maxLength"]),
        ("string", #""maxLength":3"#, "", []),
        ("string", #""minLength":4"#, #""minLength":5"#, ["MIN_LENGTH_INCREASED #/minLength"]),
        ("string", #""minLength":4"#, #""minLength":3"#, []),
        ("string", "", #""minLength":0"#, ["MIN_LENGTH_ADDED #/minLength"]),
        ("string", "", #""pattern":"a""#, ["PATTERN_ADDED #/pattern"]),
        ("string", #""pattern":"b""#, #""pattern":"a""#, ["PATTERN_CHANGED #/pattern"]),
        ("string", #""pattern":"b""#, #""format":"date""#, []),
        ("number", #""minimum":1"#, #""minimum":2"#, ["MINIMUM_INCREASED #/minimum"]),
        ("number", #""minimum":2.5"#, #""minimum":-1"#, []),
        ("number", "", #""minimum":2"#, ["MINIMUM_ADDED #/minimum"]),
        ("number", #""maximum":3"#, #""maximum":2"#, ["MAXIMUM_DECREASED #/maximum"]),
        ("number", "", #""maximum":2"#, ["MAXIMUM_ADDED #/maximum"]),
        (
            "number", "", #""exclusiveMaximum":2"#, ["EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum"]
        ),
        (
            "number", #""exclusiveMinimum":1"#, #""exclusiveMinimum":2"#,
            ["EXCLUSIVE_MINIMUM_INCREASED #/exclusiveMinimum"]
        ),
        ("number", "", #""multipleOf":2"#, ["MULTIPLE_OF_ADDED #/multipleOf"]),
        ("number", #""multipleOf":10"#, #""multipleOf":5"#, []),
        ("number", #""multipleOf":1"#, #""multipleOf":0.5"#, []),
        (
            "number", #""multipleOf":5"#, #""multipleOf":10"#,
            ["MULTIPLE_OF_EXPANDED #/multipleOf"]
        ),
        ("number", #""multipleOf":5"#, #""multipleOf":3"#, ["MULTIPLE_OF_CHANGED #/multipleOf"]),
        ("array", #""maxItems":2"#, #""maxItems":1"#, ["MAX_ITEMS_DECREASED #/maxItems"]),
        ("array", "", #""minItems":1"#, ["MIN_ITEMS_ADDED #/minItems"]),
        ("array", #""minItems":2"#, #""minItems":1"#, []),
        ("array", "", #""uniqueItems":true"#, ["UNIQUE_ITEMS_ADDED #/uniqueItems"]),
        ("array", #""uniqueItems":true"#, #""uniqueItems":false"#, []),
        (
            "object", #""maxProperties":2"#, #""maxProperties":1"#,
            ["MAX_PROPERTIES_DECREASED #/maxProperties"]
        ),
        ("object", "", #""minProperties":1"#, ["MIN_PROPERTIES_ADDED #/minProperties"]),
    ]

    @Test(arguments: bounds)
    func keywords(_ type: String, _ old: String, _ new: String, _ broken: [String]) throws {
        func schema(_ rest: String) -> String {
            #"{"type":"\#(type)"\#(rest.isEmpty ? "" : ",")\#(rest)}"#
        }
        var pair = SchemaPair(type, reader: schema(new), writer: schema(old))
        pair.broken = broken
        try pair.check(.json)
    }

    static let values: [SchemaPair] = [
        .init(
            "integer as number", reader: #"{"type":"number"}"#, writer: #"{"type":"integer"}"#),
        .init(
            "number as integer", reader: #"{"type":"integer"}"#, writer: #"{"type":"number"}"#,
            broken: "TYPE_NARROWED #/"),
        .init(
            "string as number", reader: #"{"type":"number"}"#, writer: #"{"type":"string"}"#,
            broken: "TYPE_CHANGED #/"),
        .init(
            "a type more", reader: #"{"type":["string","null"]}"#, writer: #"{"type":"string"}"#),
        .init(
            "a type less", reader: #"{"type":"string"}"#, writer: #"{"type":["string","null"]}"#,
            broken: "TYPE_CHANGED #/"),
        .init(
            "of three types one less", reader: #"{"type":["string","null"]}"#,
            writer: #"{"type":["string","null","integer"]}"#, broken: "SUM_TYPE_NARROWED #/"),
        .init("anything reads", reader: "{}", writer: #"{"type":"string"}"#),
        .init("a description says nothing", reader: #"{"title":"t"}"#, writer: #"{"const":1}"#),
        .init("true reads", reader: "true", writer: #"{"type":"string"}"#),
        .init("false wrote nothing", reader: #"{"type":"string"}"#, writer: "false"),
        .init(
            "any type before", reader: #"{"type":"string"}"#, writer: "{}",
            broken: "TYPE_CHANGED #/"),
        .init("an enum grew", reader: #"{"enum":["a","b"]}"#, writer: #"{"enum":["a"]}"#),
        .init(
            "an enum shrank", reader: #"{"enum":["a"]}"#, writer: #"{"enum":["a","b"]}"#,
            broken: "ENUM_ARRAY_NARROWED #/enum"),
        .init(
            "an enum changed", reader: #"{"enum":["a","c"]}"#, writer: #"{"enum":["a","b"]}"#,
            broken: "ENUM_ARRAY_CHANGED #/enum"),
        .init("an enum's order", reader: #"{"enum":[1.0,"b"]}"#, writer: #"{"enum":["b",1]}"#),
        .init(
            "a constant changed", reader: #"{"const":1}"#, writer: #"{"const":2}"#,
            broken: "ENUM_ARRAY_CHANGED #/const"),
        .init(
            "a type and an enum lost the enum", reader: #"{"type":"string"}"#,
            writer: #"{"type":"string","enum":["a"]}"#),
        .init(
            "a type got an enum", reader: #"{"type":"string","enum":["a"]}"#,
            writer: #"{"type":"string"}"#, broken: "TYPE_CHANGED #/"),
        .init(
            "less is excluded", reader: #"{"not":{"type":"integer"}}"#,
            writer: #"{"not":{"type":"number"}}"#),
        .init(
            "more is excluded", reader: #"{"not":{"type":"number"}}"#,
            writer: #"{"not":{"type":"integer"}}"#, broken: "NOT_TYPE_EXTENDED #/not"),
        .init(
            "draft 4 excludes a bound",
            reader: #"{"type":"number","maximum":3,"exclusiveMaximum":true}"#,
            writer: #"{"type":"number","maximum":3}"#,
            broken: "EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum"),
    ]

    @Test(arguments: values) func typesAndValues(_ pair: SchemaPair) throws {
        try pair.check(.json)
    }

    /// Parts of old and new, both in `{"oneOf": […]}` and the like.
    static let sums: [SchemaPair] = [
        .init(
            "a choice more", reader: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"null"}]}"#),
        .init(
            "a choice less", reader: #"{"oneOf":[{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            broken: "SUM_TYPE_NARROWED #/"),
        .init(
            "one of the choices", reader: #"{"anyOf":[{"type":"number"},{"type":"string"}]}"#,
            writer: #"{"type":"string","maxLength":3}"#),
        .init(
            "none of the choices", reader: #"{"anyOf":[{"type":"number"},{"type":"null"}]}"#,
            writer: #"{"type":"string"}"#, broken: "TYPE_CHANGED #/"),
        .init(
            "a condition more", reader: #"{"allOf":[{"type":"string"},{"maxLength":3}]}"#,
            writer: #"{"allOf":[{"type":"string"}]}"#, broken: "PRODUCT_TYPE_EXTENDED #/"),
        .init(
            "a condition less", reader: #"{"allOf":[{"type":"string"}]}"#,
            writer: #"{"allOf":[{"enum":["a"]},{"type":"string"}]}"#),
        .init(
            "another order", reader: #"{"allOf":[{"maxLength":3},{"enum":["a","b"]}]}"#,
            writer: #"{"allOf":[{"enum":["b"]},{"maxLength":2}]}"#),
        .init(
            "other parts", reader: #"{"allOf":[{"type":"string"},{"enum":["x"]}]}"#,
            writer: #"{"allOf":[{"type":"string"},{"enum":["y"]}]}"#,
            broken: "COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"),
        .init(
            "two old parts want the same new one",
            reader: #"{"oneOf":[{"type":"number"},{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#,
            broken: "COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"),
        .init(
            "a partner has to be given up for another",
            reader: #"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#,
            writer: #"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#),
        .init(
            "equal parts count once", reader: #"{"allOf":[{"type":"string"},{"type":"string"}]}"#,
            writer: #"{"allOf":[{"type":"string"}]}"#),
        .init(
            "one of becomes any of", reader: #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#),
        .init(
            "any of becomes one of", reader: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
            broken: "COMBINED_TYPE_CHANGED #/"),
        .init(
            "a single any of becomes one of",
            reader: #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            writer: #"{"anyOf":[{"type":"string"}]}"#),
        .init(
            "a single one of becomes a single all of", reader: #"{"allOf":[{"type":"string"}]}"#,
            writer: #"{"oneOf":[{"type":"string"}]}"#),
        .init(
            "one of becomes all of", reader: #"{"allOf":[{"type":"string"},{"maxLength":1}]}"#,
            writer: #"{"oneOf":[{"type":"string"}]}"#, broken: "COMBINED_TYPE_CHANGED #/"),
        .init(
            "a single choice is no choice", reader: #"{"type":"number"}"#,
            writer: #"{"oneOf":[{"type":"integer"}]}"#),
        .init(
            "inside a property",
            reader: #"{"properties":{"a":{"oneOf":[{"type":"null"}]}}}"#,
            writer: #"{"properties":{"a":{"oneOf":[{"type":"null"},{"type":"string"}]}}}"#,
            broken: "SUM_TYPE_NARROWED #/properties/a"),
    ]

    @Test(arguments: sums) func choices(_ pair: SchemaPair) throws { try pair.check(.json) }

    @Test func sentence() throws {
        let reader = try SchemaDocument(.json, #"{"type":"string","maxLength":3}"#)
        let found = reader.incompatibilities(
            readingDataOf: try SchemaDocument(.json, #"{"type":"string"}"#))
        #expect(
            found.map { $0.message(reader: "new", writer: "old") } == [
                #"{errorType:"MAX_LENGTH_ADDED", description:"The keyword at path '#/maxLength' in the new schema is not present in the old schema"}"#
            ])
    }

    static let bad = [
        "", "[]", "1", #"{"type":"text"}"#, #"{"required":[1]}"#, ##"{"$ref":"#/definitions/x"}"##,
        #"{"properties":[]}"#, #"{"maxLength":-1}"#, #"{"oneOf":[]}"#, #"{"items":1}"#,
        #"{"multipleOf":0}"#, #"{"uniqueItems":1}"#, #"{"dependencies":{"a":[1]}}"#,
        #"{"properties":{"a":{"type":"strin"}}}"#, #"{"$ref":"other.json"}"#,
        ##"{"$ref":"#missing"}"##, #"{"type":[]}"#, #"{"exclusiveMinimum":"1"}"#,
    ]

    @Test(arguments: bad) func isRefused(_ text: String) {
        #expect(throws: SchemaError.self) { try SchemaDocument(.json, text) }
    }

    @Test func normalizedTextSortsMembers() throws {
        let document = try SchemaDocument(
            .json, #"{ "type" : "object", "properties" : {"b": {"x":1}, "a": {"z":2,"y":3}} }"#)
        #expect(
            document.canonicalText
                == #"{"type":"object","properties":{"b":{"x":1},"a":{"z":2,"y":3}}}"#)
        #expect(
            document.canonicalText(normalized: true)
                == #"{"properties":{"a":{"y":3,"z":2},"b":{"x":1}},"type":"object"}"#)
    }
}
