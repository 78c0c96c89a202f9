// Is this schema registered here? Source: Confluent's lookUpSchemaUnderSubject.

import MillraceBase
import MillraceSchemas

struct LookUp: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let subject: String
    let isNormalized: Bool

    private var context: String { QualifiedSubject(subject).context }

    /// As it was given, and then with what a registration would have added to it.
    func find(_ given: SchemaGiven, deleted: Bool) throws(APIError) -> SchemaVersion? {
        if let found = try plain(given, deleted: deleted, isLatestOnly: false) { return found }
        guard let last = table.version(nil, of: subject, deleted: false) else { return nil }
        var fuller = given
        Registration.setDetails(
            &fuller, table.configInScope(subject), last, newVersion: nil)
        guard fuller.metadata != given.metadata || fuller.ruleSet != given.ruleSet else {
            return nil
        }
        return try plain(fuller, deleted: deleted, isLatestOnly: false)
    }

    /// - Throws: `.invalidSchema`, for what is no schema is nowhere registered.
    func plain(_ given: SchemaGiven, deleted: Bool, isLatestOnly: Bool) throws(APIError)
        -> SchemaVersion?
    {
        guard let text = given.text else { return nil }
        var content = given.content(text, of: subject, in: table)
        let document = try parsed.document(content, of: subject, in: table, isNew: false)
        content.text = document.canonicalText(normalized: isNormalized)
        content.references = document.canonicalReferences(normalized: isNormalized)
        if isLatestOnly {
            guard let last = table.version(nil, of: subject, deleted: false) else { return nil }
            return try isSame(content, document, last) ? last : nil
        }
        if let id = table.id(of: content, context: context) {
            let own = table.versions(id: id, context: context).filter {
                $0.subject == subject && (deleted || !$0.isDeleted)
            }
            if let found = own.last { return found }
        }
        for version in table.versions(of: subject, deleted ? .all : .alive).reversed()
        where try isSame(content, document, version) {
            return version
        }
        return nil
    }

    /// Also when the references were sent in the text, or the version is not in the metadata of
    /// either.
    func isSame(
        _ content: SchemaContent, _ document: SchemaDocument, _ version: SchemaVersion
    ) throws(APIError) -> Bool {
        var content = content
        if content.metadata?.version == String(version.version),
            version.content.metadata?.version == nil
        {
            let rest = content.metadata?.settingVersion(nil)
            content.metadata = rest == SchemaMetadata() ? version.content.metadata : rest
        }
        if content.isSameButVersion(as: version.content) { return true }
        guard content.references.isEmpty, !version.content.references.isEmpty,
            content.kind == version.content.kind, content.hasSameDetails(as: version.content)
        else { return false }
        let other = try parsed.document(version, in: table)
        return document.text(format: "resolved") == other.text(format: "resolved")
    }
}
