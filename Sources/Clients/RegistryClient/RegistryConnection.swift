// A schema registry seen from a client: subjects, versions, ids, compatibility.
// Source: reference/kafka.md C1.

package import AsyncHTTPClient
package import MillraceBase
package import MillraceSchemas
import NIOHTTP1
import Synchronization

/// One version of a subject.
package struct RegisteredSchema: Sendable {
    package var subject: String
    package var version: Int
    package var id: Int
    package var schema: SchemaDocument
}

/// A registry behind a URL. Copies share one cache. Every call is safe to repeat, and is repeated
/// while the registry is away, up to a named limit.
package struct RegistryConnection: Sendable {
    private let transport: RegistryTransport
    private let cache = RegistryCache()

    /// - Parameters:
    ///   - endpoint: `http://user:password@host:8081/path`; `https` too.
    ///   - patience: how long a call may take with all its tries.
    package init(
        _ endpoint: Endpoint, http: HTTPClient = .shared,
        patience: Duration = RegistryLimits.patience
    ) {
        transport = RegistryTransport(endpoint, http: http, patience: patience)
    }

    package var url: String { transport.base }

    /// Registers a schema, or finds it registered.
    /// - Returns: its id, the same for equal schemas of all subjects.
    /// - Throws: `.incompatible` with what is wrong in it; `.refused` for no schema (42201).
    package func register(subject: String, schema: SchemaDocument) async throws(RegistryError)
        -> Int
    {
        let key = RegistryCache.Key(subject: subject, text: schema.canonicalText)
        if let id = cache.id(key) { return id }
        let answer: JSONValue
        do throws(RegistryError) {
            answer = try await transport.call(
                .POST, "/subjects/\(Self.encoded(subject))/versions", Self.body(schema))
        } catch {
            throw await explained(error, subject, schema)
        }
        guard let id = answer["id"]?.int else { throw .badAnswer("no \"id\" after registering") }
        cache.keep(id, key, schema)
        return id
    }

    package func subjects() async throws(RegistryError) -> [String] {
        try await transport.call(.GET, "/subjects").array?.compactMap(\.string) ?? []
    }

    package func versions(of subject: String) async throws(RegistryError) -> [Int] {
        let answer = try await transport.call(.GET, "/subjects/\(Self.encoded(subject))/versions")
        return answer.array?.compactMap(\.int) ?? []
    }

    package func latest(subject: String) async throws(RegistryError) -> RegisteredSchema {
        try await version("latest", of: subject)
    }

    package func version(_ version: Int, of subject: String) async throws(RegistryError)
        -> RegisteredSchema
    {
        try await self.version(String(version), of: subject)
    }

    private func version(_ version: String, of subject: String) async throws(RegistryError)
        -> RegisteredSchema
    {
        let answer = try await transport.call(
            .GET, "/subjects/\(Self.encoded(subject))/versions/\(version)")
        return try Self.registered(answer)
    }

    /// Asked once for each id; an id never changes its meaning.
    package func schema(id: Int) async throws(RegistryError) -> SchemaDocument {
        if let known = cache.schema(id) { return known }
        let schema = try Self.document(try await transport.call(.GET, "/schemas/ids/\(id)"))
        cache.keep(id, schema)
        return schema
    }

    /// - Returns: nothing when it may be registered now; else what is wrong with it.
    package func isCompatible(subject: String, schema: SchemaDocument) async throws(RegistryError)
        -> [String]
    {
        let answer = try await transport.call(
            .POST, "/compatibility/subjects/\(Self.encoded(subject))/versions?verbose=true",
            Self.body(schema))
        guard let isCompatible = answer["is_compatible"]?.bool else {
            throw .badAnswer("no \"is_compatible\"")
        }
        if isCompatible { return [] }
        let messages = answer["messages"]?.array?.compactMap(\.string) ?? []
        return messages.isEmpty ? ["the registry does not say why"] : messages
    }

    /// - Parameter subject: `nil` is the level of all subjects without one of their own.
    package func compatibility(of subject: String? = nil) async throws(RegistryError)
        -> CompatibilityLevel
    {
        let path = subject.map { "/config/\(Self.encoded($0))?defaultToGlobal=true" } ?? "/config"
        let answer = try await transport.call(.GET, path)
        guard let level = answer["compatibilityLevel"]?.string.flatMap(CompatibilityLevel.init)
        else { throw .badAnswer("no \"compatibilityLevel\"") }
        return level
    }

    package func setCompatibility(_ level: CompatibilityLevel, of subject: String? = nil)
        async throws(RegistryError)
    {
        let path = subject.map { "/config/\(Self.encoded($0))" } ?? "/config"
        _ = try await transport.call(.PUT, path, ["compatibility": .string(level.rawValue)])
    }

    /// Soft: the versions stay readable by id. `permanently` needs a soft deletion before.
    /// - Returns: the versions that were deleted.
    package func delete(subject: String, permanently: Bool = false) async throws(RegistryError)
        -> [Int]
    {
        let path = "/subjects/\(Self.encoded(subject))" + (permanently ? "?permanent=true" : "")
        let answer = try await transport.call(.DELETE, path)
        cache.forget(subject)
        return answer.array?.compactMap(\.int) ?? []
    }

    /// A refusal names no places; the compatibility call does.
    private func explained(_ error: RegistryError, _ subject: String, _ schema: SchemaDocument)
        async -> RegistryError
    {
        guard case .refused(let code, let message) = error, code == 409 || code / 100 == 409 else {
            return error
        }
        let found = (try? await isCompatible(subject: subject, schema: schema)) ?? []
        return .incompatible(subject: subject, messages: found.isEmpty ? [message] : found)
    }

    // MARK: - Values of the API

    private static func body(_ schema: SchemaDocument) -> JSONValue {
        var object = JSONObject([("schema", .string(schema.text))])
        if schema.kind != .avro { object["schemaType"] = .string(schema.kind.rawValue) }
        return .object(object)
    }

    private static func document(_ answer: JSONValue) throws(RegistryError) -> SchemaDocument {
        let kind = answer["schemaType"]?.string ?? SchemaKind.avro.rawValue
        guard let text = answer["schema"]?.string, let kind = SchemaKind(rawValue: kind) else {
            throw .badAnswer("no \"schema\", or of an unknown type")
        }
        do throws(SchemaError) {
            return try SchemaDocument(kind, text)
        } catch { throw .badAnswer("schema: \(error)") }
    }

    private static func registered(_ answer: JSONValue) throws(RegistryError) -> RegisteredSchema {
        guard let subject = answer["subject"]?.string, let version = answer["version"]?.int,
            let id = answer["id"]?.int
        else { throw .badAnswer("no \"subject\", \"version\" or \"id\"") }
        return RegisteredSchema(
            subject: subject, version: version, id: id, schema: try document(answer))
    }

    /// RFC 3986: everything but unreserved characters, so that a slash stays inside its segment.
    private static func encoded(_ segment: String) -> String {
        var out = ""
        for byte in segment.utf8 {
            let isLetter = (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
            if isLetter || "-._~".utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return out
    }
}
