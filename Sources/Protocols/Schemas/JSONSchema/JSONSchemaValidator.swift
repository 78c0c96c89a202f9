// A JSON value held against a JSON Schema. Source: json-schema.org, "Validation", 2020-12 and 7.

import MillraceBase

struct JSONSchemaValidator {
    private var found: [String] = []
    private var depth = 0

    static func violations(of value: JSONValue, in document: JSONSchemaDocument) -> [String] {
        var validator = JSONSchemaValidator()
        validator.check(value, JSONSchemaNode(rootOf: document), at: "$")
        return Array(validator.found.prefix(SchemaLimits.incompatibilitiesMax))
    }

    static func isWhole(_ value: JSONValue) -> Bool {
        if value.int != nil { return true }
        return value.double.map { $0.rounded() == $0 } ?? false
    }

    private mutating func note(_ path: String, _ why: String) { found.append("\(path): \(why)") }

    private func fits(_ value: JSONValue, _ node: JSONSchemaNode) -> Bool {
        var trial = JSONSchemaValidator()
        trial.depth = depth
        trial.check(value, node, at: "$")
        return trial.found.isEmpty
    }

    private mutating func check(_ value: JSONValue, _ node: JSONSchemaNode, at path: String) {
        guard depth < SchemaLimits.depthMax else { return note(path, "is too deep to be checked") }
        depth += 1
        defer { depth -= 1 }
        if node.isFalse { return note(path, "nothing is allowed here") }
        if node.value.bool != nil { return }
        if let referred = node.referred {
            check(value, referred, at: path)
            // Before draft 2019-09 nothing beside a reference counts.
            if !node.document.resources.dialect.isModern { return }
        }
        checkType(value, node, at: path)
        checkCombined(value, node, at: path)
        switch value {
        case .number: checkNumber(value, node, at: path)
        case .string(let text): checkString(text, node, at: path)
        case .array(let items): checkArray(items, node, at: path)
        case .object(let object): checkObject(object, node, at: path)
        case .null, .bool: break
        }
    }

    private mutating func checkType(_ value: JSONValue, _ node: JSONSchemaNode, at path: String) {
        if node.value["type"] != nil, let types = node.types {
            let name = JSONSchemaNode.typeName(value)
            if !types.contains(name), !(name == "integer" && types.contains("number")) {
                note(path, "is no \(types.sorted().joined(separator: " or "))")
            }
        }
        let allowed = node.value["enum"]?.array
        if let allowed, !allowed.contains(where: { $0.isSame(as: value) }) {
            note(path, "is none of the values listed")
        }
        if let constant = node.value["const"], !constant.isSame(as: value) {
            note(path, "is not the one value allowed")
        }
    }

    private mutating func checkCombined(
        _ value: JSONValue, _ node: JSONSchemaNode, at path: String
    ) {
        for part in node.product ?? [] { check(value, part, at: path) }
        if let branches = node.children("anyOf"), !branches.contains(where: { fits(value, $0) }) {
            note(path, "fits none of anyOf")
        }
        if let branches = node.children("oneOf") {
            let count = branches.count { fits(value, $0) }
            if count != 1 { note(path, "fits \(count) of oneOf") }
        }
        if let no = node.child("not"), fits(value, no) { note(path, "is excluded") }
        if let condition = node.child("if") {
            let next = fits(value, condition) ? node.child("then") : node.child("else")
            if let next { check(value, next, at: path) }
        }
    }

    private mutating func checkNumber(_ value: JSONValue, _ node: JSONSchemaNode, at path: String) {
        guard let number = value.double else { return }
        if let least = node.number("minimum") {
            let isExclusive = node.value["exclusiveMinimum"]?.bool == true
            if number < least || (isExclusive && number == least) { note(path, "is too small") }
        }
        if let most = node.number("maximum") {
            let isExclusive = node.value["exclusiveMaximum"]?.bool == true
            if number > most || (isExclusive && number == most) { note(path, "is too large") }
        }
        if let least = node.number("exclusiveMinimum"), number <= least {
            note(path, "is too small")
        }
        if let most = node.number("exclusiveMaximum"), number >= most { note(path, "is too large") }
        if let step = node.number("multipleOf"), step > 0 {
            let count = number / step
            if count.rounded() != count { note(path, "is no multiple of \(step)") }
        }
    }

    private mutating func checkString(_ text: String, _ node: JSONSchemaNode, at path: String) {
        let count = Double(text.unicodeScalars.count)
        if let least = node.number("minLength"), count < least { note(path, "is too short") }
        if let most = node.number("maxLength"), count > most { note(path, "is too long") }
        if let pattern = node.value["pattern"]?.string, !JSONSchemaPattern.matches(pattern, text) {
            note(path, "does not match the pattern")
        }
    }

    private mutating func checkArray(
        _ items: [JSONValue], _ node: JSONSchemaNode, at path: String
    ) {
        if let least = node.number("minItems"), Double(items.count) < least {
            note(path, "has too few items")
        }
        if let most = node.number("maxItems"), Double(items.count) > most {
            note(path, "has too many items")
        }
        if node.value["uniqueItems"]?.bool == true {
            let hasTwins = items.indices.contains { index in
                items[..<index].contains { $0.isSame(as: items[index]) }
            }
            if hasTwins { note(path, "has equal items") }
        }
        if let wanted = node.child("contains"), !items.contains(where: { fits($0, wanted) }) {
            note(path, "lacks an item that must be there")
        }
        let first = node.children("prefixItems") ?? node.children("items") ?? []
        let restKey = node.value["items"]?.array == nil ? "items" : "additionalItems"
        let rest = node.child(restKey)
        for (index, item) in items.enumerated() {
            guard let wanted = index < first.count ? first[index] : rest else { continue }
            check(item, wanted, at: "\(path)[\(index)]")
        }
    }

    private mutating func checkObject(
        _ object: JSONObject, _ node: JSONSchemaNode, at path: String
    ) {
        for name in node.required.sorted() where object[name] == nil {
            note("\(path).\(name)", "is missing")
        }
        let count = Double(object.members.count)
        if let least = node.number("minProperties"), count < least {
            note(path, "has too few members")
        }
        if let most = node.number("maxProperties"), count > most {
            note(path, "has too many members")
        }
        let patterns = node.patterns
        for (name, value) in object.members {
            let here = "\(path).\(name)"
            if let names = node.child("propertyNames"), !fits(.string(name), names) {
                note(here, "is not allowed as a name")
            }
            var isKnown = false
            if let wanted = node.property(name) {
                isKnown = true
                check(value, wanted, at: here)
            }
            for (pattern, wanted) in patterns where JSONSchemaPattern.matches(pattern, name) {
                isKnown = true
                check(value, wanted, at: here)
            }
            if !isKnown, let wanted = node.child("additionalProperties") {
                check(value, wanted, at: here)
            }
        }
        checkDependencies(object, node, at: path)
    }

    private mutating func checkDependencies(
        _ object: JSONObject, _ node: JSONSchemaNode, at path: String
    ) {
        for key in ["dependencies", "dependentRequired", "dependentSchemas"] {
            for (name, value) in node.value[key]?.object?.members ?? [] where object[name] != nil {
                if let names = value.array {
                    for other in names.compactMap(\.string) where object[other] == nil {
                        note("\(path).\(other)", "is missing beside '\(name)'")
                    }
                } else {
                    check(.object(object), node.node(value), at: path)
                }
            }
        }
    }
}
