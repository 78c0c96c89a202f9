// One schema of a document, for validation: what its keywords say.

import MillraceBase

/// A view; cheap to make, nothing is cached.
struct JSONSchemaNode {
    let value: JSONValue
    let document: JSONSchemaDocument
    /// What relative references in it are relative to.
    let base: String

    init(_ place: JSONSchemaPlace, in document: JSONSchemaDocument) {
        value = place.value
        self.document = document
        base = JSONSchemaResources.base(
            of: place.value, inside: place.base, document.resources.dialect)
    }

    init(rootOf document: JSONSchemaDocument) {
        let base = document.resources.rootBase
        self.init(JSONSchemaPlace(value: document.root, base: base), in: document)
    }

    func node(_ value: JSONValue) -> JSONSchemaNode {
        JSONSchemaNode(JSONSchemaPlace(value: value, base: base), in: document)
    }

    func child(_ key: String) -> JSONSchemaNode? { value[key].map(node) }

    func children(_ key: String) -> [JSONSchemaNode]? { value[key]?.array.map { $0.map(node) } }

    /// What `$ref` leads to.
    var referred: JSONSchemaNode? {
        let resources = document.resources
        let keys = resources.dialect.isModern ? ["$ref", "$dynamicRef", "$recursiveRef"] : ["$ref"]
        for key in keys {
            guard let reference = value[key]?.string,
                let place = resources.place(at: resources.address(of: reference, in: base))
            else { continue }
            return JSONSchemaNode(place, in: document)
        }
        return nil
    }

    /// Refuses everything.
    var isFalse: Bool { value.bool == false }

    /// The types it names; `nil`: all. "number" includes "integer".
    var types: Set<String>? {
        if let names = value["type"]?.array { return Set(names.compactMap(\.string)) }
        return value["type"]?.string.map { [$0] }
    }

    static func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .number: JSONSchemaValidator.isWhole(value) ? "integer" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    func property(_ name: String) -> JSONSchemaNode? {
        value["properties"]?.object?[name].map(node)
    }

    var required: Set<String> { Set(value["required"]?.array?.compactMap(\.string) ?? []) }

    var patterns: [(pattern: String, node: JSONSchemaNode)] {
        value["patternProperties"]?.object?.members.map { ($0.name, node($0.value)) } ?? []
    }

    func number(_ key: String) -> Double? { value[key]?.double }

    /// allOf: each of several.
    var product: [JSONSchemaNode]? { children("allOf") }
}

enum JSONSchemaPattern {
    /// An expression we cannot read matches nothing.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex) != nil
    }
}
