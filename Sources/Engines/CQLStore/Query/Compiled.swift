// A statement ready to run, on one picture of the schema.

import CQLProtocol

/// A batch written as text.
struct BatchPlan: Sendable {
    var kind: CQLBatch.Kind
    var plans: [WritePlan]
    var timestamp: Expression?
    var markers: [CQLColumn]
}

/// A compiled statement. Immutable; a change of schema makes it old, and `current` makes it anew.
final class Compiled: Sendable {
    enum Kind: Sendable {
        case select(SelectPlan)
        case write(WritePlan)
        case batch(BatchPlan)
        /// DDL, and what else changes something beside rows.
        case schema
        case use(String)
        case describe(CQLDescribe)
        case role(CQLRoleStatement)
    }

    let statement: CQLStatement
    /// The keyspace of names without one.
    let keyspace: String?
    let schema: Schema
    let kind: Kind
    let markers: [CQLColumn]
    /// Set for a SELECT of one row by its key.
    let point: PointPlan?

    init(
        _ statement: CQLStatement, schema: Schema, keyspace: String?, context: EvaluationContext
    ) throws(StatementError) {
        self.statement = statement
        self.schema = schema
        self.keyspace = keyspace
        switch statement {
        case .select(let select):
            let plan = try SelectCompiler.compile(
                select, schema: schema, current: keyspace, context: context)
            kind = .select(plan)
            markers = plan.markers
        case .insert, .update, .delete:
            let plan = try WriteCompiler.compile(
                statement, schema: schema, current: keyspace, context: context)
            kind = .write(plan)
            markers = plan.markers
        case .batch(let batch):
            let plan = try BatchCompiler.compile(batch, schema, keyspace, context)
            kind = .batch(plan)
            markers = plan.markers
        case .createKeyspace, .alterKeyspace, .dropKeyspace, .createTable, .alterTable, .dropTable,
            .truncate, .createType, .alterType, .dropType, .createView, .alterView, .dropView,
            .function, .trigger, .index:
            if case .createTable(let create) = statement {
                // Cassandra looks at these when it prepares the statement.
                var options = TableOptions.defaults
                try options.apply(create.properties)
            }
            kind = .schema
            markers = []
        case .use(let name):
            kind = .use(name)
            markers = []
        case .describe(let describe):
            kind = .describe(describe)
            markers = []
        case .role(let role):
            kind = .role(role)
            markers = []
        }
        point = if case .select(let plan) = kind { PointPlan(plan) } else { nil }
    }

    /// The same statement on this schema.
    func current(
        _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) -> Compiled {
        if schema === self.schema { return self }
        return try Compiled(statement, schema: schema, keyspace: keyspace, context: context)
    }

    func checkCount(_ values: BoundValues) throws(StatementError) {
        guard values.cells.count == markers.count else {
            // A QUERY that gives none at all; what is executed is counted in the other sentence.
            if values.cells.count == 0 { throw .invalid("Invalid amount of bind variables") }
            throw .invalid(
                "there were \(markers.count) markers(?) in CQL but \(values.cells.count) bound "
                    + "variables"
            )
        }
    }

    var bind: BindMetadata {
        switch kind {
        case .select(let plan):
            BindMetadata(columns: markers, partitionKeyIndexes: plan.partitionMarkers)
        case .write(let plan):
            BindMetadata(columns: markers, partitionKeyIndexes: plan.partitionMarkers)
        case .batch, .schema, .use, .describe, .role: BindMetadata(columns: markers)
        }
    }

    var result: ResultMetadata {
        if case .select(let plan) = kind { plan.metadata } else { ResultMetadata() }
    }

    /// v5: names the version of `result`.
    var resultID: [UInt8] {
        if case .select(let plan) = kind { plan.metadataID } else { Digests.metadataID([]) }
    }
}

enum BatchCompiler {
    static func compile(
        _ batch: CQLBatch, _ schema: Schema, _ keyspace: String?, _ context: EvaluationContext
    ) throws(StatementError) -> BatchPlan {
        var plans: [WritePlan] = []
        for statement in batch.statements {
            plans.append(
                try WriteCompiler.compile(
                    statement, schema: schema, current: keyspace, context: context))
        }
        guard batch.using.timeToLive == nil else {
            throw .invalid("Global TTL on the BATCH statement is not supported.")
        }
        var markers: [CQLColumn] = []
        var timestamp: Expression?
        if let term = batch.using.timestamp {
            guard !plans.contains(where: \.isConditional) else {
                throw .invalid("Cannot provide custom timestamp for conditional BATCH")
            }
            guard batch.kind != .counter else {
                throw .invalid("Cannot provide custom timestamp for counter BATCH")
            }
            guard plans.allSatisfy({ $0.timestamp == nil }) else {
                throw .invalid("Timestamp must be set either on BATCH or individual statements")
            }
            guard !plans.contains(where: \.table.isCounter) else {
                throw .invalid("Cannot provide custom timestamp for a BATCH containing counters")
            }
            switch term {
            case .marker(let marker):
                timestamp = .marker(marker.index, .bigint)
                markers.append(
                    CQLColumn(
                        keyspace: keyspace ?? "", table: "", name: marker.name ?? "[timestamp]",
                        type: .bigint))
            default:
                timestamp = .constant(
                    try Literals.encode(
                        term, as: .bigint, receiver: "[timestamp]", now: context.nowMilliseconds))
            }
        }
        try check(batch.kind, plans)
        markers += plans.flatMap(\.markers)
        return BatchPlan(
            kind: batch.kind, plans: plans, timestamp: timestamp, markers: markers)
    }

    /// What may stand together in one batch.
    static func check(
        _ kind: CQLBatch.Kind, _ plans: [WritePlan]
    ) throws(StatementError) {
        let hasCounters = plans.contains(where: \.table.isCounter)
        let hasOthers = plans.contains { !$0.table.isCounter }
        if kind == .counter, hasOthers {
            throw .invalid("Cannot include non-counter statement in a counter batch")
        }
        if hasCounters, kind == .logged {
            throw .invalid("Cannot include a counter statement in a logged batch")
        }
        if hasCounters, hasOthers {
            throw .invalid("Counter and non-counter mutations cannot exist in the same batch")
        }
        let conditional = plans.contains(where: \.isConditional)
        if conditional, Set(plans.map { "\($0.table.keyspace).\($0.table.name)" }).count > 1 {
            throw .invalid("Batch with conditions cannot span multiple tables")
        }
    }
}
