// Questions about subjects and their versions; they change nothing.

import MillraceBase
import MillraceSchemas

struct SubjectQueries: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let request: RegistryRequest

    func list() throws(APIError) -> RegistryAnswer {
        let prefixes = request.query["subjectPrefix"] ?? [QualifiedSubject.wildcard]
        let found = Set(prefixes.flatMap { table.subjects(prefix: $0, request.filter) }).sorted()
        let page = try request.page(found, countMax: RegistryServerLimits.listItemsMax)
        return .json(.array(page.map { .string($0) }))
    }

    /// POST on a subject: is this schema registered here?
    func lookUp(_ subject: String) throws(APIError) -> RegistryAnswer {
        let isDeletedToo = request.flag("deleted")
        let given = try SchemaGiven(try request.json())
        func find(_ subject: String) throws(APIError) -> SchemaVersion? {
            let isNormalized =
                request.flag("normalize") || table.configInScope(subject).normalize == true
            return try LookUp(
                table: table, parsed: parsed, subject: subject, isNormalized: isNormalized
            ).find(given, deleted: isDeletedToo)
        }
        if let found = try find(subject) { return .json(try shown(found)) }
        let qualified = QualifiedSubject(subject)
        if qualified.isInDefaultContext {
            for context in table.namedContexts.sorted() {
                let other = QualifiedSubject(context: context, name: qualified.name).text
                if table.versions[other] == nil { continue }
                if let found = try? find(other) { return .json(try shown(found)) }
            }
        }
        guard table.hasSubjects(subject, deleted: isDeletedToo) else {
            throw .subjectNotFound(subject)
        }
        throw .schemaNotFound
    }

    func versions(_ subject: String) throws(APIError) -> RegistryAnswer {
        let filter = request.filter
        guard table.hasSubjects(subject, deleted: filter != .alive) else {
            throw .subjectNotFound(subject)
        }
        let isNegative = request.flag("deletedAsNegative")
        let found = table.versions(of: subject, isNegative ? .all : filter)
        let page = try request.page(found, countMax: RegistryServerLimits.listItemsMax)
        return .json(
            .array(
                page.map {
                    JSONValue(isNegative && $0.isDeleted ? -$0.version : $0.version)
                }))
    }

    func version(_ text: String, of subject: String) throws(APIError) -> RegistryAnswer {
        .json(try shown(try find(text, of: subject, deleted: request.flag("deleted"))))
    }

    func text(_ text: String, of subject: String) throws(APIError) -> RegistryAnswer {
        let found = try find(text, of: subject, deleted: request.flag("deleted"))
        let queries = SchemaQueries(table: table, parsed: parsed, request: request)
        return .text(try queries.text(found))
    }

    func referencedBy(_ text: String, of subject: String) throws(APIError) -> RegistryAnswer {
        let found = try find(text, of: subject, deleted: true)
        let referrers = table.referrers(of: found, deleted: request.flag("deleted"))
        let ids = Set(referrers.map(\.id)).sorted()
        let page = try request.page(ids, countMax: RegistryServerLimits.listItemsMax)
        return .json(.array(page.map { JSONValue($0) }))
    }

    /// The last version whose metadata has all the given properties.
    func latestWithMetadata(_ subject: String) throws(APIError) -> RegistryAnswer {
        let isDeletedToo = request.flag("deleted")
        let wanted = zip(request.query["key"] ?? [], request.query["value"] ?? [])
        let found = table.versions(of: subject, isDeletedToo ? .all : .alive).last { version in
            guard let properties = version.content.metadata?.properties else { return false }
            return wanted.allSatisfy { properties[$0] == $1 }
        }
        guard let found else {
            guard table.hasSubjects(subject, deleted: isDeletedToo) else {
                throw .subjectNotFound(subject)
            }
            throw .schemaNotFound
        }
        return .json(try shown(found))
    }

    private func find(_ text: String, of subject: String, deleted: Bool) throws(APIError)
        -> SchemaVersion
    {
        let number = try SchemaTable.number(text)
        if let found = table.versionOfAnyContext(number, of: subject, deleted: deleted) {
            return found
        }
        guard table.hasSubjects(subject, deleted: deleted) else {
            throw .subjectNotFound(subject)
        }
        throw .versionNotFound(number ?? -1)
    }

    private func shown(_ version: SchemaVersion) throws(APIError) -> JSONValue {
        let queries = SchemaQueries(table: table, parsed: parsed, request: request)
        var object = version.answer(for: request, try queries.content(version))
        object["schemaTags"] = queries.tags(version)
        return .object(object)
    }
}

extension SchemaTable {
    /// - Parameter text: a number, "latest", or -1, which means the same.
    /// - Returns: `nil` for the latest.
    static func number(_ text: String) throws(APIError) -> Int? {
        if text.lowercased() == "latest" || text == "-1" { return nil }
        guard let number = Int32(text), number >= 1 else { throw .invalidVersion(text) }
        return Int(number)
    }

    /// What a subject is called by another name, when it is one; its context's unless it says more.
    func alias(of subject: String) -> String {
        guard !subject.isEmpty, let alias = configs[subject]?.alias else { return subject }
        return QualifiedSubject(subject).resolved(alias).text
    }
}

extension SchemaVersion {
    /// As the API shows a version.
    ///
    /// - Parameter shown: the content in the form that was asked for; `nil` is as it is kept.
    func answer(for request: RegistryRequest, _ shown: SchemaContent? = nil) -> JSONObject {
        var object = JSONObject([
            ("subject", .string(subject)), ("version", JSONValue(version)), ("id", JSONValue(id)),
            ("guid", .string(content.guid)),
        ])
        object.members += (shown ?? content).members(showsAvro: request.acceptsUnknown).members
        addDetails(to: &object, for: request)
        return object
    }

    /// As a registration answers: the id, and of the rest only what is not as it was given. Clients
    /// take a text that stands there for the schema, whatever form they gave it in.
    ///
    /// - Parameters:
    ///   - given: `nil` when the registry made the schema itself.
    ///   - shown: the content in the form that was asked for.
    func registered(_ given: SchemaGiven?, _ shown: SchemaContent? = nil) -> JSONValue {
        var object = JSONObject([
            ("id", JSONValue(id)), ("version", JSONValue(version)),
            ("guid", .string(content.guid)),
        ])
        let isText = given?.text != nil && given?.changesTags == false
        let isSame =
            isText && given?.metadata == content.metadata && given?.ruleSet == content.ruleSet
        if isSame { return .object(object) }
        var members = (shown ?? content).members()
        if isText { members["schema"] = nil }
        object.members += members.members
        return .object(object)
    }

    func addDetails(to object: inout JSONObject, for request: RegistryRequest) {
        if request.acceptsUnknown, let milliseconds { object["ts"] = JSONValue(milliseconds) }
        if isDeleted || request.acceptsUnknown || request.flag("deleted") {
            object["deleted"] = .bool(isDeleted)
        }
    }
}
