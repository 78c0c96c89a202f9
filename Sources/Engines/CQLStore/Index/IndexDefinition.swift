// A secondary index as writes and reads use it: which column, which part of it, how it compares.

import CQLProtocol

/// Made from `TableIndex` when a table's picture is made.
struct IndexDefinition: Sendable {
    /// What of the column's value is an entry.
    enum Part: Sendable {
        /// The whole value; of a frozen collection, `full(c)`.
        case value
        /// The keys of a map, or the elements of a set.
        case keys
        /// The values of a map or list.
        case values
        /// A map's key and value together.
        case entries
    }

    var name: String
    /// The prefix of its entries' keys.
    var storageID: UInt32
    var isBuilt: Bool
    /// A storage-attached index (SAI); else a legacy one, which knows equality only.
    var isAttached: Bool
    var column: Column
    var slot: Int
    var part: Part
    /// As it was written: decides which relations the index serves.
    var target: IndexTarget
    /// How text is changed before it is compared; SAI only.
    var analyzer: TextAnalyzer?
    /// How vectors are compared; only of a vector's index.
    var similarity = VectorSimilarity.cosine
    /// The types of an entry's components.
    let types: [CQLType]

    /// - Returns: `nil` when the column is not there, which a stored schema never has.
    init?(_ index: TableIndex, _ columns: [Column]) {
        guard let target = IndexTarget(index.target),
            let slot = columns.firstIndex(where: { $0.name == target.column })
        else { return nil }
        self.target = target
        self.slot = slot
        column = columns[slot]
        name = index.name
        storageID = index.storageID
        isBuilt = index.isBuilt
        isAttached = index.kind == .custom
        switch (target.part, column.type) {
        case (.values, .set), (.keys, _): part = .keys
        case (.values, _): part = .values
        case (.entries, _): part = .entries
        case (.simple, _), (.full, _): part = .value
        }
        types = Self.types(part, column.type)
        if isAttached {
            analyzer = try? TextAnalyzer(index.options)
            similarity = VectorSimilarity(index.options) ?? .cosine
        }
    }

    /// Whether one entry stands for a whole partition: of a static column or a partition key part.
    var isOfPartition: Bool { column.kind == .fixed || column.kind == .partitionKey }

    private static func types(_ part: Part, _ type: CQLType) -> [CQLType] {
        switch (part, type.withoutOuterFrozen) {
        case (.keys, .map(let key, _)): [key]
        case (.keys, .set(let element)), (.values, .list(let element)),
            (.values, .map(_, let element)):
            [element]
        case (.entries, .map(let key, let value)): [key, value]
        default: [type]
        }
    }

    var isVector: Bool { column.type.isVector }
}

extension CQLType {
    var isVector: Bool { if case .vector = withoutOuterFrozen { true } else { false } }

    /// A vector that ANN knows.
    var isFloatVector: Bool {
        if case .vector(.float, _) = withoutOuterFrozen { true } else { false }
    }
}

/// A target as `system_schema.indexes` keeps it: `c`, `"C"`, `keys(c)`, `values(c)`, `entries(c)`,
/// `full(c)`.
struct IndexTarget: Sendable, Equatable {
    var part: CQLIndexTarget.Part
    var column: String

    init(_ part: CQLIndexTarget.Part, _ column: String) {
        self.part = part
        self.column = column
    }

    init?(_ text: String) {
        var inner = text
        part = .simple
        if text.hasSuffix(")"), let open = text.firstIndex(of: "("),
            let part = CQLIndexTarget.Part(rawValue: String(text[..<open])), part != .simple
        {
            self.part = part
            inner = String(text[text.index(after: open)...].dropLast())
        }
        if inner.count >= 2, inner.hasPrefix("\""), inner.hasSuffix("\"") {
            inner = String(inner.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        }
        guard !inner.isEmpty else { return nil }
        column = inner
    }

    var text: String {
        let quoted = CQLIdentifier.quoted(column)
        return part == .simple ? quoted : "\(part.rawValue)(\(quoted))"
    }
}
