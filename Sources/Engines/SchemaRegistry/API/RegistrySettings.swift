// Levels and modes: of one subject, of a context, of all. Source: Confluent's ConfigResource and
// ModeResource.

import MillraceBase
import MillraceSchemas

extension RegistryAPI {
    /// - Parameter subject: a subject or a context; `nil` is all.
    func config(_ request: RegistryRequest, _ subject: String?) async throws(APIError)
        -> RegistryAnswer
    {
        switch request.method {
        case .get: try Self.shownConfig(request, subject, in: await store.table)
        case .put:
            .json(
                try await store.change { table throws(APIError) in
                    let body = try request.json()
                    var config = table.configs[subject] ?? SubjectConfig()
                    try config.update(body, levelName: "compatibility")
                    if table.modeInScope(subject).isReadOnly { throw .readOnly(subject) }
                    let answer = JSONValue.object(config.members(levelName: "compatibility"))
                    return ([.config(subject: subject, config)], answer)
                })
        case .delete:
            .json(
                try await store.change { table throws(APIError) in
                    var was = table.configs[subject]
                    if was == nil, let subject { throw .subjectNotFound(subject) }
                    if table.modeInScope(subject).isReadOnly { throw .readOnly(subject) }
                    if subject == nil, was?.level == nil {
                        was = was ?? SubjectConfig()
                        was?.level = SubjectConfig.standardLevel
                    }
                    let members = was?.members(levelName: "compatibilityLevel")
                    return (
                        [.config(subject: subject, nil)], JSONValue.object(members ?? JSONObject())
                    )
                })
        case .post: throw .methodNotAllowed
        }
    }

    private static func shownConfig(
        _ request: RegistryRequest, _ subject: String?, in table: SchemaTable
    ) throws(APIError) -> RegistryAnswer {
        var config = table.configs[subject]
        if request.flag("defaultToGlobal") { config = table.configInScope(subject) }
        if let subject, config == nil { throw .noSubjectLevel(subject) }
        var shown = config ?? SubjectConfig()
        if shown.level == nil { shown.level = table.configInScope(subject).level }
        return .json(.object(shown.members(levelName: "compatibilityLevel")))
    }

    func mode(_ request: RegistryRequest, _ subject: String?) async throws(APIError)
        -> RegistryAnswer
    {
        switch request.method {
        case .get:
            let table = await store.table
            let inScope = table.modeInScope(subject)
            if request.flag("defaultToGlobal") || inScope == .readOnlyOverride {
                return Self.mode(inScope)
            }
            guard let mode = table.modes[subject] else {
                if let subject { throw .noSubjectMode(subject) }
                return Self.mode(.readWrite)
            }
            return Self.mode(mode)
        case .put:
            let change = ModeChange(
                subject: subject, isForced: request.flag("force"), body: try request.json())
            return try await store.change { table throws(APIError) in try change.decide(table) }
        case .delete:
            let isRecursive = request.flag("recursive")
            let was = try await store.change { table throws(APIError) -> ModeDeletion in
                let own = table.modes[subject] ?? (subject == nil ? .readWrite : nil)
                let isContext = QualifiedSubject(subject ?? "").isContext
                guard own != nil || isRecursive && isContext else {
                    throw .subjectNotFound(subject ?? "")
                }
                let inner = isRecursive ? Self.inner(subject, in: table) : []
                return (([subject] + inner).map { StoreRecord.mode(subject: $0, nil) }, own)
            }
            return was.map(Self.mode) ?? .json(.object(JSONObject()))
        case .post: throw .methodNotAllowed
        }
    }

    private typealias ModeDeletion = (records: [StoreRecord], answer: RegistryMode?)

    /// The subjects of a context, or all, that have modes of their own.
    private static func inner(_ subject: String?, in table: SchemaTable) -> [String?] {
        let context = QualifiedSubject(subject ?? "")
        guard context.isContext else { return [] }
        return table.modes.keys.compactMap { $0 }.filter {
            $0 != subject && QualifiedSubject($0).context == context.context
        }.sorted()
    }

    static func mode(_ mode: RegistryMode) -> RegistryAnswer {
        .json(["mode": .string(mode.rawValue)])
    }
}

/// The decision what a new mode writes.
struct ModeChange: Sendable {
    let subject: String?
    let isForced: Bool
    let body: JSONValue

    func decide(_ table: SchemaTable) throws(APIError) -> (
        records: [StoreRecord], answer: RegistryAnswer
    ) {
        guard let value = body["mode"], !value.isNull else {
            return ([.mode(subject: subject, nil)], .json(.object(JSONObject())))
        }
        let name = value.string?.uppercased() ?? ""
        guard let mode = RegistryMode(rawValue: name) else { throw .invalidMode }
        var records: [StoreRecord] = []
        if mode == .importing, table.modeInScope(subject) != .importing, !isForced {
            guard !table.hasSubjects(subject, deleted: false) else {
                throw .notPermitted("Cannot import since found existing subjects")
            }
            records = try cleared(table)
        }
        return (records + [.mode(subject: subject, mode)], RegistryAPI.mode(mode))
    }

    /// Soft-deleted versions would stand in the way of what is imported.
    private func cleared(_ table: SchemaTable) throws(APIError) -> [StoreRecord] {
        var records: [StoreRecord] = []
        for name in table.subjects(matching: subject, deleted: true).sorted() {
            for version in table.versions(of: name, .all) {
                guard table.referrers(of: version, deleted: false).isEmpty else {
                    throw .referenced(version)
                }
                records.append(.schemaRemoved(subject: name, version: version.version))
            }
        }
        return records.isEmpty ? [] : records + [.subjectsCleared(subject)]
    }
}
