// Relations of token(). Source: Cassandra's TokenRelation.

import CQLProtocol

extension RestrictionAnalyzer {
    mutating func addToken(
        _ names: [String], _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let key = try tokenKey(names)
        let shown = key.joined(separator: ", ")
        guard operation != .notEqual, operation != .like, operation != .contains,
            operation != .containsKey
        else {
            throw .invalid(
                "Unsupported \"\(operation.rawValue)\" relation: token(\(shown)) "
                    + "\(operation.rawValue) \(term)")
        }
        let bound = SliceBound(
            expression: try TokenFunction.compile(term, table, &terms),
            inclusive: operation != .greater && operation != .less)
        var slice = result.token ?? TokenSlice()
        if tokenIsEqual {
            throw .invalid(
                "\(shown) cannot be restricted by more than one relation if it includes an Equal")
        }
        if operation == .equal {
            guard result.token == nil else {
                throw .invalid(
                    "Columns \"\(shown)\" cannot be restricted by both an equality and an "
                        + "inequality relation")
            }
            tokenIsEqual = true
            (slice.lower, slice.upper) = (bound, bound)
        } else if operation == .greater || operation == .greaterOrEqual {
            guard slice.lower == nil else {
                throw .invalid(
                    "More than one restriction was found for the start bound on \(shown)")
            }
            slice.lower = bound
        } else {
            guard slice.upper == nil else {
                throw .invalid("More than one restriction was found for the end bound on \(shown)")
            }
            slice.upper = bound
        }
        result.token = slice
    }

    /// - Returns: the names of the partition key, which must be those that are given.
    private func tokenKey(_ names: [String]) throws(StatementError) -> [String] {
        for name in names { _ = try Self.slot(name, table) }
        let key = table.partitionKey.map(\.name)
        guard names != key else { return key }
        guard Set(names).isSuperset(of: key) else {
            throw .invalid(
                "The token() function must be applied to all partition key components or none of "
                    + "them")
        }
        guard Set(names).count == names.count else {
            throw .invalid("The token() function contains duplicate partition key components")
        }
        guard names.count == key.count else {
            throw .invalid("The token() function must contains only partition key components")
        }
        throw .invalid(
            "The token function arguments must be in the partition key order: "
                + key.joined(separator: ", "))
    }
}
