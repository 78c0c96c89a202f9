// An Avro schema written down again: whole, and in Parsing Canonical Form.
// Source: Apache Avro specification 1.12, "Parsing Canonical Form for Schemas".

import MillraceBase

extension AvroDocument {
    /// Everything it says, attributes in one order, without white space.
    var text: String {
        var writer = AvroWriter(document: self, isCanonical: false)
        return writer.value(root, namespace: "").text
    }

    /// Only what matters for reading, for fingerprints.
    var parsingCanonicalForm: String {
        var writer = AvroWriter(document: self, isCanonical: true)
        return writer.value(root, namespace: "").text
    }
}

/// Writes each named type where it first stands, and its name from then on.
private struct AvroWriter {
    let document: AvroDocument
    let isCanonical: Bool
    private var written: Set<String> = []

    init(document: AvroDocument, isCanonical: Bool) {
        self.document = document
        self.isCanonical = isCanonical
    }

    mutating func value(_ type: AvroType, namespace: String) -> JSONValue {
        switch type {
        case .primitive(let primitive, let attributes):
            let rest = kept(attributes)
            guard !rest.isEmpty else { return .string(primitive.rawValue) }
            return .object(JSONObject([("type", .string(primitive.rawValue))] + rest))
        case .array(let items, let attributes):
            let inner = value(items, namespace: namespace)
            return .object(
                JSONObject([("type", "array"), ("items", inner)] + kept(attributes)))
        case .map(let values, let attributes):
            let inner = value(values, namespace: namespace)
            return .object(JSONObject([("type", "map"), ("values", inner)] + kept(attributes)))
        case .union(let branches):
            var items: [JSONValue] = []
            for branch in branches { items.append(value(branch, namespace: namespace)) }
            return .array(items)
        case .named(let name): return named(name, namespace: namespace)
        }
    }

    private func kept(_ attributes: AvroAttributes) -> AvroAttributes {
        isCanonical ? [] : attributes
    }

    private mutating func named(_ fullName: String, namespace: String) -> JSONValue {
        guard let type = document.named[fullName], written.insert(fullName).inserted else {
            let isNear = !isCanonical && AvroName.namespace(fullName) == namespace
            return .string(isNear ? AvroName.unqualified(fullName) : fullName)
        }
        var members: AvroAttributes = []
        switch type.kind {
        case .record: members.append(("type", "record"))
        case .enumeration: members.append(("type", "enum"))
        case .fixed: members.append(("type", "fixed"))
        }
        if isCanonical {
            members.insert(("name", .string(fullName)), at: 0)
        } else {
            members.append(("name", .string(type.name)))
            if type.namespace != namespace || (!type.namespace.isEmpty && written.count == 1) {
                members.append(("namespace", .string(type.namespace)))
            }
            if let doc = type.doc { members.append(("doc", .string(doc))) }
        }
        members += body(of: type)
        if !isCanonical {
            if !type.aliases.isEmpty {
                members.append(("aliases", .array(type.aliases.map { .string($0) })))
            }
            members += type.attributes
        }
        return .object(JSONObject(members))
    }

    private mutating func body(of type: AvroNamedType) -> AvroAttributes {
        switch type.kind {
        case .record(let fields):
            var values: [JSONValue] = []
            for field in fields { values.append(value(field, namespace: type.namespace)) }
            return [("fields", .array(values))]
        case .enumeration(let symbols, let defaultSymbol):
            let list: AvroAttributes = [("symbols", .array(symbols.map { .string($0) }))]
            guard let defaultSymbol, !isCanonical else { return list }
            return list + [("default", .string(defaultSymbol))]
        case .fixed(let bytes): return [("size", JSONValue(bytes))]
        }
    }

    private mutating func value(_ field: AvroField, namespace: String) -> JSONValue {
        var members: AvroAttributes = [
            ("name", .string(field.name)), ("type", value(field.type, namespace: namespace)),
        ]
        guard !isCanonical else { return .object(JSONObject(members)) }
        if let doc = field.doc { members.append(("doc", .string(doc))) }
        if let value = field.defaultValue { members.append(("default", value)) }
        if let order = field.order, order != "ascending" {
            members.append(("order", .string(order)))
        }
        if !field.aliases.isEmpty {
            members.append(("aliases", .array(field.aliases.map { .string($0) })))
        }
        return .object(JSONObject(members + field.attributes))
    }
}
