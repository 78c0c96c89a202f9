// Runs one SELECT, or one page of it.

import CQLProtocol

/// What comes with one execution of a SELECT.
struct ReadOptions: Sendable {
    /// Rows a page; `nil` for all at once.
    var pageSize: Int32?
    var pagingState: [UInt8]?
    var skipsMetadata = false
    /// v5: what the client believes the result looks like.
    var knownMetadataID: [UInt8]?
}

/// One execution; used once, by one thread.
final class SelectRun {
    let plan: SelectPlan
    let values: BoundValues
    let context: EvaluationContext
    let view: RowView
    private let options: ReadOptions
    private var filters: [BoundFilter] = []
    private var rows: RowsWriter
    private var aggregates: [AggregateState?] = []
    private var firstRow: [[UInt8]?]?
    private var sorted: [(key: [UInt8], cells: [[UInt8]?])] = []
    /// Rows come from several partitions and are wanted in one order.
    private let sortsRows: Bool
    private let pageRows: Int
    private let perPartitionLimit: Int64
    private(set) var state: PagingState
    private(set) var resumes = false
    private var rowsInPartition: Int64 = 0
    /// Of a virtual table: rows of earlier pages.
    private var rowsToSkip: Int64 = 0
    /// Where the page's last row stands, noted once the page is full.
    private var pageEnd: PagingState?
    private var hasMore = false

    init(
        _ plan: SelectPlan, _ values: BoundValues, _ options: ReadOptions,
        _ context: EvaluationContext
    ) throws(StatementError) {
        self.plan = plan
        self.values = values
        self.options = options
        self.context = context
        view = RowView(
            plan.table, now: context.nowSeconds, ownsRows: !plan.table.hasClustering)
        rows = RowsWriter(metadata: plan.metadata)
        state = PagingState(tableID: plan.table.id)
        sortsRows = plan.isOrdered && !(plan.restrictions.partition?.allSatisfy(\.isOne) ?? true)
        let asked = Int(options.pageSize ?? 0)
        pageRows = asked > 0 ? min(asked, StoreLimits.pageRowsMax) : .max
        if sortsRows, asked > 0 {
            throw .invalid(
                "Cannot page queries with both ORDER BY and a IN restriction on the partition key; "
                    + "you must either remove the ORDER BY or the IN and sort client side, or "
                    + "disable paging for this query")
        }
        perPartitionLimit =
            try Self.limit(plan.perPartitionLimit, values, context, "PER PARTITION LIMIT") ?? .max
        state.remaining = try Self.limit(plan.limit, values, context, "LIMIT") ?? -1
        for filter in plan.restrictions.filters {
            filters.append(try BoundFilter(filter, plan.table, values, context))
        }
        aggregates = plan.items.map { item in
            if case .aggregate(let aggregate) = item { AggregateState(aggregate) } else { nil }
        }
        if let given = options.pagingState, !given.isEmpty {
            state = try PagingState(reading: given, tableID: plan.table.id)
            resumes = true
            rowsToSkip = plan.table.isVirtual ? state.offset : 0
        }
    }

    private static func limit(
        _ expression: Expression?, _ values: BoundValues, _ context: EvaluationContext,
        _ name: String
    ) throws(StatementError) -> Int64? {
        guard let expression else { return nil }
        switch try expression.evaluate(values, context) {
        case .unset: return nil
        case .null: throw .invalid("Invalid null value of limit")
        case .bytes(let bytes):
            guard bytes.count == 4 else { throw .invalid("Invalid limit value") }
            let limit = Int64(bytes.withUnsafeBytes { $0.big(as: Int32.self) })
            guard limit > 0 else { throw .invalid("\(name) must be strictly positive") }
            return limit
        }
    }

    // MARK: Rows come in

    func beginPartition() { rowsInPartition = 0 }

    /// The partition that a page goes on in.
    func resumePartition() { rowsInPartition = state.givenInPartition }

