// A schema as a JSON Schema document, which is what a schema registry keeps.

public import MillraceBase

extension StructType {
    /// This schema as JSON Schema (draft-07): fields that may not be null are required, others may
    /// be missing or null, members it does not name are allowed.
    ///
    /// - Parameter title: the document's title, such as the record's name.
    public func jsonSchema(title: String) -> JSONValue {
        var properties = JSONObject()
        for field in fields {
            properties[field.name] = Self.property(field)
        }
        return .object(
            JSONObject([
                ("$schema", "http://json-schema.org/draft-07/schema#"),
                ("title", .string(title)),
                ("type", "object"),
                ("properties", .object(properties)),
                ("required", .array(fields.filter { !$0.nullable }.map { .string($0.name) })),
                ("additionalProperties", true),
            ]))
    }

    private static func property(_ field: StructField) -> JSONValue {
        let word: JSONValue =
            switch field.type {
            case .string, .binary, .timestamp: "string"
            case .boolean: "boolean"
            case .int, .long: "integer"
            case .double: "number"
            }
        var members: [(name: String, value: JSONValue)] = [
            ("type", field.nullable ? [word, "null"] : word)
        ]
        if field.type == .timestamp { members.append(("format", "date-time")) }
        return .object(JSONObject(members))
    }
}
