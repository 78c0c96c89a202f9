// From the statement to the plan of a SELECT. Source: Cassandra's SelectStatement.RawStatement.

import CQLProtocol
import MillraceBase

struct SelectCompiler {
    let table: Table
    let select: CQLSelect
    var selection: SelectionCompiler

    static func compile(
        _ select: CQLSelect, schema: Schema, current: String?, context: EvaluationContext
    ) throws(StatementError) -> SelectPlan {
        let table = try schema.table(select.table, current: current)
        let terms = TermCompiler(
            markers: MarkerList(keyspace: table.keyspace, table: table.name),
            keyspace: try schema.keyspace(table.keyspace), context: context, table: table)
        var compiler = SelectCompiler(
            table: table, select: select,
            selection: SelectionCompiler(table: table, terms: terms))
        return try compiler.plan()
    }

    private mutating func plan() throws(StatementError) -> SelectPlan {
        let (items, columns) = try selected()
        let selected = selection.slots
        let isFree =
            select.allowFiltering || skipsFiltering
            || IndexPlanner.hasQueriableIndex(select.relations, table)
        var restrictions = try RestrictionAnalyzer.analyze(
            select.relations, table, &selection.terms, isFree: isFree,
            allowsFiltering: select.allowFiltering || skipsFiltering)
        try IndexExpressions.check(select.relations, table)
        let nearest = try IndexPlanner.nearest(select, table, &selection.terms)
        let isChecked = !isFree && nearest == nil
        if isChecked { try checkPartition(restrictions) }
        try checkStatics(restrictions, selected)
        if isChecked { try checkRestrictions(restrictions) }
        let index = try IndexPlanner.plan(select, table, &selection.terms)
        if let index { restrictions.dropFilters(of: index) }
        if select.distinct { try checkDistinct(restrictions, selected) }
        let group = try groups(restrictions)
        let isAggregate = group == nil && !selection.aggregates.isEmpty
        if isAggregate, select.perPartitionLimit != nil {
            throw .invalid("PER PARTITION LIMIT is not allowed with aggregate queries.")
        }
        try index?.checkOrder(select.order)
        let order = nearest == nil ? try order(restrictions) : SelectOrder()
        try index?.checkFiltering()
        if index == nil, nearest == nil { try checkNeedsFiltering(restrictions) }
        let perPartition = try limit(select.perPartitionLimit, "[per_partition_limit]")
        let limit = try limit(select.limit, "[limit]")
        func plan(_ masks: [Int: SelectorPlan], masked: SelectPlan? = nil) -> SelectPlan {
            let items = masks.isEmpty ? items : items.map { $0.masked(masks) }
            var captures: [SelectorPlan] = []
            let shown =
                isAggregate || group != nil ? items.map { $0.grouped(&captures) } : items
            return SelectPlan(
                table: table, items: shown, columns: columns,
                aggregates: selection.aggregates.map { $0.masked(masks) }, captures: captures,
                group: group, restrictions: restrictions, order: order,
                distinct: select.distinct, limit: limit, perPartitionLimit: perPartition,
                timedSlots: selection.timedSlots, markers: selection.terms.markers.all,
                index: index, nearest: nearest,
                readsStatics: selected.contains { table.columns[$0].kind == .fixed },
                masked: masked)
        }
        let masks = try masks(of: selected)
        return plan([:], masked: masks.isEmpty ? nil : plan(masks))
    }

    /// By slot, of the columns that are shown.
    private func masks(of slots: Set<Int>) throws(StatementError) -> [Int: SelectorPlan] {
        guard table.hasMasks else { return [:] }
        var masks: [Int: SelectorPlan] = [:]
        for slot in slots {
            let column = table.columns[slot]
            masks[slot] = try column.mask?.selector(slot: slot, type: column.type)
        }
        return masks
    }

    /// Cassandra's virtual tables are filtered without a word; its other system tables are stored.
    var skipsFiltering: Bool {
        table.isVirtual
            && (table.keyspace == "system_views" || table.keyspace == "system_virtual_schema")
    }

