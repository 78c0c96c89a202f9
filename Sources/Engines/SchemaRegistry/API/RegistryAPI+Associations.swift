// Associations of topics and subjects: asked for, made, changed, deleted, one by one or in batches.
// Source: Confluent's AssociationsResource.

import Foundation
import MillraceBase

extension RegistryAPI {
    func associations(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        switch (request.route, request.method) {
        case (.associationsOfSubject(let subject), .get):
            let name = QualifiedSubject.normalized(subject)
            return try await found(request) { $0.associations(of: name) }
        case (.associationsOfName(let namespace, let name), .get):
            return try await found(request) {
                $0.associations(resourceName: name, namespace: namespace)
            }
        case (.associationsOfResource(let id), .get):
            return try await found(request) { $0.associations(resourceID: id) }
        case (.associationsOfResource(let id), .put):
            return try await changed(request, id, .upsert)
        case (.associationsOfResource(let id), .delete):
            try await delete(request, resourceID: id)
            return .none
        case (.associations, .post): return try await changed(request, nil, .create)
        case (.associationsFound, .post): return try await batchFound(request)
        case (.associationsChanged, .post): return try await batchChanged(request)
        default: throw .methodNotAllowed  // Any other pair of a path and a method.
        }
    }

    private func found(
        _ request: RegistryRequest, _ question: (SchemaTable) -> [Association]
    ) async throws(APIError) -> RegistryAnswer {
        let filter = try AssociationFilter(request)
        let all = filter.matching(question(await store.table))
        let page = try request.page(all, countMax: RegistryServerLimits.schemasListedMax)
        return .json(.array(page.map(\.json)))
    }

    // MARK: - Changes

    private func changed(
        _ request: RegistryRequest, _ resourceID: String?, _ kind: AssociationOperation.Kind
    ) async throws(APIError) -> RegistryAnswer {
        let isDryRun = request.flag("dryRun")
        let given = try AssociationRequest(
            try request.json(), resourceID: resourceID, kind: kind, isDryRun: isDryRun)
        let members = try await change(given, request)
        return .json(Self.answer(given, isDryRun ? [] : members.map(\.json)))
    }

    /// An association that stands, and the version that was registered with it.
    private struct Changed {
        var association: Association
        var schema: JSONValue?

        var json: JSONValue { association.member(schema) }
    }

    /// Checks all, then registers the schemas, then writes the associations: an id may only be
    /// given when the one before it is known.
    private func change(_ given: AssociationRequest, _ request: RegistryRequest)
        async throws(APIError) -> [Changed]
    {
        let context = request.text("context") ?? ""
        let change = AssociationChange(
            table: await store.table, parsed: parsed, request: given, context: context)
        let operations = try change.resolved()
        try change.check(operations)
        if request.flag("dryRun") { return [] }
        var schemas: [String: JSONValue] = [:]
        for operation in operations {
            schemas[operation.type] = try await registered(operation, request)
        }
        let written = try await store.change { [parsed] table throws(APIError) in
            let change = AssociationChange(
                table: table, parsed: parsed, request: given, context: context)
            return try change.decide(operations) { UUID().uuidString.lowercased() }
        }
        return written.map {
            Changed(association: $0, schema: schemas[$0.key.associationType])
        }
    }

    /// - Returns: `nil` without a schema, and where schemas are imported.
    private func registered(_ operation: AssociationOperation, _ request: RegistryRequest)
        async throws(APIError) -> JSONValue?
    {
        guard let schema = operation.schema, let subject = operation.subject,
            await store.table.modeInScope(subject) != .importing
        else { return nil }
        let version = try await store.change { [parsed] table throws(APIError) in
            try Registration(
                table: table, parsed: parsed, subject: subject,
                normalizes: operation.isNormalized
            ).decide(schema)
        }
        return .object(version.answer(for: request))
    }

    private func delete(_ request: RegistryRequest, resourceID: String) async throws(APIError) {
        let filter = try AssociationFilter(request)
        let all = await store.table.associations(resourceID: resourceID)
        if filter.matching(all).isEmpty { throw .associationNotFound(resourceID) }
        try await delete(
            AssociationDeletion(
                resourceID: resourceID, filter: filter,
                isCascading: request.flag("cascadeLifecycle")),
            isDryRun: request.flag("dryRun"))
    }

    private func delete(_ deletion: AssociationDeletion, isDryRun: Bool) async throws(APIError) {
        if isDryRun {
            _ = try deletion.decide(await store.table)
            return
        }
        try await store.change { table throws(APIError) in (try deletion.decide(table), ()) }
    }

    // MARK: - Batches

    private func batch(_ request: RegistryRequest) throws(APIError) -> [JSONValue] {
        let requests = try request.json()["requests"]?.array ?? []
        guard !requests.isEmpty else {
            throw .invalidAssociation("requests", "cannot be null or empty")
        }
        guard requests.count <= RegistryServerLimits.associationOperationsMax else {
            throw .tooManyOperations
        }
        return requests
    }

