// Whether a schema could be registered, and if not, why. Source: Confluent's CompatibilityResource.

import MillraceBase
import MillraceSchemas

struct CompatibilityCheck: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let subject: String

    /// - Parameter version: against this one; `nil`: against all that the level asks for.
    func answer(_ request: RegistryRequest, _ version: String?) throws(APIError) -> RegistryAnswer {
        var versions = table.versions(of: subject, .alive)
        if let version {
            let number = try SchemaTable.number(version)
            let found = table.version(number, of: subject, deleted: false)
            guard found != nil || number == nil else { throw .versionNotFound(number ?? -1) }
            versions = found.map { [$0] } ?? []
        }
        let isVerbose = request.flag("verbose")
        var messages: [String]
        do throws(APIError) {
            messages = try self.messages(of: request, versions)
        } catch {
            guard isVerbose, error.code == APIError.emptySchema.code else { throw error }
            messages = [error.message]
        }
        var object = JSONObject([("is_compatible", .bool(messages.isEmpty))])
        if isVerbose { object["messages"] = .array(messages.map { .string($0) }) }
        return .json(.object(object))
    }

    private func messages(of request: RegistryRequest, _ versions: [SchemaVersion])
        throws(APIError) -> [String]
    {
        let given = try SchemaGiven(try request.json())
        guard let text = given.text else { throw .emptySchema }
        let content = given.content(text, of: subject, in: table)
        let document = try parsed.document(content, of: subject, in: table, isNew: true)
        return try messages(document, content, versions)
    }

    /// - Parameter versions: oldest first.
    func messages(
        _ document: SchemaDocument, _ content: SchemaContent, _ versions: [SchemaVersion]
    ) throws(APIError) -> [String] {
        let config = table.configInScope(subject)
        let level = config.level ?? SubjectConfig.standardLevel
        var found = config.validateFields == true ? reserved(document, content, versions.last) : []
        if level != .none {
            var older = versions
            if let group = config.group {
                let value = content.metadata?.properties[group]
                older.removeAll { $0.content.metadata?.properties[group] != value }
            }
            if !level.isTransitive { older = older.suffix(1) }
            var schemas: [(version: Int, schema: SchemaDocument)] = []
            for version in older {
                schemas.append((version.version, try parsed.document(version, in: table)))
            }
            found += level.incompatibilities(
                of: document, with: schemas, policy: config.policy ?? .strict)
        }
        guard !found.isEmpty else { return [] }
        let validates = config.validateFields == true
        return found + ["{validateFields: '\(validates)', compatibility: '\(level.rawValue)'}"]
    }

    /// Fields that a schema promises not to use (`validateFields`).
    private func reserved(
        _ document: SchemaDocument, _ content: SchemaContent, _ last: SchemaVersion?
    ) -> [String] {
        let names = Self.reservedNames(content)
        let gone = last.map { Self.reservedNames($0.content).subtracting(names) } ?? []
        let clashing = names.intersection(document.topLevelFields)
        return gone.sorted().map {
            "The new schema has reserved field \($0) removed from its metadata which is present in"
                + " the old schema's metadata."
        }
            + clashing.sorted().map {
                "The new schema has field that conflicts with the reserved field \($0)."
            }
    }

    private static func reservedNames(_ content: SchemaContent) -> Set<String> {
        let list = content.metadata?.properties["confluent:reserved"] ?? ""
        return Set(
            list.split(separator: ",").map { name in
                String(
                    name.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)
                        .reversed())
            }.filter { !$0.isEmpty })
    }
}
