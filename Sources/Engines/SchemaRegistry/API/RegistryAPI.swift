// The registry's API: which handler answers which route.

import MillraceBase
import MillraceSchemas

struct RegistryAPI: Sendable {
    let store: SchemaStore
    let parsed = ParsedSchemas()

    func answer(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        switch request.route {
        case .config(let subject): return try await config(request, try setting(subject))
        case .mode(let subject): return try await mode(request, try setting(subject))
        case .subject, .subjectMetadata, .versions, .version, .versionText, .referencedBy, .tags,
            .compatibility:
            return try await subject(request)
        case .associations, .associationsOfSubject, .associationsOfName, .associationsOfResource,
            .associationsFound, .associationsChanged:
            return try await associations(request)
        case .context(let prefix):
            guard request.method == .delete else { throw .methodNotAllowed }
            return try await delete(context: prefix)
        case .root, .clusterID, .serverVersion, .deployment, .health, .writerAvailable, .contexts,
            .schemas, .schemaTypes, .schema, .schemaText, .schemaSubjects, .schemaVersions,
            .schemaByGUID, .idsOfGUID,
            .subjects:
            guard request.method == .get else { throw .methodNotAllowed }
            return try await question(request)
        }
    }

    private static let version = "8.0.0-millrace"

    private func question(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        let table = await store.table
        let schemas = SchemaQueries(table: table, parsed: parsed, request: request)
        switch request.route {
        case .root: return .json([:])
        case .clusterID: return .json(clusterID)
        case .serverVersion:
            return .json(["version": .string(Self.version), "commitId": "millrace"])
        case .deployment: return .json(["attributes": []])
        case .health: return .json(["healthy": true, "status": ["schema_registry_ready": true]])
        case .writerAvailable: return .json(["master_available": true])
        case .contexts:
            let prefix = request.text("contextPrefix") ?? ""
            let all = ([QualifiedSubject.defaultContext] + table.namedContexts.sorted())
                .filter { $0.hasPrefix(prefix) }
            let page = try request.page(all, countMax: RegistryServerLimits.listItemsMax)
            return .json(.array(page.map { .string($0) }))
        case .schemas: return try schemas.list()
        case .schemaTypes: return .json(SchemaQueries.types)
        case .schema(let id): return try schemas.schema(id: id)
        case .schemaText(let id): return try schemas.schemaText(id: id)
        case .schemaSubjects(let id): return try schemas.subjects(id: id)
        case .schemaVersions(let id): return try schemas.versions(id: id)
        case .schemaByGUID(let guid):
            return try schemas.schema(guid: guid, await store.identities(guid: guid))
        case .idsOfGUID(let guid):
            return try schemas.ids(guid: guid, await store.identities(guid: guid))
        case .subjects:
            return try SubjectQueries(table: table, parsed: parsed, request: request).list()
        default: throw .notFound  // The other routes are not asked here.
        }
    }

    private var clusterID: JSONValue {
        [
            "scope": [
                "path": [],
                "clusters": [
                    "kafka-cluster": .string(store.clusterID),
                    "schema-registry-cluster": "schema-registry",
                ],
            ],
            "id": "",
        ]
    }

    /// - Returns: `nil` for all: no subject, or the default context as a whole.
    private func setting(_ subject: String?) throws(APIError) -> String? {
        guard let subject else { return nil }
        let qualified = QualifiedSubject(subject)
        guard qualified.isValid(isSetting: true) else { throw .invalidSubject(subject) }
        return qualified.isContext && qualified.isInDefaultContext ? nil : qualified.text
    }

    private func subject(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        let table = await store.table
        let given = request.route.subject
        guard QualifiedSubject(given).isValid(isSetting: false) else {
            throw .invalidSubject(given)
        }
        let subject = table.alias(of: QualifiedSubject.normalized(given))
        let queries = SubjectQueries(table: table, parsed: parsed, request: request)
        switch (request.route, request.method) {
        case (.subject, .post): return try queries.lookUp(subject)
        case (.subject, .delete): return try await delete(request, subject)
        case (.subjectMetadata, .get): return try queries.latestWithMetadata(subject)
        case (.versions, .get): return try queries.versions(subject)
        case (.versions, .post): return try await register(request, subject)
        case (.version(_, let version), .get): return try queries.version(version, of: subject)
        case (.version(_, let version), .delete):
            return try await delete(request, subject, version: version)
        case (.versionText(_, let version), .get): return try queries.text(version, of: subject)
        case (.referencedBy(_, let version), .get):
            return try queries.referencedBy(version, of: subject)
        case (.tags(_, let version), .post): return try await tag(request, subject, version)
        case (.compatibility(_, let version), .post):
            return try CompatibilityCheck(table: table, parsed: parsed, subject: subject)
                .answer(request, version)
        default: throw .methodNotAllowed  // Any other pair of a path and a method.
        }
    }