    private mutating func limit(
        _ term: CQLTerm?, _ name: String
    ) throws(StatementError) -> Expression? {
        guard let term else { return nil }
        return try selection.terms.compile(term, as: .int, receiver: name)
    }

    // MARK: Selection

    private mutating func selected() throws(StatementError) -> ([SelectorPlan], [CQLColumn]) {
        var parts: [TypedSelector] = []
        for item in select.items {
            var typed = try selection.compile(item.selector)
            typed.name = item.alias ?? typed.name
            parts.append(typed)
        }
        if select.items.isEmpty {
            for column in table.columns {
                parts.append(try selection.compile(.column(column.name)))
            }
        }
        guard select.json else {
            return (parts.map(\.plan), parts.map { column($0.name, $0.type) })
        }
        let members = parts.map { part in
            SelectorPlan.JSONMember(
                name: JSONRow.name(part.name), type: part.type, plan: part.plan)
        }
        return ([.json(members)], [column("[json]", .text)])
    }

    private func column(_ name: String, _ type: CQLType) -> CQLColumn {
        CQLColumn(keyspace: table.keyspace, table: table.name, name: name, type: type)
    }

    // MARK: GROUP BY

    private mutating func groups(
        _ restrictions: Restrictions
    ) throws(StatementError) -> GroupPlan? {
        guard !select.groupBy.isEmpty else { return nil }
        let keyCount = table.partitionKey.count
        let key = table.partitionKey + table.clustering
        var next = 0
        var last: SelectorPlan?
        for selector in select.groupBy {
            let slot: Int
            if case .function = selector {
                let (plan, of) = try groupFunction(selector)
                (slot, last) = (of, plan)
            } else {
                slot = try groupColumn(selector)
                guard last == nil else {
                    throw .invalid(
                        "Functions are only supported on the last element of the GROUP BY clause")
                }
            }
            while true {
                guard next < key.count else { throw Self.groupOrder }
                next += 1
                if next - 1 == slot { break }
                guard restrictions.equal.contains(next - 1) else { throw Self.groupOrder }
            }
        }
        guard next >= keyCount else {
            throw .invalid("Group by is not supported on only a part of the partition key")
        }
        if select.distinct, next > keyCount {
            throw .invalid(
                "Grouping on clustering columns is not allowed for SELECT DISTINCT queries")
        }
        return GroupPlan(clusteringCount: next - keyCount, last: last)
    }

    private static let groupOrder = StatementError.invalid(
        "Group by currently only support groups of columns following their declared order in the "
            + "PRIMARY KEY")

    private func groupColumn(_ selector: CQLSelector) throws(StatementError) -> Int {
        guard case .column(let name) = selector else {
            throw .invalid("Group by is only supported on columns and functions of columns")
        }
        let slot = try RestrictionAnalyzer.slot(name, table)
        guard table.columns[slot].isKey else {
            throw .invalid(
                "Group by is currently only supported on the columns of the PRIMARY KEY, got "
                    + name)
        }
        return slot
    }

    private mutating func groupFunction(
        _ selector: CQLSelector
    ) throws(StatementError) -> (SelectorPlan, Int) {
        var own = SelectionCompiler(table: table, terms: selection.terms)
        let typed = try own.compile(selector)
        selection.terms = own.terms
        if case .function(let name, _) = selector, typed.plan.hasAggregate {
            throw .invalid(
                "Aggregate functions are not supported within the GROUP BY clause, got: "
                    + "system.\(name.name)")
        }
        let columns = own.slots.sorted().map { table.columns[$0] }
        guard let column = columns.first, let slot = own.slots.min() else {
            throw .invalid(
                "GROUP BY functions must have one clustering column name as parameter")
        }
        guard columns.count == 1 else {
            throw .invalid(
                "GROUP BY functions accept only one clustering column as parameter, got: "
                    + columns.map { CQLIdentifier.quoted($0.name) }.joined(separator: ","))
        }
        guard column.kind == .clustering else {
            throw .invalid(
                "Group by functions are only supported on clustering columns, got \(column.name)")
        }
        return (typed.plan, slot)
    }
}
