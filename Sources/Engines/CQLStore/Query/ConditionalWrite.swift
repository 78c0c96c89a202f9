// Writes with IF: read, compare, write. One thread does all writes, so nothing comes between.

import CQLProtocol

/// The outcome of a conditional statement or batch.
struct ConditionalResult {
    var applied: Bool
    /// What stands there, when it was not applied: one row each that had a condition.
    var rows: [[(column: Column, value: [UInt8]?)]]
    let table: Table

    /// `[applied]`, and behind it the row as it is.
    var result: CQLResult {
        func column(_ name: String, _ type: CQLType) -> CQLColumn {
            CQLColumn(keyspace: table.keyspace, table: table.name, name: name, type: type)
        }
        let shown = rows.first?.map { column($0.column.name, $0.column.type) } ?? []
        var writer = RowsWriter(
            metadata: ResultMetadata(columns: [column("[applied]", .boolean)] + shown))
        if rows.isEmpty {
            writer.append([UInt8(applied ? 1 : 0)])
            writer.endRow()
        }
        for row in rows {
            writer.append([UInt8(applied ? 1 : 0)])
            for cell in row { writer.append(cell.value) }
            writer.endRow()
        }
        return .builtRows(writer.finish())
    }
}

/// Checks the conditions of one or more writes to one partition.
struct ConditionalWrite {
    let database: Database
    let context: EvaluationContext

    /// - Returns: whether all conditions hold, and what is there if not.
    ///   `newest` is the newest timestamp that was met: the write must be newer to win.
    func check(
        _ writes: [(plan: WritePlan, values: BoundValues)]
    ) throws(StatementError) -> (result: ConditionalResult, newest: Int64) {
        guard let first = writes.first else { throw .invalid("an empty conditional batch") }
        let table = first.plan.table
        let keys = try KeyBuilder.partitionKeys(
            first.plan.partition, table, first.values, context)
        var newest = Int64.min
        var result = ConditionalResult(applied: true, rows: [], table: table)
        let isBatch = writes.count > 1
        for (plan, values) in writes {
            let own = try KeyBuilder.partitionKeys(plan.partition, table, values, context)
            guard own == keys, let key = keys.first, keys.count == 1 else {
                throw .invalid("Batch with conditions cannot span multiple partitions")
            }
            let (view, exists, seen) = try row(plan, values, key)
            newest = max(newest, seen)
            guard plan.isConditional else { continue }
            let holds = try self.holds(plan, values, view, exists)
            if !holds { result.applied = false }
            result.rows.append(try shown(plan, view, exists, all: isBatch))
        }
        if result.applied { result.rows = [] }
        result.rows.removeAll { $0.isEmpty }
        return (result, newest)
    }

    private func row(
        _ plan: WritePlan, _ values: BoundValues, _ key: [UInt8]
    ) throws(StatementError) -> (RowView, exists: Bool, newest: Int64) {
        let view = RowView(plan.table, now: context.nowSeconds, ownsRows: true)
        var exists = false
        do throws(StorageFailure) {
            if !plan.table.hasClustering {
                var scratch = RawBytes()
                exists = try key.withUnsafeBufferPointer { key throws(StorageFailure) in
                    try PartitionReader.readSingle(
                        database, UnsafeRawBufferPointer(key), into: view, scratch: &scratch)
                }
            } else {
                exists = try clusteredRow(plan, values, key, view)
            }
        } catch {
            throw .readFailed(error.description)
        }
        return (view, exists, view.newestTimestamp)
    }

    private func clusteredRow(
        _ plan: WritePlan, _ values: BoundValues, _ key: [UInt8], _ view: RowView
    ) throws(StorageFailure) -> Bool {
        var ranges: [ClusteringRange] = []
        var isStatic = false
        switch plan.target {
        case .rows(let sources):
            // Values that are wrong are found again, and reported, by the write itself.
            let places = (try? KeyBuilder.clusterings(sources, plan.table, values, context)) ?? []
            ranges = places.map { ClusteringRange(start: $0, end: $0 + [0]) }
        case .statics: isStatic = true
        case .partition, .range: break
        }
        var exists = false
        let verdict = try database.read { handles throws(StorageFailure) in
            try key.withUnsafeBufferPointer { key throws(StorageFailure) in
                try PartitionReader.read(
                    handles, UnsafeRawBufferPointer(key), ranges: ranges, reversed: false,
                    into: view
                ) { _ in
                    exists = true
                    return .stop
                }
            }
        }
        if verdict != .stop { view.clearRow() }
        return isStatic ? view.staticIsLive : exists
    }

