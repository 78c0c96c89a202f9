// Subjects, versions and contexts: lists, deletions, compatibility.

import MillraceBase
public import MillraceSchemas
import NIOHTTP1

extension RegistryConnection {
    /// - Parameter prefix: of the whole name; ":*:" stands for every context, ":.c:" for one.
    public func subjects(
        prefix: String? = nil, _ filter: DeletedFilter = .alive, page: ListPage = .all
    ) async throws(RegistryError) -> [String] {
        var query = filter.parameters.merging(page.parameters) { $1 }
        query["subjectPrefix"] = prefix
        return try await texts("/subjects" + RegistryPath.parameters(query))
    }

    /// The subjects that have this schema.
    public func subjects(id: Int, subject: String? = nil, deleted: Bool = false)
        async throws(RegistryError) -> [String]
    {
        let query = ["subject": subject, "deleted": deleted.parameter]
        return try await texts("/schemas/ids/\(id)/subjects" + RegistryPath.parameters(query))
    }

    public func versions(
        of subject: String, _ filter: DeletedFilter = .alive, page: ListPage = .all
    ) async throws(RegistryError) -> [Int] {
        let query = filter.parameters.merging(page.parameters) { $1 }
        return try await numbers(.GET, RegistryPath.subject(subject, "/versions", query))
    }

    /// The versions that are this schema.
    public func versions(id: Int, subject: String? = nil, deleted: Bool = false)
        async throws(RegistryError) -> [SubjectVersion]
    {
        let query = ["subject": subject, "deleted": deleted.parameter]
        let answer = try await transport.call(
            .GET, "/schemas/ids/\(id)/versions" + RegistryPath.parameters(query))
        return answer.array?.compactMap { item in
            guard let subject = item["subject"]?.string, let version = item["version"]?.int else {
                return nil
            }
            return SubjectVersion(subject: subject, version: version)
        } ?? []
    }

    /// As many schemas as the registry is willing to list in one answer.
    public func schemas(
        prefix: String? = nil, deleted: Bool = false, latestOnly: Bool = false,
        page: ListPage = .all
    ) async throws(RegistryError) -> [RegisteredSchema] {
        var query = page.parameters
        query["subjectPrefix"] = prefix
        query["deleted"] = deleted.parameter
        query["latestOnly"] = latestOnly.parameter
        let answer = try await transport.call(.GET, "/schemas" + RegistryPath.parameters(query))
        var found: [RegisteredSchema] = []
        for item in answer.array ?? [] { found.append(try await registered(item)) }
        return found
    }

    /// All schemas, asked for page by page until one brings nothing new. (A registry that knows no
    /// pages answers all at once, each time.)
    public func allSchemas(
        prefix: String? = nil, deleted: Bool = false, latestOnly: Bool = false,
        pageItems: Int = RegistryLimits.listedSchemas
    ) async throws(RegistryError) -> [RegisteredSchema] {
        var (found, seen): ([RegisteredSchema], Set<SubjectVersion>) = ([], [])
        while true {
            let page = try await schemas(
                prefix: prefix, deleted: deleted, latestOnly: latestOnly,
                page: ListPage(offset: found.count, limit: pageItems))
            let new = page.filter {
                seen.insert(SubjectVersion(subject: $0.subject, version: $0.version)).inserted
            }
            if new.isEmpty { return found }
            found += new
        }
    }

    /// Ids of the schemas that refer to a version.
    public func referrers(of version: Int, of subject: String) async throws(RegistryError)
        -> [Int]
    {
        try await numbers(.GET, RegistryPath.subject(subject, "/versions/\(version)/referencedby"))
    }

    /// Soft: the versions stay readable by id. `permanently` needs a soft deletion before.
    ///
    /// - Returns: the versions that were deleted.
    public func delete(subject: String, permanently: Bool = false) async throws(RegistryError)
        -> [Int]
    {
        let path = RegistryPath.subject(subject, "", ["permanent": permanently.parameter])
        let versions = try await numbers(.DELETE, path)
        cache.forget(subject)
        return versions
    }

    public func delete(version: Int, of subject: String, permanently: Bool = false)
        async throws(RegistryError)
    {
        let path = RegistryPath.subject(
            subject, "/versions/\(version)", ["permanent": permanently.parameter])
        _ = try await transport.call(.DELETE, path)
        cache.forget(subject)
    }

    /// - Parameter version: `nil` for all that the subject's level asks for.
    /// - Returns: nothing when it may be registered now; else what is wrong with it.
    public func isCompatible(
        subject: String, schema: SchemaDocument, version: Int? = nil, normalizes: Bool = false
    ) async throws(RegistryError) -> [String] {
        let query = ["verbose": "true", "normalize": normalizes.parameter]
        let path =
            "/compatibility" + RegistryPath.subject(subject, "/versions")
            + (version.map { "/\($0)" } ?? "") + RegistryPath.parameters(query)
        let answer = try await transport.call(.POST, path, .object(Self.body(schema)))
        guard let isCompatible = answer["is_compatible"]?.bool else {
            throw .badAnswer("no \"is_compatible\"")
        }
        if isCompatible { return [] }
        let messages = answer["messages"]?.array?.compactMap(\.string) ?? []
        return messages.isEmpty ? ["the registry does not say why"] : messages
    }

    public func contexts(page: ListPage = .all) async throws(RegistryError) -> [String] {
        try await texts("/contexts" + RegistryPath.parameters(page.parameters))
    }

    /// Only one without schemas, softly deleted ones included.
    public func delete(context: String) async throws(RegistryError) {
        _ = try await transport.call(.DELETE, "/contexts/\(RegistryPath.encoded(context))")
    }

    public func schemaKinds() async throws(RegistryError) -> [SchemaKind] {
        try await texts("/schemas/types").compactMap(SchemaKind.init(rawValue:))
    }

    /// The id of the Kafka cluster that holds the schemas.
    public func clusterID() async throws(RegistryError) -> String? {
        let answer = try await transport.call(.GET, "/v1/metadata/id")
        return answer["scope"]?["clusters"]?["kafka-cluster"]?.string
    }

    private func texts(_ path: String) async throws(RegistryError) -> [String] {
        try await transport.call(.GET, path).array?.compactMap(\.string) ?? []
    }

    private func numbers(_ method: HTTPMethod, _ path: String) async throws(RegistryError)
        -> [Int]
    {
        try await transport.call(method, path).array?.compactMap(\.int) ?? []
    }
}
