// Decides whether a SELECT goes by indexes, and refuses what Cassandra refuses.
// Source: Cassandra's StatementRestrictions and SelectStatement.checkNeedsFiltering.

import CQLProtocol

struct IndexPlanner {
    static let filteringMessage =
        "Cannot execute this query as it might involve data filtering and thus may have "
        + "unpredictable performance. If you want to execute this query despite the performance "
        + "unpredictability, use ALLOW FILTERING"

    private let select: CQLSelect
    private let table: Table
    private let uses: RelationUses

    private init(_ select: CQLSelect, _ table: Table) {
        self.select = select
        self.table = table
        uses = RelationUses(select.relations, table)
    }

    /// Whether an index answers any relation: then the rules of filtering are those of `plan`.
    static func hasQueriableIndex(_ relations: [CQLRelation], _ table: Table) -> Bool {
        guard !table.indexDefinitions.isEmpty else { return false }
        return RelationUses(relations, table).hasQueriableIndex
    }

    /// - Returns: `nil` when the SELECT does without indexes.
    static func plan(
        _ select: CQLSelect, _ table: Table, _ terms: inout TermCompiler
    ) throws(StatementError) -> IndexPlan? {
        guard !table.indexDefinitions.isEmpty else { return nil }
        let planner = IndexPlanner(select, table)
        guard planner.uses.hasQueriableIndex else { return nil }
        guard let isRefused = try planner.usesIndex() else { return nil }
        var plan = try planner.compile(&terms)
        plan.isRefused = isRefused
        return plan
    }

    // MARK: Rules

    /// Vectors that are indexed answer ANN and nothing else.
    private func checkVectors() throws(StatementError) {
        for use in uses.all {
            let column = table.columns[use.slot]
            guard !column.isKey, column.type.isVector,
                table.indexDefinitions.contains(where: { $0.slot == use.slot })
            else { continue }
            throw .invalid("Vector indexes only support ANN queries")
        }
    }

    /// Whether the SELECT counts as one by secondary index, as Cassandra decides it.
    ///
    /// - Returns: `nil` when it does not, else whether ALLOW FILTERING is missing.
    private func usesIndex() throws(StatementError) -> Bool? {
        let partition = uses.uses(of: .partitionKey)
        let clustering = uses.uses(of: .clustering)
        let others = uses.all.filter { !table.columns[$0.slot].isKey }
        let isComplete = Set(partition.map(\.slot)).count == table.partitionKey.count
        let partitionNeedsFiltering =
            !partition.isEmpty
            && (!isComplete
                || partition.contains { $0.operation != .equal && $0.operation != .isIn })
        let isKeyRange = uses.usesToken || partition.isEmpty || partitionNeedsFiltering
        var usesIndex = (partition.isEmpty && !uses.usesToken) || partitionNeedsFiltering
        var filtered: [RelationUse] = []
        if usesIndex || partitionNeedsFiltering { filtered += partition }
        let clusteringNeedsFiltering = uses.clusteringNeedsFiltering
        if clusteringNeedsFiltering { usesIndex = true }
        if isKeyRange, uses.hasIndex(clustering) { usesIndex = true }
        if usesIndex || clusteringNeedsFiltering { filtered += clustering }
        if !others.isEmpty { usesIndex = true }
        filtered += others
        guard usesIndex else { return nil }
        if partition.contains(where: { $0.operation == .isIn }) {
            throw .invalid(
                "Select on indexed columns and with IN clause for the PRIMARY KEY are not "
                    + "supported")
        }
        guard !select.allowFiltering else { return false }
        return uses.needFiltering(filtered) || (filtered.isEmpty && !clustering.isEmpty)
    }

    // MARK: Look-ups

    private func compile(_ terms: inout TermCompiler) throws(StatementError) -> IndexPlan {
        var lookups: [IndexLookup] = []
        var slices: [Int: IndexLookup] = [:]
        for relation in select.relations {
            switch relation {
            case .compare(let name, let comparison, let term):
                guard let index = index(name, RelationUses.operation(comparison)) else { continue }
                if index.part == .value, comparison != .equal {
                    try addSlice(index, comparison, term, to: &slices, &terms)
                } else {
                    let value = try terms.compile(
                        term, as: index.types[0], receiver: Self.receiver(name, comparison))
                    lookups.append(IndexLookup(index: index, test: .equal([value])))
                }
            case .isIn(let name, .terms(let items)):
                guard items.count == 1, let index = index(name, .equal) else { continue }
                let value = try terms.compile(items[0], as: index.types[0], receiver: name)
                lookups.append(IndexLookup(index: index, test: .equal([value])))
            case .compareTuple(let names, .equal, .tuple(let items))
            where names.count == items.count:
                for (name, item) in zip(names, items) {
                    guard let index = index(name, .equal) else { continue }
                    let value = try terms.compile(item, as: index.types[0], receiver: name)
                    lookups.append(IndexLookup(index: index, test: .equal([value])))
                }
            case .tupleIn(let names, .terms(let tuples)):
                // One tuple is an equality.
                guard tuples.count == 1, case .tuple(let items) = tuples[0],
                    names.count == items.count
                else { continue }
                for (name, item) in zip(names, items) {
                    guard let index = index(name, .equal) else { continue }
                    let value = try terms.compile(item, as: index.types[0], receiver: name)
                    lookups.append(IndexLookup(index: index, test: .equal([value])))
                }
            case .element(let name, let key, .equal, let term):
                guard let index = index(name, .element), index.types.count == 2 else { continue }
                let parts = [
                    try terms.compile(key, as: index.types[0], receiver: "key(\(name))"),
                    try terms.compile(term, as: index.types[1], receiver: "value(\(name))"),
                ]
                lookups.append(IndexLookup(index: index, test: .equal(parts)))
            case .isIn, .token, .compareTuple, .tupleIn, .element, .isNotNull, .expression:
                continue
            }
        }
        lookups += slices.sorted { $0.key < $1.key }.map(\.value)
        return IndexPlan(
            lookups: lookups, analyzed: lookups.filter { $0.index.analyzer != nil })
    }

