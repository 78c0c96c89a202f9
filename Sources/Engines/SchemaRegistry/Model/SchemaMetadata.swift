// What a schema says about itself besides its text: tags, properties, sensitive names.
// Source: Confluent's entities/Metadata.

import MillraceBase

struct SchemaMetadata: Sendable, Hashable {
    /// Paths to tags, each list sorted and without repeats.
    var tags: [String: [String]] = [:]
    var properties: [String: String] = [:]
    /// Names of properties that are secrets; sorted.
    var sensitive: [String] = []

    /// The property that follows the version number.
    static let versionProperty = "confluent:version"

    init() {}

    /// - Returns: `nil` when it does not have the shape.
    init?(_ json: JSONValue) {
        guard let object = json.object else { return nil }
        for (name, value) in object.members where !value.isNull {
            switch name {
            case "tags":
                guard let members = value.object?.members else { return nil }
                for (path, list) in members {
                    guard let list = Self.set(list) else { return nil }
                    tags[path] = list
                }
            case "properties":
                guard let map = Self.map(value) else { return nil }
                properties = map
            case "sensitive":
                guard let list = Self.set(value) else { return nil }
                sensitive = list
            default: break  // Members of newer registries.
            }
        }
    }

    static func map(_ json: JSONValue) -> [String: String]? {
        guard let members = json.object?.members else { return nil }
        var map: [String: String] = [:]
        for (name, value) in members {
            guard let text = text(value) else { return nil }
            map[name] = text
        }
        return map
    }

    static func set(_ json: JSONValue) -> [String]? {
        guard let items = json.array else { return nil }
        let texts = items.compactMap(text)
        return texts.count == items.count ? Set(texts).sorted() : nil
    }

    /// Numbers and truth values are taken as their text, as Jackson does.
    static func text(_ json: JSONValue) -> String? {
        switch json {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    static func json(_ map: [String: String]) -> JSONValue {
        .object(JSONObject(map.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    /// Empty members are left out.
    var json: JSONValue {
        var object = JSONObject()
        if !tags.isEmpty {
            object["tags"] = .object(
                JSONObject(
                    tags.sorted { $0.key < $1.key }.map {
                        ($0.key, .array($0.value.map { .string($0) }))
                    }))
        }
        if !properties.isEmpty { object["properties"] = Self.json(properties) }
        if !sensitive.isEmpty { object["sensitive"] = .array(sensitive.map { .string($0) }) }
        return .object(object)
    }

    var version: String? { properties[Self.versionProperty] }

    func settingVersion(_ version: String?) -> SchemaMetadata {
        var copy = self
        copy.properties[Self.versionProperty] = version
        return copy
    }

    /// Both; of equal names the newer one's.
    static func merged(_ older: SchemaMetadata?, _ newer: SchemaMetadata?) -> SchemaMetadata? {
        guard var merged = older, let newer else { return newer ?? older }
        merged.tags.merge(newer.tags) { $1 }
        merged.properties.merge(newer.properties) { $1 }
        merged.sensitive = Set(merged.sensitive + newer.sensitive).sorted()
        return merged
    }

    func hash(into digest: inout [UInt8]) {
        for (path, list) in tags.sorted(by: { $0.key < $1.key }) {
            digest += path.utf8
            for tag in list { digest += tag.utf8 }
        }
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            digest += name.utf8
            digest += value.utf8
        }
        for name in sensitive { digest += name.utf8 }
    }
}
