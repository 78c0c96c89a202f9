// One schema of a document with its `$ref` followed: what its keywords say.

import MillraceBase

/// A view; cheap to make, nothing is cached.
struct JSONSchemaNode {
    let value: JSONValue
    let document: JSONSchemaDocument
    /// Names the place for recursion's sake: the last reference followed, if any.
    let reference: String?

    init(_ value: JSONValue, in document: JSONSchemaDocument) {
        var value = value
        var reference: String?
        var steps = 0
        while let next = value["$ref"]?.string, steps < SchemaLimits.depthMax {
            steps += 1
            guard let target = document.target(of: next) else { break }
            reference = next
            value = target
        }
        self.value = value
        self.document = document
        self.reference = reference
    }

    func node(_ value: JSONValue) -> JSONSchemaNode { JSONSchemaNode(value, in: document) }

    func child(_ key: String) -> JSONSchemaNode? { value[key].map(node) }

    func children(_ key: String) -> [JSONSchemaNode]? { value[key]?.array.map { $0.map(node) } }

    /// Refuses everything.
    var isFalse: Bool { value.bool == false || value == ["not": [:]] }

    /// Accepts everything: no keyword that says otherwise.
    var isEmpty: Bool {
        if let bool = value.bool { return bool }
        let silent: Set<String> = [
            "$schema", "$id", "id", "title", "description", "default", "examples", "$comment",
            "definitions", "$defs", "deprecated", "readOnly", "writeOnly", "format",
        ]
        return value.object?.members.allSatisfy { silent.contains($0.name) } ?? true
    }

    /// The types it allows; `nil`: all. "number" includes "integer".
    var types: Set<String>? {
        if let names = value["type"]?.array { return Set(names.compactMap(\.string)) }
        if let name = value["type"]?.string { return [name] }
        let shown = (value["enum"]?.array ?? value["const"].map { [$0] })?.map(Self.typeName)
        if let shown { return Set(shown) }
        if value["properties"] != nil || value["required"]?.array != nil { return ["object"] }
        return nil
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

    var properties: [(name: String, node: JSONSchemaNode)] {
        value["properties"]?.object?.members.map { ($0.name, node($0.value)) } ?? []
    }

    func property(_ name: String) -> JSONSchemaNode? {
        value["properties"]?.object?[name].map(node)
    }

    var required: Set<String> { Set(value["required"]?.array?.compactMap(\.string) ?? []) }

    /// The schema of members that `properties` does not name; `nil` when any are fine.
    var additional: JSONSchemaNode? {
        guard let node = child("additionalProperties") ?? child("unevaluatedProperties") else {
            return nil
        }
        return node.isEmpty ? nil : node
    }

    var patterns: [(pattern: String, node: JSONSchemaNode)] {
        value["patternProperties"]?.object?.members.map { ($0.name, node($0.value)) } ?? []
    }

    /// Takes members it says nothing about.
    var isOpen: Bool { additional == nil && patterns.isEmpty }

    /// What a member that `properties` does not name must be; `nil` when it is refused.
    func covering(_ name: String) -> JSONSchemaNode? {
        for (pattern, node) in patterns where JSONSchemaPattern.matches(pattern, name) {
            return node
        }
        guard let additional else { return node(true) }
        return additional.isFalse ? nil : additional
    }

    func number(_ key: String) -> Double? { value[key]?.double }

    /// oneOf or anyOf: some of several.
    var sum: [JSONSchemaNode]? { children("oneOf") ?? children("anyOf") }
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
