// Writes with IF: read, compare, write. One thread does all writes, so nothing comes between.
// Source: Cassandra's CQL3CasRequest and ModificationStatement.buildCasResultSet.

import CQLProtocol

/// Checks the conditions of one or more writes to one partition.
struct ConditionalWrite {
    typealias Write = (plan: WritePlan, values: BoundValues)

    let database: Database
    let context: EvaluationContext
    /// Results of a batch show the primary key as well, to tell its rows apart.
    let isBatch: Bool

    /// The row of a condition by its clustering bytes; `nil` for the static row.
    private struct Place: Hashable {
        var clustering: [UInt8]?
    }

    /// What was read of one row: a value for each slot.
    private struct Found {
        var values: [[UInt8]?]
        var exists: Bool
    }

    /// The rows that were asked for, and the static part.
    private struct Partition {
        var rows: [[UInt8]: Found] = [:]
        var statics: [[UInt8]?] = []
        /// The first row of all, read where conditions are on static columns alone.
        var first: Found?
        var newest = Int64.min
    }

    /// - Returns: whether all conditions hold, and what is there if not.
    ///   `newest` is the newest timestamp that was met: the write must be newer to win.
    func check(
        _ writes: [Write]
    ) throws(StatementError) -> (result: ConditionalResult, newest: Int64) {
        guard let table = writes.first?.plan.table else {
            throw .invalid("an empty conditional batch")
        }
        let key = try self.key(writes)
        var places: [Place?] = []
        for write in writes { places.append(try place(write)) }
        let asked = zip(writes, places).map { Self.asked($0.plan, target: $1) }
        try checkMix(writes, asked)
        let fetched = Self.fetched(writes)
        let hasRowConditions = asked.contains { $0.contains { $0.clustering != nil } }
        let partition = try read(
            table, key, Set(places.compactMap { $0?.clustering }),
            first: hasRowConditions ? nil : fetched)
        var result = ConditionalResult(applied: true, table: table)
        for (write, place) in zip(writes, places) where write.plan.isConditional {
            if try !holds(write, place, partition, fetched) { result.applied = false }
        }
        if !result.applied {
            try show(writes, asked.flatMap { $0 }, partition, fetched, in: &result)
        }
        return (result, partition.newest)
    }

    // MARK: Places

    private func key(_ writes: [Write]) throws(StatementError) -> [UInt8] {
        var first: [UInt8]?
        for (plan, values) in writes {
            let keys = try KeyBuilder.partitionKeys(plan.partition, plan.table, values, context)
            guard keys.count == 1, plan.partition.allSatisfy(\.isSingle) else {
                throw .invalid(
                    "Batch with conditions cannot span multiple partitions (you cannot use IN on "
                        + "the partition key)")
            }
            guard first == nil || first == keys[0] else {
                throw .invalid("Batch with conditions cannot span multiple partitions")
            }
            first = keys[0]
        }
        return first ?? []
    }

    /// - Returns: `nil` for deletions of more than one row, which have no conditions.
    private func place(_ write: Write) throws(StatementError) -> Place? {
        switch write.plan.target {
        case .rows(let sources):
            guard sources.allSatisfy(\.isSingle) else {
                throw .invalid(
                    "IN on the clustering key columns is not supported with conditional "
                        + (write.plan.isDelete ? "deletions" : "updates"))
            }
            let all = try KeyBuilder.clusterings(sources, write.plan.table, write.values, context)
            return Place(clustering: all.first ?? [])
        case .statics: return Place(clustering: nil)
        case .partition, .range: return nil
        }
    }

    /// Where the conditions look: those on static columns at the static row, wherever the write goes.
    private static func asked(_ plan: WritePlan, target: Place?) -> [Place] {
        switch plan.conditions {
        case .none: return []
        case .exists, .notExists: return target.map { [$0] } ?? []
        case .all(let tests):
            let onStatic = tests.contains { plan.table.columns[$0.slot].kind == .fixed }
            let onRow = tests.contains { plan.table.columns[$0.slot].kind != .fixed }
            return (onRow ? target.map { [$0] } ?? [] : [])
                + (onStatic ? [Place(clustering: nil)] : [])
        }
    }

