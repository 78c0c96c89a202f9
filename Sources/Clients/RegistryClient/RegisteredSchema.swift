// What a registry says about a schema, and what a registration can say besides its text.

package import MillraceBase
package import MillraceSchemas

/// One version of a subject.
package struct RegisteredSchema: Sendable {
    package var subject: String
    package var version: Int
    package var id: Int
    package var schema: SchemaDocument
    /// The same for the same schema in every context; `nil` from registries before 8.0.
    package var guid: String?
    package var details = SchemaDetails()
    package var isDeleted = false
}

/// Metadata and rules. Both count as part of a schema: other details, other id.
package struct SchemaDetails: Sendable, Equatable {
    package var properties: [String: String] = [:]
    /// Tags of paths in the schema.
    package var tags: [String: [String]] = [:]
    /// Names of properties that are secrets.
    package var sensitive: [String] = []
    /// As the API has it; `nil` for none.
    package var ruleSet: JSONValue?

    package init(
        properties: [String: String] = [:], tags: [String: [String]] = [:],
        sensitive: [String] = [], ruleSet: JSONValue? = nil
    ) {
        self.properties = properties
        self.tags = tags
        self.sensitive = sensitive
        self.ruleSet = ruleSet
    }

    init(_ answer: JSONValue) {
        for (name, value) in answer["metadata"]?["properties"]?.object?.members ?? [] {
            properties[name] = value.string
        }
        for (path, list) in answer["metadata"]?["tags"]?.object?.members ?? [] {
            tags[path] = list.array?.compactMap(\.string)
        }
        sensitive = answer["metadata"]?["sensitive"]?.array?.compactMap(\.string) ?? []
        ruleSet = answer["ruleSet"]
    }

    /// The members that a registration gets.
    func add(to object: inout JSONObject) {
        var metadata = JSONObject()
        if !properties.isEmpty {
            metadata["properties"] = .object(
                JSONObject(
                    properties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        if !tags.isEmpty {
            metadata["tags"] = .object(
                JSONObject(
                    tags.sorted { $0.key < $1.key }.map {
                        ($0.key, .array($0.value.map { .string($0) }))
                    }))
        }
        if !sensitive.isEmpty { metadata["sensitive"] = .array(sensitive.map { .string($0) }) }
        if !metadata.members.isEmpty { object["metadata"] = .object(metadata) }
        if let ruleSet { object["ruleSet"] = ruleSet }
    }
}

/// Where a version stands.
package struct SubjectVersion: Sendable, Hashable {
    package var subject: String
    package var version: Int

    package init(subject: String, version: Int) {
        self.subject = subject
        self.version = version
    }
}

/// Which subjects or versions a list has.
package enum DeletedFilter: Sendable {
    case alive, all, deletedOnly

    var parameters: [String: String?] {
        switch self {
        case .alive: [:]
        case .all: ["deleted": "true"]
        case .deletedOnly: ["deletedOnly": "true"]
        }
    }
}

/// A part of a list; without a limit the registry's own.
package struct ListPage: Sendable {
    package var offset: Int
    package var limit: Int?

    package init(offset: Int = 0, limit: Int? = nil) {
        self.offset = offset
        self.limit = limit
    }

    package static let all = ListPage()

    var parameters: [String: String?] {
        ["offset": offset > 0 ? String(offset) : nil, "limit": limit.map { String($0) }]
    }
}