    private func register(_ request: RegistryRequest, _ subject: String) async throws(APIError)
        -> RegistryAnswer
    {
        let given = try SchemaGiven(try request.json())
        guard given.text?.utf8.count ?? 0 <= RegistryServerLimits.schemaBytesMax else {
            throw .schemaTooLarge
        }
        let isNormalized = request.flag("normalize")
        let isForced = request.flag("force")
        // The answer's text is made before anything is written, in case it cannot be.
        let (version, content) = try await store.change { [parsed] table throws(APIError) in
            let decision = try Registration(
                table: table, parsed: parsed, subject: subject, normalizes: isNormalized,
                isForced: isForced
            ).decide(given)
            let queries = SchemaQueries(table: table, parsed: parsed, request: request)
            return (decision.records, (decision.answer, try queries.content(decision.answer)))
        }
        return .json(version.registered(given, content))
    }

    /// A new version with tags in its text. Source: Confluent's modifySchemaTags.
    private func tag(_ request: RegistryRequest, _ subject: String, _ text: String)
        async throws(APIError) -> RegistryAnswer
    {
        let body = try request.json()
        let others = [body["rulesToMerge"], body["rulesToRemove"]].compactMap(\.self)
        if body["ruleSet"]?.isNull == false, others.contains(where: { !$0.isNull }) {
            throw .invalidRuleSet(
                "ruleSet should be omitted if specifying rulesToMerge or rulesToRemove")
        }
        let change = TagChange(
            subject: subject, version: try SchemaTable.number(text), body: body,
            adding: try SchemaTags.list(body["tagsToAdd"]),
            removing: try SchemaTags.list(body["tagsToRemove"]),
            ruleSet: try SchemaGiven.ruleSet(body["ruleSet"]),
            newVersion: try SchemaGiven.number(body, "newVersion") ?? 0)
        let version = try await store.change { [parsed] table throws(APIError) in
            try change.decide(table, parsed)
        }
        return .json(version.registered(nil))
    }

    private func delete(_ request: RegistryRequest, _ subject: String) async throws(APIError)
        -> RegistryAnswer
    {
        let isPermanent = request.flag("permanent")
        let versions = try await store.change { table throws(APIError) in
            try Deletion(table: table, subject: subject).all(permanently: isPermanent)
        }
        return .json(.array(versions.map { JSONValue($0) }))
    }

    private func delete(_ request: RegistryRequest, _ subject: String, version: String)
        async throws(APIError) -> RegistryAnswer
    {
        let isPermanent = request.flag("permanent")
        let number = try await store.change { table throws(APIError) in
            try Deletion(table: table, subject: subject).one(version, permanently: isPermanent)
        }
        return .json(JSONValue(number))
    }

    private func delete(context prefix: String) async throws(APIError) -> RegistryAnswer {
        let context = QualifiedSubject(prefix).context
        try await store.change { table throws(APIError) in
            let isEmpty = table.versions.keys.allSatisfy { QualifiedSubject($0).context != context }
            guard isEmpty else { throw .contextNotEmpty(prefix) }
            return ([.context(context, exists: false)], ())
        }
        return .none
    }
}

/// The decision what a change of tags writes.
struct TagChange: Sendable {
    let subject: String
    /// `nil` is the latest.
    let version: Int?
    let body: JSONValue
    let adding: [SchemaTags]
    let removing: [SchemaTags]
    let ruleSet: RuleSet?
    /// 0: the next one.
    let newVersion: Int

    func decide(_ table: SchemaTable, _ parsed: ParsedSchemas) throws(APIError)
        -> Registration.Decision
    {
        guard let old = table.version(version, of: subject, deleted: false) else {
            guard table.hasSubjects(subject, deleted: false) else {
                throw .subjectNotFound(subject)
            }
            throw .versionNotFound(version ?? -1)
        }
        var given = try SchemaGiven([:])
        given.kind = old.content.kind
        given.references = old.content.references
        given.text = try SchemaTagging.changed(
            old.content.text, old.content.kind, adding: adding, removing: removing)
        let number = newVersion > 0 ? newVersion : table.nextVersion(of: subject)
        let metadata = body["metadata"].flatMap { SchemaMetadata($0) } ?? old.content.metadata
        given.metadata = (metadata ?? SchemaMetadata()).settingVersion(String(number))
        given.version = newVersion
        given.ruleSet = ruleSet ?? old.content.ruleSet
        if let merging = try SchemaGiven.ruleSet(body["rulesToMerge"]) {
            given.ruleSet = RuleSet.merged(old.content.ruleSet, merging)
        }
        if let names = body["rulesToRemove"]?.array {
            given.ruleSet = given.ruleSet?.removing(names.compactMap(\.string))
        }
        return try Registration(
            table: table, parsed: parsed, subject: subject, normalizes: false
        ).decide(given)
    }
}

extension RegistryRoute {
    /// Empty for a route without one.
    fileprivate var subject: String {
        switch self {
        case .subject(let name), .subjectMetadata(let name), .versions(let name),
            .version(let name, _), .versionText(let name, _), .referencedBy(let name, _),
            .tags(let name, _), .compatibility(let name, _):
            name
        case .root, .clusterID, .serverVersion, .deployment, .health, .writerAvailable, .contexts,
            .context, .schemas, .schemaTypes, .schema, .schemaText, .schemaSubjects,
            .schemaVersions, .schemaByGUID, .idsOfGUID, .subjects, .config, .mode, .associations,
            .associationsOfSubject, .associationsOfName, .associationsOfResource,
            .associationsFound, .associationsChanged:
            ""
        }
    }
}
