// Groups of rows while a SELECT with aggregates or GROUP BY runs, and rows that must be sorted.

import CQLProtocol

/// The group that rows are added to.
struct GroupState {
    private var aggregates: [AggregateState] = []
    /// The bytes that all rows of the group share; `nil` when no group is open.
    fileprivate(set) var key: [UInt8]?
    /// Where the group's last row stands.
    fileprivate(set) var last: PagingState?
    fileprivate(set) var order: [UInt8] = []
    private var hasRows = false

    mutating func reset(_ plan: SelectPlan) {
        aggregates = plan.aggregates.map { AggregateState($0) }
        key = nil
        hasRows = false
    }

    /// Adds the row that the scope's view shows.
    mutating func add(_ scope: SelectScope, _ plan: SelectPlan) throws(StatementError) {
        if !hasRows {
            hasRows = true
            scope.captured = []
            for capture in plan.captures {
                scope.captured.append(try capture.evaluate(scope))
            }
        }
        for (index, aggregate) in plan.aggregates.enumerated() {
            if let argument = aggregate.argument {
                try aggregates[index].add(try argument.evaluate(scope))
            } else {
                aggregates[index].addRow()
            }
        }
    }

    /// Puts the results where the selectors find them.
    mutating func finish(_ scope: SelectScope) throws(StatementError) {
        if !hasRows { scope.captured = [] }
        scope.aggregates = []
        for aggregate in aggregates { scope.aggregates.append(try aggregate.result()) }
    }
}

extension SelectRun {
    /// Adds a row to its group; a group is given when the first row of another one comes.
    func takeGrouped(_ clustering: UnsafeRawBufferPointer) throws(StatementError) -> RowVerdict {
        let key = try groupKey()
        if key != groups.key {
            try closeGroup()
            if plan.order.sortedSlots.isEmpty {
                if state.remaining == 0 { return .stop }
                if rowsInPartition >= perPartitionLimit { return .endPartition }
                if isPageFull {
                    hasMore = true
                    if let last = groups.last { notePageEnd(last) }
                    return .stop
                }
            }
            if rowsInPartition >= perPartitionLimit { return .endPartition }
            rowsInPartition += 1
            groups.reset(plan)
            groups.key = key
            groups.order = try SortedRows.order(plan, view)
        }
        try groups.add(scope, plan)
        groups.last = place(clustering, isDone: plan.distinct)
        return plan.distinct ? .endPartition : .next
    }

    /// Gives the row of the open group, if there is one.
    func closeGroup() throws(StatementError) {
        guard groups.key != nil else { return }
        groups.key = nil
        try groups.finish(scope)
        let cells = try cells()
        if plan.order.sortedSlots.isEmpty {
            try append(cells)
            if state.remaining > 0 { state.remaining -= 1 }
        } else {
            try sorted.add(groups.order, cells)
        }
    }

    private func groupKey() throws(StatementError) -> [UInt8] {
        guard let group = plan.group else { return [] }
        var key = RawBytes()
        key.appendBig(Int32(view.partitionKey.count))
        key.append(view.partitionKey.bytes)
        let first = plan.table.partitionKey.count
        let plain = group.last == nil ? group.clusteringCount : group.clusteringCount - 1
        for slot in first..<first + plain {
            guard let bytes = view.bytes(slot) else {
                key.appendBig(Int32(-1))
                continue
            }
            key.appendBig(Int32(bytes.count))
            key.append(bytes)
        }
        if let last = group.last {
            let isStatic = view.bytes(first + group.clusteringCount - 1) == nil
            if let bytes = isStatic ? nil : try last.evaluate(scope) {
                key.append(bytes)
            } else {
                key.appendBig(Int32(-1))
            }
        }
        return key.array
    }
}

/// Rows of several partitions that are wanted in one order.
struct SortedRows {
    private var rows: [(order: [UInt8], place: Int, cells: [[UInt8]?])] = []
    private var byteCount = 0

    /// What a row is sorted by: bytes in clustering order.
    static func order(_ plan: SelectPlan, _ view: RowView) throws(StatementError) -> [UInt8] {
        var order: [UInt8] = []
        for slot in plan.order.sortedSlots {
            guard let value = view.array(slot) else { continue }
            order += KeyBuilder.component(value, plan.table.columns[slot])
        }
        return order
    }

    mutating func add(
        _ plan: SelectPlan, _ view: RowView, _ cells: [[UInt8]?]
    ) throws(StatementError) {
        try add(try Self.order(plan, view), cells)
    }

    mutating func add(_ order: [UInt8], _ cells: [[UInt8]?]) throws(StatementError) {
        guard rows.count < StoreLimits.sortedRowsMax else {
            throw .invalid("more than \(StoreLimits.sortedRowsMax) rows would have to be sorted")
        }
        byteCount += cells.reduce(order.count) { $0 + ($1?.count ?? 0) }
        guard byteCount <= StoreLimits.answerBytesMax else { throw .answerTooLong }
        rows.append((order, rows.count, cells))
    }

    /// - Parameter limit: below 0 for none.
    mutating func finish(_ plan: SelectPlan, limit: Int64) -> [[[UInt8]?]] {
        rows.sort { a, b in
            if a.order == b.order { return a.place < b.place }
            return plan.order.reversed
                ? b.order.isLess(than: a.order) : a.order.isLess(than: b.order)
        }
        return (limit >= 0 ? rows.prefix(Int(limit)) : rows[...]).map(\.cells)
    }
}