    /// The name of a marker without one.
    private static func receiver(_ name: String, _ comparison: CQLOperator) -> String {
        switch comparison {
        case .contains: "value(\(name))"
        case .containsKey: "key(\(name))"
        case .equal, .less, .greater, .lessOrEqual, .greaterOrEqual, .notEqual, .like: name
        }
    }

    private func index(
        _ name: String, _ operation: RelationUse.Operation
    ) -> IndexDefinition? {
        table.slots[name].flatMap { slot in
            let fitting = table.indexDefinitions.filter {
                $0.slot == slot && $0.answers(operation)
            }
            return fitting.first(where: \.isAttached) ?? fitting.first
        }
    }

    private func addSlice(
        _ index: IndexDefinition, _ comparison: CQLOperator, _ term: CQLTerm,
        to slices: inout [Int: IndexLookup], _ terms: inout TermCompiler
    ) throws(StatementError) {
        let bound = SliceBound(
            expression: try terms.compile(
                term, as: index.column.type, receiver: index.column.name),
            inclusive: comparison == .lessOrEqual || comparison == .greaterOrEqual)
        var lower: SliceBound?
        var upper: SliceBound?
        if case .range(let known, let other) = slices[index.slot]?.test {
            (lower, upper) = (known, other)
        }
        if comparison == .greater || comparison == .greaterOrEqual {
            lower = bound
        } else {
            upper = bound
        }
        slices[index.slot] = IndexLookup(index: index, test: .range(lower: lower, upper: upper))
    }
}

// MARK: ANN

extension IndexPlanner {
    static let nearestNeedsIndex = "ANN ordering by vector requires the column to be indexed"
    static let nearestNeedsIndexedFilters =
        "ANN ordering by vector requires all restricted column(s) to be indexed"

    /// - Returns: `nil` when rows are not ordered by nearness.
    static func nearest(
        _ select: CQLSelect, _ table: Table, _ terms: inout TermCompiler
    ) throws(StatementError) -> NearestPlan? {
        let orders = select.order.filter { $0.nearest != nil }
        guard let order = orders.first, let term = order.nearest else {
            if !table.indexDefinitions.isEmpty { try IndexPlanner(select, table).checkVectors() }
            return nil
        }
        guard orders.count == 1 else { throw .invalid("Cannot specify more than one ANN ordering") }
        let slot = try RestrictionAnalyzer.slot(order.column, table)
        let column = table.columns[slot]
        guard select.order.count == 1 else {
            throw .invalid("ANN ordering does not support any other ordering")
        }
        guard !order.descending else { throw .invalid("Descending ANN ordering is not supported") }
        guard column.type.isFloatVector else {
            throw .invalid("ANN ordering is only supported on float vector indexes")
        }
        let vector = try terms.compile(term, as: column.type, receiver: column.name)
        guard let index = table.indexDefinitions.first(where: { $0.slot == slot && $0.isAttached })
        else { throw .invalid(nearestNeedsIndex) }
        try IndexPlanner(select, table).checkNearest()
        return NearestPlan(slot: slot, vector: vector, similarity: index.similarity)
    }

    /// Only columns with an index may be restricted, or the key from its beginning.
    private func checkNearest() throws(StatementError) {
        let partition = uses.uses(of: .partitionKey)
        let isComplete = Set(partition.map(\.slot)).count == table.partitionKey.count
        let needsFiltering =
            !uses.usesToken && !partition.isEmpty
            && (!isComplete
                || partition.contains { $0.operation != .equal && $0.operation != .isIn })
        guard !needsFiltering else { throw .invalid(Self.nearestNeedsIndexedFilters) }
        let restricted = uses.all.filter { table.columns[$0.slot].kind != .partitionKey }
        let loose = restricted.filter { use in
            !table.indexDefinitions.contains { $0.slot == use.slot }
        }
        guard !loose.isEmpty else { return }
        let areKeys = loose.allSatisfy { table.columns[$0.slot].kind == .clustering }
        guard areKeys, isComplete, !uses.clusteringNeedsFiltering else {
            throw .invalid(Self.nearestNeedsIndexedFilters)
        }
    }
}
