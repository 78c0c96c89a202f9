// Statements about views, types, functions and triggers as values.

/// `CREATE MATERIALIZED VIEW … AS SELECT … FROM … WHERE … PRIMARY KEY (…)`
package struct CQLCreateView: Sendable, Equatable {
    package var name: CQLName
    package var ifNotExists: Bool
    package var base: CQLName
    /// Empty means `*`.
    package var items: [CQLSelect.Item] = []
    package var relations: [CQLRelation] = []
    package var partitionKey: [String] = []
    package var clustering: [String] = []
    package var order: [CQLOrdering] = []
    package var properties: [CQLProperty] = []
}

package struct CQLAlterView: Sendable, Equatable {
    package var name: CQLName
    package var ifExists: Bool
    package var properties: [CQLProperty]
}

/// `old TO new`
package struct CQLRename: Sendable, Equatable {
    package var old: String
    package var new: String
}

package struct CQLAlterType: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        case add(String, CQLTypeSyntax, ifNotExists: Bool)
        case rename([CQLRename], ifExists: Bool)
        /// `ALTER field TYPE …`: understood, and refused since Cassandra 3.0.11.
        case changeType(String)
    }

    package var name: CQLName
    package var ifExists: Bool
    package var change: Change
}

/// User-defined functions and aggregates, which a store with default settings refuses.
package struct CQLFunctionStatement: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case create
        case drop(ifExists: Bool)
    }

    package var name: CQLName
    package var isAggregate: Bool
    package var action: Action
    /// `nil` when a DROP names no arguments.
    package var argumentTypes: [CQLTypeSyntax]?
}

package struct CQLTriggerStatement: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case create(className: String, ifNotExists: Bool)
        case drop(ifExists: Bool)
    }

    package var name: String
    package var table: CQLName
    package var action: Action
}
