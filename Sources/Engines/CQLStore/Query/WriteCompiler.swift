// From the statement to the plan of a write, with all checks that need no values.

import CQLProtocol

struct WriteCompiler {
    private let table: Table
    private var terms: TermCompiler

    static func compile(
        _ statement: CQLStatement, schema: Schema, current: String?, context: EvaluationContext
    ) throws(StatementError) -> WritePlan {
        switch statement {
        case .insert(let insert):
            var compiler = try WriteCompiler(insert.table, schema, current, context)
            return try compiler.insert(insert)
        case .update(let update):
            var compiler = try WriteCompiler(update.table, schema, current, context)
            return try compiler.update(update)
        case .delete(let delete):
            var compiler = try WriteCompiler(delete.table, schema, current, context)
            return try compiler.delete(delete)
        default: throw .invalid("Only INSERT, UPDATE and DELETE can be in a batch")
        }
    }

    private init(
        _ name: CQLName, _ schema: Schema, _ current: String?, _ context: EvaluationContext
    ) throws(StatementError) {
        table = try schema.table(name, current: current)
        let keyspace = try schema.keyspace(table.keyspace)
        try SchemaEditor.checkWritable(keyspace)
        terms = TermCompiler(
            markers: MarkerList(keyspace: table.keyspace, table: table.name), keyspace: keyspace,
            context: context)
    }

    private func column(_ name: String) throws(StatementError) -> Column {
        table.columns[try RestrictionAnalyzer.slot(name, table)]
    }

    // MARK: INSERT

    private mutating func insert(_ insert: CQLInsert) throws(StatementError) -> WritePlan {
        guard case .values(let names, let values) = insert.content else {
            throw .invalid("INSERT JSON is not supported in this release")
        }
        guard !table.isCounter else {
            throw .invalid(
                "INSERT statements are not allowed on counter tables, use UPDATE instead")
        }
        guard names.count == values.count else { throw .invalid("Unmatched column names/values") }
        var sources: [String: Expression] = [:]
        var changes: [ColumnChanges] = []
        for (name, term) in zip(names, values) {
            let column = try column(name)
            guard sources[name] == nil else {
                throw .invalid("The column names contains duplicates")
            }
            let expression = try terms.compile(term, as: column.type, receiver: name)
            sources[name] = expression
            if !column.isKey {
                changes.append(ColumnChanges(column: column, changes: [.set(expression)]))
            }
        }
        var partition: [ValueSource] = []
        for column in table.partitionKey {
            guard let source = sources[column.name] else {
                throw .invalid("Some partition key parts are missing: \(column.name)")
            }
            partition.append(.one(source))
        }
        let given = table.clustering.compactMap { column in
            sources[column.name].map { ValueSource.one($0) }
        }
        let onlyStatics =
            given.isEmpty && !changes.isEmpty && changes.allSatisfy { $0.column.kind == .fixed }
        guard given.count == table.clustering.count || onlyStatics else {
            let missing = table.clustering.filter { sources[$0.name] == nil }.map(\.name)
            throw .invalid("Some clustering keys are missing: \(missing.joined(separator: ", "))")
        }
        return try plan(
            partition, onlyStatics && table.hasClustering ? .statics : .rows(given), changes,
            insertsRow: !(onlyStatics && table.hasClustering), using: insert.using,
            conditions: insert.conditions)
    }

    // MARK: UPDATE

    private mutating func update(_ update: CQLUpdate) throws(StatementError) -> WritePlan {
        var changes: [ColumnChanges] = []
        for assignment in update.assignments {
            let column = try column(assignment.column)
            guard !column.isKey else {
                throw .invalid("PRIMARY KEY part \(column.name) found in SET part")
            }
            let change = try self.change(assignment, column)
            if let index = changes.firstIndex(where: { $0.column.name == column.name }) {
                guard column.isMultiCell else {
                    throw .invalid(
                        "Multiple incompatible setting of column \(column.name)")
                }
                changes[index].changes.append(change)
            } else {
                changes.append(ColumnChanges(column: column, changes: [change]))
            }
        }
        let restrictions = try RestrictionAnalyzer.analyze(update.relations, table, &terms)
        let partition = try checkKey(restrictions, "UPDATE")
        let onlyStatics = changes.allSatisfy { $0.column.kind == .fixed }
        guard restrictions.slice == nil else {
            throw .invalid(
                "Slice restrictions are not supported on the clustering columns in UPDATE "
                    + "statements"
            )
        }
        if onlyStatics, restrictions.clustering.isEmpty, table.hasClustering {
            return try plan(
                partition, .statics, changes, using: update.using, conditions: update.conditions)
        }
        try checkClustering(restrictions)
        if onlyStatics, table.hasClustering {
            throw .invalid(
                "Invalid restrictions on clustering columns since the UPDATE statement modifies "
                    + "only static columns"
            )
        }
        return try plan(
            partition, .rows(restrictions.clustering), changes, using: update.using,
            conditions: update.conditions)
    }

