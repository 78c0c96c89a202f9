// A CQL statement as a value: what the parser makes, before any schema is looked at.
// Source: https://cassandra.apache.org/doc/5.0/cassandra/developing/cql/cql_singlefile.html

/// One parsed statement. Names are as CQL sees them: folded to lower case unless they were quoted.
package indirect enum CQLStatement: Sendable, Equatable {
    case use(keyspace: String)
    case createKeyspace(CQLCreateKeyspace)
    case alterKeyspace(CQLAlterKeyspace)
    case dropKeyspace(name: String, ifExists: Bool)
    case createTable(CQLCreateTable)
    case alterTable(CQLAlterTable)
    case dropTable(CQLName, ifExists: Bool)
    case truncate(CQLName)
    case createType(CQLCreateType)
    case alterType(CQLAlterType)
    case dropType(CQLName, ifExists: Bool)
    case createView(CQLCreateView)
    case alterView(CQLAlterView)
    case dropView(CQLName, ifExists: Bool)
    case function(CQLFunctionStatement)
    case trigger(CQLTriggerStatement)
    case insert(CQLInsert)
    case update(CQLUpdate)
    case delete(CQLDelete)
    case batch(CQLBatch)
    case select(CQLSelect)
    case describe(CQLDescribe)
    case role(CQLRoleStatement)
    case index(CQLIndexStatement)
}

/// A name inside a keyspace; `nil` means the connection's keyspace.
package struct CQLName: Sendable, Hashable {
    package var keyspace: String?
    package var name: String

    package init(keyspace: String? = nil, _ name: String) {
        self.keyspace = keyspace
        self.name = name
    }
}

/// The value of one `WITH` option.
package enum CQLOption: Sendable, Equatable {
    /// A constant as text, without its quotes: `0.01`, `true`, `99p`.
    case text(String)
    case map([CQLOptionEntry])
}

package struct CQLOptionEntry: Sendable, Equatable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// `name = value` after `WITH`.
package struct CQLProperty: Sendable, Equatable {
    package var name: String
    package var value: CQLOption
}

package struct CQLCreateKeyspace: Sendable, Equatable {
    package var name: String
    package var ifNotExists: Bool
    package var properties: [CQLProperty]
}

package struct CQLAlterKeyspace: Sendable, Equatable {
    package var name: String
    package var ifExists: Bool
    package var properties: [CQLProperty]
}

/// A column's type as written; user-defined names are looked up later.
package indirect enum CQLTypeSyntax: Sendable, Hashable {
    /// A native or user-defined name.
    case named(CQLName)
    case list(CQLTypeSyntax)
    case set(CQLTypeSyntax)
    case map(CQLTypeSyntax, CQLTypeSyntax)
    case tuple([CQLTypeSyntax])
    case frozen(CQLTypeSyntax)
    case vector(CQLTypeSyntax, dimensions: Int)
    /// A class name in quotes: `'org.apache.cassandra.db.marshal.…'`.
    case custom(String)
}

package struct CQLColumnDefinition: Sendable, Equatable {
    package var name: String
    package var type: CQLTypeSyntax
    package var isStatic = false
    /// `PRIMARY KEY` stood behind it.
    package var isPrimaryKey = false
    /// `MASKED WITH …`
    package var mask: CQLColumnMask?
}

/// `MASKED WITH function(…)`: a function of the column's value and of these arguments.
package struct CQLColumnMask: Sendable, Equatable {
    package var function: CQLName
    package var arguments: [CQLTerm] = []

    package init(function: CQLName, arguments: [CQLTerm] = []) {
        self.function = function
        self.arguments = arguments
    }
}

package struct CQLCreateTable: Sendable, Equatable {
    package var name: CQLName
    package var ifNotExists: Bool
    package var columns: [CQLColumnDefinition] = []
    /// From the `PRIMARY KEY (…)` clause; empty when a column carries it.
    package var partitionKey: [String] = []
    package var clustering: [String] = []
    /// How many `PRIMARY KEY` clauses and marks there were; one is right.
    package var primaryKeyCount = 0
    package var order: [CQLOrdering] = []
    package var properties: [CQLProperty] = []
    package var compactStorage = false
}

/// A column and a direction, of `ORDER BY` or `CLUSTERING ORDER BY`.
package struct CQLOrdering: Sendable, Equatable {
    package var column: String
    package var descending: Bool
    /// `ANN OF …`: by how near the column's vector is to this one.
    package var nearest: CQLTerm?
}

package struct CQLAlterTable: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        case add([CQLColumnDefinition], ifNotExists: Bool)
        /// The timestamp is in microseconds.
        case drop([String], ifExists: Bool, timestamp: Int64?)
        case rename([CQLRename], ifExists: Bool)
        case with([CQLProperty])
        /// `ALTER column TYPE …`: understood, and refused since Cassandra 3.0.11.
        case changeType(String)
        /// `ALTER column MASKED WITH …`; `nil` is DROP MASKED.
        case mask(String, CQLColumnMask?, ifExists: Bool)
        case dropCompactStorage
    }

    package var name: CQLName
    package var ifExists: Bool
    package var change: Change
}

package struct CQLCreateType: Sendable, Equatable {
    package var name: CQLName
    package var ifNotExists: Bool
    package var fields: [CQLColumnDefinition]
}

/// `DESCRIBE …`, which the server answers since Cassandra 4.
package struct CQLDescribe: Sendable, Equatable {
    package enum Subject: Sendable, Equatable {
        case cluster
        case schema(full: Bool)
        case keyspaces, tables, types, functions, aggregates
        case keyspace(String?, only: Bool)
        case table(CQLName)
        case type(CQLName), function(CQLName), aggregate(CQLName), index(CQLName), view(CQLName)
        /// A bare name: a keyspace, or else something in the connection's keyspace.
        case anything(CQLName)
    }

    package var subject: Subject
    /// `WITH INTERNALS`: ids are shown too.
    package var internals = false
}
