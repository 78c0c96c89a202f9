// What a trace says of the request it belongs to, as Cassandra words it.

import CQLProtocol

extension TraceRecorder.Session {
    static func query(_ text: String, _ parameters: QueryParameters) -> Self {
        Self(request: "Execute CQL3 query", parameters: common(parameters, query: text))
    }

    static func preparing(_ text: String) -> Self {
        Self(request: "Preparing CQL3 query", parameters: ["query": short(text)])
    }

    static func executing(
        _ statement: PreparedStatement, _ compiled: Compiled, _ parameters: QueryParameters
    ) -> Self {
        var shown = common(parameters, query: statement.text)
        for (index, marker) in compiled.markers.enumerated()
        where index < parameters.values.count && parameters.names.isEmpty {
            shown["bound_var_\(index)_\(marker.name)"] = literal(
                parameters.values, index, marker.type)
        }
        return Self(request: "Execute CQL3 prepared query", parameters: shown)
    }

    /// A bound value as CQL would write it, cut when it is long.
    private static func literal(_ values: CellList, _ index: Int, _ type: CQLType) -> String {
        if values.isUnset(index) { return "<unset>" }
        guard let value = try? values.value(index, as: type) else { return "<invalid>" }
        // A list shows its values as literals.
        let text = CQLValue.list([value]).description.dropFirst().dropLast()
        guard text.count > StoreLimits.traceValueLengthMax else { return String(text) }
        return text.prefix(StoreLimits.traceValueLengthMax) + "..." + (text.last == "'" ? "'" : "")
    }

    static func batch(_ batch: BatchRequest) -> Self {
        var parameters = ["consistency_level": batch.consistency.name]
        parameters["serial_consistency_level"] = (batch.serialConsistency ?? .serial).name
        return Self(request: "Execute batch of CQL3 queries", parameters: parameters)
    }

    private static func common(
        _ parameters: QueryParameters, query: String
    ) -> [String: String] {
        var common = [
            "query": short(query), "consistency_level": parameters.consistency.name,
            "serial_consistency_level": (parameters.serialConsistency ?? .serial).name,
        ]
        if let size = parameters.pageSize, size > 0 { common["page_size"] = String(size) }
        return common
    }

    private static func short(_ text: String) -> String {
        String(PasswordObfuscator.shown(text).prefix(StoreLimits.traceTextLengthMax))
    }
}

extension Router {
    /// The first steps of a trace.
    func trace(_ request: CQLRequest, _ reply: Reply) {
        guard let trace = reply.notes.trace else { return }
        switch request {
        case .query(let text, let parameters):
            trace.describe(.query(text, parameters))
            trace.add("Parsing \(text)")
            trace.add("Preparing statement")
        case .prepare(let text, _):
            trace.describe(.preparing(text))
            trace.add("Parsing \(text)")
            trace.add("Preparing statement")
        case .batch(let batch): trace.describe(.batch(batch))
        case .execute, .startup, .options, .authResponse, .register: break
        }
    }

    /// What is about to be run.
    func trace(_ compiled: Compiled, _ reply: Reply) {
        guard let trace = reply.notes.trace else { return }
        switch compiled.kind {
        case .select(let plan):
            let name = "\(plan.table.keyspace).\(plan.table.name)"
            trace.add(
                plan.restrictions.partition == nil
                    ? "Executing seq scan over \(name)"
                    : "Executing single-partition query on \(plan.table.name)",
                thread: "ReadStage-1")
        case .write, .batch:
            trace.add("Determining replicas for mutation")
            trace.add("Appending to commitlog", thread: "MutationStage-1")
        case .schema, .use, .describe, .role: break
        }
    }

    func trace(_ result: CQLResult, _ reply: Reply) {
        guard let trace = reply.notes.trace, case .builtRows(let content) = result else { return }
        trace.add("Read \(content.rowCount) live rows and 0 tombstone cells", thread: "ReadStage-1")
    }
}
