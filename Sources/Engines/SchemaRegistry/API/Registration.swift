// The decision what a registration writes. No I/O. Source: Confluent's KafkaSchemaRegistry.register.

import MillraceBase
import MillraceSchemas

struct Registration: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let subject: String
    /// The client's wish, or the subject's setting.
    let isNormalized: Bool
    /// Nothing is compared.
    let isForced: Bool

    typealias Decision = (records: [StoreRecord], answer: SchemaVersion)

    private var config: SubjectConfig { table.configInScope(subject) }
    private var mode: RegistryMode { table.modeInScope(subject) }
    private var context: String { QualifiedSubject(subject).context }

    init(
        table: SchemaTable, parsed: ParsedSchemas, subject: String, normalizes: Bool,
        isForced: Bool = false
    ) {
        self.table = table
        self.parsed = parsed
        self.subject = subject
        isNormalized = normalizes || table.configInScope(subject).normalize == true
        self.isForced = isForced
    }

    func decide(_ given: SchemaGiven) throws(APIError) -> Decision {
        if let known = try alreadyThere(given) { return ([], known) }
        try checkMode(given)
        let alive = table.versions(of: subject, .alive)
        var given = given
        if !mode.takesIDs { try populate(&given, from: alive.last) }
        guard let text = given.text else { throw .emptySchema }
        var content = given.content(text, of: subject, in: table)
        if !given.tagsToAdd.isEmpty || !given.tagsToRemove.isEmpty {
            content.text = try SchemaTagging.changed(
                try taggable(given, content), given.kind, adding: given.tagsToAdd,
                removing: given.tagsToRemove)
        }
        let document = try canonicalize(&content, isNew: given.id == nil)
        var id = given.id
        if let known = table.id(of: content, context: context), id == nil || id == known {
            let places = table.versions(id: known, context: context)
            let own = places.last { $0.subject == subject && !$0.isDeleted }
            if given.version == 0, let own { return ([], own) }
            id = known
        }
        if given.version == 0 {
            for version in alive.reversed() where id == nil || id == version.id {
                if try isSame(content, document, version) { return ([], version) }
            }
        }
        try checkCompatibility(document, content, alive)
        return try write(content, id: id, version: given.version)
    }

    /// A schema that is registered already is answered in any mode.
    private func alreadyThere(_ given: SchemaGiven) throws(APIError) -> SchemaVersion? {
        guard !given.changesTags, !config.changesSchemas, given.text != nil
        else { return nil }
        let lookUp = LookUp(
            table: table, parsed: parsed, subject: subject, isNormalized: isNormalized)
        let isLatestOnly = given.version == -1
        guard let found = try lookUp.plain(given, deleted: false, isLatestOnly: isLatestOnly) else {
            return nil
        }
        if given.version == 0 || isLatestOnly {
            return given.id == nil || given.id == found.id ? found : nil
        }
        guard given.id == found.id else { return nil }
        if found.version == given.version { return found }
        let older = table.version(given.version, of: subject, deleted: false)
        return older?.id == found.id && older?.content == found.content ? older : nil
    }

    private func checkMode(_ given: SchemaGiven) throws(APIError) {
        if mode.isReadOnly { throw .readOnly(subject) }
        if given.id != nil {
            guard mode.takesIDs else { throw .notInMode(subject, "import or forward") }
        } else {
            guard mode == .readWrite else { throw .notInMode(subject, "read-write") }
        }
    }

    /// What the client left out comes from the last version, and from the config.
    private func populate(_ given: inout SchemaGiven, from last: SchemaVersion?) throws(APIError) {
        if given.text == nil {
            guard let last else { throw .emptySchema }
            given.text = last.content.text
            given.kind = last.content.kind
            given.references = last.content.references
        }
        if given.keepsTags, let last, let text = given.text {
            let tags = SchemaTagging.tags(in: last.content.text, last.content.kind)
            if !tags.isEmpty {
                let content = given.content(text, of: subject, in: table)
                given.text = try SchemaTagging.changed(
                    try taggable(given, content), given.kind, adding: tags, removing: [])
            }
        }
        Self.setDetails(&given, config, last, newVersion: table.nextVersion(of: subject))
    }

    /// - Parameter newVersion: `nil` leaves the version in the metadata alone.
    static func setDetails(
        _ given: inout SchemaGiven, _ config: SubjectConfig, _ last: SchemaVersion?,
        newVersion: Int?
    ) {
        var metadata = SchemaMetadata.merged(
            SchemaMetadata.merged(
                config.defaultMetadata, given.metadata ?? last?.content.metadata),
            config.overrideMetadata)
        let rules = RuleSet.merged(
            RuleSet.merged(config.defaultRuleSet, given.ruleSet ?? last?.content.ruleSet),
            config.overrideRuleSet)
        if let newVersion, given.version != 0 || metadata?.version != nil {
            metadata = (metadata ?? SchemaMetadata()).settingVersion(String(newVersion))
        }
        given.metadata = metadata
        given.ruleSet = rules
    }

    /// A descriptor of a Protobuf schema is written out before tags are changed in it.
    private func taggable(_ given: SchemaGiven, _ content: SchemaContent) throws(APIError)
        -> String
    {
        guard given.kind == .protobuf else { return content.text }
        return try parsed.document(content, of: subject, in: table, isNew: given.id == nil)
            .canonicalText
    }

    private func canonicalize(_ content: inout SchemaContent, isNew: Bool) throws(APIError)
        -> SchemaDocument
    {
        let document = try parsed.document(content, of: subject, in: table, isNew: isNew)
        content.text = document.canonicalText(normalized: isNormalized)
        content.references = document.canonicalReferences(normalized: isNormalized)
        return document
    }

    private func isSame(
        _ content: SchemaContent, _ document: SchemaDocument, _ version: SchemaVersion
    ) throws(APIError) -> Bool {
        try LookUp(table: table, parsed: parsed, subject: subject, isNormalized: isNormalized)
            .isSame(content, document, version)
    }

    private func checkCompatibility(
        _ document: SchemaDocument, _ content: SchemaContent, _ alive: [SchemaVersion]
    ) throws(APIError) {
        guard !mode.takesIDs, !isForced else { return }
        let check = CompatibilityCheck(table: table, parsed: parsed, subject: subject)
        let messages = try check.messages(document, content, alive)
        guard messages.isEmpty else { throw .incompatible(subject, messages) }
    }

    private func write(_ content: SchemaContent, id: Int?, version: Int) throws(APIError)
        -> Decision
    {
        let next = table.nextVersion(of: subject)
        if version > 0, version != next, !mode.takesIDs {
            throw .invalidSchema("Version is not one more than previous version")
        }
        if let id, let other = table.versions(id: id, context: context).first,
            other.content != content
        {
            throw .idTaken(id, context: context)
        }
        let new = SchemaVersion(
            subject: subject, version: version > 0 ? version : next,
            id: id ?? table.nextID(context: context), content: content)
        guard Int32(exactly: new.id) != nil, Int32(exactly: new.version) != nil else {
            throw .storageFailure("the numbers of 32 bits are used up")
        }
        var records: [StoreRecord] = []
        if context != QualifiedSubject.defaultContext, !table.namedContexts.contains(context) {
            records.append(.context(context, exists: true))
        }
        // The id now stands for the new version; the deleted one would only confuse.
        for old in table.versions(of: subject, .deletedOnly)
        where old.id == new.id && old.version < new.version {
            records.append(.schemaRemoved(subject: subject, version: old.version))
        }
        return (records + [.schema(new)], new)
    }
}
