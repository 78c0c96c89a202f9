// Which draft of JSON Schema a schema is written in. Source: json-schema.org, "Specification".

import MillraceBase

enum JSONSchemaDialect: Sendable, Comparable {
    case draft4, draft6, draft7, draft2019, draft2020

    /// By `$schema`; a schema that names none, or one nobody knows, is of draft 7.
    init(of schema: JSONValue) {
        let url = schema["$schema"]?.string ?? ""
        if url.contains("json-schema.org/draft-04/") {
            self = .draft4
        } else if url.contains("json-schema.org/draft-06/") {
            self = .draft6
        } else if url.contains("json-schema.org/draft/2019-09/") {
            self = .draft2019
        } else if url.contains("json-schema.org/draft/2020-12/") {
            self = .draft2020
        } else {
            self = .draft7
        }
    }

    /// What stands beside `$ref` counts too.
    var isModern: Bool { self >= .draft2019 }

    var idKey: String { self == .draft4 ? "id" : "$id" }

    /// The schemas of schemas themselves: a reference to one needs no text.
    static func isMetaSchema(_ address: String) -> Bool {
        address.hasPrefix("http://json-schema.org/draft-0")
            || address.hasPrefix("https://json-schema.org/draft/20")
    }

    var arrayKeys: [String] {
        let all = ["items", "additionalItems", "minItems", "maxItems", "uniqueItems"]
        if self == .draft4 { return all }
        guard isModern else { return all + ["contains"] }
        return all + ["contains", "prefixItems", "unevaluatedItems"]
    }

    var objectKeys: [String] {
        let all = [
            "properties", "required", "minProperties", "maxProperties", "dependencies",
            "patternProperties", "additionalProperties",
        ]
        if self == .draft4 { return all }
        guard isModern else { return all + ["propertyNames"] }
        return all + [
            "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
        ]
    }

    var numberKeys: [String] {
        ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
    }

    /// A `format` alone says nothing in the newer drafts.
    var stringKeys: [String] {
        ["minLength", "maxLength", "pattern"] + (isModern ? [] : ["format"])
    }

    var conditionKeys: [String] { self >= .draft7 ? ["if", "then", "else"] : [] }
}
