// A JSON Schema, checked enough to be compared and to validate by. Source: json-schema.org,
// drafts 4, 6, 7, 2019-09 and 2020-12.

import MillraceBase

/// The schema as JSON, and the places its `$ref`s lead to.
struct JSONSchemaDocument: Sendable {
    let root: JSONValue
    /// By what stands in `$ref`: "#", "#/definitions/x", "#anchor", an `$id`.
    private(set) var targets: [String: JSONValue] = [:]

    init(_ text: String) throws(SchemaError) {
        do throws(JSONError) { root = try JSONValue(parsing: text) } catch {
            throw SchemaError("\(error)")
        }
        switch root {
        case .object, .bool: break
        case .null, .number, .string, .array:
            throw SchemaError("a JSON Schema is an object, true or false")
        }
        targets["#"] = root
        var references: [String] = []
        try collect(root, path: "", references: &references, depth: 0)
        for reference in references where target(of: reference) == nil {
            throw SchemaError("\"$ref\": \"\(reference)\" leads nowhere in this schema")
        }
    }

    func target(of reference: String) -> JSONValue? {
        if let known = targets[reference] { return known }
        guard let hash = reference.firstIndex(of: "#") else { return nil }
        let base = String(reference[..<hash])
        guard let start = base.isEmpty ? root : targets[base] else { return nil }
        let pointer = reference[reference.index(after: hash)...]
        guard pointer.isEmpty || pointer.hasPrefix("/") else { return nil }
        var value = start
        for part in pointer.split(separator: "/") {
            let name = Self.unescaped(part)
            guard let next = value[name] ?? Int(name).flatMap({ value[$0] }) else { return nil }
            value = next
        }
        return value
    }

    /// RFC 6901, and percent signs of a URL's fragment.
    private static func unescaped(_ part: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "~"), let mark = rest.first, mark | 1 == 0x31 {
                bytes.append(mark == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                rest = rest.dropFirst()
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// MARK: - The check of a schema

extension JSONSchemaDocument {
    static let typeNames: Set<String> = [
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
    ]

    private mutating func collect(
        _ schema: JSONValue, path: String, references: inout [String], depth: Int
    ) throws(SchemaError) {
        guard depth < SchemaLimits.depthMax else {
            throw SchemaError("more than \(SchemaLimits.depthMax) levels", at: path)
        }
        if schema.bool != nil { return }
        guard let object = schema.object else { throw SchemaError("is no schema", at: path) }
        if let reference = object["$ref"]?.string { references.append(reference) }
        if let id = object["$id"]?.string ?? object["id"]?.string {
            targets[id] = schema
            if id.hasSuffix("#") { targets[String(id.dropLast())] = schema }
        }
        if let anchor = object["$anchor"]?.string { targets["#" + anchor] = schema }
        for (key, value) in object.members {
            let here = "\(path)/\(key)"
            try Self.checkValue(key, value, path: here)
            if Self.schemaKeys.contains(key) {
                try collect(value, path: here, references: &references, depth: depth + 1)
            } else if key == "items" {
                for item in value.array ?? [value] {
                    try collect(item, path: here, references: &references, depth: depth + 1)
                }
            } else if Self.schemaListKeys.contains(key) {
                guard let items = value.array, !items.isEmpty else {
                    throw SchemaError("must be a list of schemas", at: here)
                }
                for item in items {
                    try collect(item, path: here, references: &references, depth: depth + 1)
                }
            } else if Self.schemaMapKeys.contains(key) {
                guard let map = value.object else {
                    throw SchemaError("must be an object of schemas", at: here)
                }
                for (name, item) in map.members {
                    try collect(
                        item, path: "\(here)/\(name)", references: &references, depth: depth + 1)
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
            guard value.bool != nil || value.array?.allSatisfy({ $0.string != nil }) == true else {
                throw SchemaError("must be a list of names", at: path)
            }
        case "minimum", "maximum", "multipleOf":
            guard value.double != nil else { throw SchemaError("must be a number", at: path) }
        case "pattern", "$ref", "format", "title", "description":
            guard value.string != nil else { throw SchemaError("must be a text", at: path) }
        case _ where countKeys.contains(key):
            guard let count = value.double, count >= 0 else {
                throw SchemaError("must be 0 or more", at: path)
            }
        default: break  // Keywords nobody knows are allowed, and mean nothing.
        }
    }
}
