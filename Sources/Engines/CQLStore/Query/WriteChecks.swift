// What must hold of the WHERE of a write, and of the key of an INSERT.
// Source: Cassandra's StatementRestrictions and ModificationStatement.

import CQLProtocol

extension WriteCompiler {
    /// Refuses CONTAINS whatever the column is, also one that is not there.
    func checkContains(
        _ relations: [CQLRelation], _ what: String
    ) throws(StatementError) {
        for case .compare(_, let operation, _) in relations
        where operation == .contains || operation == .containsKey {
            throw .invalid("Cannot use \(what) with \(operation.rawValue)")
        }
    }

    func checkKey(
        _ restrictions: Restrictions, _ what: String
    ) throws(StatementError) -> [ValueSource] {
        guard restrictions.token == nil else {
            throw .invalid(
                "The token function cannot be used in WHERE clauses for \(what) statements")
        }
        guard let partition = restrictions.partition else {
            let restricted = Set(restrictions.filters.map { table.columns[$0.slot].name })
            if let wrong = restrictions.filters.first(where: {
                table.columns[$0.slot].kind == .partitionKey
            }), case .compare(let operation, _) = wrong.test, operation != .equal {
                throw .invalid(
                    "Only EQ and IN relation are supported on the partition key (unless you use "
                        + "the token() function) for \(what) statements"
                )
            }
            let missing = table.partitionKey.map(\.name).filter { !restricted.contains($0) }
            throw .invalid(
                "Some partition key parts are missing: \(missing.joined(separator: ", "))")
        }
        if let filter = restrictions.filters.first(where: { !table.columns[$0.slot].isKey }) {
            throw .invalid(
                "Non PRIMARY KEY columns found in where clause: \(table.columns[filter.slot].name) "
            )
        }
        if let unusable = restrictions.unusable {
            let missing = table.clustering.indices.filter {
                !restrictions.restricted.contains(table.partitionKey.count + $0)
            }
            guard what != "UPDATE" || missing.isEmpty || table.isCompact else {
                let names = missing.map { table.clustering[$0].name }
                throw .invalid("Some clustering keys are missing: \(names.joined(separator: ", "))")
            }
            throw .invalid(unusable)
        }
        guard restrictions.filters.isEmpty else {
            throw .invalid(
                "Multi-column and filtering relations are not supported in \(what) statements")
        }
        return partition
    }

    func checkClustering(_ restrictions: Restrictions) throws(StatementError) {
        let count = restrictions.clustering.count
        guard count == table.clustering.count || isShortKey(count) else {
            let missing = table.clustering[restrictions.clustering.count...].map(\.name)
            throw .invalid("Some clustering keys are missing: \(missing.joined(separator: ", "))")
        }
    }

    /// Rows of compact tables may leave out clustering columns at the end.
    func isShortKey(_ count: Int) -> Bool { table.isCompact && count > 0 }

    func checkCompactValue(_ changes: [ColumnChanges]) throws(StatementError) {
        guard let value = table.compactValue, changes.isEmpty else { return }
        throw .invalid("Column \(value.name) is mandatory for this COMPACT STORAGE table")
    }
}
