// What Cassandra says about batches that are too large or of the wrong kind.
// Source: Cassandra's BatchStatement.verifyBatchSize and verifyBatchType, cassandra.yaml.

import CQLProtocol

struct BatchGuard {
    let context: EvaluationContext

    /// - Parameter bytes: what all its rows take.
    func check(
        _ writes: [(plan: WritePlan, values: BoundValues)], _ kind: CQLBatch.Kind, bytes: Int
    ) throws(StatementError) {
        // What the store writes by itself nobody can make smaller.
        guard !writes.contains(where: { $0.plan.table.keyspace.hasPrefix("system") }) else {
            return
        }
        if kind == .logged { warnOfGrace(writes) }
        let isLarge = bytes > StoreLimits.batchWarnBytes
        let isWide = kind != .logged && writes.count > StoreLimits.unloggedPartitionsWarn
        guard isLarge || isWide else { return }
        var keys: Set<[UInt8]> = []
        for (plan, values) in writes {
            var table = Array("\(plan.table.keyspace).\(plan.table.name)\u{0}".utf8)
            let start = table.count
            for key in try KeyBuilder.partitionKeys(plan.partition, plan.table, values, context) {
                table.replaceSubrange(start..., with: key)
                keys.insert(table)
            }
        }
        // One partition is one mutation, however large it is.
        guard keys.count > 1 else { return }
        if isLarge { try checkSize(bytes, writes) }
        if isWide, keys.count > StoreLimits.unloggedPartitionsWarn {
            let tables = Self.names(writes)
            context.warn(
                "Unlogged batch covering \(keys.count) partitions detected against "
                    + "table\(tables.count == 1 ? "" : "s") [\(tables.joined(separator: ", "))]. "
                    + "You should use a logged batch for atomicity, or asynchronous writes for "
                    + "performance.")
        }
    }

    private func checkSize(
        _ bytes: Int, _ writes: [(plan: WritePlan, values: BoundValues)]
    ) throws(StatementError) {
        guard bytes <= StoreLimits.batchFailBytes else { throw .invalid("Batch too large") }
        let most = StoreLimits.batchWarnBytes
        context.warn(
            "Batch for [\(Self.names(writes).joined(separator: ", "))] is of size "
                + "\(Self.shown(bytes)), exceeding specified threshold of \(Self.shown(most)) by "
                + "\(Self.shown(bytes - most)).")
    }

    /// Cassandra keeps a log of batches only as long as tombstones.
    private func warnOfGrace(_ writes: [(plan: WritePlan, values: BoundValues)]) {
        let tables = Self.names(writes.filter { $0.plan.table.graceSeconds == 0 })
        guard !tables.isEmpty else { return }
        context.warn(
            "Executing a LOGGED BATCH on table\(tables.count == 1 ? "" : "s") "
                + "[\(tables.joined(separator: ", "))], configured with a gc_grace_seconds of 0. "
                + "The gc_grace_seconds is used to TTL batchlog entries, so setting "
                + "gc_grace_seconds too low on tables involved in an atomic batch might cause "
                + "batchlog entries to expire before being replayed.")
    }

    private static func names(
        _ writes: [(plan: WritePlan, values: BoundValues)]
    ) -> [String] {
        Set(writes.map { "\($0.plan.table.keyspace).\($0.plan.table.name)" }).sorted()
    }

    private static func shown(_ bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes)B" }
        let thousandths = bytes * 1000 / 1024
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
            + "KiB"
    }
}
