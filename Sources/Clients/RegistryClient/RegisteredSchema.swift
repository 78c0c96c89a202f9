// What a registry says about a schema, and what a registration can say besides its text.

public import MillraceBase
public import MillraceSchemas

/// One version of a subject.
public struct RegisteredSchema: Sendable {
    public var subject: String
    public var version: Int
    public var id: Int
    public var schema: SchemaDocument
    /// The same for the same schema in every context; `nil` from registries before 8.0.
    public var guid: String?
    public var details = SchemaDetails()
    public var isDeleted = false
}

/// Metadata and rules. Both count as part of a schema: other details, other id.
public struct SchemaDetails: Sendable, Equatable {
    public var properties: [String: String] = [:]
    /// Tags of paths in the schema.
    public var tags: [String: [String]] = [:]
    /// Names of properties that are secrets.
    public var sensitive: [String] = []
    /// As the API has it; `nil` for none.
    public var ruleSet: JSONValue?

    public init(
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
public struct SubjectVersion: Sendable, Hashable {
    public var subject: String
    public var version: Int

    public init(subject: String, version: Int) {
        self.subject = subject
        self.version = version
    }
}

/// Which subjects or versions a list has.
public enum DeletedFilter: Sendable {
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
public struct ListPage: Sendable {
    public var offset: Int
    public var limit: Int?

    public init(offset: Int = 0, limit: Int? = nil) {
        self.offset = offset
        self.limit = limit
    }

    public static let all = ListPage()

    var parameters: [String: String?] {
        ["offset": offset > 0 ? String(offset) : nil, "limit": limit.map { String($0) }]
    }
}
