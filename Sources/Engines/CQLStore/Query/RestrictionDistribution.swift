// What each restriction is good for: naming partitions, ranges of rows, or only to filter.
// Source: Cassandra's StatementRestrictions, ClusteringColumnRestrictions and
// PartitionKeySingleRestrictionSet.

import CQLProtocol

extension RestrictionAnalyzer {
    mutating func distribute() throws(StatementError) {
        for restriction in partition.all + clustering.all + others.all {
            result.restricted.formUnion(restriction.slots)
            if case .equal = restriction.test { result.equal.formUnion(restriction.slots) }
        }
        try distributePartition()
        try distributeClustering()
        for restriction in others.all { try filter(by: restriction) }
    }

    private mutating func distributePartition() throws(StatementError) {
        var sources: [ValueSource] = []
        for restriction in partition.all {
            switch restriction.test {
            case .equal(.parts(let parts)) where parts.count == 1: sources.append(.one(parts[0]))
            case .isIn(let source): sources.append(source)
            case .equal, .slice, .contains: break
            }
        }
        if sources.count == table.partitionKey.count {
            result.partition = sources
            return
        }
        result.partitionNeedsFiltering = !partition.isEmpty
        for restriction in partition.all { try filter(by: restriction) }
    }

    /// The restrictions that name a prefix of the clustering key and a range behind it.
    private mutating func distributeClustering() throws(StatementError) {
        let first = table.partitionKey.count
        var next = first
        var rest = clustering.all[...]
        result.hasClusteringContains = clustering.all.contains { $0.isContains }
        walk: while let restriction = rest.first, restriction.firstSlot == next {
            switch restriction.test {
            case .equal(.parts(let parts)): result.clustering += parts.map { .one($0) }
            case .equal(let whole):
                result.clustering.append(.tuples(.several([whole]), restriction.columns))
                result.clustering += restriction.slots.dropFirst().map { _ in .inTuple }
            case .isIn(let source):
                result.clustering.append(source)
                result.clustering += restriction.slots.dropFirst().map { _ in .inTuple }
            case .slice(let lower, let upper):
                result.slice = Slice(columns: restriction.columns, lower: lower, upper: upper)
                rest.removeFirst()
                break walk
            case .contains: break walk
            }
            next += restriction.slots.count
            rest.removeFirst()
        }
        guard !rest.isEmpty else { return }
        let restricted = clustering.all.flatMap(\.columns).sorted { $0.position < $1.position }
        for (column, wanted) in zip(restricted, table.clustering) where column != wanted {
            result.unusable =
                "PRIMARY KEY column \"\(column.name)\" cannot be restricted as preceding column "
                + "\"\(wanted.name)\" is not restricted"
            break
        }
        for restriction in rest { try filter(by: restriction) }
    }

    private mutating func filter(by restriction: Restriction) throws(StatementError) {
        let slot = restriction.firstSlot
        func add(_ test: Filter.Test) { result.filters.append(Filter(slot: slot, test: test)) }
        switch restriction.test {
        case .equal(.parts(let parts)):
            for (slot, part) in zip(restriction.slots, parts) {
                result.filters.append(Filter(slot: slot, test: .compare(.equal, part)))
            }
        case .equal(let whole): add(.tuple(restriction.slots, .equal, whole))
        case .isIn(.tuples(let list, _)): add(.tupleIn(restriction.slots, list))
        case .isIn(let source): add(.isIn(source))
        case .slice(let lower, let upper):
            if let lower {
                try addComparison(restriction, lower, lower.inclusive ? .greaterOrEqual : .greater)
            }
            if let upper {
                try addComparison(restriction, upper, upper.inclusive ? .lessOrEqual : .less)
            }
        case .contains(let tests): for test in tests { add(test) }
        }
    }

    private mutating func addComparison(
        _ restriction: Restriction, _ bound: TupleBound, _ operation: CQLOperator
    ) throws(StatementError) {
        guard case .parts(let parts) = bound.value, parts.count == 1, !restriction.isTuple else {
            result.unfilterable = .invalid(
                "Multi-column slice restrictions cannot be used for filtering.")
            return
        }
        result.filters.append(
            Filter(slot: restriction.firstSlot, test: .compare(operation, parts[0])))
    }
}
