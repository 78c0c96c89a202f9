// Questions about schemas by their ids and GUIDs; they change nothing.

import MillraceBase
import MillraceSchemas

struct SchemaQueries: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let request: RegistryRequest

    static let types: JSONValue = ["JSON", "PROTOBUF", "AVRO"]

    func list() throws(APIError) -> RegistryAnswer {
        let prefixes = request.query["subjectPrefix"] ?? [""]
        let filter: SchemaTable.Filter = request.flag("deleted") ? .all : .alive
        let aliases = request.flag("aliases") ? aliases(prefixes) : [:]
        var subjects = Set(prefixes.flatMap { table.subjects(prefix: $0, .all) })
        subjects.formUnion(aliases.keys)
        let ruleType = request.text("ruleType")
        let wanted = try AssociationFilter(ofSchemas: request)
        var found: [SchemaVersion] = []
        for subject in subjects.sorted() {
            let versions = table.versions(of: subject, filter)
            let newest = request.flag("latestOnly") ? versions.suffix(1) : versions[...]
            found += newest.filter { version in
                ruleType.map { version.content.ruleSet?.has(type: $0) ?? false } ?? true
            }
        }
        let page = try request.page(found, countMax: RegistryServerLimits.schemasListedMax)
        return .json(
            .array(
                page.map { version in
                    var answer = version.answer(for: request)
                    if let names = aliases[version.subject] {
                        answer["aliases"] = .array(names.sorted().map { .string($0) })
                    }
                    if let list = wanted?.matching(table.associations(of: version.subject)),
                        !list.isEmpty
                    {
                        answer["associations"] = .array(list.map(\.json))
                    }
                    return .object(answer)
                }))
    }

    /// The subjects that aliases lead to, each with its aliases.
    private func aliases(_ prefixes: [String]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for (subject, config) in table.configs {
            guard let subject, let alias = config.alias,
                prefixes.contains(where: { SchemaTable.matches(subject, $0) })
            else { continue }
            found[QualifiedSubject(subject).resolved(alias).text, default: []].append(subject)
        }
        return found
    }

    func schema(id: String) throws(APIError) -> RegistryAnswer {
        let found = try version(id)
        var object = JSONObject()
        if request.query["subject"] != nil {
            object["subject"] = .string(found.subject)
            object["version"] = JSONValue(found.version)
        }
        object.members += try described(found).members
        if request.flag("fetchMaxId") {
            let context = QualifiedSubject(found.subject).context
            object["maxId"] = JSONValue(table.nextID(context: context) - 1)
        }
        return .json(.object(object))
    }

    /// GUID, text in the format that was asked for, and what belongs to it.
    private func described(_ version: SchemaVersion) throws(APIError) -> JSONObject {
        var object = JSONObject([("guid", .string(version.content.guid))])
        object.members += try content(version).members(showsAvro: request.acceptsUnknown).members
        object["schemaTags"] = tags(version)
        version.addDetails(to: &object, for: request)
        return object
    }

    /// The content with its text as `format` asks for it, and its references as `referenceFormat`.
    func content(_ version: SchemaVersion) throws(APIError) -> SchemaContent {
        var content = version.content
        content.text = try text(version)
        if request.text("referenceFormat") == "qualified" {
            let own = QualifiedSubject(version.subject)
            for index in content.references.indices {
                let subject = content.references[index].subject
                content.references[index].subject = own.resolved(subject).text
            }
        }
        return content
    }

    /// Those that `findTags` asks for; `nil` when it does not.
    func tags(_ version: SchemaVersion) -> JSONValue? {
        guard let wanted = request.query["findTags"] else { return nil }
        let isAny = wanted.contains("*")
        let tags = SchemaTagging.tags(in: version.content.text, version.content.kind).filter {
            isAny || !Set($0.tags).isDisjoint(with: wanted)
        }
        return tags.isEmpty ? nil : .array(tags.map(\.json))
    }

    func text(_ version: SchemaVersion) throws(APIError) -> String {
        guard let format = request.text("format") else { return version.content.text }
        return try parsed.document(version, in: table).text(format: format)
    }

    func schemaText(id: String) throws(APIError) -> RegistryAnswer {
        .text(try text(try version(id)))
    }

    func subjects(id: String) throws(APIError) -> RegistryAnswer {
        let names = Set(try places(id).map(\.subject)).sorted()
        let page = try request.page(names, countMax: RegistryServerLimits.listItemsMax)
        return .json(.array(page.map { .string($0) }))
    }

    func versions(id: String) throws(APIError) -> RegistryAnswer {
        let page = try request.page(try places(id), countMax: RegistryServerLimits.listItemsMax)
        return .json(
            .array(
                page.map { ["subject": .string($0.subject), "version": JSONValue($0.version)] }))
    }

    private func places(_ id: String) throws(APIError) -> [SchemaVersion] {
        guard let number = Int(id) else { throw .notFound }
        guard let found = table.version(id: number, subject: subject) else {
            throw .schemaNotFound
        }
        let isDeletedToo = request.flag("deleted")
        return table.versions(id: number, context: QualifiedSubject(found.subject).context)
            .filter { isDeletedToo || !$0.isDeleted }
    }

    /// An id stays readable when its subject was soft deleted.
    private func version(_ id: String) throws(APIError) -> SchemaVersion {
        guard let number = Int(id) else { throw .notFound }
        guard let found = table.version(id: number, subject: subject) else {
            throw .schemaNotFound(id)
        }
        return found
    }

    private var subject: String? {
        request.text("subject").map { table.alias(of: QualifiedSubject.normalized($0)) }
    }

    // MARK: - GUIDs

    /// - Parameter places: where the GUID stands: each context and id.
    func schema(guid: String, _ places: [SchemaIdentity]) throws(APIError) -> RegistryAnswer {
        for place in places {
            if let found = table.versions(id: place.id, context: place.context).first {
                return .json(.object(try described(found)))
            }
        }
        throw .schemaNotFound(guid)
    }

    func ids(guid: String, _ places: [SchemaIdentity]) throws(APIError) -> RegistryAnswer {
        let alive = places.filter { !table.versions(id: $0.id, context: $0.context).isEmpty }
        guard !alive.isEmpty else { throw .schemaNotFound(guid) }
        return .json(
            .array(alive.map { ["context": .string($0.context), "id": JSONValue($0.id)] }))
    }
}
