// Tags inside a schema's text ("confluent:tags", in Protobuf options): found, added, taken away.
// Source: Confluent's SchemaEntity and TagSchemaRequest.

import MillraceBase
import MillraceSchemas

/// Tags of one record or field of a schema.
struct SchemaTags: Sendable, Equatable {
    enum Entity: String, Sendable {
        case record = "sr_record", field = "sr_field"
    }

    /// "namespace.Record" and "namespace.Record.field" in Avro, "object.field" in JSON Schema,
    /// "Message.field" in Protobuf. A point in front means nothing.
    var path: String
    var entity: Entity
    var tags: [String]

    static let property = "confluent:tags"

    var json: JSONValue {
        [
            "schemaEntity": [
                "entityPath": .string(path), "entityType": .string(entity.rawValue),
            ],
            "tags": .array(tags.map { .string($0) }),
        ]
    }

    static func list(_ json: JSONValue?) throws(APIError) -> [SchemaTags] {
        guard let json, !json.isNull else { return [] }
        var list: [SchemaTags] = []
        for item in json.array ?? [] {
            guard let path = item["schemaEntity"]?["entityPath"]?.string,
                let entity = (item["schemaEntity"]?["entityType"]?.string)
                    .flatMap({ Entity(rawValue: $0.lowercased()) }),
                let tags = item["tags"].flatMap(SchemaMetadata.set)
            else { throw .badRequest("tags are no list of schemaEntity and tags") }
            let name = path.hasPrefix(".") ? String(path.dropFirst()) : path
            list.append(SchemaTags(path: name, entity: entity, tags: tags))
        }
        return list
    }
}

/// Walks a schema's text, whose tagged places it lists or changes.
struct SchemaTagging {
    private let kind: SchemaKind
    private var adding: [String: [String]] = [:]
    private var removing: [String: [String]] = [:]
    private(set) var found: [SchemaTags] = []
    /// What was to be changed and is in the schema.
    private var met: Set<String> = []

    private init(_ kind: SchemaKind) { self.kind = kind }

    /// All that is tagged, in the text's order.
    static func tags(in text: String, _ kind: SchemaKind) -> [SchemaTags] {
        var walk = SchemaTagging(kind)
        // What is no schema has no tags.
        _ = try? walk.rewritten(text)
        return walk.found
    }

    static func changed(
        _ text: String, _ kind: SchemaKind, adding: [SchemaTags], removing: [SchemaTags]
    ) throws(APIError) -> String {
        var walk = SchemaTagging(kind)
        for tags in adding { walk.adding[walk.key(tags), default: []] += tags.tags }
        for tags in removing { walk.removing[walk.key(tags), default: []] += tags.tags }
        let changed = try walk.rewritten(text)
        let wanted = Set(walk.adding.keys).union(walk.removing.keys)
        if let missed = wanted.subtracting(walk.met).min() {
            throw .invalidSchema("No matching path '\(missed)' in the schema")
        }
        return changed
    }

    private func key(_ tags: SchemaTags) -> String { "\(tags.entity.rawValue) \(tags.path)" }

    private mutating func rewritten(_ text: String) throws(APIError) -> String {
        switch kind {
        case .avro, .json:
            var json: JSONValue
            do throws(JSONError) { json = try JSONValue(parsing: text) } catch {
                throw ParsedSchemas.invalid(kind, "\(error)")
            }
            if kind == .avro { avro(&json, namespace: "") } else { jsonSchema(&json, path: "") }
            return json.text
        case .protobuf:
            do throws(SchemaError) {
                return try ProtobufTags.rewritten(text) { place, tags in
                    let entity = place.isField ? SchemaTags.Entity.field : .record
                    return retagged(tags, [place.path, place.otherPath].compactMap(\.self), entity)
                }
            } catch {
                throw ParsedSchemas.invalid(kind, "\(error)")
            }
        }
    }

    /// Notes what is tagged here, and gives the tags as they are to be.
    ///
    /// - Parameter paths: all names of the place, the usual one first.
    private mutating func retagged(
        _ tags: [String], _ paths: [String], _ entity: SchemaTags.Entity
    ) -> [String] {
        var tags = tags
        for key in paths.map({ "\(entity.rawValue) \($0)" }) {
            let (added, removed) = (adding[key], removing[key])
            guard added != nil || removed != nil else { continue }
            met.insert(key)
            tags.removeAll { removed?.contains($0) ?? false }
            tags = Set(tags + (added ?? [])).sorted()
        }
        if !tags.isEmpty { found.append(SchemaTags(path: paths[0], entity: entity, tags: tags)) }
        return tags
    }

    private mutating func visit(
        _ object: inout JSONObject, _ path: String, _ entity: SchemaTags.Entity
    ) {
        let old = object[SchemaTags.property].flatMap(SchemaMetadata.set) ?? []
        let tags = retagged(old, [path], entity)
        guard tags != old else { return }
        object[SchemaTags.property] = tags.isEmpty ? nil : .array(tags.map { .string($0) })
    }

    private mutating func avro(_ json: inout JSONValue, namespace: String) {
        switch json {
        case .array(var branches):
            for index in branches.indices { avro(&branches[index], namespace: namespace) }
            json = .array(branches)
        case .object(var object):
            for name in ["items", "values", "type"] {
                guard var inner = object[name], inner.string == nil else { continue }
                avro(&inner, namespace: namespace)
                object.replace(name, inner)
            }
            if let fields = object["fields"]?.array { record(&object, fields, namespace) }
            json = .object(object)
        case .null, .bool, .number, .string: break
        }
    }

    private mutating func record(
        _ object: inout JSONObject, _ fields: [JSONValue], _ outer: String
    ) {
        let name = object["name"]?.string ?? ""
        let namespace = object["namespace"]?.string ?? outer
        let fullName = name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
        let inner = fullName.split(separator: ".").dropLast().joined(separator: ".")
        visit(&object, fullName, .record)
        let changed = fields.map { field in
            guard var members = field.object else { return field }
            visit(&members, "\(fullName).\(members["name"]?.string ?? "")", .field)
            if var type = members["type"], type.string == nil {
                avro(&type, namespace: inner)
                members.replace("type", type)
            }
            return .object(members)
        }
        object.replace("fields", .array(changed))
    }

    private mutating func jsonSchema(_ json: inout JSONValue, path: String) {
        guard var object = json.object else { return }
        if let properties = object["properties"]?.object {
            if path.isEmpty || path.hasSuffix(".") { visit(&object, path + "object", .record) }
            let changed = properties.members.map { name, value in
                guard var members = value.object else { return (name, value) }
                let place = "\(path)object.\(name)"
                visit(&members, place, .field)
                var inner = JSONValue.object(members)
                jsonSchema(&inner, path: place + ".")
                return (name, inner)
            }
            object.replace("properties", .object(JSONObject(changed)))
        }
        if var items = object["items"], items.object != nil {
            jsonSchema(&items, path: path + "array.")
            object.replace("items", items)
        }
        if var inner = object["not"], inner.object != nil {
            jsonSchema(&inner, path: path + "not.")
            object.replace("not", inner)
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            guard var branches = object[name]?.array else { continue }
            for index in branches.indices {
                jsonSchema(&branches[index], path: "\(path)\(name.lowercased()).\(index).")
            }
            object.replace(name, .array(branches))
        }
        json = .object(object)
    }
}

extension JSONObject {
    /// At its place, where a subscript would put it last.
    fileprivate mutating func replace(_ name: String, _ value: JSONValue) {
        guard let index = members.lastIndex(where: { $0.name == name }) else { return }
        members[index].value = value
    }
}
