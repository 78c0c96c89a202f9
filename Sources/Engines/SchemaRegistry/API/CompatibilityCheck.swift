// Whether a schema could be registered, and if not, why.

import MillraceBase
import MillraceSchemas

struct CompatibilityCheck: Sendable {
    let table: SchemaTable
    let request: RegistryRequest

    /// - Parameter version: against this one; `nil`: against all that the level asks for.
    func answer(_ subject: String, _ version: String?) throws(APIError) -> RegistryAnswer {
        let schema = try request.schema().schema
        var versions = table.versions(of: subject, deleted: false)
        if let version {
            if let number = try SchemaTable.number(version) {
                guard !versions.isEmpty else { throw .subjectNotFound(subject) }
                versions = versions.filter { $0.version == number }
                guard !versions.isEmpty else { throw .versionNotFound(number) }
            } else {
                versions = versions.suffix(1)
            }
        }
        let messages = Self.messages(schema, table.level(of: subject), versions)
        var object = JSONObject([("is_compatible", .bool(messages.isEmpty))])
        if request.flag("verbose") {
            object["messages"] = .array(messages.map { .string($0) })
        }
        return .json(.object(object))
    }

    static func messages(
        _ schema: SchemaDocument, _ level: CompatibilityLevel, _ versions: [SchemaVersion]
    ) -> [String] {
        guard level != .none else { return [] }
        var older: [(version: Int, schema: SchemaDocument)] = []
        for version in versions {
            do throws(SchemaError) {
                older.append((version.version, try SchemaDocument(version.kind, version.schema)))
            } catch {
                return ["version \(version.version) is not understood: \(error)"]
            }
        }
        let found = level.incompatibilities(of: schema, with: older)
        return found.isEmpty ? [] : found + ["compatibility: '\(level.rawValue)'"]
    }
}
