// One request as the registry sees it: decoded segments, parameters, a JSON body.

import MillraceBase
import MillraceSchemas

struct RegistryRequest: Sendable {
    enum Method: String, Sendable {
        case get = "GET", post = "POST", put = "PUT", delete = "DELETE"
    }

    var method: Method
    var route: RegistryRoute
    var query: [String: [String]]
    var body: [UInt8] = []
    /// The client asked for the members that Confluent's clients of old do not know.
    var acceptsUnknown = false

    /// The first value, when it is not empty.
    func text(_ name: String) -> String? {
        guard let text = query[name]?.first, !text.isEmpty else { return nil }
        return text
    }

    func flag(_ name: String) -> Bool { query[name]?.first?.lowercased() == "true" }

    var filter: SchemaTable.Filter {
        if flag("deletedOnly") || flag("deleted_only") { return .deletedOnly }
        return flag("deleted") ? .all : .alive
    }

    func json() throws(APIError) -> JSONValue {
        guard !body.isEmpty else { throw .missingBody }
        do throws(JSONError) {
            let value = try JSONParser.parse(body)
            guard value.object != nil else { throw JSONError("an object is expected", at: 0) }
            return value
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// The part of a list that `offset` and `limit` ask for.
    ///
    /// - Parameter countMax: how many at most, and when no number or a larger one is asked for.
    func page<Item>(_ items: [Item], countMax: Int) throws(APIError) -> [Item] {
        let offset = try number("offset") ?? 0
        let limit = try number("limit") ?? -1
        let count = limit > 0 && limit <= countMax ? limit : countMax
        return Array(items.dropFirst(max(0, offset)).prefix(count))
    }

    private func number(_ name: String) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text) else { throw .notFound }  // As JAX-RS has it.
        return value
    }
}

/// The body of a registration, a look-up or a test.
/// Source: Confluent's RegisterSchemaRequest and TagSchemaRequest.
struct SchemaGiven: Sendable {
    /// `nil` when none stands there: the last version's is meant.
    var text: String?
    var kind: SchemaKind
    var references: [SchemaReference]
    var metadata: SchemaMetadata?
    var ruleSet: RuleSet?
    /// Only while importing.
    var id: Int?
    /// 0: none was given; -1: the next one.
    var version: Int
    var tagsToAdd: [SchemaTags] = []
    var tagsToRemove: [SchemaTags] = []
    var keepsTags = false

    var changesTags: Bool { !tagsToAdd.isEmpty || !tagsToRemove.isEmpty || keepsTags }

    /// All members that a client of today sends, and those it may copy from an answer.
    private static let names: Set<String> = [
        "subject", "version", "id", "guid", "schemaType", "references", "metadata", "ruleSet",
        "ruleset", "schema", "schemaTags", "schemaTagsToAdd", "schemaTagsToRemove",
        "propagateSchemaTags", "ts", "createTs", "deleted", "maxId",
    ]

    init(_ body: JSONValue) throws(APIError) {
        if let member = body.object?.members.first(where: { !Self.names.contains($0.name) }) {
            throw APIError(422, 422, "Unrecognized field: \(member.name)")
        }
        let type = body["schemaType"]?.string ?? SchemaKind.avro.rawValue
        guard let kind = SchemaKind(rawValue: type) else {
            throw .invalidSchema("Invalid schema type \(type)")
        }
        self.kind = kind
        if let schema = body["schema"], !schema.isNull {
            guard let text = schema.string else { throw .badRequest("schema is not a string") }
            let isBlank = text.allSatisfy(\.isWhitespace)
            self.text = isBlank ? nil : text
        }
        guard let references = SchemaReference.list(body["references"]) else {
            throw .badRequest("references are no list of name, subject and version")
        }
        self.references = references
        if let value = body["metadata"], !value.isNull {
            guard let metadata = SchemaMetadata(value) else {
                throw .badRequest("metadata is malformed")
            }
            self.metadata = metadata
        }
        ruleSet = try Self.ruleSet(body["ruleSet"] ?? body["ruleset"])
        let id = try Self.number(body, "id") ?? -1
        self.id = id >= 0 ? id : nil
        version = try Self.number(body, "version") ?? 0
        tagsToAdd = try SchemaTags.list(body["schemaTagsToAdd"])
        tagsToRemove = try SchemaTags.list(body["schemaTagsToRemove"])
        keepsTags = body["propagateSchemaTags"]?.bool ?? false
    }

    static func ruleSet(_ json: JSONValue?) throws(APIError) -> RuleSet? {
        guard let json, !json.isNull else { return nil }
        guard let rules = RuleSet(json) else { throw .badRequest("ruleSet is malformed") }
        if let fault = rules.fault { throw .invalidRuleSet(fault) }
        return rules
    }

    static func number(_ body: JSONValue, _ name: String) throws(APIError) -> Int? {
        guard let value = body[name], !value.isNull else { return nil }
        // A number in quotes is one too, as Jackson has it.
        let text = value.string.flatMap { Int($0) }
        guard let number = value.int ?? text, Int32(exactly: number) != nil else {
            throw .badRequest("\(name) is not a number of 32 bits")
        }
        return number
    }

    func content(_ text: String, of subject: String, in table: SchemaTable) -> SchemaContent {
        SchemaContent(
            kind: kind, text: text,
            references: ParsedSchemas.fixed(references, of: subject, in: table),
            metadata: metadata, ruleSet: ruleSet)
    }
}

enum RegistryAnswer: Sendable {
    case json(JSONValue)
    /// A schema's own text.
    case text(String)
    /// HTTP 204.
    case none

    var bytes: [UInt8] {
        switch self {
        case .json(let value): value.bytes
        case .text(let text): Array(text.utf8)
        case .none: []
        }
    }
}
