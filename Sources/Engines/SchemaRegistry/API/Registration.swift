// Decisions on a subject: what registering or deleting writes. No I/O.

import MillraceBase
import MillraceSchemas

struct Registration {
    let table: SchemaTable
    let subject: String

    typealias Decision = (records: [StoreRecord], answer: SchemaVersion)

    /// - Parameters:
    ///   - id: asked for by the client; only while importing.
    ///   - version: the same.
    func decide(_ schema: SchemaDocument, id: Int?, version: Int?) throws(APIError) -> Decision {
        if id == nil, let known = table.version(schema, in: subject, deleted: false) {
            return ([], known)
        }
        let mode = table.mode(of: subject)
        guard mode.allowsWrites else {
            throw .notPermitted("Subject \(subject) is in read-only mode")
        }
        guard mode == .importing || id == nil else {
            throw .notPermitted("Subject \(subject) is not in import mode")
        }
        if let id, let other = table.versions(id: id).first,
            other.kind != schema.kind || other.schema != schema.canonicalText
        {
            throw .idMismatch(id)
        }
        let versions = table.versions(of: subject, deleted: false)
        if mode != .importing {
            let messages = CompatibilityCheck.messages(schema, table.level(of: subject), versions)
            guard messages.isEmpty else { throw .incompatible(subject, messages) }
        }
        let new = SchemaVersion(
            subject: subject,
            version: mode == .importing
                ? version ?? table.nextVersion(of: subject)
                : table.nextVersion(of: subject),
            id: id ?? table.id(of: schema) ?? table.nextID,
            kind: schema.kind, schema: schema.canonicalText)
        return ([.schema(new)], new)
    }
}

struct Deletion {
    let table: SchemaTable
    let subject: String

    func all(permanently: Bool) throws(APIError) -> (records: [StoreRecord], answer: [Int]) {
        let every = table.versions(of: subject, deleted: true)
        let alive = every.filter { !$0.isDeleted }
        guard let last = every.last else { throw .subjectNotFound(subject) }
        try checkMode()
        if permanently {
            guard alive.isEmpty else { throw .subjectNotSoftDeleted(subject) }
            let records = every.map {
                StoreRecord.schemaRemoved(subject: subject, version: $0.version)
            }
            return (records, every.map(\.version))
        }
        guard !alive.isEmpty else { throw .subjectSoftDeleted(subject) }
        var records = [StoreRecord.subjectDeleted(subject, upTo: last.version)]
        if table.ownLevel(of: subject) != nil {
            records.append(.compatibility(subject: subject, nil))
        }
        if table.ownMode(of: subject) != nil { records.append(.mode(subject: subject, nil)) }
        return (records, alive.map(\.version))
    }

    func one(_ text: String, permanently: Bool) throws(APIError) -> (
        records: [StoreRecord], answer: Int
    ) {
        let isLatest = try SchemaTable.number(text) == nil
        var found = try table.version(text, of: subject, deleted: !isLatest || permanently)
        try checkMode()
        if permanently {
            guard found.isDeleted else { throw .versionNotSoftDeleted(subject, found.version) }
            return ([.schemaRemoved(subject: subject, version: found.version)], found.version)
        }
        guard !found.isDeleted else { throw .versionSoftDeleted(subject, found.version) }
        found.isDeleted = true
        return ([.schema(found)], found.version)
    }

    private func checkMode() throws(APIError) {
        guard table.mode(of: subject).allowsWrites else {
            throw .notPermitted("Subject \(subject) is in read-only mode")
        }
    }
}
