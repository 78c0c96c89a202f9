// The registry's API: which handler answers which route.

import MillraceBase

struct RegistryAPI: Sendable {
    let store: SchemaStore

    func answer(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        if let subject = request.route.subject { try Self.check(subject: subject) }
        switch request.route {
        case .root: return .json([:])
        case .clusterID: return .json(await clusterID())
        case .serverVersion:
            return .json(["version": .string(Self.version), "commitId": "millrace"])
        case .contexts: return .json(["."])
        case .schemas, .schemaTypes, .schema, .schemaText, .schemaSubjects, .schemaVersions,
            .schemaByGUID, .idsOfGUID:
            guard request.method == .get else { throw .methodNotAllowed }
            return try SchemaQueries(table: await store.table, request: request).answer()
        case .subjects, .versionText, .referencedBy:
            guard request.method == .get else { throw .methodNotAllowed }
            return try SubjectQueries(table: await store.table, request: request).answer()
        case .subject, .versions, .version: return try await subject(request)
        case .compatibility(let subject, let version):
            guard request.method == .post else { throw .methodNotAllowed }
            return try CompatibilityCheck(table: await store.table, request: request)
                .answer(subject, version)
        case .config(let subject): return try await config(request, subject)
        case .mode(let subject): return try await mode(request, subject)
        }
    }

    private static let version = "8.0.0-millrace"

    private func clusterID() async -> JSONValue {
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

    private static func check(subject: String) throws(APIError) {
        let hasControl = subject.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        guard !subject.isEmpty, !hasControl,
            subject.utf8.count <= RegistryServerLimits.subjectBytesMax
        else { throw .invalidSubject(subject) }
    }

    private func subject(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        switch (request.route, request.method) {
        case (.versions(let subject), .post):
            let given = try request.schema()
            let version = try await store.change { table throws(APIError) in
                try Registration(table: table, subject: subject).decide(
                    given.schema, id: given.id, version: given.version)
            }
            return .json(version.answer(withSchema: false))
        case (.subject(let subject), .delete):
            let isPermanent = request.flag("permanent")
            let versions = try await store.change { table throws(APIError) in
                try Deletion(table: table, subject: subject).all(permanently: isPermanent)
            }
            return .json(.array(versions.map { JSONValue($0) }))
        case (.version(let subject, let version), .delete):
            let isPermanent = request.flag("permanent")
            let number = try await store.change { table throws(APIError) in
                try Deletion(table: table, subject: subject).one(
                    version, permanently: isPermanent)
            }
            return .json(JSONValue(number))
        case (.subject, .post), (.versions, .get), (.version, .get):
            return try SubjectQueries(table: await store.table, request: request).answer()
        default: throw .methodNotAllowed  // Any other pair of a path and a method.
        }
    }
}
