// INSERT, UPDATE, DELETE, BATCH and SELECT as values.

package struct CQLInsert: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case values(columns: [String], terms: [CQLTerm])
        case json(CQLTerm, missingIsNull: Bool)
    }

    package var table: CQLName
    package var content: Content
    package var conditions: CQLConditions
    package var using: CQLUsing
}

/// One change of `SET`.
package enum CQLAssignment: Sendable, Hashable {
    case set(String, CQLTerm)
    /// `c = c + term`, a counter or a collection.
    case add(String, CQLTerm)
    case subtract(String, CQLTerm)
    /// `c = term + c`, a list.
    case prepend(String, CQLTerm)
    case element(String, CQLTerm, CQLTerm)
    case field(String, String, CQLTerm)

    /// Whether both may stand in one `SET`: a column is set once, or changed by parts.
    func isCompatible(with other: CQLAssignment) -> Bool {
        guard column == other.column else { return true }
        switch (self, other) {
        case (.set, _), (_, .set): return false
        case (.field(_, let field, _), .field(_, let otherField, _)): return field != otherField
        default: return true
        }
    }

    package var column: String {
        switch self {
        case .set(let name, _), .add(let name, _), .subtract(let name, _), .prepend(let name, _),
            .element(let name, _, _), .field(let name, _, _):
            name
        }
    }
}

package struct CQLUpdate: Sendable, Equatable {
    package var table: CQLName
    package var using: CQLUsing
    package var assignments: [CQLAssignment]
    package var relations: [CQLRelation]
    package var conditions: CQLConditions
}

/// What of a row is deleted; none means the whole row.
package enum CQLDeletion: Sendable, Hashable {
    case column(String)
    case element(String, CQLTerm)
    case field(String, String)

    package var column: String {
        switch self {
        case .column(let name), .element(let name, _), .field(let name, _): name
        }
    }
}

package struct CQLDelete: Sendable, Equatable {
    package var table: CQLName
    package var deletions: [CQLDeletion]
    package var using: CQLUsing
    package var relations: [CQLRelation]
    package var conditions: CQLConditions
}

package struct CQLBatch: Sendable, Equatable {
    package enum Kind: Sendable { case logged, unlogged, counter }

    package var kind: Kind
    package var using: CQLUsing
    /// Only INSERT, UPDATE and DELETE.
    package var statements: [CQLStatement]
}

package struct CQLSelect: Sendable, Equatable {
    package struct Item: Sendable, Hashable {
        package var selector: CQLSelector
        package var alias: String?
    }

    package var table: CQLName
    /// Empty means `*`.
    package var items: [Item] = []
    package var distinct = false
    package var json = false
    package var relations: [CQLRelation] = []
    package var groupBy: [CQLSelector] = []
    package var order: [CQLOrdering] = []
    package var perPartitionLimit: CQLTerm?
    package var limit: CQLTerm?
    package var allowFiltering = false
}
