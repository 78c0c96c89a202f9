// An Avro schema written down again: whole, normalized, and in Parsing Canonical Form.
// Source: Apache Avro specification 1.12, "Parsing Canonical Form for Schemas"; Apache Avro's
// Schema.toString and Confluent's AvroSchemaUtils for the order of attributes.

import MillraceBase

extension AvroDocument {
    /// Everything it says, attributes in one order, without white space; borrowed types by name.
    var text: String { written(.whole, without: borrowed) }

    /// Besides: attributes nobody knows, aliases and the members of defaults in the order of their
    /// names, and no empty `doc`.
    var normalizedText: String { written(.normalized, without: borrowed) }

    /// With the borrowed types written out.
    var resolvedText: String { written(.whole, without: []) }

    /// Only what matters for reading, for fingerprints.
    var parsingCanonicalForm: String { written(.canonical, without: []) }

    private func written(_ form: AvroWriter.Form, without names: Set<String>) -> String {
        var writer = AvroWriter(document: self, form: form, written: names)
        return writer.value(root).text
    }
}

/// Writes each named type where it first stands, and its name from then on.
private struct AvroWriter {
    enum Form {
        case whole, normalized, canonical
    }

    let document: AvroDocument
    let form: Form
    var written: Set<String>
    /// Of the record around; `nil` at the top and where there is none.
    private var namespace: String?

    init(document: AvroDocument, form: Form, written: Set<String>) {
        self.document = document
        self.form = form
        self.written = written
    }

    mutating func value(_ type: AvroType) -> JSONValue {
        switch type {
        case .primitive(let primitive, let attributes):
            let rest = kept(attributes)
            guard !rest.isEmpty else { return .string(primitive.rawValue) }
            return .object(JSONObject([("type", .string(primitive.rawValue))] + rest))
        case .array(let items, let attributes):
            let inner = value(items)
            return .object(
                JSONObject([("type", "array"), ("items", inner)] + kept(attributes)))
        case .map(let values, let attributes):
            let inner = value(values)
            return .object(JSONObject([("type", "map"), ("values", inner)] + kept(attributes)))
        case .union(let branches):
            var items: [JSONValue] = []
            for branch in branches { items.append(value(branch)) }
            return .array(items)
        case .named(let name): return named(name)
        }
    }

    /// Attributes that mean nothing to Avro, and logical types.
    private func kept(_ attributes: AvroAttributes) -> AvroAttributes {
        switch form {
        case .canonical: return []
        case .whole: return attributes
        case .normalized:
            let first = ["logicalType", "precision", "scale"]
            let logical = first.compactMap { name in
                attributes.last { $0.name == name && !(name == "scale" && $0.value.int == 0) }
            }
            let rest = attributes.filter { !first.contains($0.name) }
            return logical
                + rest.sorted { $0.name < $1.name }.map { ($0.name, $0.value.sortedByName) }
        }
    }

    private func kept(_ aliases: [String], in space: String) -> AvroAttributes {
        guard form != .canonical, !aliases.isEmpty else { return [] }
        let ordered = form == .normalized ? Set(aliases).sorted() : aliases
        return [("aliases", .array(ordered.map { .string(qualified($0, in: space)) }))]
    }

    private func qualified(_ fullName: String, in space: String?) -> String {
        let isNear = space == AvroName.namespace(fullName) && space?.isEmpty == false
        let name = AvroName.unqualified(fullName)
        return isNear && AvroPrimitive(rawValue: name) == nil ? name : fullName
    }

    private mutating func named(_ fullName: String) -> JSONValue {
        guard let type = document.named[fullName], written.insert(fullName).inserted else {
            return .string(form == .canonical ? fullName : qualified(fullName, in: namespace))
        }
        var members: AvroAttributes = []
        switch type.kind {
        case .record(_, let isError): members.append(("type", isError ? "error" : "record"))
        case .enumeration: members.append(("type", "enum"))
        case .fixed: members.append(("type", "fixed"))
        }
        if form == .canonical {
            members.insert(("name", .string(fullName)), at: 0)
        } else {
            members.append(("name", .string(type.name)))
            if type.namespace != namespace ?? "" {
                members.append(("namespace", .string(type.namespace)))
            }
            if let doc = type.doc, form == .whole || !doc.isEmpty {
                members.append(("doc", .string(doc)))
            }
        }
        members += body(of: type)
        members += kept(type.attributes) + kept(type.aliases, in: type.namespace)
        return .object(JSONObject(members))
    }

    private mutating func body(of type: AvroNamedType) -> AvroAttributes {
        switch type.kind {
        case .record(let fields, _):
            let outer = namespace
            namespace = type.namespace.isEmpty ? nil : type.namespace
            defer { namespace = outer }
            var values: [JSONValue] = []
            for field in fields { values.append(value(field)) }
            return [("fields", .array(values))]
        case .enumeration(let symbols, let defaultSymbol):
            let list: AvroAttributes = [("symbols", .array(symbols.map { .string($0) }))]
            guard let defaultSymbol, form != .canonical else { return list }
            return list + [("default", .string(defaultSymbol))]
        case .fixed(let bytes): return [("size", JSONValue(bytes))]
        }
    }

    private mutating func value(_ field: AvroField) -> JSONValue {
        var members: AvroAttributes = [
            ("name", .string(field.name)), ("type", value(field.type)),
        ]
        guard form != .canonical else { return .object(JSONObject(members)) }
        if let doc = field.doc { members.append(("doc", .string(doc))) }
        if let value = field.defaultValue {
            members.append(("default", form == .normalized ? value.sortedByName : value))
        }
        if let order = field.order, order != "ascending" {
            members.append(("order", .string(order)))
        }
        members += kept(field.aliases, in: "") + kept(field.attributes)
        return .object(JSONObject(members))
    }
}

extension JSONValue {
    /// The same value with the members of every object in the order of their names, each once.
    var sortedByName: JSONValue {
        switch self {
        case .object(let object):
            var seen: Set<String> = []
            let last = object.members.reversed().filter { seen.insert($0.name).inserted }
            let sorted = last.sorted { $0.name < $1.name }
            return .object(JSONObject(sorted.map { ($0.name, $0.value.sortedByName) }))
        case .array(let items): return .array(items.map(\.sortedByName))
        case .null, .bool, .number, .string: return self
        }
    }
}
