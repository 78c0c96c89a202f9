// SELECT compiled.

import CQLProtocol

/// In which order rows come.
struct SelectOrder: Sendable {
    /// Against the clustering order.
    var reversed = false
    /// Rows of several partitions are wanted in one order: by these columns.
    var sortedSlots: [Int] = []
}

/// `GROUP BY`: the partition key, and what follows it.
struct GroupPlan: Sendable {
    /// Clustering columns that make a group.
    var clusteringCount: Int
    /// A function of the last of them, instead of its value.
    var last: SelectorPlan?
}

final class SelectPlan: Sendable {
    let table: Table
    let items: [SelectorPlan]
    let aggregates: [AggregatePlan]
    /// What is taken from the first row of each group.
    let captures: [SelectorPlan]
    let group: GroupPlan?
    let metadata: ResultMetadata
    /// v5: changes when the result's columns do.
    let metadataID: [UInt8]
    let restrictions: Restrictions
    let order: SelectOrder
    let distinct: Bool
    let limit: Expression?
    let perPartitionLimit: Expression?
    /// Columns with many cells whose times are asked for.
    let timedSlots: Set<Int>
    let markers: [CQLColumn]
    let partitionMarkers: [UInt16]
    /// Set when rows are found by secondary indexes.
    let index: IndexPlan?
    /// `ORDER BY … ANN OF`
    let nearest: NearestPlan?
    /// One row for all rows.
    let isAggregate: Bool
    /// The same for those who see masks; `nil` when nothing that is shown has one.
    let masked: SelectPlan?
    /// Whether a partition without rows gives one row for its static columns: only when the whole
    /// partition is asked for.
    let showsStatics: Bool
    /// Whether a static column is selected.
    let readsStatics: Bool

    /// Whether partitions are read backwards. Of a DISTINCT the first row counts, as in Cassandra.
    var reversed: Bool { order.reversed && !distinct }

    init(
        table: Table, items: [SelectorPlan], columns: [CQLColumn], aggregates: [AggregatePlan],
        captures: [SelectorPlan], group: GroupPlan?, restrictions: Restrictions,
        order: SelectOrder, distinct: Bool, limit: Expression?, perPartitionLimit: Expression?,
        timedSlots: Set<Int>, markers: [CQLColumn], index: IndexPlan?, nearest: NearestPlan?,
        readsStatics: Bool, masked: SelectPlan? = nil
    ) {
        self.masked = masked
        self.readsStatics = readsStatics
        self.table = table
        self.items = items
        self.aggregates = aggregates
        self.captures = captures
        self.group = group
        metadata = ResultMetadata(columns: columns)
        metadataID = Digests.metadataID(columns)
        self.restrictions = restrictions
        self.order = order
        self.distinct = distinct
        self.limit = limit
        self.perPartitionLimit = perPartitionLimit
        self.timedSlots = timedSlots
        self.markers = markers
        self.index = index
        self.nearest = nearest
        partitionMarkers = WritePlan.markers(of: restrictions.partition ?? [])
        isAggregate = group == nil && !aggregates.isEmpty
        showsStatics = !restrictions.restricted.contains { slot in
            table.columns[slot].kind == .clustering || table.columns[slot].kind == .regular
        }
    }
}
