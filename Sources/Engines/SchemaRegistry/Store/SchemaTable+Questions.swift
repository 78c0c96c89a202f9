// What the table is asked: subjects, versions, ids, levels, modes.

import MillraceSchemas

extension SchemaTable {
    /// Which versions of a list are wanted.
    enum Filter: Sendable {
        case alive, all, deletedOnly

        func includes(isDeleted: Bool) -> Bool {
            switch self {
            case .alive: !isDeleted
            case .all: true
            case .deletedOnly: isDeleted
            }
        }
    }

    /// In alphabetical order. A subject is deleted when all of its versions are.
    ///
    /// - Parameter prefix: of the whole name, context included; ":*:" stands for any context.
    func subjects(prefix: String, _ filter: Filter) -> [String] {
        versions.compactMap { subject, list in
            let isDeleted = list.allSatisfy(\.isDeleted)
            return filter.includes(isDeleted: isDeleted) && Self.matches(subject, prefix)
                ? subject : nil
        }.sorted()
    }

    /// - Parameter prefix: without a context it is of names in the default one.
    static func matches(_ subject: String, _ prefix: String) -> Bool {
        if prefix.hasPrefix(QualifiedSubject.wildcard) {
            return QualifiedSubject(subject).name
                .hasPrefix(prefix.dropFirst(QualifiedSubject.wildcard.count))
        }
        let wanted = QualifiedSubject(prefix)
        guard wanted.isInDefaultContext else { return subject.hasPrefix(prefix) }
        let own = QualifiedSubject(subject)
        return own.isInDefaultContext && own.name.hasPrefix(wanted.name)
    }

    /// A subject, or all of a context, or all.
    func subjects(matching subject: String?, deleted: Bool) -> [String] {
        let filter = deleted ? Filter.all : .alive
        func has(_ name: String) -> Bool {
            versions[name]?.contains { filter.includes(isDeleted: $0.isDeleted) } ?? false
        }
        guard let subject else { return versions.keys.filter(has) }
        let qualified = QualifiedSubject(subject)
        guard qualified.isContext else { return has(subject) ? [subject] : [] }
        let isAll = qualified.context == QualifiedSubject.globalContext
        return versions.keys.filter {
            (isAll || QualifiedSubject($0).context == qualified.context) && has($0)
        }
    }

    func hasSubjects(_ subject: String?, deleted: Bool) -> Bool {
        !subjects(matching: subject, deleted: deleted).isEmpty
    }

    /// Oldest first.
    func versions(of subject: String, _ filter: Filter) -> [SchemaVersion] {
        (versions[subject] ?? []).filter { filter.includes(isDeleted: $0.isDeleted) }
    }

    /// - Parameter number: `nil` is the latest that is not deleted.
    func version(_ number: Int?, of subject: String, deleted: Bool) -> SchemaVersion? {
        guard let number else { return versions[subject]?.last { !$0.isDeleted } }
        return versions[subject]?.first { $0.version == number && (deleted || !$0.isDeleted) }
    }

    /// A name without a context is looked for in the others too, when the default one has it not.
    func versionOfAnyContext(_ number: Int?, of subject: String, deleted: Bool) -> SchemaVersion? {
        if let found = version(number, of: subject, deleted: deleted) { return found }
        let qualified = QualifiedSubject(subject)
        guard qualified.isInDefaultContext else { return nil }
        for context in namedContexts.sorted() {
            let other = QualifiedSubject(context: context, name: qualified.name).text
            if let found = version(number, of: other, deleted: deleted) { return found }
        }
        return nil
    }

    /// Deleted ones included, in the subjects' order.
    func versions(id: Int, context: String) -> [SchemaVersion] {
        (contexts[context]?.places[id] ?? []).sorted().compactMap { version(at: $0) }
    }

    /// Which version an id stands for, when a client says for which subject it asks.
    func version(id: Int, subject: String?) -> SchemaVersion? {
        guard let subject else {
            return versions(id: id, context: QualifiedSubject.defaultContext).first
        }
        let qualified = QualifiedSubject(subject)
        let own = versions(id: id, context: qualified.context)
        if qualified.isContext { return own.first }
        if let found = own.first(where: { $0.subject == qualified.text }) { return found }
        guard qualified.isInDefaultContext else { return nil }
        for context in namedContexts.sorted() {
            let other = QualifiedSubject(context: context, name: qualified.name).text
            let found = versions(id: id, context: context).first { $0.subject == other }
            if let found { return found }
        }
        return own.first
    }

    /// The id that this content has in a context, or had before it was deleted.
    func id(of content: SchemaContent, context: String) -> Int? {
        guard let id = contexts[context]?.id(of: content) else { return nil }
        // An import may have given the id of a schema that is gone to another one.
        let holder = versions(id: id, context: context).first
        return holder == nil || holder?.content == content ? id : nil
    }

    /// Over all contexts, in their order.
    ///
    /// - Parameter deleted: soft-deleted schemas count too.
    func referrers(of version: SchemaVersion, deleted: Bool) -> [SchemaVersion] {
        contexts.values.flatMap { $0.referrers[version.place] ?? [] }.sorted().compactMap {
            self.version(at: $0)
        }.filter { deleted || !$0.isDeleted }
    }

    func nextID(context: String) -> Int { contexts[context]?.nextID ?? 1 }

    func nextVersion(of subject: String) -> Int { (versions[subject]?.last?.version ?? 0) + 1 }

    // MARK: - Levels and modes

    /// Where a setting of a subject is looked for: its own, its context's, that of all contexts.
    private func scopes(_ subject: String?) -> [String?] {
        let global = QualifiedSubject.prefix(of: QualifiedSubject.globalContext)
        guard let subject else { return [nil, global] }
        let qualified = QualifiedSubject(subject)
        let own: [String?] = qualified.isContext && qualified.isInDefaultContext ? [] : [subject]
        let context: String? = qualified.isInDefaultContext ? nil : qualified.contextPrefix
        return own + [context, global]
    }

    /// The nearest config there is; a level is always in it.
    func configInScope(_ subject: String?) -> SubjectConfig {
        let found = scopes(subject).compactMap { configs[$0] }
        var config = found.first ?? SubjectConfig()
        config.level = found.lazy.compactMap(\.level).first ?? SubjectConfig.standardLevel
        return config
    }

    func modeInScope(_ subject: String?) -> RegistryMode {
        let global = QualifiedSubject.prefix(of: QualifiedSubject.globalContext)
        if modes[nil] == .readOnlyOverride || modes[global] == .readOnlyOverride {
            return .readOnlyOverride
        }
        return scopes(subject).lazy.compactMap { modes[$0] }.first ?? .readWrite
    }
}