    private mutating func change(
        _ assignment: CQLAssignment, _ column: Column
    ) throws(StatementError) -> CellChange {
        let name = column.name
        switch assignment {
        case .set(_, let term):
            guard !column.type.isCounter else {
                throw .invalid(
                    "Cannot set the value of counter column \(name) (counters can only be "
                        + "incremented/decremented, not set)"
                )
            }
            return .set(try terms.compile(term, as: column.type, receiver: name))
        case .add(_, let term), .subtract(_, let term):
            let subtracts = if case .subtract = assignment { true } else { false }
            if column.type.isCounter {
                return .count(
                    try terms.compile(term, as: .counter, receiver: name), negated: subtracts)
            }
            guard column.isMultiCell else {
                throw .invalid(
                    "Invalid operation (\(name) = \(name) \(subtracts ? "-" : "+") …) for non "
                        + "counter column \(name)"
                )
            }
            guard subtracts, case .map(let key, _) = column.type else {
                let value = try terms.compile(term, as: column.type, receiver: name)
                return subtracts ? .remove(value) : .add(value)
            }
            return .remove(try terms.compile(term, as: .set(key), receiver: name))
        case .prepend(_, let term):
            guard case .list = column.type else {
                throw .invalid("Invalid operation for non list column \(name)")
            }
            return .prepend(try terms.compile(term, as: column.type, receiver: name))
        case .element(_, let key, let value):
            let (keyType, valueType) = try elementTypes(column)
            return .setElement(
                key: try terms.compile(key, as: keyType, receiver: "idx(\(name))"),
                value: try terms.compile(value, as: valueType, receiver: "value(\(name))"))
        case .field:
            throw .invalid(
                "Invalid field assignment: \(name) is no user-defined type with fields of its own "
                    + "in this release"
            )
        }
    }

    private func elementTypes(_ column: Column) throws(StatementError) -> (CQLType, CQLType) {
        switch column.type {
        case .list(let element): return (.int, element)
        case .map(let key, let value): return (key, value)
        case .set(let element): return (element, element)
        default:
            throw .invalid(
                "Invalid operation (\(column.name)[…]) for non-collection or frozen column "
                    + "\(column.name)"
            )
        }
    }

    // MARK: DELETE

    private mutating func delete(_ delete: CQLDelete) throws(StatementError) -> WritePlan {
        var changes: [ColumnChanges] = []
        for deletion in delete.deletions {
            let column = try column(deletion.column)
            guard !column.isKey else {
                throw .invalid(
                    "Invalid identifier \(column.name) for deletion (should not be a PRIMARY KEY "
                        + "part)"
                )
            }
            switch deletion {
            case .column: changes.append(ColumnChanges(column: column, changes: [.delete]))
            case .element(_, let key):
                let (keyType, _) = try elementTypes(column)
                let key = try terms.compile(key, as: keyType, receiver: "key(\(column.name))")
                changes.append(
                    ColumnChanges(column: column, changes: [.deleteElement(key: key)]))
            case .field: throw .invalid("Invalid field deletion of \(column.name)")
            }
        }
        changes = Self.joined(changes)
        let restrictions = try RestrictionAnalyzer.analyze(delete.relations, table, &terms)
        let partition = try checkKey(restrictions, "DELETE")
        let full = restrictions.clustering.count == table.clustering.count
        if !changes.isEmpty {
            if changes.allSatisfy({ $0.column.kind == .fixed }), restrictions.clustering.isEmpty,
                restrictions.slice == nil
            {
                return try plan(
                    partition, .statics, changes, using: delete.using,
                    conditions: delete.conditions)
            }
            guard full else {
                throw .invalid(
                    "Range deletions are not supported for specific columns")
            }
            return try plan(
                partition, .rows(restrictions.clustering), changes, using: delete.using,
                conditions: delete.conditions)
        }
        if full {
            return try plan(
                partition, .rows(restrictions.clustering), [], deletesRow: true,
                using: delete.using, conditions: delete.conditions)
        }
        if case .none = delete.conditions {
        } else {
            throw .invalid(
                "DELETE statements must restrict all PRIMARY KEY columns with equality relations "
                    + "in "
                    + "order to use IF conditions, but column "
                    + "\(table.clustering.last?.name ?? "") is not restricted"
            )
        }
        let isAll = restrictions.clustering.isEmpty && restrictions.slice == nil
        return try plan(
            partition,
            isAll ? .partition : .range(restrictions.clustering, restrictions.slice), [],
            using: delete.using, conditions: .none)
    }

