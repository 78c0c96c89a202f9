// All that the registry knows, as a value: what the records of `_schemas` amount to.

import MillraceSchemas

/// Decides nothing and does no I/O; `apply` takes records in the topic's order.
struct SchemaTable: Sendable {
    /// Sorted by version.
    private var versions: [String: [SchemaVersion]] = [:]
    /// Where each id stands, and which id each text has; both follow `versions`.
    private var places: [Int: [Place]] = [:]
    private var ids: [Text: Int] = [:]
    private var subjectLevels: [String: CompatibilityLevel] = [:]
    private var subjectModes: [String: RegistryMode] = [:]
    private(set) var globalLevel = CompatibilityLevel.backward
    private(set) var globalMode = RegistryMode.readWrite
    /// The next id; never goes back, so that no id is given twice.
    private(set) var nextID = 1

    private struct Place: Equatable {
        var subject: String
        var version: Int
    }

    private struct Text: Hashable {
        var kind: SchemaKind
        var schema: String
    }

    mutating func apply(_ record: StoreRecord) {
        switch record {
        case .schema(let version): put(version)
        case .schemaRemoved(let subject, let version): remove(subject, version)
        case .subjectDeleted(let subject, let upTo):
            for index in (versions[subject] ?? []).indices {
                guard let found = versions[subject]?[index], found.version <= upTo else { return }
                versions[subject]?[index].isDeleted = true
            }
        case .compatibility(let subject?, let level): subjectLevels[subject] = level
        case .compatibility(nil, let level): globalLevel = level ?? .backward
        case .mode(let subject?, let mode): subjectModes[subject] = mode
        case .mode(nil, let mode): globalMode = mode ?? .readWrite
        case .other: break
        }
    }

    private mutating func put(_ version: SchemaVersion) {
        nextID = max(nextID, version.id + 1)
        let last = versions[version.subject]?.last?.version ?? 0
        if version.version <= last { remove(version.subject, version.version) }
        let index = versions[version.subject]?.firstIndex { $0.version > version.version }
        let end = versions[version.subject]?.count ?? 0
        versions[version.subject, default: []].insert(version, at: index ?? end)
        places[version.id, default: []].append(
            Place(subject: version.subject, version: version.version))
        ids[Text(kind: version.kind, schema: version.schema)] = version.id
    }

    private mutating func remove(_ subject: String, _ version: Int) {
        guard let index = versions[subject]?.firstIndex(where: { $0.version == version }),
            let old = versions[subject]?.remove(at: index)
        else { return }
        if versions[subject]?.isEmpty == true { versions[subject] = nil }
        places[old.id]?.removeAll { $0 == Place(subject: subject, version: version) }
        if places[old.id]?.isEmpty == true {
            places[old.id] = nil
            ids[Text(kind: old.kind, schema: old.schema)] = nil
        }
    }

    // MARK: - Questions

    /// In alphabetical order.
    func subjects(deleted: Bool) -> [String] {
        versions.filter { entry in deleted || entry.value.contains { !$0.isDeleted } }
            .keys.sorted()
    }

    /// Oldest first.
    func versions(of subject: String, deleted: Bool) -> [SchemaVersion] {
        let all = versions[subject] ?? []
        return deleted ? all : all.filter { !$0.isDeleted }
    }

    /// Of all subjects, in the subjects' and then the versions' order.
    func allVersions(deleted: Bool) -> [SchemaVersion] {
        subjects(deleted: deleted).flatMap { versions(of: $0, deleted: deleted) }
    }

    /// Deleted ones included, in the subjects' order.
    func versions(id: Int) -> [SchemaVersion] {
        (places[id] ?? []).compactMap { place in
            versions[place.subject]?.first { $0.version == place.version }
        }.sorted { ($0.subject, $0.version) < ($1.subject, $1.version) }
    }

    /// The id that this text has in any subject, deleted ones included.
    func id(of schema: SchemaDocument) -> Int? {
        ids[Text(kind: schema.kind, schema: schema.canonicalText)]
    }

    func version(_ schema: SchemaDocument, in subject: String, deleted: Bool) -> SchemaVersion? {
        versions(of: subject, deleted: deleted).last {
            $0.kind == schema.kind && $0.schema == schema.canonicalText
        }
    }

    func nextVersion(of subject: String) -> Int { (versions[subject]?.last?.version ?? 0) + 1 }

    func level(of subject: String) -> CompatibilityLevel { subjectLevels[subject] ?? globalLevel }
    func ownLevel(of subject: String) -> CompatibilityLevel? { subjectLevels[subject] }
    func mode(of subject: String) -> RegistryMode {
        globalMode == .readOnlyOverride ? globalMode : subjectModes[subject] ?? globalMode
    }
    func ownMode(of subject: String) -> RegistryMode? { subjectModes[subject] }
}