    private func checkMix(_ writes: [Write], _ asked: [[Place]]) throws(StatementError) {
        var kinds: [Place: WriteConditions] = [:]
        for (write, place) in zip(writes, asked).flatMap({ write, all in all.map { (write, $0) } })
        {
            guard let before = kinds[place] else {
                kinds[place] = write.plan.conditions
                continue
            }
            switch (before, write.plan.conditions) {
            case (.all, .all), (.exists, .exists), (.notExists, .notExists): break
            case (.exists, .notExists), (.notExists, .exists):
                throw .invalid(
                    "Cannot mix IF EXISTS and IF NOT EXISTS conditions for the same row")
            case (.all, .exists):
                throw .invalid("Cannot mix IF conditions and IF EXISTS for the same row")
            case (.none, _), (_, .none), (.all, .notExists), (.exists, .all), (.notExists, .all):
                throw .invalid("Cannot mix IF conditions and IF NOT EXISTS for the same row")
            }
        }
    }

    /// The slots that take part: all of the rows that are written to, all static ones if a write with
    /// conditions sets any, and those with conditions.
    private static func fetched(_ writes: [Write]) -> Set<Int> {
        guard let table = writes.first?.plan.table else { return [] }
        let conditions = Set(writes.flatMap { $0.plan.conditionSlots })
        let updatesStatics = writes.contains { $0.plan.isConditional && !$0.plan.statics.isEmpty }
        let updatesRows = writes.contains { write in
            if case .statics = write.plan.target { false } else { true }
        }
        return Set(
            table.columns.indices.filter { slot in
                switch table.columns[slot].kind {
                case .partitionKey, .clustering: false
                case .fixed: updatesStatics || conditions.contains(slot)
                case .regular: updatesRows || conditions.contains(slot)
                }
            })
    }

    // MARK: Reading

    /// - Parameter first: where conditions are on static columns alone, the slots that make a row
    ///   one: then the first row is read as well, to tell an empty partition from none.
    private func read(
        _ table: Table, _ key: [UInt8], _ wanted: Set<[UInt8]>, first: Set<Int>?
    ) throws(StatementError) -> Partition {
        do throws(StorageFailure) {
            guard table.hasClustering else { return try readSingle(table, key) }
            var partition = try readRows(table, key, wanted)
            if let first { partition.first = try firstRow(table, key, first) }
            return partition
        } catch {
            throw .readFailed(error.description)
        }
    }

    private func readSingle(_ table: Table, _ key: [UInt8]) throws(StorageFailure) -> Partition {
        let view = RowView(table, now: context.nowSeconds, ownsRows: true)
        var scratch = RawBytes()
        let exists = try key.withUnsafeBufferPointer { key throws(StorageFailure) in
            try PartitionReader.readSingle(
                database, UnsafeRawBufferPointer(key), into: view, scratch: &scratch)
        }
        var partition = Partition()
        partition.newest = view.newestTimestamp
        if exists { partition.rows[[]] = Found(values: Self.values(view), exists: true) }
        return partition
    }

    private func readRows(
        _ table: Table, _ key: [UInt8], _ wanted: Set<[UInt8]>
    ) throws(StorageFailure) -> Partition {
        let ranges = wanted.sorted { $0.isLess(than: $1) }.map {
            ClusteringRange(start: $0, end: $0 + [0])
        }
        let view = RowView(table, now: context.nowSeconds, ownsRows: true)
        var partition = Partition()
        _ = try each(of: table, key, ranges, view) { clustering in
            partition.rows[clustering] = Found(values: Self.values(view), exists: true)
            return .next
        }
        view.clearRow()
        partition.statics = Self.values(view)
        partition.newest = view.newestTimestamp
        return partition
    }

    private func firstRow(
        _ table: Table, _ key: [UInt8], _ fetched: Set<Int>
    ) throws(StorageFailure) -> Found? {
        let regular = fetched.filter { table.columns[$0].kind == .regular }
        let view = RowView(table, now: context.nowSeconds, ownsRows: true)
        var first: Found?
        _ = try each(of: table, key, [.all], view) { _ in
            guard view.hasMarker || regular.contains(where: { view.bytes($0) != nil }) else {
                return .next
            }
            first = Found(values: Self.values(view), exists: true)
            return .stop
        }
        return first
    }

