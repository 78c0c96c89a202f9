// A schema registry seen from a client: registering schemas, and finding them again.
// Source: reference/kafka.md C1.

public import AsyncHTTPClient
public import MillraceBase
public import MillraceSchemas
import NIOHTTP1

/// A registry behind one or more URLs. Copies share one cache. Every call is safe to repeat, and is
/// repeated while the registry is away, up to a named limit.
public struct RegistryConnection: Sendable {
    let transport: RegistryTransport
    let cache = RegistryCache()

    /// What may stand behind the `?` of an endpoint; other names are not looked at.
    public static let urlOptions: Set<String> = [RegistryTransport.authority]

    /// - Parameters:
    ///   - endpoint: `http://user:password@host:8081,host2:8081/path`; `https` too, where
    ///     `?ssl.ca.location=ca.pem` names the certificates to trust.
    ///   - credentials: instead of the URL's user and password.
    ///   - patience: how long a call may take with all its tries.
    public init(
        _ endpoint: Endpoint, credentials: RegistryCredentials? = nil, http: HTTPClient = .shared,
        patience: Duration = RegistryLimits.patience
    ) {
        transport = RegistryTransport(
            endpoint, credentials: credentials, http: http, patience: patience)
    }

    /// The first address.
    public var url: String { transport.bases[0] }

    /// Registers a schema, or finds it registered. Asked once for each schema and subject.
    ///
    /// - Returns: its id, the same for equal schemas of all subjects of a context.
    /// - Throws: `.incompatible` with what is wrong in it; `.refused` for no schema (42201).
    public func register(
        subject: String, schema: SchemaDocument, normalizes: Bool = false
    ) async throws(RegistryError) -> Int {
        let key = RegistryCache.Key(
            subject: subject, text: schema.canonicalText, references: schema.references.list)
        if let id = cache.id(key) { return id }
        let id = try await register(
            subject: subject, schema: schema, details: nil, normalizes: normalizes
        ).id
        cache.keep(id, key)
        cache.keep(.init(context: RegistryCache.context(of: subject), id: id), schema)
        return id
    }

    /// The same with metadata and rules, and with an id and a version when the subject is in the
    /// mode IMPORT.
    ///
    /// - Returns: what was registered; its version is 0 when the registry does not say it.
    public func register(
        subject: String, schema: SchemaDocument, details: SchemaDetails?,
        id: Int? = nil, version: Int? = nil, normalizes: Bool = false
    ) async throws(RegistryError) -> RegisteredSchema {
        var body = Self.body(schema, details)
        if let id { body["id"] = JSONValue(id) }
        if let version { body["version"] = JSONValue(version) }
        let answer: JSONValue
        do throws(RegistryError) {
            answer = try await transport.call(
                .POST,
                RegistryPath.subject(subject, "/versions", ["normalize": normalizes.parameter]),
                .object(body))
        } catch {
            throw await explained(error, subject, schema)
        }
        guard let id = answer["id"]?.int else { throw .badAnswer("no \"id\" after registering") }
        return RegisteredSchema(
            subject: subject, version: answer["version"]?.int ?? 0, id: id, schema: schema,
            guid: answer["guid"]?.string,
            details: answer["metadata"] == nil && answer["ruleSet"] == nil
                ? details ?? SchemaDetails() : SchemaDetails(answer))
    }

    /// Where a schema is in a subject.
    ///
    /// - Throws: `.refused` with 40401 or 40403 when it is not there.
    public func lookUp(
        subject: String, schema: SchemaDocument, details: SchemaDetails? = nil,
        normalizes: Bool = false, deleted: Bool = false
    ) async throws(RegistryError) -> RegisteredSchema {
        let query = ["normalize": normalizes.parameter, "deleted": deleted.parameter]
        let answer = try await transport.call(
            .POST, RegistryPath.subject(subject, "", query), .object(Self.body(schema, details)))
        return try await registered(answer)
    }

    public func latest(subject: String) async throws(RegistryError) -> RegisteredSchema {
        try await version("latest", of: subject)
    }

    /// The last version whose metadata has all these properties.
    public func latest(
        subject: String, properties: [String: String], deleted: Bool = false
    ) async throws(RegistryError) -> RegisteredSchema {
        let sorted = properties.sorted { $0.key < $1.key }
        let query =
            sorted.map { ("key", $0.key as String?) }
            + sorted.map { ("value", $0.value as String?) }
            + [("deleted", deleted.parameter)]
        let path = RegistryPath.subject(subject, "/metadata") + RegistryPath.list(query)
        return try await registered(try await transport.call(.GET, path))
    }

    public func version(_ version: Int, of subject: String, deleted: Bool = false)
        async throws(RegistryError) -> RegisteredSchema
    {
        try await self.version(String(version), of: subject, deleted: deleted)
    }

    private func version(_ version: String, of subject: String, deleted: Bool = false)
        async throws(RegistryError) -> RegisteredSchema
    {
        try await registered(
            try await transport.call(
                .GET,
                RegistryPath.subject(
                    subject, "/versions/\(version)", ["deleted": deleted.parameter])))
    }

    /// Asked once for each id; an id never changes its meaning.
    ///
    /// - Parameter subject: a subject or a context (":.context:") that says in which one the id is.
    public func schema(id: Int, subject: String? = nil) async throws(RegistryError)
        -> SchemaDocument
    {
        let key = RegistryCache.ID(context: RegistryCache.context(of: subject), id: id)
        if let known = cache.schema(key) { return known }
        let path = "/schemas/ids/\(id)" + RegistryPath.parameters(["subject": subject])
        let schema = try await document(try await transport.call(.GET, path), of: subject)
        cache.keep(key, schema)
        return schema
    }

    /// - Parameter guid: 32 digits in five groups.
    public func schema(guid: String) async throws(RegistryError) -> SchemaDocument {
        if let known = cache.schema(guid: guid) { return known }
        let path = "/schemas/guids/\(RegistryPath.encoded(guid))"
        let schema = try await document(try await transport.call(.GET, path), of: nil)
        cache.keep(guid: guid, schema)
        return schema
    }

    /// The text in a format that depends on the kind: `resolved`, `serialized`.
    public func text(id: Int, format: String, subject: String? = nil) async throws(RegistryError)
        -> String
    {
        let path =
            "/schemas/ids/\(id)"
            + RegistryPath.parameters(["format": format, "subject": subject])
        let answer = try await transport.call(.GET, path)
        guard let text = answer["schema"]?.string else { throw .badAnswer("no \"schema\"") }
        return text
    }

    /// What is remembered is asked again; for tests, and after a registry was set up anew.
    public func forgetAll() { cache.forgetAll() }
}
