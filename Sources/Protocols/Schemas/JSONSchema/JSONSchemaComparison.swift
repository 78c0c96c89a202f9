// Whether a reader's JSON Schema accepts all that a writer's does, rule by rule, with Confluent's
// names for the rules. Source: reference/kafka.md C2.

import MillraceBase

struct JSONSchemaComparison {
    private var found: [String] = []
    private var following: Set<[String]> = []

    static func incompatibilities(reader: JSONSchemaDocument, writer: JSONSchemaDocument)
        -> [String]
    {
        var comparison = JSONSchemaComparison()
        comparison.compare(
            JSONSchemaNode(reader.root, in: reader), JSONSchemaNode(writer.root, in: writer),
            at: "#")
        return Array(comparison.found.prefix(SchemaLimits.incompatibilitiesMax))
    }

    mutating func note(_ rule: String, at path: String, _ why: String) {
        found.append("\(rule) at \(path): \(why)")
    }

    mutating func compare(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        guard !reader.isEmpty, !writer.isFalse, reader.value != writer.value || hasReference(reader)
        else { return }
        if let to = reader.reference, let from = writer.reference {
            guard following.insert([to, from]).inserted else { return }
        }
        if reader.isFalse { return note("TYPE_CHANGED", at: path, "nothing is accepted any more") }
        if compareCombined(reader, writer, at: path) { return }
        guard compareTypes(reader, writer, at: path) else { return }
        compareEnum(reader, writer, at: path)
        compareBounds(reader, writer, at: path)
        compareObject(reader, writer, at: path)
        compareArray(reader, writer, at: path)
        compareNot(reader, writer, at: path)
    }

    /// Equal texts may still lead to different definitions.
    private func hasReference(_ node: JSONSchemaNode) -> Bool { node.value.text.contains("$ref") }

    func accepts(_ reader: JSONSchemaNode, _ writer: JSONSchemaNode) -> Bool {
        var trial = JSONSchemaComparison()
        trial.following = following
        trial.compare(reader, writer, at: "#")
        return trial.found.isEmpty
    }

    /// - Returns: whether the comparison is over, because one of both is made of several schemas.
    private mutating func compareCombined(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) -> Bool {
        if let branches = writer.sum {
            for (index, branch) in branches.enumerated() where !accepts(reader, branch) {
                note(
                    reader.sum == nil ? "COMBINED_TYPE_CHANGED" : "SUM_TYPE_NARROWED", at: path,
                    "the writer's choice \(index + 1) is not accepted")
            }
            return true
        }
        if let branches = reader.sum {
            if !branches.contains(where: { accepts($0, writer) }) {
                note(
                    "COMBINED_TYPE_SUBSCHEMAS_CHANGED", at: path,
                    "none of the reader's choices accepts what the writer allows")
            }
            return true
        }
        if let parts = reader.product {
            let given = (writer.product ?? []) + [writer]
            for (index, part) in parts.enumerated()
            where !given.contains(where: { accepts(part, $0) }) {
                note(
                    "PRODUCT_TYPE_EXTENDED", at: path,
                    "the reader's condition \(index + 1) was not asked of the writer")
            }
            return writer.product != nil
        }
        if let parts = writer.product {
            if !parts.contains(where: { accepts(reader, $0) }) {
                note(
                    "COMBINED_TYPE_CHANGED", at: path,
                    "none of the writer's conditions is enough for the reader")
            }
            return true
        }
        return false
    }

    /// - Returns: whether values may have a type in common with the reader's.
    private mutating func compareTypes(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) -> Bool {
        guard let to = reader.types else { return true }
        guard let from = writer.types else {
            note("TYPE_NARROWED", at: path, "any type was allowed, now \(Self.list(to))")
            return false
        }
        let lost = from.filter { !to.contains($0) && !($0 == "integer" && to.contains("number")) }
        guard !lost.isEmpty else { return true }
        let isNarrowed = lost.count < from.count || (lost == ["number"] && to.contains("integer"))
        note(
            isNarrowed ? "TYPE_NARROWED" : "TYPE_CHANGED", at: path,
            "\(Self.list(lost)) is not accepted, only \(Self.list(to))")
        return false
    }

