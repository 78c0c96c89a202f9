// Ranges of rows from restrictions of clustering columns.

extension KeyBuilder {
    /// Clustering ranges in their order, without overlap.
    static func ranges(
        _ sources: [ValueSource], _ slice: Slice?, _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext, isRead: Bool = false
    ) throws(StatementError) -> [ClusteringRange] {
        let prefixes = try clusterings(sources, table, bound, context, isRead: isRead)
        guard let slice else {
            return prefixes.map { ClusteringRange(start: $0, end: $0 + [0xFF]) }
        }
        let names = slice.columns.map(\.name)
        let lower = try slice.lower.map { lower throws(StatementError) in
            try pieces(
                try lower.value.values(bound, context, names), lower.inclusive, slice.columns,
                isLower: true, isRead: isRead)
        }
        let upper = try slice.upper.map { upper throws(StatementError) in
            try pieces(
                try upper.value.values(bound, context, names), upper.inclusive, slice.columns,
                isLower: false, isRead: isRead)
        }
        let ranges = merged(
            intersection(lower ?? [ClusteringRange.all], upper ?? [ClusteringRange.all]))
        return prefixes.flatMap { prefix in
            ranges.map { range in
                ClusteringRange(start: prefix + range.start, end: prefix + range.end)
            }
        }
    }

    /// What lies on one side of several values compared as one: of each column a range, with those
    /// before it equal. One range for each, since columns may run in different directions.
    private static func pieces(
        _ values: [[UInt8]], _ inclusive: Bool, _ columns: [Column], isLower: Bool, isRead: Bool
    ) throws(StatementError) -> [ClusteringRange] {
        var pieces: [ClusteringRange] = []
        var prefix: [UInt8] = []
        for (index, value) in values.enumerated() {
            let column = columns[index]
            let place = prefix + (try joined([value], [column], isRead: isRead))
            let takesEqual = inclusive && index == values.count - 1
            // In a descending column what is greater comes first.
            if isLower != column.descending {
                pieces.append(
                    ClusteringRange(
                        start: place + (takesEqual ? [] : [0xFF]), end: prefix + [0xFF]))
            } else {
                pieces.append(
                    ClusteringRange(start: prefix, end: place + (takesEqual ? [0xFF] : [])))
            }
            prefix = place
        }
        return pieces
    }

    private static func intersection(
        _ lower: [ClusteringRange], _ upper: [ClusteringRange]
    ) -> [ClusteringRange] {
        var out: [ClusteringRange] = []
        for a in lower {
            for b in upper {
                let range = ClusteringRange(
                    start: a.start.isLess(than: b.start) ? b.start : a.start,
                    end: a.end.isLess(than: b.end) ? a.end : b.end)
                if !range.isEmpty { out.append(range) }
            }
        }
        return out
    }

    /// Sorted, and those that touch made one.
    private static func merged(_ ranges: [ClusteringRange]) -> [ClusteringRange] {
        var out: [ClusteringRange] = []
        for range in ranges.sorted(by: { $0.start.isLess(than: $1.start) }) {
            if let last = out.last, !last.end.isLess(than: range.start) {
                if last.end.isLess(than: range.end) { out[out.count - 1].end = range.end }
            } else {
                out.append(range)
            }
        }
        return out
    }
}
