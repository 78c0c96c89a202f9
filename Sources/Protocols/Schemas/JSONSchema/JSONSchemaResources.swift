// Where `$ref` leads: the schemas inside a document and the ones it borrows, by address.
// Source: json-schema.org, "Base URI, Anchors, and Dereferencing".

import MillraceBase

/// A schema and the address that relative references in it are relative to.
struct JSONSchemaPlace: Sendable {
    var value: JSONValue
    var base: String
}

struct JSONSchemaResources: Sendable {
    /// "address" and "address#anchor".
    private var places: [String: JSONSchemaPlace] = [:]
    /// The document's own.
    let rootBase: String
    let dialect: JSONSchemaDialect

    init(_ root: JSONValue, references: SchemaReferences) throws(SchemaError) {
        dialect = JSONSchemaDialect(of: root)
        let id = root[dialect.idKey]?.string ?? ""
        rootBase = JSONSchemaAddress.withoutFragment(
            JSONSchemaAddress.resolved(id, against: JSONSchemaAddress.unnamed))
        for (name, text) in references.texts.sorted(by: { $0.key < $1.key }) {
            let value: JSONValue
            do throws(JSONError) { value = try JSONValue(parsing: text) } catch {
                throw SchemaError("the reference \(name): \(error)")
            }
            let address = JSONSchemaAddress.resolved(name, against: rootBase)
            add(value, at: JSONSchemaAddress.withoutFragment(address))
            collect(value, base: address, JSONSchemaDialect(of: value), depth: 0)
        }
        add(root, at: rootBase)
        collect(root, base: rootBase, dialect, depth: 0)
    }

    private mutating func add(_ value: JSONValue, at address: String) {
        places[address] = JSONSchemaPlace(value: value, base: address)
    }

    /// Finds every `$id` and anchor, also in places where no schema stands: they harm nobody.
    private mutating func collect(
        _ value: JSONValue, base: String, _ dialect: JSONSchemaDialect, depth: Int
    ) {
        switch value {
        case .array(let items):
            for item in items { collect(item, base: base, dialect, depth: depth + 1) }
        case .object(let object):
            let inner = Self.base(of: value, inside: base, dialect)
            if inner != base { add(value, at: inner) }
            for key in ["$anchor", "$dynamicAnchor"] {
                guard let name = object[key]?.string else { continue }
                places["\(inner)#\(name)"] = JSONSchemaPlace(value: value, base: inner)
            }
            // Draft 6 and 7 write an anchor as an `$id` that is only a fragment.
            if let id = object[dialect.idKey]?.string, id.hasPrefix("#"), id.count > 1 {
                places[inner + id] = JSONSchemaPlace(value: value, base: inner)
            }
            for (name, member) in object.members where !Self.values.contains(name) {
                collect(member, base: inner, dialect, depth: depth + 1)
            }
        case .null, .bool, .number, .string: break
        }
    }

    /// Keywords whose values are data, not schemas.
    private static let values: Set<String> = ["enum", "const", "default", "examples"]

    static func base(of value: JSONValue, inside base: String, _ dialect: JSONSchemaDialect)
        -> String
    {
        guard let id = value[dialect.idKey]?.string, !id.hasPrefix("#") else { return base }
        return JSONSchemaAddress.withoutFragment(JSONSchemaAddress.resolved(id, against: base))
    }

    /// - Parameter address: absolute, with its fragment.
    func place(at address: String) -> JSONSchemaPlace? {
        let document = JSONSchemaAddress.withoutFragment(address)
        let fragment = JSONSchemaAddress.fragment(address)
        guard fragment.isEmpty || fragment.hasPrefix("/") else { return places[address] }
        guard var place = places[document] else { return nil }
        for name in JSONSchemaAddress.names(in: fragment) {
            guard let next = place.value[name] ?? Int(name).flatMap({ place.value[$0] }) else {
                return nil
            }
            place.base = Self.base(of: place.value, inside: place.base, dialect)
            place.value = next
        }
        return place
    }

    func address(of reference: String, in base: String) -> String {
        JSONSchemaAddress.resolved(reference, against: base)
    }
}
