// SELECT compiled.

import CQLProtocol

/// One column of the result.
enum SelectedItem: Sendable {
    case row(SelectorPlan)
    case aggregate(AggregatePlan)
}

final class SelectPlan: Sendable {
    let table: Table
    let items: [SelectedItem]
    let metadata: ResultMetadata
    /// v5: changes when the result's columns do.
    let metadataID: [UInt8]
    let restrictions: Restrictions
    let reversed: Bool
    /// `ORDER BY` was there.
    let isOrdered: Bool
    let distinct: Bool
    let limit: Expression?
    let perPartitionLimit: Expression?
    let markers: [CQLColumn]
    let partitionMarkers: [UInt16]
    /// All items are aggregates or single values over all rows.
    let isAggregate: Bool

    init(
        table: Table, items: [SelectedItem], columns: [CQLColumn], restrictions: Restrictions,
        reversed: Bool, isOrdered: Bool, distinct: Bool, limit: Expression?,
        perPartitionLimit: Expression?, markers: [CQLColumn]
    ) {
        self.table = table
        self.items = items
        metadata = ResultMetadata(columns: columns)
        metadataID = Digests.metadataID(columns)
        self.restrictions = restrictions
        self.reversed = reversed
        self.isOrdered = isOrdered
        self.distinct = distinct
        self.limit = limit
        self.perPartitionLimit = perPartitionLimit
        self.markers = markers
        partitionMarkers = WritePlan.markers(of: restrictions.partition ?? [])
        isAggregate = items.contains { if case .aggregate = $0 { true } else { false } }
    }
}
