// A JSON Schema, checked enough to be compared and to validate by. Source: json-schema.org,
// drafts 4, 6, 7, 2019-09 and 2020-12.

import MillraceBase

/// The schema as JSON, and where its `$ref`s lead to.
struct JSONSchemaDocument: Sendable {
    let root: JSONValue
    let resources: JSONSchemaResources
    /// The first is the whole schema.
    let models: [JSONSchemaModel]

    init(_ text: String, references: SchemaReferences) throws(SchemaError) {
        do throws(JSONError) { root = try JSONValue(parsing: text) } catch {
            throw SchemaError("\(error)")
        }
        switch root {
        case .object, .bool: break
        case .null, .number, .string, .array:
            throw SchemaError("a JSON Schema is an object, true or false")
        }
        try JSONSchemaCheck.check(root)
        resources = try JSONSchemaResources(root, references: references)
        models = try JSONSchemaLoader.models(of: root, in: resources)
    }

    /// The members of every object in the order of their names.
    var normalizedText: String { root.sortedByName.text }

    var topLevelFields: [String] { root["properties"]?.object?.members.map(\.name) ?? [] }
}
