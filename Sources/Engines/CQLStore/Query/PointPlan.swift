// Which SELECTs ask for one row by its whole key and for nothing but its columns.

import CQLProtocol

/// What such a SELECT binds and returns: all that `PointReader` has to know.
struct PointPlan: Sendable {
    /// The markers with the values of the key's columns, in the columns' order.
    let partition: [Int]
    let clustering: [Int]
    /// The columns of the result.
    let slots: [Int]

    /// - Returns: `nil` for a SELECT that takes more than this to answer.
    init?(_ plan: SelectPlan) {
        let restrictions = plan.restrictions
        guard !plan.table.isVirtual, !plan.isAggregate, plan.group == nil, !plan.distinct,
            plan.captures.isEmpty, plan.limit == nil, plan.perPartitionLimit == nil,
            plan.timedSlots.isEmpty, plan.order.sortedSlots.isEmpty, plan.nearest == nil,
            plan.masked == nil, plan.index == nil, restrictions.filters.isEmpty,
            restrictions.slice == nil,
            restrictions.token == nil, let keys = restrictions.partition,
            restrictions.clustering.count == plan.table.clustering.count,
            !(plan.table.partitionKey + plan.table.clustering).contains(where: {
                CollectionOrder.matters($0.type)
            }),
            let partition = Self.markers(keys),
            let clustering = Self.markers(restrictions.clustering)
        else { return nil }
        var slots: [Int] = []
        for item in plan.items {
            guard case .slot(let slot) = item else { return nil }
            slots.append(slot)
        }
        (self.partition, self.clustering, self.slots) = (partition, clustering, slots)
    }

    private static func markers(_ sources: [ValueSource]) -> [Int]? {
        var markers: [Int] = []
        for source in sources {
            guard case .one(.marker(let index, _)) = source else { return nil }
            markers.append(index)
        }
        return markers
    }
}
