// Questions about schemas by their ids; they change nothing.

import MillraceBase
import MillraceSchemas

struct SchemaQueries: Sendable {
    let table: SchemaTable
    let request: RegistryRequest

    func answer() throws(APIError) -> RegistryAnswer {
        switch request.route {
        case .schemas: .json(try list())
        case .schemaTypes: .json(["JSON", "AVRO"])
        case .schema(let id): .json(try schema(try versions(id)))
        case .schemaText(let id): .text(try first(try versions(id)).schema)
        case .schemaSubjects(let id):
            .json(.array(try request.page(subjects(shown(try versions(id)))).map { .string($0) }))
        case .schemaVersions(let id):
            .json(
                .array(
                    try request.page(shown(try versions(id))).map {
                        ["subject": .string($0.subject), "version": JSONValue($0.version)]
                    }))
        case .schemaByGUID(let guid): .json(try schema(try versions(guid: guid)))
        case .idsOfGUID(let guid):
            .json(
                .array(
                    Set(try versions(guid: guid).map(\.id)).sorted().map {
                        ["context": ".", "id": JSONValue($0)]
                    }))
        default: throw .notFound  // Other routes are other handlers'.
        }
    }

    private func list() throws(APIError) -> JSONValue {
        let prefix = request.query["subjectPrefix"] ?? ""
        let isAny = prefix.isEmpty || prefix == ":*:"
        var found = table.allVersions(deleted: request.flag("deleted")).filter {
            isAny || $0.subject.hasPrefix(prefix)
        }
        if request.flag("latestOnly") {
            let latest = Dictionary(found.map { ($0.subject, $0.version) }) { max($0, $1) }
            found = found.filter { latest[$0.subject] == $0.version }
        }
        return .array(try request.page(found).map { $0.answer(withSchema: true) })
    }

    /// An id stays readable when its subject was soft deleted.
    private func versions(_ text: String) throws(APIError) -> [SchemaVersion] {
        guard let id = Int(text) else { throw .notFound }
        var found = table.versions(id: id)
        if let subject = request.query["subject"], !subject.isEmpty, found.count > 1 {
            let own = found.filter { $0.subject == subject }
            if !own.isEmpty { found = own }
        }
        guard !found.isEmpty else { throw .schemaNotFound(text) }
        return found
    }

    private func versions(guid: String) throws(APIError) -> [SchemaVersion] {
        let found = table.allVersions(deleted: true).filter { $0.guid == guid }
        guard !found.isEmpty else { throw .schemaNotFound(guid) }
        return found
    }

    private func first(_ versions: [SchemaVersion]) throws(APIError) -> SchemaVersion {
        guard let first = versions.first else { throw .schemaNotFound }
        return first
    }

    private func schema(_ versions: [SchemaVersion]) throws(APIError) -> JSONValue {
        let version = try first(versions)
        var object = JSONObject()
        if version.kind != .avro { object["schemaType"] = .string(version.kind.rawValue) }
        object["schema"] = .string(version.schema)
        object["guid"] = .string(version.guid)
        object["id"] = JSONValue(version.id)
        if request.flag("fetchMaxId") { object["maxId"] = JSONValue(table.nextID - 1) }
        return .object(object)
    }

    private func shown(_ versions: [SchemaVersion]) -> [SchemaVersion] {
        request.flag("deleted") ? versions : versions.filter { !$0.isDeleted }
    }

    private func subjects(_ versions: [SchemaVersion]) -> [String] {
        Set(versions.map(\.subject)).sorted()
    }
}
