// Whether a JSON value is a schema at all: what its keywords may be.
// Source: the meta-schemas of json-schema.org, drafts 4 to 2020-12.

import MillraceBase

enum JSONSchemaCheck {
    private static let typeNames: Set<String> = [
        "null", "boolean", "object", "array", "number", "string", "integer",
    ]
    private static let schemaKeys: Set<String> = [
        "additionalProperties", "additionalItems", "contains", "propertyNames", "not", "if",
        "then", "else", "unevaluatedItems", "unevaluatedProperties",
    ]
    private static let schemaListKeys: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
    private static let schemaMapKeys: Set<String> = [
        "properties", "patternProperties", "definitions", "$defs", "dependentSchemas",
    ]
    private static let countKeys: Set<String> = [
        "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
        "minContains", "maxContains",
    ]

    static func check(_ schema: JSONValue) throws(SchemaError) {
        try check(schema, path: "", depth: 0)
    }

    private static func check(_ schema: JSONValue, path: String, depth: Int) throws(SchemaError) {
        guard depth < SchemaLimits.depthMax else {
            throw SchemaError("more than \(SchemaLimits.depthMax) levels", at: path)
        }
        if schema.bool != nil { return }
        guard let object = schema.object else { throw SchemaError("is no schema", at: path) }
        for (key, value) in object.members {
            let here = "\(path)/\(key)"
            try checkValue(key, value, path: here)
            if schemaKeys.contains(key) {
                try check(value, path: here, depth: depth + 1)
            } else if key == "items" {
                for item in value.array ?? [value] {
                    try check(item, path: here, depth: depth + 1)
                }
            } else if schemaListKeys.contains(key) {
                guard let items = value.array, !items.isEmpty else {
                    throw SchemaError("must be a list of schemas", at: here)
                }
                for item in items { try check(item, path: here, depth: depth + 1) }
            } else if schemaMapKeys.contains(key) {
                guard let map = value.object else {
                    throw SchemaError("must be an object of schemas", at: here)
                }
                for (name, item) in map.members {
                    try check(item, path: "\(here)/\(name)", depth: depth + 1)
                }
            } else if key == "dependencies" {
                for (name, item) in value.object?.members ?? [] where item.array == nil {
                    try check(item, path: "\(here)/\(name)", depth: depth + 1)
                }
            }
        }
    }

    private static func checkValue(_ key: String, _ value: JSONValue, path: String)
        throws(SchemaError)
    {
        switch key {
        case "type":
            let names = value.array?.compactMap(\.string) ?? value.string.map { [$0] } ?? []
            guard !names.isEmpty, names.count == (value.array?.count ?? 1),
                names.allSatisfy(typeNames.contains)
            else { throw SchemaError("names no type of JSON Schema", at: path) }
        case "enum":
            guard value.array != nil else { throw SchemaError("must be a list", at: path) }
        case "required":
            // Draft 3 had booleans here; registries keep such schemas, and they require nothing.
            guard value.bool != nil || isNames(value) else {
                throw SchemaError("must be a list of names", at: path)
            }
        case "minimum", "maximum":
            guard value.double != nil else { throw SchemaError("must be a number", at: path) }
        case "exclusiveMinimum", "exclusiveMaximum":
            guard value.double != nil || value.bool != nil else {
                throw SchemaError("must be a number", at: path)
            }
        case "multipleOf":
            guard let number = value.double, number > 0 else {
                throw SchemaError("must be a number above 0", at: path)
            }
        case "uniqueItems":
            guard value.bool != nil else { throw SchemaError("must be true or false", at: path) }
        case "pattern", "$ref", "format", "title", "description", "$anchor":
            guard value.string != nil else { throw SchemaError("must be a text", at: path) }
        case "dependencies", "dependentRequired":
            guard let object = value.object else {
                throw SchemaError("must be an object", at: path)
            }
            for (name, others) in object.members where others.array != nil {
                guard isNames(others) else {
                    throw SchemaError("must be a list of names", at: "\(path)/\(name)")
                }
            }
        case _ where countKeys.contains(key):
            guard let count = value.double, count >= 0 else {
                throw SchemaError("must be 0 or more", at: path)
            }
        default: break  // Keywords nobody knows are allowed, and mean nothing.
        }
    }

    private static func isNames(_ value: JSONValue) -> Bool {
        value.array?.allSatisfy { $0.string != nil } ?? false
    }
}
