// The decision what deleting writes: softly first, then for good. No I/O.

import MillraceBase

struct Deletion: Sendable {
    let table: SchemaTable
    let subject: String

    func all(permanently: Bool) throws(APIError) -> (records: [StoreRecord], answer: [Int]) {
        let every = table.versions(of: subject, .all)
        let alive = every.filter { !$0.isDeleted }
        guard !every.isEmpty else { throw .subjectNotFound(subject) }
        if !permanently, alive.isEmpty { throw .subjectSoftDeleted(subject) }
        try checkMode()
        guard table.associations(of: subject).isEmpty else { throw .subjectAssociated(subject) }
        let gone = permanently ? every : alive
        for version in gone {
            // References inside the subject go with it.
            let others = table.referrers(of: version, deleted: permanently)
                .filter { $0.subject != subject }
            guard others.isEmpty else { throw .referenced(version) }
        }
        if permanently, !alive.isEmpty { throw .subjectNotSoftDeleted(subject) }
        let numbers = gone.map(\.version)
        guard permanently else {
            return ([.subjectDeleted(subject, upTo: numbers.last ?? 0)], numbers)
        }
        let tombstones = numbers.reversed().map {
            StoreRecord.schemaRemoved(subject: subject, version: $0)
        }
        return (tombstones + settingsGone, numbers)
    }

    func one(_ text: String, permanently: Bool) throws(APIError) -> (
        records: [StoreRecord], answer: Int
    ) {
        let number = try SchemaTable.number(text)
        guard let found = table.version(number, of: subject, deleted: true) else {
            guard table.hasSubjects(subject, deleted: true) else {
                throw .subjectNotFound(subject)
            }
            throw .versionNotFound(number ?? -1)
        }
        if !permanently, found.isDeleted { throw .versionSoftDeleted(subject, text) }
        try checkMode()
        if !table.associations(of: subject).isEmpty {
            if permanently { throw .subjectAssociated(subject) }
            let isLast = table.versions(of: subject, .alive).allSatisfy { $0.place == found.place }
            if isLast { throw .noActiveVersion(subject) }
        }
        guard table.referrers(of: found, deleted: permanently).isEmpty else {
            throw .referenced(found)
        }
        guard permanently else {
            var deleted = found
            deleted.isDeleted = true
            return ([.schema(deleted)], found.version)
        }
        guard found.isDeleted else { throw .versionNotSoftDeleted(subject, found.version) }
        let tombstone = StoreRecord.schemaRemoved(subject: subject, version: found.version)
        let isLast = table.versions(of: subject, .all).count == 1
        return ([tombstone] + (isLast ? settingsGone : []), found.version)
    }

    /// A subject that is gone leaves no level and no mode behind.
    private var settingsGone: [StoreRecord] {
        var records: [StoreRecord] = []
        if table.modes[subject] != nil { records.append(.mode(subject: subject, nil)) }
        if table.configs[subject] != nil { records.append(.config(subject: subject, nil)) }
        return records
    }

    private func checkMode() throws(APIError) {
        if table.modeInScope(subject).isReadOnly { throw .readOnly(subject) }
    }
}
