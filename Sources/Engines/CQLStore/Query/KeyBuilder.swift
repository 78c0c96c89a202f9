// Values of restrictions as partition keys and ranges of clustering bytes.

import CQLProtocol

enum KeyBuilder {
    /// Serialised partition keys, without duplicates, in the order of their values
    /// (as Cassandra gives the partitions of an IN).
    static func partitionKeys(
        _ sources: [ValueSource], _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) -> [[UInt8]] {
        var combinations: [[[UInt8]]] = [[]]
        for (source, column) in zip(sources, table.partitionKey) {
            let values = distinct(try source.values(bound, context, column: column.name))
            try checkProduct(combinations.count, values.count)
            combinations = combinations.flatMap { start in values.map { start + [$0] } }
        }
        var keys: [(order: [UInt8], key: [UInt8])] = []
        for parts in combinations {
            var raw = RawBytes()
            let length = parts.reduce(0) { $0 + $1.count }
            guard length <= StoreLimits.keyBytesMax else { throw keyTooLong(length) }
            PartitionKey.append(parts, to: &raw)
            try checkKey(raw.bytes)
            var order: [UInt8] = []
            if combinations.count > 1 {
                for (part, column) in zip(parts, table.partitionKey) {
                    order += CollectionBuilder.ordered(part, column.type)
                }
            }
            keys.append((order, raw.array))
        }
        if keys.count > 1 { keys.sort { $0.order.isLess(than: $1.order) } }
        var out: [[UInt8]] = []
        for key in keys where out.last != key.key { out.append(key.key) }
        return out
    }

    /// In the order in which they come first: an IN may name a value again and again.
    private static func distinct(_ values: [[UInt8]]) -> [[UInt8]] {
        guard values.count > 1 else { return values }
        var seen: Set<[UInt8]> = []
        return values.filter { seen.insert($0).inserted }
    }

    /// What two lists of keys multiply to must stay within the limit.
    static func checkProduct(_ first: Int, _ second: Int) throws(StatementError) {
        let (count, isOver) = first.multipliedReportingOverflow(by: second)
        guard !isOver, count <= StoreLimits.cartesianProductMax else {
            throw .invalid(
                "The cartesian product of the IN lists has more than "
                    + "\(StoreLimits.cartesianProductMax) keys")
        }
    }

    static func checkKey(_ key: UnsafeRawBufferPointer) throws(StatementError) {
        guard key.count > 0 else { throw .invalid("Key may not be empty") }
        guard key.count <= StoreLimits.keyBytesMax else { throw keyTooLong(key.count) }
    }

    static func keyTooLong(_ count: Int) -> StatementError {
        .invalid("Key length of \(count) is longer than maximum of \(StoreLimits.keyBytesMax)")
    }

    /// The bytes of all combinations, sorted and without duplicates.
    ///
    /// - Parameter isRead: values that are too long for a key are no error, just in no row.
    static func clusterings(
        _ sources: [ValueSource], _ table: Table, _ bound: BoundValues,
        _ context: EvaluationContext, isRead: Bool = false
    ) throws(StatementError) -> [[UInt8]] {
        var combinations: [[UInt8]] = [[]]
        // Of the longest combination: all columns count together.
        var length = 0
        for (source, column) in zip(sources, table.clustering) {
            if case .inTuple = source { continue }
            var encoded: [[UInt8]] = []
            var longest = 0
            if case .tuples(let list, let columns) = source {
                for tuple in try list.values(bound, context, columns.map(\.name)) {
                    encoded.append(try joined(tuple, columns, isRead: isRead))
                    longest = max(longest, tuple.reduce(0) { $0 + $1.count })
                }
            }
            for value in try source.values(bound, context, column: column.name) {
                encoded.append(component(value, column))
                longest = max(longest, value.count)
            }
            length += longest
            encoded = distinct(encoded)
            try checkProduct(combinations.count, encoded.count)
            combinations = combinations.flatMap { start in encoded.map { start + $0 } }
        }
        guard isRead || length <= StoreLimits.keyBytesMax else { throw keyTooLong(length) }
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

    /// Values of consecutive columns as the bytes they begin a clustering key with.
    static func joined(
        _ values: [[UInt8]], _ columns: [Column], isRead: Bool = false
    ) throws(StatementError) -> [UInt8] {
        var out: [UInt8] = []
        for (value, column) in zip(values, columns) {
            guard isRead || value.count <= StoreLimits.keyBytesMax else {
                throw keyTooLong(value.count)
            }
            out += component(value, column)
        }
        return out
    }
}
