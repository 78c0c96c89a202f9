// From the statement to the plan of a SELECT.

import CQLProtocol
import MillraceBase

struct SelectCompiler {
    private let table: Table
    private let select: CQLSelect
    private var terms: TermCompiler

    static func compile(
        _ select: CQLSelect, schema: Schema, current: String?, context: EvaluationContext
    ) throws(StatementError) -> SelectPlan {
        let table = try schema.table(select.table, current: current)
        var compiler = SelectCompiler(
            table: table, select: select,
            terms: TermCompiler(
                markers: MarkerList(keyspace: table.keyspace, table: table.name),
                keyspace: try schema.keyspace(table.keyspace), context: context))
        return try compiler.plan()
    }

    private mutating func plan() throws(StatementError) -> SelectPlan {
        guard !select.json else { throw .invalid("SELECT JSON is not supported in this release") }
        guard select.groupBy.isEmpty else {
            throw .invalid("GROUP BY is not supported in this release")
        }
        var items: [SelectedItem] = []
        var columns: [CQLColumn] = []
        for item in select.items {
            let (plan, name, type) = try self.item(item.selector)
            items.append(plan)
            columns.append(column(item.alias ?? name, type))
        }
        if select.items.isEmpty {
            for (slot, column) in table.columns.enumerated() {
                guard !select.distinct || column.kind == .partitionKey || column.kind == .fixed
                else {
                    continue
                }
                items.append(.row(.slot(slot)))
                columns.append(self.column(column.name, column.type))
            }
        }
        if select.distinct { try checkDistinct() }
        let restrictions = try RestrictionAnalyzer.analyze(select.relations, table, &terms)
        try checkFiltering(restrictions)
        let reversed = try checkedOrder(restrictions)
        let perPartition = try limit(select.perPartitionLimit, "[per_partition_limit]")
        let limit = try limit(select.limit, "[limit]")
        return SelectPlan(
            table: table, items: items, columns: columns, restrictions: restrictions,
            reversed: reversed, isOrdered: !select.order.isEmpty, distinct: select.distinct,
            limit: limit, perPartitionLimit: perPartition, markers: terms.markers.all)
    }

    private func column(_ name: String, _ type: CQLType) -> CQLColumn {
        CQLColumn(keyspace: table.keyspace, table: table.name, name: name, type: type)
    }

    private mutating func limit(
        _ term: CQLTerm?, _ name: String
    ) throws(StatementError) -> Expression? {
        guard let term else { return nil }
        return try terms.compile(term, as: .int, receiver: name)
    }

    // MARK: Selectors

    private mutating func item(
        _ selector: CQLSelector
    ) throws(StatementError) -> (SelectedItem, String, CQLType) {
        switch selector {
        case .countRows:
            return (.aggregate(AggregatePlan(kind: .count, type: .bigint)), "count", .bigint)
        case .function(let name, let arguments):
            if let kind = AggregatePlan.Kind(rawValue: name.name), arguments.count == 1 {
                let (inner, text, type) = try scalar(arguments[0])
                let result: CQLType = kind == .count ? .bigint : type
                if kind == .sum || kind == .avg {
                    guard Casting.isNumber(type), type != .decimal else {
                        throw .invalid(
                            type == .decimal
                                ? "\(kind.rawValue) of decimal is not supported in this release"
                                : "Invalid call to function \(kind.rawValue), none of its "
                                    + "type signatures match"
                        )
                    }
                }
                return (
                    .aggregate(AggregatePlan(kind: kind, argument: inner, type: type)),
                    "system.\(kind.rawValue)(\(text))", result
                )
            }
        default: break
        }
        let (plan, name, type) = try scalar(selector)
        return (.row(plan), name, type)
    }

    private mutating func scalar(
        _ selector: CQLSelector
    ) throws(StatementError) -> (SelectorPlan, String, CQLType) {
        switch selector {
        case .column(let name):
            let slot = try RestrictionAnalyzer.slot(name, table)
            return (.slot(slot), name, table.columns[slot].type)
        case .countRows:
            throw .invalid("aggregate functions cannot be used as arguments of functions")
        case .term(let term):
            guard let type = Self.constantType(term) else {
                throw .invalid(
                    "Cannot infer type for term in selection clause (try using a cast to force a "
                        + "type)"
                )
            }
            guard
                case .constant(let bytes) = try terms.compile(
                    term, as: type, receiver: "[selection]")
            else {
                throw .invalid("bind markers in the selection are not supported in this release")
            }
            return (.constant(bytes), "(\(term))", type)
        case .cast(let inner, let syntax):
            let (plan, name, from) = try scalar(inner)
            let to = try TypeResolver.resolve(
                syntax, types: terms.keyspace.types, keyspace: table.keyspace)
            guard Casting.canCast(from, to) else {
                throw .invalid("\(from) cannot be cast to \(to)")
            }
            return (.cast(plan, from: from, to: to), "cast(\(name) as \(to))", to)
        case .element(let inner, let key):
            let (plan, name, type) = try scalar(inner)
            guard case .map(let keyType, let value) = type.withoutOuterFrozen,
                case .constant(let bytes?) = try terms.compile(
                    key, as: keyType, receiver: "key(\(name))")
            else {
                throw .invalid(
                    "Element selection is only supported on maps with constant keys in this release"
                )
            }
            return (.mapElement(plan, bytes, key: keyType), "\(name)[…]", value)
        case .field(let inner, let field):
            let (plan, name, type) = try scalar(inner)
            guard case .udt(let user) = type.withoutOuterFrozen,
                let index = user.fields.firstIndex(where: { $0.name == field })
            else {
                throw .invalid(
                    "Invalid field selection: \(name) of type \(type) has no field \(field)")
            }
            return (.field(plan, index), "\(name).\(field)", user.fields[index].type)
        case .function(let name, let arguments): return try function(name, arguments)
        }
    }

