// How deep a term or a selector is: both are walked by recursion, and threads have small stacks.

extension CQLTerm {
    /// Whether some part stands deeper; looks no further than that.
    func isDeeper(than levels: Int) -> Bool {
        levels == 0 || parts.contains { $0.isDeeper(than: levels - 1) }
    }

    private var parts: [CQLTerm] {
        switch self {
        case .null, .string, .integer, .float, .boolean, .uuid, .hex, .duration, .marker: []
        case .list(let parts), .set(let parts), .tuple(let parts), .function(_, let parts): parts
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .fields(let entries): entries.map(\.value)
        case .hint(_, let part), .cast(let part, _), .negated(let part): [part]
        case .arithmetic(let left, _, let right): [left, right]
        }
    }
}

extension CQLSelector {
    /// Whether some part stands deeper; looks no further than that.
    func isDeeper(than levels: Int) -> Bool {
        levels == 0 || parts.contains { $0.isDeeper(than: levels - 1) }
            || terms.contains { $0.isDeeper(than: levels - 1) }
    }

    private var parts: [CQLSelector] {
        switch self {
        case .column, .countRows, .term: []
        case .list(let parts), .set(let parts), .map(let parts), .tuple(let parts),
            .function(_, let parts):
            parts
        case .cast(let part, _), .element(let part, _), .slice(let part, _, _),
            .field(let part, _), .hint(_, let part), .negated(let part):
            [part]
        case .arithmetic(let left, _, let right): [left, right]
        }
    }

    private var terms: [CQLTerm] {
        switch self {
        case .term(let term), .element(_, let term): [term]
        case .slice(_, let first, let last): [first, last].compactMap { $0 }
        case .column, .countRows, .list, .set, .map, .tuple, .function, .cast, .field, .hint,
            .negated, .arithmetic:
            []
        }
    }
}
