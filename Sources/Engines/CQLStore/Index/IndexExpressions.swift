// `expr(index, …)`: parsed as in Cassandra, and refused, since no index here understands it.

import CQLProtocol

enum IndexExpressions {
    /// Says what keeps the relations of a SELECT from being served.
    static func check(
        _ relations: [CQLRelation], _ table: Table
    ) throws(StatementError) {
        var wanted: CQLName?
        for relation in relations {
            guard case .expression(let index, _) = relation else { continue }
            guard wanted == nil else {
                throw .invalid(
                    "Multiple custom index expressions in a single query are not supported")
            }
            wanted = index
        }
        guard let wanted else { return }
        let place =
            CQLIdentifier.quoted(table.keyspace) + "." + CQLIdentifier.quoted(table.name)
        if let keyspace = wanted.keyspace, keyspace != table.keyspace {
            throw .invalid("Target index \(wanted.name) cannot be used to query \(place)")
        }
        guard let index = table.indexDefinitions.first(where: { $0.name == wanted.name }) else {
            throw .invalid(
                "Invalid index expression, index \(wanted.name) not found for \(place)")
        }
        guard index.isAttached else {
            throw .invalid(
                "Only CUSTOM indexes may be used in custom index expressions, \(index.name) is not "
                    + "valid")
        }
        throw .invalid("Index \(index.name) does not support custom expressions")
    }

    /// UPDATE and DELETE have none.
    static func checkWrite(_ relations: [CQLRelation]) throws(StatementError) {
        for relation in relations {
            guard case .expression = relation else { continue }
            throw .invalid(
                "Custom index expressions cannot be used in WHERE clauses for UPDATE or DELETE "
                    + "statements")
        }
    }
}
