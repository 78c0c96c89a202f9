// Values of the API: what goes into a body, and what comes out of an answer.

import MillraceBase
import MillraceSchemas
import NIOHTTP1

extension RegistryConnection {
    static func body(_ schema: SchemaDocument, _ details: SchemaDetails? = nil) -> JSONObject {
        var object = JSONObject([("schema", .string(schema.text))])
        if schema.kind != .avro { object["schemaType"] = .string(schema.kind.rawValue) }
        if !schema.references.list.isEmpty {
            object["references"] = .array(
                schema.references.list.map {
                    [
                        "name": .string($0.name), "subject": .string($0.subject),
                        "version": JSONValue($0.version),
                    ]
                })
        }
        details?.add(to: &object)
        return object
    }

    func registered(_ answer: JSONValue) async throws(RegistryError) -> RegisteredSchema {
        guard let subject = answer["subject"]?.string, let version = answer["version"]?.int,
            let id = answer["id"]?.int
        else { throw .badAnswer("no \"subject\", \"version\" or \"id\"") }
        return RegisteredSchema(
            subject: subject, version: version, id: id,
            schema: try await document(answer, of: subject), guid: answer["guid"]?.string,
            details: SchemaDetails(answer), isDeleted: answer["deleted"]?.bool ?? false)
    }

    /// - Parameter subject: where the references of the schema start from.
    func document(_ answer: JSONValue, of subject: String?) async throws(RegistryError)
        -> SchemaDocument
    {
        let name = answer["schemaType"]?.string ?? SchemaKind.avro.rawValue
        guard let text = answer["schema"]?.string, let kind = SchemaKind(rawValue: name) else {
            throw .badAnswer("no \"schema\", or of an unknown type")
        }
        let references = try await references(answer, of: subject)
        do throws(SchemaError) {
            return try SchemaDocument(
                kind: kind, text: text, references: references, isNew: false)
        } catch { throw .badAnswer("schema: \(error)") }
    }

    /// All that a schema refers to, directly or not, asked for one by one.
    private func references(_ answer: JSONValue, of subject: String?) async throws(RegistryError)
        -> SchemaReferences
    {
        let direct = try Self.list(answer)
        if direct.isEmpty { return .none }
        let context = RegistryCache.context(of: subject)
        var texts: [String: String] = [:]
        var waiting = direct
        var seen: Set<SubjectVersion> = []
        while let reference = waiting.popLast() {
            let isForeign = reference.subject.hasPrefix(":.")
            let target =
                isForeign || context == "." ? reference.subject : ":\(context):\(reference.subject)"
            guard seen.insert(SubjectVersion(subject: target, version: reference.version)).inserted
            else { continue }
            guard seen.count <= RegistryLimits.referencesMax else {
                throw .badAnswer(
                    "more than \(RegistryLimits.referencesMax) schemas are referred to")
            }
            let path = RegistryPath.subject(
                target, "/versions/\(reference.version)", ["deleted": "true"])
            let found = try await transport.call(.GET, path)
            guard let text = found["schema"]?.string else { throw .badAnswer("no \"schema\"") }
            texts[reference.name] = text
            waiting += try Self.list(found)
        }
        return SchemaReferences(direct, texts: texts)
    }

    private static func list(_ answer: JSONValue) throws(RegistryError) -> [SchemaReference] {
        var list: [SchemaReference] = []
        for item in answer["references"]?.array ?? [] {
            guard let name = item["name"]?.string, let subject = item["subject"]?.string,
                let version = item["version"]?.int
            else { throw .badAnswer("a reference without name, subject or version") }
            list.append(SchemaReference(name: name, subject: subject, version: version))
        }
        return list
    }

    /// A refusal may name no places; the compatibility call does.
    func explained(_ error: RegistryError, _ subject: String, _ schema: SchemaDocument) async
        -> RegistryError
    {
        guard case .refused(let code, let message) = error, code == 409 || code / 100 == 409 else {
            return error
        }
        let found = (try? await isCompatible(subject: subject, schema: schema)) ?? []
        return .incompatible(subject: subject, messages: found.isEmpty ? [message] : found)
    }
}
