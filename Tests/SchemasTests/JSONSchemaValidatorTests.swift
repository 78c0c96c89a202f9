// Values held against a JSON Schema.

import MillraceBase
import MillraceSchemas
import Testing

@Suite struct JSONSchemaValidatorTests {
    static let person =
        ##"{"type":"object","required":["id","age"],"additionalProperties":false,"properties":{"id":{"type":"string","minLength":2,"pattern":"^[a-z]+$"},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"type":"string"},"maxItems":2,"uniqueItems":true},"next":{"$ref":"#"},"kind":{"enum":["a",1]}}}"##

    static let cases: [(value: String, wrong: [String])] = [
        (#"{"id":"ab","age":1}"#, []),
        (#"{"id":"ab","age":1.0,"tags":["x","y"],"next":{"id":"cd","age":2},"kind":1}"#, []),
        (#"{"id":"ab"}"#, ["$.age: is missing"]),
        (#"{"id":"a","age":1}"#, ["$.id: is too short"]),
        (#"{"id":"AB","age":1}"#, ["$.id: does not match the pattern"]),
        (#"{"id":"ab","age":151}"#, ["$.age: is too large"]),
        (#"{"id":"ab","age":"1"}"#, ["$.age: is no integer"]),
        (#"{"id":"ab","age":1,"x":2}"#, ["$.x: nothing is allowed here"]),
        (#"{"id":"ab","age":1,"tags":["x","x"]}"#, ["$.tags: has equal items"]),
        (#"{"id":"ab","age":1,"tags":["x",2]}"#, ["$.tags[1]: is no string"]),
        (#"{"id":"ab","age":1,"next":{"id":"cd"}}"#, ["$.next.age: is missing"]),
        (#"{"id":"ab","age":1,"kind":"b"}"#, ["$.kind: is none of the values listed"]),
        ("[]", ["$: is no object"]),
    ]

    @Test(arguments: cases) func violations(_ value: String, _ wrong: [String]) throws {
        let schema = try SchemaDocument(.json, Self.person)
        #expect(schema.violations(of: try JSONValue(parsing: value)) == wrong)
    }
}
