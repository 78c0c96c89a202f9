// How a SELECT uses secondary indexes, and how it orders by nearness.

import CQLProtocol

/// Indexes that a SELECT uses. Each narrows the rows down; what they give is checked on the rows.
struct IndexPlan: Sendable {
    /// The rows that are wanted are in every one of them.
    var lookups: [IndexLookup]
    /// Text that is compared as its index says, instead of byte by byte.
    var analyzed: [IndexLookup]
    /// ALLOW FILTERING is missing.
    var isRefused = false

    /// The rules that come behind those of DISTINCT and GROUP BY.
    func checkOrder(_ order: [CQLOrdering]) throws(StatementError) {
        guard !order.isEmpty, order.allSatisfy({ $0.nearest == nil }) else { return }
        throw .invalid("ORDER BY with 2ndary indexes is not supported, except for ANN queries.")
    }

    func checkFiltering() throws(StatementError) {
        if isRefused { throw .invalid(IndexPlanner.filteringMessage) }
    }
}

/// One relation that an index answers.
struct IndexLookup: Sendable {
    enum Test: Sendable {
        /// A value for each component of an entry.
        case equal([Expression])
        case range(lower: SliceBound?, upper: SliceBound?)
    }

    var index: IndexDefinition
    var test: Test
}

/// `ORDER BY v ANN OF …`
struct NearestPlan: Sendable {
    var slot: Int
    var vector: Expression
    var similarity: VectorSimilarity
}

/// A range of entries, without the index's id.
struct IndexRange: Equatable {
    var start: [UInt8]
    /// Behind the last; `nil` for the index's end.
    var end: [UInt8]?

    /// The least bytes that come after everything that begins with these.
    static func successor(of prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.last {
            if last < 0xFF {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return nil
    }
}

extension IndexLookup {
    /// The entries that may fit; `nil` when none can.
    func range(
        _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> IndexRange? {
        switch test {
        case .equal(let parts):
            var key = RawBytes()
            for (part, type) in zip(parts, index.types) {
                guard let bytes = try self.bytes(part, values, context) else { return nil }
                bytes.withUnsafeBytes { IndexKey.append($0, type, index.analyzer, to: &key) }
            }
            let start = key.array
            return IndexRange(start: start, end: IndexRange.successor(of: start))
        case .range(let lower, let upper):
            // Entries stand as their bytes, which is not the order of addresses of both lengths.
            if index.types == [.inet] { return IndexRange(start: [], end: nil) }
            // A value's bytes are no beginning of another's, so all that begin with them equal it.
            var range = IndexRange(start: [], end: nil)
            if let lower {
                guard let bytes = try encoded(lower, values, context) else { return nil }
                if lower.inclusive {
                    range.start = bytes
                } else {
                    guard let next = IndexRange.successor(of: bytes) else { return nil }
                    range.start = next
                }
            }
            if let upper {
                guard let bytes = try encoded(upper, values, context) else { return nil }
                range.end = upper.inclusive ? IndexRange.successor(of: bytes) : bytes
            }
            if let end = range.end, !range.start.isLess(than: end) { return nil }
            return range
        }
    }

    private func encoded(
        _ bound: SliceBound, _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> [UInt8]? {
        guard let bytes = try self.bytes(bound.expression, values, context) else { return nil }
        return CollectionBuilder.ordered(bytes, index.types[0])
    }

    private func bytes(
        _ expression: Expression, _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> [UInt8]? {
        let bytes = try expression.evaluate(values, context).bytes(
            unset: "Unsupported unset value for column \(index.column.name)")
        guard (bytes?.count ?? 0) <= StoreLimits.keyBytesMax else {
            throw .invalid("Index expression values may not be larger than 64K")
        }
        return bytes
    }
}

/// Whether a row holds the value that an entry stands for.
struct EntryTest {
    private let index: IndexDefinition
    /// As in the entry's key, without the index's id.
    private let value: [UInt8]

    /// - Parameter value: the start of the look-up's range, which must be one of equality.
    init(_ index: IndexDefinition, value: [UInt8]) {
        self.index = index
        self.value = value
    }

    func accepts(_ view: RowView) -> Bool {
        guard let bytes = view.bytes(index.slot) else { return false }
        let type = index.column.type.withoutOuterFrozen
        switch index.part {
        case .value: return isEqual([bytes])
        case .keys, .values:
            guard case .map = type else {
                return CollectionBytes.elements(bytes).contains { isEqual([$0]) }
            }
            let parts = CollectionBytes.mapParts(bytes)
            return stride(from: index.part == .keys ? 0 : 1, to: parts.count, by: 2).contains {
                isEqual([parts[$0]])
            }
        case .entries:
            let parts = CollectionBytes.mapParts(bytes)
            return stride(from: 0, to: parts.count - 1, by: 2).contains {
                isEqual([parts[$0], parts[$0 + 1]])
            }
        }
    }

    private func isEqual(_ parts: [UnsafeRawBufferPointer?]) -> Bool {
        var key = RawBytes(capacity: value.count + 16)
        for (part, type) in zip(parts, index.types) {
            guard let part else { return false }
            IndexKey.append(part, type, index.analyzer, to: &key)
        }
        return value.withUnsafeBytes { key.bytes.compare($0) == 0 }
    }
}

extension IndexPlan {
    /// What is compared as an analyzer says, with its values.
    func tests(
        _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> [EntryTest] {
        var tests: [EntryTest] = []
        for lookup in analyzed {
            guard let range = try lookup.range(values, context) else {
                throw .invalid("Unsupported null value for column \(lookup.index.column.name)")
            }
            tests.append(EntryTest(lookup.index, value: range.start))
        }
        return tests
    }
}

extension Restrictions {
    /// Leaves to the index what it compares in its own way.
    mutating func dropFilters(of plan: IndexPlan) {
        for lookup in plan.analyzed {
            filters.removeAll { filter in
                guard filter.slot == lookup.index.slot else { return false }
                switch (filter.test, lookup.index.part) {
                case (.compare(.equal, _), .value), (.element, .entries): return true
                case (.contains, .keys), (.contains, .values), (.containsKey, .keys): return true
                default: return false
                }
            }
        }
    }
}
