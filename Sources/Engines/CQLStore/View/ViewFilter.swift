// The WHERE of a materialized view, asked about the key of a base row.

import CQLProtocol

/// Which base rows a view shows. Only the base's key may be compared, so a row that is shown once
/// stays so, as far as the filter goes.
struct ViewFilter: Sendable {
    private enum Test: Sendable {
        case compare(Int, CQLOperator, [UInt8])
        case isIn(Int, [[UInt8]])
        case contains(Int, CQLOperator, [UInt8])
        case tuple([Int], CQLOperator, [[UInt8]])
        case tupleIn([Int], [[[UInt8]]])
    }

    private var tests: [Test] = []
    private let columns: [Column]

    /// - Throws: what CREATE MATERIALIZED VIEW answers.
    init(
        _ definition: ViewDefinition, _ base: Table, _ keyspace: Keyspace
    ) throws(StatementError) {
        columns = base.partitionKey + base.clustering
        let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())
        var terms = TermCompiler(
            markers: MarkerList(keyspace: base.keyspace, table: base.name), keyspace: keyspace,
            context: context)
        for relation in definition.relations {
            if let test = try test(relation, &terms) { tests.append(test) }
        }
        guard terms.markers.all.isEmpty else {
            throw .invalid(
                "Cannot use query parameters in CREATE MATERIALIZED VIEW statements")
        }
    }

    private func test(
        _ relation: CQLRelation, _ terms: inout TermCompiler
    ) throws(StatementError) -> Test? {
        switch relation {
        case .isNotNull, .expression: return nil
        case .compare(let name, let operation, let term):
            let index = try index(name)
            switch operation {
            case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
                return .compare(
                    index, operation, try value(term, columns[index].type, name, &terms))
            case .contains, .containsKey:
                return .contains(
                    index, operation,
                    try value(term, try part(index, operation), name, &terms))
            case .notEqual, .like:
                throw .invalid("Unsupported \"\(operation.rawValue)\" relation: \(name)")
            }
        case .isIn(let name, let list):
            let index = try index(name)
            var values: [[UInt8]] = []
            for term in try items(list) {
                values.append(try value(term, columns[index].type, name, &terms))
            }
            return .isIn(index, values)
        case .compareTuple(let names, let operation, let term):
            return .tuple(
                try indexes(names), operation, try tuple(term, names, &terms))
        case .tupleIn(let names, let list):
            var values: [[[UInt8]]] = []
            for term in try items(list) { values.append(try tuple(term, names, &terms)) }
            return .tupleIn(try indexes(names), values)
        case .element(let name, _, _, _):
            throw .invalid("Map-entry predicates on column \(name) are not supported")
        case .token:
            throw .invalid("Cannot use token relation when defining a materialized view")
        }
    }

    private func index(_ name: String) throws(StatementError) -> Int {
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            throw .invalid(
                "Non-primary key columns can only be restricted with 'IS NOT NULL' (got: \(name) "
                    + "restricted illegally)")
        }
        return index
    }

    private func indexes(_ names: [String]) throws(StatementError) -> [Int] {
        var out: [Int] = []
        for name in names { out.append(try index(name)) }
        return out
    }

    private func part(_ index: Int, _ operation: CQLOperator) throws(StatementError) -> CQLType {
        switch (columns[index].type.withoutOuterFrozen, operation) {
        case (.list(let element), .contains), (.set(let element), .contains),
            (.map(_, let element), .contains):
            return element
        case (.map(let key, _), .containsKey): return key
        default:
            throw .invalid(
                "Cannot use \(operation.rawValue) on non-collection column \(columns[index].name)")
        }
    }

    private func items(_ list: CQLInList) throws(StatementError) -> [CQLTerm] {
        switch list {
        case .terms(let terms): return terms
        case .marker:
            throw .invalid(
                "Cannot use query parameters in CREATE MATERIALIZED VIEW statements")
        }
    }

    private func tuple(
        _ term: CQLTerm, _ names: [String], _ terms: inout TermCompiler
    ) throws(StatementError) -> [[UInt8]] {
        guard case .tuple(let parts) = term, parts.count == names.count else {
            throw .invalid("Expected \(names.count) elements in value for the tuple of columns")
        }
        var out: [[UInt8]] = []
        for (part, name) in zip(parts, names) {
            out.append(try value(part, columns[try index(name)].type, name, &terms))
        }
        return out
    }

    private func value(
        _ term: CQLTerm, _ type: CQLType, _ name: String, _ terms: inout TermCompiler
    ) throws(StatementError) -> [UInt8] {
        if case .marker = term {
            throw .invalid(
                "Cannot use query parameters in CREATE MATERIALIZED VIEW statements")
        }
        let expression = try terms.compile(term, as: type, receiver: name)
        guard
            let bytes = try expression.evaluate(.none, terms.context).bytes(
                unset: "Invalid unset value for column \(name)")
        else { throw .invalid("Invalid null value in condition for column \(name)") }
        return bytes
    }

    // MARK: Asking

    /// - Parameter key: the base's partition and clustering values.
    func fits(_ key: [UnsafeRawBufferPointer]) -> Bool {
        tests.allSatisfy { test in
            switch test {
            case .compare(let index, let operation, let value):
                return Comparison.holds(operation, order(key, index, value))
            case .isIn(let index, let values):
                return values.contains { order(key, index, $0) == 0 }
            case .contains(let index, let operation, let value):
                return contains(key[index], index, operation, value)
            case .tuple(let indexes, let operation, let values):
                return Comparison.holds(operation, order(key, indexes, values))
            case .tupleIn(let indexes, let all):
                return all.contains { order(key, indexes, $0) == 0 }
            }
        }
    }

    private func order(_ key: [UnsafeRawBufferPointer], _ index: Int, _ value: [UInt8]) -> Int {
        value.withUnsafeBytes { Comparison.order(key[index], $0, columns[index].type) }
    }

    private func order(
        _ key: [UnsafeRawBufferPointer], _ indexes: [Int], _ values: [[UInt8]]
    ) -> Int {
        for (index, value) in zip(indexes, values) {
            let order = order(key, index, value)
            if order != 0 { return order }
        }
        return 0
    }

    private func contains(
        _ bytes: UnsafeRawBufferPointer, _ index: Int, _ operation: CQLOperator, _ value: [UInt8]
    ) -> Bool {
        let parts: [UnsafeRawBufferPointer?]
        let type: CQLType
        switch columns[index].type.withoutOuterFrozen {
        case .list(let element), .set(let element):
            (parts, type) = (CollectionBytes.elements(bytes), element)
        case .map(let keyType, let valueType):
            let all = CollectionBytes.mapParts(bytes)
            let isKey = operation == .containsKey
            parts = all.indices.filter { $0 % 2 == (isKey ? 0 : 1) }.map { all[$0] }
            type = isKey ? keyType : valueType
        default: return false
        }
        return parts.contains { part in
            part.map { part in value.withUnsafeBytes { Comparison.order(part, $0, type) == 0 } }
                ?? false
        }
    }
}