    private static func joined(_ changes: [ColumnChanges]) -> [ColumnChanges] {
        var out: [ColumnChanges] = []
        for change in changes {
            if let index = out.firstIndex(where: { $0.column.id == change.column.id }) {
                out[index].changes += change.changes
            } else {
                out.append(change)
            }
        }
        return out
    }

    // MARK: Checks

    private func checkKey(
        _ restrictions: Restrictions, _ what: String
    ) throws(StatementError) -> [ValueSource] {
        guard restrictions.token == nil else {
            throw .invalid(
                "The token function cannot be used in WHERE clauses for \(what) statements")
        }
        if let filter = restrictions.filters.first(where: { !table.columns[$0.slot].isKey }) {
            throw .invalid(
                "Non PRIMARY KEY columns found in where clause: \(table.columns[filter.slot].name) "
            )
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
        if let unusable = restrictions.unusable { throw .invalid(unusable) }
        guard restrictions.filters.isEmpty else {
            throw .invalid(
                "Multi-column and filtering relations are not supported in \(what) statements")
        }
        return partition
    }

    private func checkClustering(_ restrictions: Restrictions) throws(StatementError) {
        guard restrictions.clustering.count == table.clustering.count else {
            let missing = table.clustering[restrictions.clustering.count...].map(\.name)
            throw .invalid("Some clustering keys are missing: \(missing.joined(separator: ", "))")
        }
    }

    // MARK: The plan

    private mutating func plan(
        _ partition: [ValueSource], _ target: WritePlan.Target, _ changes: [ColumnChanges],
        insertsRow: Bool = false, deletesRow: Bool = false, using: CQLUsing,
        conditions: CQLConditions
    ) throws(StatementError) -> WritePlan {
        var timestamp: Expression?
        var timeToLive: Expression?
        if let term = using.timestamp {
            if case .none = conditions {
            } else {
                throw .invalid("Cannot provide custom timestamp for conditional updates")
            }
            guard !table.isCounter else {
                throw .invalid("Cannot provide custom timestamp for counter updates")
            }
            timestamp = try terms.compile(term, as: .bigint, receiver: "[timestamp]")
        }
        if let term = using.timeToLive {
            guard !table.isCounter else {
                throw .invalid("Cannot provide custom TTL for counter updates")
            }
            timeToLive = try terms.compile(term, as: .int, receiver: "[ttl]")
        }
        let compiled = try compile(conditions)
        if case .none = compiled {
        } else if !partition.allSatisfy(\.isOne) {
            throw .invalid("IN on the partition key is not supported with conditional updates")
        }
        return WritePlan(
            table: table, partition: partition, target: target, changes: changes,
            insertsRow: insertsRow, deletesRow: deletesRow, timestamp: timestamp,
            timeToLive: timeToLive, conditions: compiled, markers: terms.markers.all)
    }

    private mutating func compile(
        _ conditions: CQLConditions
    ) throws(StatementError) -> WriteConditions {
        switch conditions {
        case .none: return .none
        case .ifExists: return .exists
        case .ifNotExists: return .notExists
        case .all(let list):
            guard !table.isCounter else {
                throw .invalid("Conditional updates are not supported on counter tables")
            }
            var tests: [ConditionTest] = []
            for condition in list { tests.append(try test(condition)) }
            return .all(tests)
        }
    }

    private mutating func test(_ condition: CQLCondition) throws(StatementError) -> ConditionTest {
        func slot(_ name: String) throws(StatementError) -> Int {
            let slot = try RestrictionAnalyzer.slot(name, table)
            guard !table.columns[slot].isKey else {
                throw .invalid("PRIMARY KEY column '\(name)' cannot have IF conditions")
            }
            return slot
        }
        switch condition {
        case .compare(let name, let operation, let term):
            let slot = try slot(name)
            let value = try terms.compile(term, as: table.columns[slot].type, receiver: name)
            return ConditionTest(slot: slot, test: .compare(operation, value))
        case .isIn(let name, let list):
            let slot = try slot(name)
            return ConditionTest(
                slot: slot,
                test: .isIn(try RestrictionAnalyzer.source(list, table.columns[slot], &terms)))
        case .element(let name, let key, let operation, let term):
            let slot = try slot(name)
            var column = table.columns[slot]
            column.type = column.type.withoutOuterFrozen
            let (keyType, valueType) = try elementTypes(column)
            return ConditionTest(
                slot: slot,
                test: .element(
                    try terms.compile(key, as: keyType, receiver: "key(\(name))"), operation,
                    try terms.compile(term, as: valueType, receiver: "value(\(name))")))
        case .elementIn:
            throw .invalid("IN on elements is not supported in conditions in this release")
        }
    }
}
