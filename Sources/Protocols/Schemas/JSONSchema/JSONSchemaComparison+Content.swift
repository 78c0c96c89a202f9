// What a JSON Schema says of the members of objects and the items of arrays, compared.

import MillraceBase

extension JSONSchemaComparison {
    mutating func compareObject(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        let isObject =
            writer.types?.contains("object") ?? (reader.types?.contains("object") ?? true)
        guard isObject else { return }
        for (name, from) in writer.properties {
            let here = "\(path)/properties/\(name)"
            if let to = reader.property(name) {
                compare(to, from, at: here)
                requireKept(name, to, reader, writer, at: here)
            } else {
                compareRemoved(name, from, reader, at: here)
            }
        }
        for (name, to) in reader.properties where writer.property(name) == nil {
            compareAdded(name, to, reader, writer, at: "\(path)/properties/\(name)")
        }
        for name in reader.required.sorted()
        where !writer.required.contains(name) && reader.property(name) == nil {
            note(
                "REQUIRED_ATTRIBUTE_ADDED", at: "\(path)/required/\(name)",
                "the property '\(name)' is required now")
        }
        compareAdditional(reader, writer, at: "\(path)/additionalProperties")
        compareDependencies(reader, writer, at: path)
    }

    private mutating func requireKept(
        _ name: String, _ to: JSONSchemaNode, _ reader: JSONSchemaNode, _ writer: JSONSchemaNode,
        at path: String
    ) {
        guard reader.required.contains(name), !writer.required.contains(name),
            to.value["default"] == nil
        else { return }
        note(
            "REQUIRED_ATTRIBUTE_ADDED", at: path,
            "the property '\(name)' is required now and has no default")
    }

    private mutating func compareRemoved(
        _ name: String, _ from: JSONSchemaNode, _ reader: JSONSchemaNode, at path: String
    ) {
        if reader.isOpen || from.isFalse { return }
        guard let cover = reader.covering(name) else {
            return note(
                "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", at: path,
                "the property '\(name)' was removed and additional ones are refused")
        }
        if !accepts(cover, from) {
            note(
                "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", at: path,
                "the property '\(name)' was removed and the rest's schema refuses its values")
        }
    }

    private mutating func compareAdded(
        _ name: String, _ to: JSONSchemaNode, _ reader: JSONSchemaNode, _ writer: JSONSchemaNode,
        at path: String
    ) {
        if writer.isOpen {
            if !to.isEmpty {
                note(
                    "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", at: path,
                    "the property '\(name)' could have had any value before")
            }
        } else if let cover = writer.covering(name), !accepts(to, cover) {
            note(
                "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", at: path,
                "the property '\(name)' could have had other values before")
        }
        if reader.required.contains(name), !writer.required.contains(name),
            to.value["default"] == nil
        {
            note(
                writer.isOpen
                    ? "REQUIRED_ATTRIBUTE_ADDED"
                    : "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
                at: path, "the property '\(name)' is new, required, and has no default")
        }
    }

    private mutating func compareAdditional(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        guard let to = reader.additional else { return }
        guard let from = writer.additional else {
            return note(
                to.isFalse ? "ADDITIONAL_PROPERTIES_REMOVED" : "ADDITIONAL_PROPERTIES_NARROWED",
                at: path, "any additional property was accepted before")
        }
        compare(to, from, at: path)
    }

    private mutating func compareDependencies(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        for key in ["dependencies", "dependentRequired", "dependentSchemas"] {
            guard let to = reader.value[key]?.object else { continue }
            for (name, value) in to.members where writer.value[key]?.object?[name] != value {
                note(
                    "DEPENDENCY_ADDED_OR_CHANGED", at: "\(path)/\(key)/\(name)",
                    "what goes with '\(name)' was not asked before")
            }
        }
    }

    mutating func compareArray(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        let isArray = writer.types?.contains("array") ?? (reader.types?.contains("array") ?? true)
        guard isArray else { return }
        let to = ArrayItems(reader)
        let from = ArrayItems(writer)
        for index in 0..<max(to.first.count, from.first.count) {
            guard let toItem = to.item(index) else { continue }
            let here = "\(path)/items/\(index)"
            guard let fromItem = from.item(index) else {
                note("ITEM_ADDED_TO_OPEN_CONTENT_MODEL", at: here, "it could be anything before")
                continue
            }
            compare(toItem, fromItem, at: here)
        }
        guard let toRest = to.rest, !toRest.isEmpty else { return }
        guard let fromRest = from.rest else {
            return note("ITEMS_NARROWED", at: "\(path)/items", "items could be anything before")
        }
        compare(toRest, fromRest, at: "\(path)/items")
    }

    /// Items by place, and the rest; drafts differ in how they write it.
    private struct ArrayItems {
        var first: [JSONSchemaNode] = []
        var rest: JSONSchemaNode?

        init(_ node: JSONSchemaNode) {
            if let prefix = node.children("prefixItems") {
                first = prefix
                rest = node.child("items")
            } else if let tuple = node.children("items") {
                first = tuple
                rest = node.child("additionalItems")
            } else {
                rest = node.child("items")
            }
        }

        func item(_ index: Int) -> JSONSchemaNode? { index < first.count ? first[index] : rest }
    }
}