    private func holds(
        _ plan: WritePlan, _ values: BoundValues, _ view: RowView, _ exists: Bool
    ) throws(StatementError) -> Bool {
        switch plan.conditions {
        case .none: return true
        case .exists: return exists
        case .notExists: return !exists
        case .all(let tests):
            for test in tests where try !holds(test, values, view, plan.table) { return false }
            return true
        }
    }

    private func holds(
        _ test: ConditionTest, _ values: BoundValues, _ view: RowView, _ table: Table
    ) throws(StatementError) -> Bool {
        let column = table.columns[test.slot]
        let stored = view.array(test.slot)
        let unset = "Invalid 'unset' value in condition"
        switch test.test {
        case .compare(let operation, let expression):
            let operand = try expression.evaluate(values, context).bytes(unset: unset)
            return Self.compare(stored, operation, operand, column.type)
        case .isIn(let source):
            return try source.values(values, context, column: column.name).contains {
                Self.compare(stored, .equal, $0, column.type)
            }
        case .element(let key, let operation, let expression):
            guard let key = try key.evaluate(values, context).bytes(unset: unset) else {
                throw .invalid("Invalid null value for element access")
            }
            let operand = try expression.evaluate(values, context).bytes(unset: unset)
            let (element, type) = Self.element(stored, key, column.type)
            return Self.compare(element, operation, operand, type)
        }
    }

    private static func element(
        _ stored: [UInt8]?, _ key: [UInt8], _ type: CQLType
    ) -> ([UInt8]?, CQLType) {
        switch type.withoutOuterFrozen {
        case .map(let keyType, let valueType):
            let found = stored?.withUnsafeBytes { all in
                BoundFilter.element(of: all, key, keyType).map { Array($0) }
            }
            return (found ?? nil, valueType)
        case .list(let element):
            let index = key.count == 4 ? Int(key.withUnsafeBytes { $0.big(as: Int32.self) }) : -1
            let found = stored?.withUnsafeBytes { all -> [UInt8]? in
                let parts = CollectionBytes.elements(all)
                return parts.indices.contains(index) ? parts[index].map { Array($0) } : nil
            }
            return (found ?? nil, element)
        default: return (nil, type)
        }
    }

    /// Null equals null only.
    private static func compare(
        _ stored: [UInt8]?, _ operation: CQLOperator, _ operand: [UInt8]?, _ type: CQLType
    ) -> Bool {
        guard let stored, let operand else {
            switch operation {
            case .equal: return stored == nil && operand == nil
            case .notEqual: return (stored == nil) != (operand == nil)
            default: return false
            }
        }
        return stored.withUnsafeBytes { a in
            operand.withUnsafeBytes { b in
                Comparison.holds(operation, Comparison.order(a, b, type))
            }
        }
    }

    /// Of IF NOT EXISTS and of batches the whole row, else the columns with conditions.
    private func shown(
        _ plan: WritePlan, _ view: RowView, _ exists: Bool, all: Bool
    ) throws(StatementError) -> [(column: Column, value: [UInt8]?)] {
        let table = plan.table
        switch plan.conditions {
        case .none, .exists: guard all, exists else { return [] }
        case .notExists: guard exists else { return [] }
        case .all(let tests):
            guard exists || view.staticIsLive else { return [] }
            if !all {
                var slots: [Int] = []
                for test in tests where !slots.contains(test.slot) { slots.append(test.slot) }
                return slots.map { (table.columns[$0], view.array($0)) }
            }
        }
        return table.columns.indices.map { (table.columns[$0], view.array($0)) }
    }
}