    private static func list(_ names: Set<String>) -> String {
        names.sorted().joined(separator: ", ")
    }

    private mutating func compareEnum(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        let allowed = reader.value["enum"]?.array ?? reader.value["const"].map { [$0] }
        guard let allowed else { return }
        let given = writer.value["enum"]?.array ?? writer.value["const"].map { [$0] }
        guard let given else {
            return note("ENUM_ARRAY_CHANGED", at: path, "any value was allowed, now only a list")
        }
        let lost = given.filter { !allowed.contains($0) }
        if !lost.isEmpty {
            note(
                "ENUM_ARRAY_NARROWED", at: path,
                "no longer accepted: \(lost.map(\.text).joined(separator: ", "))")
        }
    }

    /// The reader may allow more than the writer, never less.
    private mutating func compareBounds(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        let upper = [
            ("maxLength", "MAX_LENGTH"), ("maximum", "MAXIMUM"),
            ("exclusiveMaximum", "EXCLUSIVE_MAXIMUM"), ("maxItems", "MAX_ITEMS"),
            ("maxProperties", "MAX_PROPERTIES"),
        ]
        for (key, rule) in upper {
            guard let to = reader.number(key) else { continue }
            guard let from = writer.number(key) else {
                note("\(rule)_ADDED", at: "\(path)/\(key)", "there was no bound, now \(to)")
                continue
            }
            if to < from { note("\(rule)_DECREASED", at: "\(path)/\(key)", "\(from) became \(to)") }
        }
        let lower = [
            ("minLength", "MIN_LENGTH"), ("minimum", "MINIMUM"),
            ("exclusiveMinimum", "EXCLUSIVE_MINIMUM"), ("minItems", "MIN_ITEMS"),
            ("minProperties", "MIN_PROPERTIES"),
        ]
        for (key, rule) in lower {
            guard let to = reader.number(key), to > 0 || !key.hasPrefix("min") || key == "minimum"
            else { continue }
            guard let from = writer.number(key) else {
                note("\(rule)_ADDED", at: "\(path)/\(key)", "there was no bound, now \(to)")
                continue
            }
            if to > from { note("\(rule)_INCREASED", at: "\(path)/\(key)", "\(from) became \(to)") }
        }
        compareSingleRules(reader, writer, at: path)
    }

    private mutating func compareSingleRules(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        if let to = reader.value["pattern"]?.string, to != writer.value["pattern"]?.string {
            let rule = writer.value["pattern"] == nil ? "PATTERN_ADDED" : "PATTERN_CHANGED"
            note(rule, at: "\(path)/pattern", "the writer's texts may not match \(to)")
        }
        if let to = reader.number("multipleOf"), to > 0 {
            let from = writer.number("multipleOf")
            if from.map({ $0.truncatingRemainder(dividingBy: to) != 0 }) ?? true {
                let rule = from == nil ? "MULTIPLE_OF_ADDED" : "MULTIPLE_OF_CHANGED"
                note(rule, at: "\(path)/multipleOf", "the writer's numbers may be no multiples")
            }
        }
        if reader.value["uniqueItems"]?.bool == true, writer.value["uniqueItems"]?.bool != true {
            note("UNIQUE_ITEMS_ADDED", at: "\(path)/uniqueItems", "items could be equal before")
        }
        for key in ["exclusiveMinimum", "exclusiveMaximum"]
        where reader.value[key]?.bool == true && writer.value[key]?.bool != true {
            let rule = key == "exclusiveMinimum" ? "EXCLUSIVE_MINIMUM" : "EXCLUSIVE_MAXIMUM"
            note("\(rule)_ADDED", at: "\(path)/\(key)", "the bound itself was allowed before")
        }
    }

    private mutating func compareNot(
        _ reader: JSONSchemaNode, _ writer: JSONSchemaNode, at path: String
    ) {
        guard let to = reader.child("not") else { return }
        // What is excluded may shrink: the old exclusion must cover the new one.
        if let from = writer.child("not"), accepts(from, to) { return }
        note("NOT_TYPE_EXTENDED", at: "\(path)/not", "more is excluded than before")
    }
}
