// All that the registry knows, as a value: what the records of `_schemas` amount to.

import MillraceSchemas

/// Decides nothing and does no I/O; `apply` takes records in the topic's order.
struct SchemaTable: Sendable {
    /// Of each subject, sorted by version.
    private(set) var versions: [String: [SchemaVersion]] = [:]
    private(set) var contexts: [String: ContextTable] = [:]
    /// By subject or context prefix; `nil` is all.
    private(set) var configs: [String?: SubjectConfig] = [:]
    private(set) var modes: [String?: RegistryMode] = [:]
    /// Contexts that were ever written to and not deleted, the default one left out.
    private(set) var namedContexts: Set<String> = []
    private(set) var associations: [AssociationKey: Association] = [:]

    /// - Returns: whether the record counts; one that would give an id to a second content does
    ///   not, and the first stays. Source: Confluent's KafkaStoreMessageHandler.
    @discardableResult
    mutating func apply(_ record: StoreRecord) -> Bool {
        switch record {
        case .schema(let version): return put(version)
        case .schemaRemoved(let subject, let version): remove(subject, version)
        case .subjectDeleted(let subject, let upTo):
            for version in versions[subject] ?? [] where version.version <= upTo {
                var deleted = version
                deleted.isDeleted = true
                put(deleted)
            }
        case .subjectsCleared(let subject):
            for name in subjects(matching: subject, deleted: true) {
                for version in versions[name] ?? [] where version.isDeleted {
                    remove(name, version.version)
                }
            }
        case .config(let subject, let config): configs[subject] = config
        case .mode(let subject, let mode): modes[subject] = mode
        case .context(let context, let exists):
            if exists {
                namedContexts.insert(context)
            } else {
                namedContexts.remove(context)
            }
        case .association(let key, let association): associations[key] = association
        case .other: break
        }
        return true
    }

    @discardableResult
    private mutating func put(_ version: SchemaVersion) -> Bool {
        let context = QualifiedSubject(version.subject).context
        for place in contexts[context]?.places[version.id] ?? [] {
            guard let other = self.version(at: place), other.stored !== version.stored else {
                continue
            }
            if other.content != version.content { return false }
            break  // All that have the id are equal.
        }
        let last = versions[version.subject]?.last?.version ?? 0
        if version.version <= last { remove(version.subject, version.version) }
        let index = versions[version.subject]?.firstIndex { $0.version > version.version }
        let end = versions[version.subject]?.count ?? 0
        versions[version.subject, default: []].insert(version, at: index ?? end)
        contexts[context, default: ContextTable()].put(version)
        if context != QualifiedSubject.defaultContext { namedContexts.insert(context) }
        return true
    }

    private mutating func remove(_ subject: String, _ version: Int) {
        guard let index = versions[subject]?.firstIndex(where: { $0.version == version }),
            let old = versions[subject]?.remove(at: index)
        else { return }
        if versions[subject]?.isEmpty == true { versions[subject] = nil }
        contexts[QualifiedSubject(subject).context]?.remove(old)
    }

    /// Reads now what the first registration would have to wait for.
    func readContents() { for context in contexts.values { context.readContents() } }

    func version(at place: SchemaPlace) -> SchemaVersion? {
        versions[place.subject]?.first { $0.version == place.version }
    }
}

extension SchemaVersion {
    var place: SchemaPlace { SchemaPlace(subject: subject, version: version) }
}

struct SchemaPlace: Sendable, Hashable, Comparable {
    var subject: String
    var version: Int

    static func < (a: Self, b: Self) -> Bool {
        (a.subject, a.version) < (b.subject, b.version)
    }
}

/// What ids mean in one context; it follows the versions.
struct ContextTable: Sendable {
    /// Where each id stands.
    private(set) var places: [Int: [SchemaPlace]] = [:]
    private let ids = ContentIndex()
    /// Who refers to a version, soft-deleted schemas too.
    private(set) var referrers: [SchemaPlace: Set<SchemaPlace>] = [:]
    /// The next id; never goes back, so that no id is given twice.
    private(set) var nextID = 1

    fileprivate func readContents() { ids.readAll() }

    /// The id that a content has or had.
    func id(of content: SchemaContent) -> Int? { ids.id(of: content) }

    mutating func put(_ version: SchemaVersion) {
        nextID = max(nextID, version.id + 1)
        places[version.id, default: []].append(version.place)
        ids.add(version.stored, id: version.id)
        for reference in Self.references(of: version) {
            referrers[reference, default: []].insert(version.place)
        }
    }

    mutating func remove(_ version: SchemaVersion) {
        let place = version.place
        places[version.id]?.removeAll { $0 == place }
        if places[version.id]?.isEmpty == true {
            // The id stays its content's: data that was written with it is read again when the
            // schema comes back.
            places[version.id] = nil
        }
        for reference in Self.references(of: version) {
            referrers[reference]?.remove(place)
            if referrers[reference]?.isEmpty == true { referrers[reference] = nil }
        }
    }

    private static func references(of version: SchemaVersion) -> [SchemaPlace] {
        guard !version.references.isEmpty else { return [] }
        let subject = QualifiedSubject(version.subject)
        return version.references.map {
            SchemaPlace(subject: subject.resolved($0.subject).text, version: $0.version)
        }
    }
}
