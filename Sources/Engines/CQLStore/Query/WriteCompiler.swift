// From the statement to the plan of a write, with all checks that need no values.

import CQLProtocol

struct WriteCompiler {
    let table: Table
    var terms: TermCompiler

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
        try SchemaEditor.checkRows(of: table, keyspace, "Modification")
        guard table.view == nil else {
            throw .invalid("Cannot directly modify a materialized view")
        }
        terms = TermCompiler(
            markers: MarkerList(keyspace: table.keyspace, table: table.name), keyspace: keyspace,
            context: context, table: table)
    }

    private func column(_ name: String) throws(StatementError) -> Column {
        table.columns[try RestrictionAnalyzer.slot(name, table)]
    }

    // MARK: INSERT

    private mutating func insert(_ insert: CQLInsert) throws(StatementError) -> WritePlan {
        guard !table.isCounter else {
            throw .invalid(
                "INSERT statements are not allowed on counter tables, use UPDATE instead")
        }
        var sources: [String: Expression] = [:]
        var changes: [ColumnChanges] = []
        for (column, expression) in try insertedValues(insert.content) {
            guard sources[column.name] == nil else {
                throw .invalid("The column names contains duplicates")
            }
            sources[column.name] = expression
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
        guard given.count == table.clustering.count || onlyStatics || isShortKey(given.count) else {
            let missing = table.clustering.filter { sources[$0.name] == nil }.map(\.name)
            throw .invalid("Some clustering keys are missing: \(missing.joined(separator: ", "))")
        }
        if let place = table.clustering.firstIndex(where: { sources[$0.name] == nil }),
            !onlyStatics,
            let later = table.clustering[place...].first(where: { sources[$0.name] != nil })
        {
            throw .invalid(
                "PRIMARY KEY column \"\(later.name)\" cannot be restricted as preceding column "
                    + "\"\(table.clustering[place].name)\" is not restricted")
        }
        try checkCompactValue(changes)
        let hasMarker = !table.isCompact || (table.hasClustering && table.compactValue == nil)
        return try plan(
            partition, onlyStatics && table.hasClustering ? .statics : .rows(given), changes,
            insertsRow: hasMarker && !(onlyStatics && table.hasClustering), using: insert.using,
            conditions: try compile(insert.conditions))
    }

    private mutating func insertedValues(
        _ content: CQLInsert.Content
    ) throws(StatementError) -> [(column: Column, value: Expression)] {
        switch content {
        case .json(let term, let missingIsNull):
            return try JSONDocument.expressions(
                term, missingIsNull: missingIsNull, table, &terms)
        case .values(let names, let values):
            guard names.count == values.count else {
                throw .invalid("Unmatched column names/values")
            }
            var out: [(column: Column, value: Expression)] = []
            var seen: Set<UInt16> = []
            for (name, term) in zip(names, values) {
                let column = try column(name)
                guard seen.insert(column.id).inserted else {
                    throw .invalid("The column names contains duplicates")
                }
                out.append(
                    (column, try terms.compile(term, as: column.type, receiver: name)))
            }
            return out
        }
    }

    // MARK: UPDATE

    private mutating func update(_ update: CQLUpdate) throws(StatementError) -> WritePlan {
        let conditions = try compile(update.conditions)
        var changes: [ColumnChanges] = []
        var places: [UInt16: Int] = [:]
        for assignment in update.assignments {
            let column = try column(assignment.column)
            guard !column.isKey else {
                throw .invalid("PRIMARY KEY part \(column.name) found in SET part")
            }
            let change = try self.change(assignment, column)
            if let index = places[column.id] {
                guard column.isMultiCell || column.type.isCounter else {
                    throw .invalid(
                        "Multiple incompatible setting of column \(column.name)")
                }
                changes[index].changes.append(change)
            } else {
                places[column.id] = changes.count
                changes.append(ColumnChanges(column: column, changes: [change]))
            }
        }
        try IndexExpressions.checkWrite(update.relations)
        try checkContains(update.relations, "UPDATE")
        let restrictions = try RestrictionAnalyzer.analyze(update.relations, table, &terms)
        let partition = try checkKey(restrictions, "UPDATE")
        let onlyStatics = changes.allSatisfy { $0.column.kind == .fixed }
        guard restrictions.slice == nil else {
            throw .invalid(
                "Slice restrictions are not supported on the clustering columns in UPDATE "
                    + "statements"
            )
        }
        try checkStatics(onlyStatics, restrictions, update.conditions, "UPDATE")
        if onlyStatics, table.hasClustering, !update.conditions.touchRegular(of: table) {
            return try plan(
                partition, .statics, changes, using: update.using, conditions: conditions)
        }
        try checkClustering(restrictions)
        return try plan(
            partition, .rows(restrictions.clustering), changes, using: update.using,
            conditions: conditions)
    }

    // MARK: DELETE

    private mutating func delete(_ delete: CQLDelete) throws(StatementError) -> WritePlan {
        let conditions = try compile(delete.conditions)
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
                guard let (keyType, _) = Self.elementTypes(column.type) else {
                    let isFrozen = column.type.withoutOuterFrozen.isCollection
                    throw .invalid(
                        "Invalid deletion operation for \(isFrozen ? "frozen" : "non") collection "
                            + "column \(column.name)")
                }
                let key = try terms.compile(
                    key, as: keyType,
                    receiver: "\(column.type.isList ? "idx" : "key")(\(column.name))")
                changes.append(
                    ColumnChanges(column: column, changes: [.deleteElement(key: key)]))
            case .field(_, let field):
                let key = Expression.constant(UInt16(try deletedField(field, column)).bigBytes)
                changes.append(
                    ColumnChanges(column: column, changes: [.deleteElement(key: key)]))
            }
        }
        changes = Self.joined(changes)
        try IndexExpressions.checkWrite(delete.relations)
        try checkContains(delete.relations, "DELETE")
        let restrictions = try RestrictionAnalyzer.analyze(delete.relations, table, &terms)
        let partition = try checkKey(restrictions, "DELETE")
        let full = restrictions.clustering.count == table.clustering.count
        let onlyStatics = !changes.isEmpty && changes.allSatisfy { $0.column.kind == .fixed }
        try checkStatics(onlyStatics, restrictions, delete.conditions, "DELETE")
        if case .none = delete.conditions {
        } else if !full {
            let must =
                "DELETE statements must restrict all PRIMARY KEY columns with equality relations "
                + "in order to "
            guard onlyStatics else { throw .invalid(must + "delete non static columns") }
            guard !delete.conditions.touchRegular(of: table) else {
                throw .invalid(must + "use IF condition on non static columns")
            }
        }
        let target: WritePlan.Target
        if full, !(onlyStatics && restrictions.clustering.isEmpty && table.hasClustering) {
            target = .rows(restrictions.clustering)
        } else if onlyStatics {
            target = .statics
        } else {
            guard changes.isEmpty else {
                throw .invalid("Range deletions are not supported for specific columns")
            }
            let isAll = restrictions.clustering.isEmpty && restrictions.slice == nil
            target = isAll ? .partition : .range(restrictions.clustering, restrictions.slice)
        }
        return try plan(
            partition, target, changes, deletesRow: full && changes.isEmpty, isDelete: true,
            using: delete.using, conditions: conditions)
    }

    /// A write to static columns alone, with no condition on others, names no rows.
    private func checkStatics(
        _ onlyStatics: Bool, _ restrictions: Restrictions, _ conditions: CQLConditions,
        _ what: String
    ) throws(StatementError) {
        guard onlyStatics, !conditions.touchRegular(of: table), table.hasClustering else { return }
        guard restrictions.clustering.isEmpty, restrictions.slice == nil else {
            throw .invalid(
                "Invalid restrictions on clustering columns since the \(what) statement modifies "
                    + "only static columns")
        }
    }

    private static func joined(_ changes: [ColumnChanges]) -> [ColumnChanges] {
        var out: [ColumnChanges] = []
        var places: [UInt16: Int] = [:]
        for change in changes {
            if let index = places[change.column.id] {
                out[index].changes += change.changes
            } else {
                places[change.column.id] = out.count
                out.append(change)
            }
        }
        return out
    }

    // MARK: The plan

    private mutating func plan(
        _ partition: [ValueSource], _ target: WritePlan.Target, _ changes: [ColumnChanges],
        insertsRow: Bool = false, deletesRow: Bool = false, isDelete: Bool = false,
        using: CQLUsing, conditions: WriteConditions
    ) throws(StatementError) -> WritePlan {
        var timestamp: Expression?
        var timeToLive: Expression?
        if case .none = conditions {
        } else if table.isCounter {
            throw .invalid("Conditional updates are not supported on counter tables")
        }
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
        if case .none = conditions {
        } else if !partition.allSatisfy(\.isSingle) {
            throw .invalid(
                "IN on the partition key is not supported with conditional "
                    + (isDelete ? "deletions" : "updates"))
        }
        return WritePlan(
            table: table, partition: partition, target: target, changes: changes,
            insertsRow: insertsRow, deletesRow: deletesRow, timestamp: timestamp,
            timeToLive: timeToLive, conditions: conditions, markers: terms.markers.all,
            isDelete: isDelete)
    }
}
