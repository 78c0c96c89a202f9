// Schemas parsed when they are needed, and kept: the table holds texts, so that a start is quick.

import MillraceSchemas
import Synchronization

/// Parsed schemas by what they were parsed from. Shared by all requests.
final class ParsedSchemas: Sendable {
    /// The same text in two contexts may refer to different schemas.
    private struct Key: Hashable {
        var context: String
        var kind: SchemaKind
        var text: String
        var references: [SchemaReference]
        var isNew: Bool
        var validatesNames: Bool?
    }

    private let kept = Mutex<[Key: SchemaDocument]>([:])

    /// - Parameters:
    ///   - subject: where the references of the schema start from.
    ///   - isNew: being registered, so that it is checked for all that a new one must be.
    func document(
        _ content: SchemaContent, of subject: String, in table: SchemaTable, isNew: Bool
    ) throws(APIError) -> SchemaDocument {
        let validatesNames = isNew ? table.configInScope(subject).validateNames : nil
        let key = Key(
            context: QualifiedSubject(subject).context, kind: content.kind, text: content.text,
            references: content.references, isNew: isNew, validatesNames: validatesNames)
        // What a new schema refers to may have been deleted since the same text was parsed.
        var references: SchemaReferences?
        if isNew, !content.references.isEmpty {
            references = try Self.resolve(content, of: subject, in: table, deleted: false)
        }
        if let known = kept.withLock({ $0[key] }) { return known }
        if references == nil {
            references = try Self.resolve(content, of: subject, in: table, deleted: true)
        }
        let document: SchemaDocument
        do throws(SchemaError) {
            document = try SchemaDocument(
                kind: content.kind, text: content.text, references: references ?? .none,
                isNew: isNew,
                validatesNames: validatesNames)
        } catch {
            throw Self.invalid(content.kind, "\(error)")
        }
        kept.withLock { kept in
            if kept.count >= RegistryServerLimits.parsedSchemasMax { kept.removeAll() }
            kept[key] = document
        }
        return document
    }

    func document(_ version: SchemaVersion, in table: SchemaTable) throws(APIError)
        -> SchemaDocument
    {
        try document(version.content, of: version.subject, in: table, isNew: false)
    }

    static func invalid(_ kind: SchemaKind, _ why: String) -> APIError {
        .invalidSchema("Invalid schema of type \(kind.rawValue), details: \(why)")
    }

    /// The texts of all that a schema refers to, directly or not.
    ///
    /// - Parameter deleted: softly deleted ones may be referred to; a new schema must not.
    private static func resolve(
        _ content: SchemaContent, of subject: String, in table: SchemaTable, deleted: Bool
    ) throws(APIError) -> SchemaReferences {
        var texts: [String: String] = [:]
        var waiting = content.references.map { (reference: $0, from: QualifiedSubject(subject)) }
        var seen: Set<SchemaPlace> = []
        while let (reference, from) = waiting.popLast() {
            let target = from.resolved(reference.subject)
            guard
                let found = table.version(
                    reference.version == -1 ? nil : reference.version, of: target.text,
                    deleted: deleted)
            else {
                throw invalid(
                    content.kind,
                    "No schema reference found for subject \"\(target.text)\" and version "
                        + "\(reference.version)")
            }
            if texts[reference.name] == nil { texts[reference.name] = found.content.text }
            let place = SchemaPlace(subject: found.subject, version: found.version)
            guard seen.insert(place).inserted else { continue }
            guard seen.count <= RegistryServerLimits.referencesMax else {
                throw invalid(
                    content.kind,
                    "more than \(RegistryServerLimits.referencesMax) schemas are referred to")
            }
            waiting += found.content.references.map { ($0, target) }
        }
        return SchemaReferences(content.references, texts: texts)
    }

    /// References with the version that -1, the latest, stands for now.
    static func fixed(_ references: [SchemaReference], of subject: String, in table: SchemaTable)
        -> [SchemaReference]
    {
        references.map { reference in
            guard reference.version == -1 else { return reference }
            let target = QualifiedSubject(subject).resolved(reference.subject).text
            var fixed = reference
            fixed.version = table.version(nil, of: target, deleted: false)?.version ?? -1
            return fixed
        }
    }
}
