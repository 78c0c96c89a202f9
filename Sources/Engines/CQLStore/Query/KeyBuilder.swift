// Values of restrictions as partition keys and ranges of clustering bytes.

import CQLProtocol

enum KeyBuilder {
    /// Serialised partition keys, without duplicates, in the order of their tokens.
    static func partitionKeys(
        _ sources: [ValueSource], _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) -> [[UInt8]] {
        var combinations: [[[UInt8]]] = [[]]
        for (source, column) in zip(sources, table.partitionKey) {
            let values = try source.values(bound, context, column: column.name)
            combinations = combinations.flatMap { start in values.map { start + [$0] } }
            guard combinations.count <= StoreLimits.cartesianProductMax else {
                throw .invalid(
                    "The cartesian product of the IN lists has more than "
                        + "\(StoreLimits.cartesianProductMax) keys")
            }
        }
        var keys: [(token: Int64, key: [UInt8])] = []
        for parts in combinations {
            var raw = RawBytes()
            for part in parts where part.count > StoreLimits.keyBytesMax {
                throw keyTooLong(part.count)
            }
            PartitionKey.append(parts, to: &raw)
            try checkKey(raw.bytes)
            keys.append((StorageKey.token(of: raw.bytes), raw.array))
        }
        if keys.count > 1 {
            keys.sort { a, b in a.token == b.token ? a.key.isLess(than: b.key) : a.token < b.token }
        }
        var out: [[UInt8]] = []
        for key in keys where out.last != key.key { out.append(key.key) }
        return out
    }

    static func checkKey(_ key: UnsafeRawBufferPointer) throws(StatementError) {
        guard key.count > 0 else { throw .invalid("Key may not be empty") }
        guard key.count <= StoreLimits.keyBytesMax else { throw keyTooLong(key.count) }
    }

    static func keyTooLong(_ count: Int) -> StatementError {
        .invalid("Key length of \(count) is longer than maximum of \(StoreLimits.keyBytesMax)")
    }

    /// Clustering ranges in their order, without overlap.
    static func ranges(
        _ sources: [ValueSource], _ slice: Slice?, _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) -> [ClusteringRange] {
        let prefixes = try clusterings(sources, table, bound, context)
        var ranges: [ClusteringRange] = []
        for prefix in prefixes {
            let range = try self.range(prefix, slice, bound, context)
            if !range.isEmpty { ranges.append(range) }
        }
        return ranges
    }

    /// The bytes of all combinations, sorted and without duplicates.
    static func clusterings(
        _ sources: [ValueSource], _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) -> [[UInt8]] {
        var combinations: [[UInt8]] = [[]]
        for (source, column) in zip(sources, table.clustering) {
            var encoded: [[UInt8]] = []
            for value in try source.values(bound, context, column: column.name) {
                guard value.count <= StoreLimits.keyBytesMax else { throw keyTooLong(value.count) }
                encoded.append(component(value, column))
            }
            combinations = combinations.flatMap { start in encoded.map { start + $0 } }
            guard combinations.count <= StoreLimits.cartesianProductMax else {
                throw .invalid(
                    "The cartesian product of the IN lists has more than "
                        + "\(StoreLimits.cartesianProductMax) keys")
            }
        }
        guard combinations.count > 1 else { return combinations }
        combinations.sort { $0.isLess(than: $1) }
        var out: [[UInt8]] = []
        for item in combinations where out.last != item { out.append(item) }
        return out
    }

    static func component(_ value: [UInt8], _ column: Column) -> [UInt8] {
        var out = RawBytes(capacity: value.count + 16)
        value.withUnsafeBytes {
            OrderedEncoding.append(
                $0, type: column.type, descending: column.descending, to: &out)
        }
        return out.array
    }

    /// Everything that begins with `prefix` and lies in the slice.
    private static func range(
        _ prefix: [UInt8], _ slice: Slice?, _ bound: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> ClusteringRange {
        var range = ClusteringRange(start: prefix, end: prefix + [0xFF])
        guard let slice else { return range }
        // In a descending column what is greater comes first.
        let first = slice.column.descending ? slice.upper : slice.lower
        let last = slice.column.descending ? slice.lower : slice.upper
        if let first {
            let value = try self.value(first, slice.column, bound, context)
            range.start = prefix + value + (first.inclusive ? [] : [0xFF])
        }
        if let last {
            let value = try self.value(last, slice.column, bound, context)
            range.end = prefix + value + (last.inclusive ? [0xFF] : [])
        }
        return range
    }

    private static func value(
        _ slice: SliceBound, _ column: Column, _ bound: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> [UInt8] {
        guard
            let value = try slice.expression.evaluate(bound, context).bytes(
                unset: "Invalid unset value for column \(column.name)")
        else { throw .invalid("Invalid null value in condition for column \(column.name)") }
        return component(value, column)
    }
}