    private func each(
        of table: Table, _ key: [UInt8], _ ranges: [ClusteringRange], _ view: RowView,
        _ row: ([UInt8]) -> RowVerdict
    ) throws(StorageFailure) -> RowVerdict {
        try database.read { handles throws(StorageFailure) in
            try key.withUnsafeBufferPointer { key throws(StorageFailure) in
                try PartitionReader.read(
                    handles, UnsafeRawBufferPointer(key), ranges: ranges, reversed: false,
                    into: view
                ) { row(Array($0)) }
            }
        }
    }

    private static func values(_ view: RowView) -> [[UInt8]?] {
        view.table.columns.indices.map { view.array($0) }
    }

    // MARK: Verdict

    private func holds(
        _ write: Write, _ place: Place?, _ partition: Partition, _ fetched: Set<Int>
    ) throws(StatementError) -> Bool {
        let table = write.plan.table
        let row = place?.clustering.flatMap { partition.rows[$0] }
        let exists =
            place?.clustering == nil
            ? Self.hasStatics(table, partition, fetched) : row != nil
        switch write.plan.conditions {
        case .none: return true
        case .exists: return exists
        case .notExists: return !exists
        case .all(let tests):
            let condition = ConditionHolds(table: table, values: write.values, context: context)
            for test in tests {
                let stored =
                    table.columns[test.slot].kind == .fixed
                    ? partition.statics[test.slot] : row?.values[test.slot]
                guard try condition.holds(test, stored) else { return false }
            }
            return true
        }
    }

    private static func hasStatics(
        _ table: Table, _ partition: Partition, _ fetched: Set<Int>
    ) -> Bool {
        guard !partition.statics.isEmpty else { return false }
        return table.staticSlots.contains { fetched.contains($0) && partition.statics[$0] != nil }
    }

    /// Rows with conditions that are there, in clustering order; without any, the static part.
    private func show(
        _ writes: [Write], _ asked: [Place], _ partition: Partition, _ fetched: Set<Int>,
        in result: inout ConditionalResult
    ) throws(StatementError) {
        let table = result.table
        let slots = shownSlots(writes)
        result.columns = slots.map { table.columns[$0] }
        func shown(_ values: [[UInt8]?]) throws(StatementError) -> [[UInt8]?] {
            var cells: [[UInt8]?] = []
            for slot in slots {
                let column = table.columns[slot]
                var cell = column.isKey || fetched.contains(slot) ? values[slot] : nil
                // Masked for everybody, as in Cassandra.
                if context.masksColumns, let mask = column.mask {
                    cell = try mask.shown(cell, of: column.type, context)
                }
                cells.append(cell)
            }
            return cells
        }
        let rows = Set(asked.compactMap(\.clustering)).sorted { $0.isLess(than: $1) }
        var found = rows.compactMap { partition.rows[$0] }
        if rows.isEmpty, let first = partition.first { found = [first] }
        for row in found { result.rows.append(try shown(row.values)) }
        if found.isEmpty, Self.hasStatics(table, partition, fetched) {
            result.rows = [try shown(partition.statics)]
        }
    }

    private func shownSlots(_ writes: [Write]) -> [Int] {
        guard let table = writes.first?.plan.table else { return [] }
        var slots: [Int] =
            isBatch ? table.columns.indices.filter { table.columns[$0].isKey } : []
        for write in writes {
            switch write.plan.conditions {
            case .none: break
            case .exists, .notExists: return Array(table.columns.indices)
            case .all:
                for slot in write.plan.conditionSlots where !slots.contains(slot) {
                    slots.append(slot)
                }
            }
        }
        return slots
    }
}

extension WritePlan {
    /// Those with conditions, each once: regular columns, then static ones, as they were said.
    var conditionSlots: [Int] {
        guard case .all(let tests) = conditions else { return [] }
        var slots: [Int] = []
        for isStatic in [false, true] {
            for test in tests
            where (table.columns[test.slot].kind == .fixed) == isStatic
                && !slots.contains(test.slot)
            {
                slots.append(test.slot)
            }
        }
        return slots
    }
}
