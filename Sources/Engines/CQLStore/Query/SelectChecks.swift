// What a SELECT may ask for, and the order of its rows.
// Source: Cassandra's StatementRestrictions and SelectStatement.RawStatement, in their order.

import CQLProtocol

extension SelectCompiler {
    /// Only static columns are selected: then rows cannot be chosen.
    func checkStatics(
        _ restrictions: Restrictions, _ selected: Set<Int>
    ) throws(StatementError) {
        let kinds = selected.map { table.columns[$0].kind }
        guard !select.items.isEmpty, kinds.contains(.fixed),
            kinds.allSatisfy({ $0 == .fixed || $0 == .partitionKey }),
            restrictions.restricted.contains(where: { table.columns[$0].kind == .clustering })
        else { return }
        throw .invalid("Cannot restrict clustering columns when selecting only static columns")
    }

    func checkPartition(_ restrictions: Restrictions) throws(StatementError) {
        if restrictions.partitionNeedsFiltering, restrictions.token == nil {
            throw .invalid(IndexPlanner.filteringMessage)
        }
    }

    func checkRestrictions(_ restrictions: Restrictions) throws(StatementError) {
        if restrictions.hasClusteringContains {
            throw .invalid(
                "Clustering columns can only be restricted with CONTAINS with a secondary index or "
                    + "filtering")
        }
        if let unusable = restrictions.unusable { throw .invalid(unusable) }
        if restrictions.filters.contains(where: { !table.columns[$0.slot].isKey }) {
            throw .invalid(IndexPlanner.filteringMessage)
        }
    }

    /// A scan of many partitions that gives only some of their rows.
    func checkNeedsFiltering(_ restrictions: Restrictions) throws(StatementError) {
        guard !select.allowFiltering, !skipsFiltering, restrictions.isKeyRange,
            !restrictions.filters.isEmpty || restrictions.hasClusteringRange
        else { return }
        throw .invalid(IndexPlanner.filteringMessage)
    }

    // MARK: DISTINCT

    func checkDistinct(
        _ restrictions: Restrictions, _ selected: Set<Int>
    ) throws(StatementError) {
        guard select.perPartitionLimit == nil else {
            throw .invalid("PER PARTITION LIMIT is not allowed with SELECT DISTINCT queries")
        }
        let wrong = restrictions.restricted.contains { slot in
            let kind = table.columns[slot].kind
            return kind == .clustering || kind == .regular
        }
        guard !wrong else {
            throw .invalid(
                "SELECT DISTINCT with WHERE clause only supports restriction by partition key "
                    + "and/or static columns.")
        }
        for slot in selected.sorted() {
            let column = table.columns[slot]
            guard column.kind == .partitionKey || column.kind == .fixed else {
                throw .invalid(
                    "SELECT DISTINCT queries must only request partition key columns and/or static "
                        + "columns (not \(column.name))")
            }
        }
        guard restrictions.isKeyRange else { return }
        for slot in table.partitionKey.indices where !selected.contains(slot) {
            throw .invalid(
                "SELECT DISTINCT queries must request all the partition key columns (missing "
                    + "\(table.columns[slot].name))")
        }
    }

    // MARK: ORDER BY

    func order(_ restrictions: Restrictions) throws(StatementError) -> SelectOrder {
        guard !select.order.isEmpty else { return SelectOrder() }
        var slots: [Int] = []
        for order in select.order {
            slots.append(try RestrictionAnalyzer.slot(order.column, table))
        }
        guard !restrictions.isKeyRange else {
            throw .invalid(
                "ORDER BY is only supported when the partition key is restricted by an EQ or an IN."
            )
        }
        var reversed: Bool?
        var next = table.partitionKey.count
        for (index, slot) in slots.enumerated() {
            // A column that is named twice stands at its first place, with its last direction.
            guard !slots[..<index].contains(slot), let last = slots.lastIndex(of: slot) else {
                continue
            }
            let order = select.order[last]
            let column = table.columns[slot]
            guard column.kind == .clustering else {
                throw .invalid(
                    "Order by is currently only supported on the clustered columns of the PRIMARY "
                        + "KEY, got \(order.column)")
            }
            // Columns that are fixed by = may be left out.
            while next < slot, restrictions.equal.contains(next) { next += 1 }
            guard slot == next else {
                throw .invalid(
                    "Order by currently only supports the ordering of columns following their "
                        + "declared order in the PRIMARY KEY")
            }
            next += 1
            let flips = order.descending != column.descending
            guard reversed == nil || reversed == flips else {
                throw .invalid("Unsupported order by relation")
            }
            reversed = flips
        }
        let isSorted = !(restrictions.partition?.allSatisfy(\.isOne) ?? true)
        return SelectOrder(reversed: reversed ?? false, sortedSlots: isSorted ? slots : [])
    }
}
