// Questions about subjects and their versions; they change nothing.

import MillraceBase
import MillraceSchemas

struct SubjectQueries: Sendable {
    let table: SchemaTable
    let request: RegistryRequest

    func answer() throws(APIError) -> RegistryAnswer {
        switch request.route {
        case .subjects: .json(.array(try request.page(subjects()).map { .string($0) }))
        case .subject(let subject): .json(try lookUp(subject))
        case .versions(let subject): .json(try versions(subject))
        case .version(let subject, let text):
            .json(try version(text, of: subject).answer(withSchema: true))
        case .versionText(let subject, let text): .text(try version(text, of: subject).schema)
        case .referencedBy(let subject, let text):
            // No schema has references yet, so nothing refers to this one.
            .json(.array(try version(text, of: subject).id < 0 ? [.null] : []))
        default: throw .notFound  // Other routes are other handlers'.
        }
    }

    private func subjects() -> [String] {
        let prefix = request.query["subjectPrefix"] ?? ""
        let isAny = prefix.isEmpty || prefix == ":*:"
        let alive = Set(table.subjects(deleted: false))
        let isDeletedOnly = request.flag("deletedOnly")
        return table.subjects(deleted: isDeletedOnly || request.flag("deleted")).filter {
            (isAny || $0.hasPrefix(prefix)) && !(isDeletedOnly && alive.contains($0))
        }
    }

    /// POST on a subject: is this schema registered here?
    private func lookUp(_ subject: String) throws(APIError) -> JSONValue {
        let isDeletedToo = request.flag("deleted")
        guard !table.versions(of: subject, deleted: isDeletedToo).isEmpty else {
            throw .subjectNotFound(subject)
        }
        let schema = try request.schema().schema
        guard let found = table.version(schema, in: subject, deleted: isDeletedToo) else {
            throw .schemaNotFound
        }
        return found.answer(withSchema: true)
    }

    private func versions(_ subject: String) throws(APIError) -> JSONValue {
        let isDeletedOnly = request.flag("deletedOnly")
        let found = table.versions(of: subject, deleted: isDeletedOnly || request.flag("deleted"))
            .filter { !isDeletedOnly || $0.isDeleted }
        guard !found.isEmpty else { throw .subjectNotFound(subject) }
        return .array(try request.page(found).map { JSONValue($0.version) })
    }

    private func version(_ text: String, of subject: String) throws(APIError) -> SchemaVersion {
        try table.version(text, of: subject, deleted: request.flag("deleted"))
    }
}

extension SchemaTable {
    /// - Parameter text: a number, "latest", or -1, which means the same.
    func version(_ text: String, of subject: String, deleted: Bool) throws(APIError)
        -> SchemaVersion
    {
        let number = try Self.number(text)
        let found = versions(of: subject, deleted: deleted)
        guard let last = found.last else { throw .subjectNotFound(subject) }
        guard let number else { return last }
        guard let version = found.first(where: { $0.version == number }) else {
            throw .versionNotFound(number)
        }
        return version
    }

    /// - Returns: `nil` for the latest.
    static func number(_ text: String) throws(APIError) -> Int? {
        if text == "latest" || text == "-1" { return nil }
        guard let number = Int32(text), number >= 1 else { throw .invalidVersion(text) }
        return Int(number)
    }
}

extension SchemaVersion {
    /// As the API shows it: the type is left out for Avro.
    func answer(withSchema: Bool) -> JSONValue {
        var object = JSONObject([
            ("subject", .string(subject)), ("version", JSONValue(version)), ("id", JSONValue(id)),
            ("guid", .string(guid)),
        ])
        if kind != .avro { object["schemaType"] = .string(kind.rawValue) }
        object["schema"] = .string(schema)
        if isDeleted { object["deleted"] = true }
        if !withSchema {
            object["subject"] = nil
            object["deleted"] = nil
        }
        return .object(object)
    }

    /// The same for the same schema everywhere: two FNV-1a hashes in a UUID's shape.
    var guid: String {
        var halves: [UInt64] = [0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce4]
        for byte in "\(kind.rawValue):\(schema)".utf8 {
            for index in halves.indices {
                halves[index] = (halves[index] ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        let digits = halves.map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var out = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { out += "-" }
            out.append(digit)
        }
        return out
    }
}
