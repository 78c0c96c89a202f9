// The rows that a write with IN names, with what some tables keep of their clustering values.

extension KeyBuilder {
    /// A row's clustering bytes, and the values they were made from: only of tables that keep them.
    struct Place {
        var encoded: [UInt8]
        var kept: [UInt8]
    }

    /// Each row once.
    static func places(
        _ sources: [ValueSource], _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) -> [Place] {
        guard table.keepsClustering else {
            return try clusterings(sources, table, bound, context).map {
                Place(encoded: $0, kept: [])
            }
        }
        var rows: [[[UInt8]]] = [[]]
        for (source, column) in zip(sources, table.clustering) {
            if case .inTuple = source { continue }
            var parts = try source.values(bound, context, column: column.name).map { [$0] }
            if case .tuples(let list, let columns) = source {
                parts = try list.values(bound, context, columns.map(\.name))
            }
            try checkProduct(rows.count, parts.count)
            rows = rows.flatMap { start in parts.map { start + $0 } }
        }
        var seen: Set<[UInt8]> = []
        var places: [Place] = []
        for row in rows {
            let length = row.reduce(0) { $0 + $1.count }
            guard length <= StoreLimits.keyBytesMax else { throw keyTooLong(length) }
            let encoded = try joined(row, table.clustering)
            guard seen.insert(encoded).inserted else { continue }
            var kept = RawBytes()
            for value in row { value.withUnsafeBytes { CollectionBytes.appendPart($0, to: &kept) } }
            places.append(Place(encoded: encoded, kept: kept.array))
        }
        return places
    }
}
