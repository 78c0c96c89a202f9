// All that the registry knows, as a value: what the records of `_schemas` amount to.

import MillraceSchemas

/// Decides nothing and does no I/O; `apply` takes records in the topic's order.
struct SchemaTable: Sendable {
    /// Sorted by version.
    private var versions: [String: [SchemaVersion]] = [:]
    private var subjectLevels: [String: CompatibilityLevel] = [:]
    private var subjectModes: [String: RegistryMode] = [:]
    private(set) var globalLevel = CompatibilityLevel.backward
    private(set) var globalMode = RegistryMode.readWrite
    /// The next id; never goes back, so that no id is given twice.
    private(set) var nextID = 1

    mutating func apply(_ record: StoreRecord) {
        switch record {
        case .schema(let version): put(version)
        case .schemaRemoved(let subject, let version):
            versions[subject]?.removeAll { $0.version == version }
            if versions[subject]?.isEmpty == true { versions[subject] = nil }
        case .subjectDeleted(let subject, let upTo):
            guard var list = versions[subject] else { return }
            for index in list.indices where list[index].version <= upTo {
                list[index].isDeleted = true
            }
            versions[subject] = list
        case .compatibility(let subject?, let level): subjectLevels[subject] = level
        case .compatibility(nil, let level): globalLevel = level ?? .backward
        case .mode(let subject?, let mode): subjectModes[subject] = mode
        case .mode(nil, let mode): globalMode = mode ?? .readWrite
        case .other: break
        }
    }

    private mutating func put(_ version: SchemaVersion) {
        var list = versions[version.subject] ?? []
        if let index = list.firstIndex(where: { $0.version >= version.version }) {
            if list[index].version == version.version {
                list[index] = version
            } else {
                list.insert(version, at: index)
            }
        } else {
            list.append(version)
        }
        versions[version.subject] = list
        nextID = max(nextID, version.id + 1)
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

    func versions(id: Int) -> [SchemaVersion] {
        versions.values.joined().filter { $0.id == id }
            .sorted { ($0.subject, $0.version) < ($1.subject, $1.version) }
    }

    /// The id that this text has in any subject, deleted ones included.
    func id(of schema: SchemaDocument) -> Int? {
        for list in versions.values {
            for version in list
            where version.kind == schema.kind && version.schema == schema.canonicalText {
                return version.id
            }
        }
        return nil
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
