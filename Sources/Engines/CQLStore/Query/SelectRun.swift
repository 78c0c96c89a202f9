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

/// One execution, in one turn or several, so that a long one does not keep others waiting.
///
/// `@unchecked Sendable`: it is used by one thread at a time. Between two turns it is handed on by
/// a `WorkQueue`, whose lock orders what one thread did before what the next one does.
final class SelectRun: @unchecked Sendable {
    let plan: SelectPlan
    let values: BoundValues
    let context: EvaluationContext
    let view: RowView
    let scope: SelectScope
    private let options: ReadOptions
    private var filters: [BoundFilter] = []
    /// Clustering ranges of a scan, whose reader looks at whole partitions; empty for all rows.
    let ranges: [ClusteringRange]?
    /// Texts that are compared as their index says.
    private var entryTests: [EntryTest] = []
    /// The rows of `ORDER BY … ANN OF`.
    private var nearest: NearestRows?
    /// Where rows stand that an index named in another order, kept from turn to turn.
    var indexedPlaces: (index: IndexDefinition, places: [[UInt8]])?
    /// An index named more rows than are collected: the table is read instead.
    var hasManyPlaces = false
    var rows: RowsWriter
    var groups = GroupState()
    var sorted = SortedRows()
    let pageRows: Int
    let perPartitionLimit: Int64
    var state: PagingState
    private(set) var resumes = false
    var rowsInPartition: Int64 = 0
    /// Of a virtual table: rows of earlier pages.
    private var rowsToSkip: Int64 = 0
    /// Where the page's last row stands, noted once the page is full.
    var pageEnd: PagingState?
    var hasMore = false
    /// The last partition that the statement names by its key; `nil` for ranges and by an index.
    var lastKey: [UInt8]?
    private var rowsInTurn = 0
    /// The turn is over, but not the work.
    private(set) var isPaused = false

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
        view.timedSlots = plan.timedSlots
        scope = SelectScope(view, values, context)
        rows = RowsWriter(metadata: plan.metadata)
        state = PagingState(tableID: plan.table.id)
        perPartitionLimit =
            try Self.limit(plan.perPartitionLimit, values, context, "PER PARTITION LIMIT") ?? .max
        state.remaining = try Self.limit(plan.limit, values, context, "LIMIT") ?? -1
        let asked = Int(options.pageSize ?? 0)
        let isWhole = plan.nearest != nil || !plan.order.sortedSlots.isEmpty
        pageRows = asked > 0 && !isWhole ? min(asked, StoreLimits.pageRowsMax) : .max
        let restrictions = plan.restrictions
        let scans = restrictions.isKeyRange || plan.table.isVirtual
        ranges =
            scans && restrictions.hasClusteringRange
            ? try KeyBuilder.ranges(
                restrictions.clustering, restrictions.slice, plan.table, values, context,
                isRead: true) : nil
        if !plan.order.sortedSlots.isEmpty, asked > 0 {
            guard plan.group == nil, !plan.isAggregate, try Self.findsNothing(plan, values, context)
            else {
                throw .invalid(
                    "Cannot page queries with both ORDER BY and a IN restriction on the partition "
                        + "key; you must either remove the ORDER BY or the IN and sort client "
                        + "side, or disable paging for this query")
            }
        }
        if let unfilterable = restrictions.unfilterable { throw unfilterable }
        for filter in restrictions.filters {
            filters.append(
                try BoundFilter(
                    filter, plan.table, values, context,
                    isAttached: plan.index?.lookups.contains { $0.index.isAttached } ?? false))
        }
        entryTests = try plan.index?.tests(values, context) ?? []
        nearest = try NearestRows(
            plan, limit: state.remaining, perPartitionLimit: perPartitionLimit, values, context)
        if nearest != nil { context.warnOfPages(options.pageSize, limit: state.remaining) }
        groups.reset(plan)
        if let given = options.pagingState, !given.isEmpty {
            state = try PagingState(reading: given, tableID: plan.table.id)
            resumes = true
            rowsToSkip = plan.table.isVirtual ? state.offset : 0
        }
        warnOfAggregation()
    }

    /// An IN of nothing, or clustering ranges of nothing: such a query is not paged.
    ///
    /// Source: Cassandra's `SelectStatement.getSliceCommands`.
    private static func findsNothing(
        _ plan: SelectPlan, _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> Bool {
        let restrictions = plan.restrictions
        guard let partition = restrictions.partition else { return false }
        if try KeyBuilder.partitionKeys(partition, plan.table, values, context).isEmpty {
            return true
        }
        guard restrictions.hasClusteringRange, restrictions.slice != nil || !plan.readsStatics
        else { return false }
        return try KeyBuilder.ranges(
            restrictions.clustering, restrictions.slice, plan.table, values, context, isRead: true
        ).isEmpty
    }

    private func warnOfAggregation() {
        guard plan.isAggregate || plan.group != nil, !plan.table.isVirtual else { return }
        if plan.restrictions.isKeyRange {
            guard plan.restrictions.token == nil,
                !plan.restrictions.restricted.contains(where: {
                    plan.table.columns[$0].kind == .partitionKey
                })
            else { return }
            context.warn("Aggregation query used without partition key")
        } else if plan.restrictions.partition?.contains(where: { !$0.isOne }) ?? false {
            context.warn("Aggregation query used on multiple partition keys (IN restriction)")
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
        let verdict = try look(clustering)
        guard verdict != .stop else { return .stop }
        rowsInTurn += 1
        guard rowsInTurn >= StoreLimits.rowsPerTurn, !plan.table.isVirtual else { return verdict }
        rowsInTurn = 0
        let place = place(clustering, isDone: verdict == .endPartition)
        (state.partitionKey, state.clustering) = (place.partitionKey, place.clustering)
        (state.partitionDone, state.givenInPartition) = (place.partitionDone, rowsInPartition)
        resumes = true
        isPaused = true
        return .stop
    }

    /// Another turn begins.
    func resumeTurn() { isPaused = false }

    private func look(_ clustering: UnsafeRawBufferPointer) throws(StatementError) -> RowVerdict {
        if let ranges, !ranges.contains(where: { $0.contains(clustering) }) { return .next }
        for filter in filters where !filter.accepts(view) { return .next }
        for test in entryTests where !test.accepts(view) { return .next }
        if nearest != nil {
            try nearest?.take(view) { () throws(StatementError) in try cells() }
            return .next
        }
        if plan.isAggregate {
            try groups.add(scope, plan)
            return plan.distinct ? .endPartition : .next
        }
        if plan.group != nil { return try takeGrouped(clustering) }
        if rowsInPartition >= perPartitionLimit { return .endPartition }
        if !plan.order.sortedSlots.isEmpty {
            rowsInPartition += 1
            try sorted.add(plan, view, try cells())
            return plan.distinct ? .endPartition : .next
        }
        if state.remaining == 0 { return .stop }
        if rowsToSkip > 0 {
            rowsToSkip -= 1
            rowsInPartition += 1
            return plan.distinct ? .endPartition : .next
        }
        rowsInPartition += 1
        try append()
        if state.remaining > 0 { state.remaining -= 1 }
        // Nothing behind it is looked at: it may be nothing but tombstones.
        if state.remaining == 0 { return .stop }
        if isPageFull {
            let end = place(clustering, isDone: plan.distinct)
            endPage(end, isPartitionDone: end.partitionDone)
            return .stop
        }
        return plan.distinct ? .endPartition : .next
    }

    var isPageFull: Bool {
        rows.rowCount >= pageRows
            || (pageRows != .max && rows.byteCount >= StoreLimits.pageBytesMax)
    }

    /// The row that the view shows, as a place to go on behind.
    func place(_ clustering: UnsafeRawBufferPointer, isDone: Bool) -> PagingState {
        var place = state
        place.partitionKey = view.partitionKey.array
        place.clustering = Array(clustering)
        place.partitionDone = isDone || !plan.table.hasClustering || clustering.isEmpty
        place.givenInPartition = rowsInPartition
        return place
    }

    /// Ends a full page. Another one follows, which may have no row: only the last partition that
    /// the statement names is known to have none when it is done.
    ///
    /// Source: Cassandra's `AbstractQueryPager.isExhausted`.
    func endPage(_ place: PagingState, isPartitionDone: Bool) {
        let isDone = isPartitionDone || rowsInPartition >= perPartitionLimit
        guard !isDone || lastKey == nil || lastKey != place.partitionKey else { return }
        hasMore = true
        notePageEnd(place)
    }

    func notePageEnd(_ place: PagingState) {
        var end = place
        end.remaining = state.remaining
        end.offset = state.offset + Int64(rows.rowCount)
        pageEnd = end
    }

    private func append() throws(StatementError) {
        for item in plan.items {
            if case .slot(let slot) = item {
                if let bytes = view.bytes(slot) { rows.append(bytes) } else { rows.appendNull() }
            } else {
                rows.append(try item.evaluate(scope))
            }
        }
        try endRow()
    }

    /// Without pages an answer is as long as its table.
    private func endRow() throws(StatementError) {
        rows.endRow()
        guard rows.byteCount <= StoreLimits.answerBytesMax else { throw .answerTooLong }
    }

    func cells() throws(StatementError) -> [[UInt8]?] {
        var cells: [[UInt8]?] = []
        cells.reserveCapacity(plan.items.count)
        for item in plan.items { cells.append(try item.evaluate(scope)) }
        return cells
    }

    func append(_ cells: [[UInt8]?]) throws(StatementError) {
        for cell in cells { rows.append(cell) }
        try endRow()
    }

    // MARK: The result

    func finish() throws(StatementError) -> CQLResult {
        try checkTombstones()
        if plan.isAggregate {
            try groups.finish(scope)
            try append(try cells())
        }
        if plan.group != nil {
            try closeGroup()
            if let last = groups.last, isPageFull, !hasMore, state.remaining != 0 {
                endPage(last, isPartitionDone: false)
            }
        }
        for cells in sorted.finish(plan, limit: state.remaining) { try append(cells) }
        for cells in nearest?.sorted() ?? [] { try append(cells) }
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

    /// Many tombstones make a read slow: clients are told before it fails.
    private func checkTombstones() throws(StatementError) {
        guard view.tombstones > StoreLimits.tombstonesWarned, !plan.table.isVirtual else { return }
        let table = "\(plan.table.keyspace).\(plan.table.name)"
        guard view.tombstones <= StoreLimits.tombstonesMax else { throw .tooManyTombstones(table) }
        context.warn(
            "Read \(rows.rowCount) live rows and \(view.tombstones) tombstone cells for query "
                + "SELECT FROM \(table); token \(StorageKey.token(of: view.partitionKey.bytes)) "
                + "(see tombstone_warn_threshold)")
    }
}

extension ClusteringRange {
    func contains(_ clustering: UnsafeRawBufferPointer) -> Bool {
        start.withUnsafeBytes { !clustering.isLess(than: $0) }
            && end.withUnsafeBytes { clustering.isLess(than: $0) }
    }
}