    private static func results(_ results: [Result<JSONValue, APIError>]) -> RegistryAnswer {
        .json([
            "results": .array(
                results.map { result in
                    switch result {
                    case .success(let value): ["result": value]
                    case .failure(let error):
                        [
                            "error": [
                                "error_code": JSONValue(error.code),
                                "message": .string(error.message),
                            ]
                        ]
                    }
                })
        ])
    }

    /// Each is done for itself: one that fails leaves the others alone.
    private func batchChanged(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        var results: [Result<JSONValue, APIError>] = []
        for body in try batch(request) {
            do throws(APIError) {
                results.append(.success(try await mutated(body, request)))
            } catch { results.append(.failure(error)) }
        }
        return Self.results(results)
    }

    /// The operations of one resource, in their order; an error leaves those before it done.
    private func mutated(_ body: JSONValue, _ request: RegistryRequest) async throws(APIError)
        -> JSONValue
    {
        let isDryRun = request.flag("dryRun")
        let given = try AssociationRequest(body, kind: nil, isDryRun: isDryRun)
        var schemas: [String: JSONValue] = [:]
        for operation in given.operations {
            switch operation.kind {
            case .create, .upsert:
                var one = given
                one.operations = [operation]
                for changed in try await change(one, request) {
                    schemas[changed.association.key.associationType] = changed.schema
                }
            case .delete:
                try await delete(
                    AssociationDeletion(
                        resourceID: given.resourceID ?? "",
                        filter: AssociationFilter(associationTypes: [operation.type]),
                        isCascading: false),
                    isDryRun: isDryRun)
            }
        }
        let left =
            isDryRun ? [] : await store.table.associations(resourceID: given.resourceID ?? "")
        return Self.answer(given, left.map { $0.member(schemas[$0.key.associationType]) })
    }

    private func batchFound(_ request: RegistryRequest) async throws(APIError) -> RegistryAnswer {
        let table = await store.table
        var results: [Result<JSONValue, APIError>] = []
        for body in try batch(request) {
            do throws(APIError) {
                results.append(.success(try found(body, request, in: table)))
            } catch { results.append(.failure(error)) }
        }
        return Self.results(results)
    }

    private func found(_ body: JSONValue, _ request: RegistryRequest, in table: SchemaTable)
        throws(APIError) -> JSONValue
    {
        let id = try AssociationRequest.text(body, "resourceId")
        let name = try AssociationRequest.text(body, "resourceName")
        let namespace = try AssociationRequest.text(body, "resourceNamespace")
        let filter = AssociationFilter(
            resourceType: try AssociationRequest.text(body, "resourceType") ?? AssociationKey.topic,
            associationTypes: body["associationTypes"].flatMap(SchemaMetadata.set) ?? [],
            lifecycle: try AssociationOperation.lifecycle(
                try AssociationRequest.text(body, "lifecycle")))
        let all =
            if let id { table.associations(resourceID: id) } else {
                table.associations(
                    resourceName: name ?? "", namespace: namespace ?? AssociationKey.wildcard)
            }
        let found = filter.matching(all)
        let first = found.first
        return Self.answer(
            name ?? first?.key.resourceName, namespace ?? first?.key.resourceNamespace,
            id ?? first?.resourceID, filter.resourceType,
            found.map { association in
                guard request.flag("includeSchemas"),
                    let newest = table.version(nil, of: association.subject, deleted: false)
                else { return association.member(nil) }
                return association.member(.object(newest.answer(for: request)))
            })
    }

    private static func answer(_ given: AssociationRequest, _ members: [JSONValue]) -> JSONValue {
        answer(
            given.resourceName, given.resourceNamespace, given.resourceID, given.resourceType,
            members)
    }

    /// Members without a value are left out.
    private static func answer(
        _ name: String?, _ namespace: String?, _ id: String?, _ type: String?,
        _ members: [JSONValue]
    ) -> JSONValue {
        var object = JSONObject()
        if let name { object["resourceName"] = .string(name) }
        if let namespace { object["resourceNamespace"] = .string(namespace) }
        if let id { object["resourceId"] = .string(id) }
        if let type { object["resourceType"] = .string(type) }
        if !members.isEmpty { object["associations"] = .array(members) }
        return .object(object)
    }
}

extension AssociationFilter {
    /// From the parameters of a request; a resource is a topic when it does not say.
    init(_ request: RegistryRequest) throws(APIError) {
        resourceType = request.text("resourceType") ?? AssociationKey.topic
        associationTypes = request.query["associationType"] ?? []
        do throws(APIError) {
            lifecycle = try AssociationOperation.lifecycle(request.text("lifecycle"))
        } catch { throw .notFound }  // As JAX-RS has it.
    }

    /// `nil` when a list of schemas is not asked for their associations.
    init?(ofSchemas request: RegistryRequest) throws(APIError) {
        let names = ["resourceType", "associationType", "lifecycle"]
        guard names.contains(where: { request.query[$0] != nil }) else { return nil }
        try self.init(request)
    }
}