    private mutating func function(
        _ name: CQLName, _ arguments: [CQLSelector]
    ) throws(StatementError) -> (SelectorPlan, String, CQLType) {
        switch name.name {
        case "writetime", "maxwritetime", "ttl": return try metadata(name.name, arguments)
        case "token":
            let names = arguments.map { if case .column(let name) = $0 { name } else { "" } }
            guard names == table.partitionKey.map(\.name) else {
                throw .invalid(
                    "Invalid call to function token: its arguments must be the partition key")
            }
            return (
                .token(TokenFunction.function(for: table)),
                "system.token(\(names.joined(separator: ", ")))", .bigint
            )
        default: break
        }
        var plans: [SelectorPlan] = []
        var names: [String] = []
        var types: [CQLType?] = []
        for argument in arguments {
            let (plan, text, type) = try scalar(argument)
            plans.append(plan)
            names.append(text)
            types.append(type)
        }
        let function = try ScalarFunction.find(name, types, as: nil)
        return (
            .call(function, plans), "system.\(name.name)(\(names.joined(separator: ", ")))",
            function.result
        )
    }

    private mutating func metadata(
        _ name: String, _ arguments: [CQLSelector]
    ) throws(StatementError) -> (SelectorPlan, String, CQLType) {
        guard arguments.count == 1, case .column(let column) = arguments[0] else {
            throw .invalid("Invalid call to function \(name)")
        }
        let slot = try RestrictionAnalyzer.slot(column, table)
        guard !table.columns[slot].isKey else {
            throw .invalid("Cannot use selection function \(name) on PRIMARY KEY part \(column)")
        }
        guard !table.columns[slot].isMultiCell else {
            throw .invalid(
                "Cannot use selection function \(name) on non-frozen collection \(column) in this "
                    + "release"
            )
        }
        return name == "ttl"
            ? (.timeToLive(slot), "ttl(\(column))", .int)
            : (.writeTime(slot), "\(name)(\(column))", .bigint)
    }

    private static func constantType(_ term: CQLTerm) -> CQLType? {
        switch term {
        case .integer(let text): Int32(text) == nil ? .bigint : .int
        case .float: .double
        case .boolean: .boolean
        case .string: .text
        case .uuid: .uuid
        case .hex: .blob
        case .duration: .duration
        default: nil
        }
    }

    // MARK: Checks

    private func checkDistinct() throws(StatementError) {
        var selected: Set<String> = []
        for item in select.items {
            guard case .column(let name) = item.selector else { continue }
            guard let column = table.column(name),
                column.kind == .partitionKey || column.kind == .fixed
            else {
                throw .invalid(
                    "SELECT DISTINCT queries must only request partition key columns and/or static "
                        + "columns (not \(name))"
                )
            }
            selected.insert(name)
        }
        if !select.items.isEmpty,
            let missing = table.partitionKey.first(where: { !selected.contains($0.name) }),
            selected.count == select.items.count
        {
            throw .invalid(
                "SELECT DISTINCT queries must request all the partition key columns (missing "
                    + "\(missing.name))"
            )
        }
    }

    private func checkFiltering(_ restrictions: Restrictions) throws(StatementError) {
        guard !select.allowFiltering, !table.isVirtual else { return }
        guard let filter = restrictions.filters.first(where: \.needsAllowing) else { return }
        if let unusable = restrictions.unusable { throw .invalid(unusable) }
        let column = table.columns[filter.slot]
        if column.kind == .partitionKey, case .compare(let operation, _) = filter.test,
            operation != .equal
        {
            throw .invalid(
                "Only EQ and IN relation are supported on the partition key (unless you use the "
                    + "token() function)"
            )
        }
        throw .invalid(
            "Cannot execute this query as it might involve data filtering and thus may have "
                + "unpredictable "
                + "performance. If you want to execute this query despite the performance "
                + "unpredictability, use ALLOW FILTERING")
    }

    /// - Returns: whether rows come in the reverse of their clustering order.
    private func checkedOrder(_ restrictions: Restrictions) throws(StatementError) -> Bool {
        guard !select.order.isEmpty else { return false }
        guard restrictions.partition != nil || table.isVirtual else {
            throw .invalid(
                "ORDER BY is only supported when the partition key is restricted by an EQ or an IN."
            )
        }
        var reversed: Bool?
        var next = 0
        for order in select.order {
            let slot = try RestrictionAnalyzer.slot(order.column, table)
            let column = table.columns[slot]
            guard column.kind == .clustering else {
                throw .invalid(
                    "Order by is currently only supported on the clustered columns of the PRIMARY "
                        + "KEY, got \(order.column)"
                )
            }
            // Columns that are fixed by = may be left out.
            while next < column.position, next < restrictions.clustering.count,
                restrictions.clustering[next].isOne
            {
                next += 1
            }
            guard column.position == next else {
                throw .invalid(
                    "Order by currently only supports the ordering of columns following their "
                        + "declared order in the PRIMARY KEY"
                )
            }
            next += 1
            let flips = order.descending != column.descending
            guard reversed == nil || reversed == flips else {
                throw .invalid("Unsupported order by relation")
            }
            reversed = flips
        }
        return reversed ?? false
    }
}