    /// Takes the row that the view shows.
    ///
    /// - Parameter clustering: where it stands in its partition.
    func take(_ clustering: UnsafeRawBufferPointer) throws(StatementError) -> RowVerdict {
        for filter in filters where !filter.accepts(view) { return .next }
        if rowsInPartition >= perPartitionLimit { return .endPartition }
        if plan.isAggregate {
            rowsInPartition += 1
            try aggregate()
            return .next
        }
        if sortsRows {
            rowsInPartition += 1
            guard sorted.count < StoreLimits.sortedRowsMax else {
                throw .invalid(
                    "more than \(StoreLimits.sortedRowsMax) rows would have to be sorted")
            }
            sorted.append((Array(clustering), try cells()))
            return .next
        }
        if state.remaining == 0 { return .stop }
        if rowsToSkip > 0 {
            rowsToSkip -= 1
            return .next
        }
        if pageEnd != nil {
            hasMore = true
            return .stop
        }
        rowsInPartition += 1
        try append()
        if state.remaining > 0 { state.remaining -= 1 }
        if rows.rowCount >= pageRows
            || (pageRows != .max && rows.byteCount >= StoreLimits.pageBytesMax)
        {
            notePageEnd(clustering)
        }
        return plan.distinct ? .endPartition : .next
    }

    private func notePageEnd(_ clustering: UnsafeRawBufferPointer) {
        var end = state
        end.partitionKey = view.partitionKey.array
        end.clustering = Array(clustering)
        end.partitionDone = plan.distinct || !plan.table.hasClustering || clustering.isEmpty
        end.givenInPartition = rowsInPartition
        end.offset = state.offset + Int64(rows.rowCount)
        pageEnd = end
    }

    private func append() throws(StatementError) {
        for item in plan.items {
            guard case .row(let selector) = item else { continue }
            if case .slot(let slot) = selector {
                if let bytes = view.bytes(slot) { rows.append(bytes) } else { rows.appendNull() }
            } else {
                rows.append(try selector.evaluate(view, context))
            }
        }
        rows.endRow()
    }

    private func cells() throws(StatementError) -> [[UInt8]?] {
        var cells: [[UInt8]?] = []
        for item in plan.items {
            switch item {
            case .row(let selector): cells.append(try selector.evaluate(view, context))
            case .aggregate: cells.append(nil)
            }
        }
        return cells
    }

    private func aggregate() throws(StatementError) {
        if firstRow == nil { firstRow = try cells() }
        for index in aggregates.indices { try aggregates[index]?.add(view, context) }
    }

    // MARK: The result

    func finish() throws(StatementError) -> CQLResult {
        if plan.isAggregate { try appendAggregates() }
        if sortsRows { appendSorted() }
        let changed = options.knownMetadataID.map { $0 != plan.metadataID && !$0.isEmpty } ?? false
        let pagingState = hasMore ? pageEnd?.bytes : nil
        guard changed else {
            return .builtRows(
                rows.finish(pagingState: pagingState, skipsMetadata: options.skipsMetadata))
        }
        var content = rows.finish(pagingState: pagingState, skipsMetadata: false)
        content.metadata.changedID = plan.metadataID
        return .builtRows(content)
    }

    private func appendAggregates() throws(StatementError) {
        for (index, item) in plan.items.enumerated() {
            switch item {
            case .row: rows.append(firstRow?[index])
            case .aggregate: rows.append(try aggregates[index]?.result())
            }
        }
        rows.endRow()
    }

    private func appendSorted() {
        sorted.sort { a, b in plan.reversed ? b.key.isLess(than: a.key) : a.key.isLess(than: b.key)
        }
        for row in state.remaining >= 0 ? sorted.prefix(Int(state.remaining)) : sorted[...] {
            for cell in row.cells { rows.append(cell) }
            rows.endRow()
        }
    }
}
