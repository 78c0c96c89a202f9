// What `ORDER BY … ANN OF` asks of the rest of its SELECT.
// Source: Cassandra's SelectStatement (TOPK_… messages) and StorageAttachedIndex.

import CQLProtocol

extension NearestRows {
    /// - Parameter limit: of the statement; -1 without.
    /// - Returns: `nil` when rows are not ordered by nearness.
    init?(
        _ plan: SelectPlan, limit: Int64, perPartitionLimit: Int64, _ values: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) {
        guard let nearest = plan.nearest else { return nil }
        guard !plan.isAggregate, plan.group == nil else {
            throw .invalid("Top-K queries can not be run with aggregation")
        }
        guard perPartitionLimit == .max else {
            throw .invalid("Top-K queries do not support per-partition limits")
        }
        let most = StoreLimits.nearestRowsMax
        guard limit > 0, limit <= most else {
            throw .invalid(
                "Use of ANN OF in an ORDER BY clause requires a LIMIT that is not greater than "
                    + "\(most). LIMIT was \(limit < 0 ? "NO LIMIT" : String(limit))")
        }
        let name = plan.table.columns[nearest.slot].name
        guard
            let vector = try nearest.vector.evaluate(values, context).bytes(
                unset: "Unsupported unset value for column \(name)")
        else { throw .invalid("Unsupported null value for column \(name)") }
        try vector.withUnsafeBufferPointer { vector throws(StatementError) in
            try nearest.similarity.check(UnsafeRawBufferPointer(vector))
        }
        self.init(
            slot: nearest.slot, vector: vector, similarity: nearest.similarity,
            countMax: Int(limit))
    }
}

extension EvaluationContext {
    /// Rows by nearness come in one page, whatever the client asks for.
    func warnOfPages(_ pageSize: Int32?, limit: Int64) {
        guard let pageSize, pageSize > 0, Int64(pageSize) < limit else { return }
        warn(
            "Top-K queries do not support paging and the page size is set to \(pageSize), which is "
                + "less than LIMIT \(limit). The page size has been set to \(limit) to match the "
                + "LIMIT.")
    }
}

extension NearestPlan {
    /// One node's rows are compared, whatever the client asks for; it is told so.
    func check(
        _ consistency: Consistency, _ context: EvaluationContext
    ) throws(StatementError) {
        switch consistency {
        case .one, .localOne: return
        case .serial, .localSerial:
            throw .invalid(
                "Top-K queries can only be run with consistency level ONE/LOCAL_ONE. Consistency "
                    + "level \(consistency.name) was used.")
        case .any, .two, .three, .quorum, .all, .localQuorum, .eachQuorum:
            let served = consistency == .localQuorum ? "LOCAL_ONE" : "ONE"
            context.warn(
                "Top-K queries can only be run with consistency level ONE / LOCAL_ONE / "
                    + "NODE_LOCAL. Consistency level \(consistency.name) was requested. "
                    + "Downgrading the consistency level to \(served).")
        }
    }
}
