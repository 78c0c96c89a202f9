// Relations of several clustering columns at once. Source: Cassandra's MultiColumnRelation.

import CQLProtocol

extension RestrictionAnalyzer {
    private func clusteringSlots(
        _ names: [String], _ relation: CQLRelation
    ) throws(StatementError) -> [Int] {
        var slots: [Int] = []
        for name in names {
            let slot = try Self.slot(name, table)
            guard table.columns[slot].kind == .clustering else {
                throw .invalid(
                    "Multi-column relations can only be applied to clustering columns but was "
                        + "applied to: \(name)")
            }
            guard !slots.contains(slot) else {
                throw .invalid(
                    "Column \"\(name)\" appeared twice in a relation: \(relation.text)")
            }
            guard slots.last.map({ $0 + 1 == slot }) ?? true else {
                throw .invalid(
                    "Clustering columns must appear in the PRIMARY KEY order in multi-column "
                        + "relations: \(relation.text)")
            }
            slots.append(slot)
        }
        return slots
    }

    private func tupleValue(
        _ slots: [Int], _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) -> TupleValue {
        let columns = slots.map { table.columns[$0] }
        let types = columns.map(\.type)
        switch term {
        case .tuple(let items):
            guard items.count == slots.count else {
                throw .invalid(
                    "Expected \(slots.count) elements in value tuple, but got \(items.count): "
                        + "\(term)")
            }
            var parts: [Expression] = []
            for (item, column) in zip(items, columns) {
                parts.append(try terms.compile(item, as: column.type, receiver: column.name))
            }
            return .parts(parts)
        default:
            let name = "(" + columns.map(\.name).joined(separator: ",") + ")"
            return .whole(try terms.compile(term, as: .tuple(types), receiver: name), types)
        }
    }

    mutating func addTuple(
        _ names: [String], _ operation: CQLOperator, _ term: CQLTerm, _ relation: CQLRelation,
        _ terms: inout TermCompiler
    ) throws(StatementError) {
        if operation == .notEqual {
            throw .invalid("Unsupported \"!=\" relation: \(relation.text)")
        }
        let slots = try clusteringSlots(names, relation)
        let value = try tupleValue(slots, term, &terms)
        let test: Restriction.Test
        switch operation {
        case .equal: test = .equal(value)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            for slot in slots { try checkOrderable(table.columns[slot]) }
            test = Self.slice(operation, value)
        case .contains, .containsKey, .like, .notEqual:
            throw .invalid(
                "\(operation.rawValue) cannot be used for multi-column relations")
        }
        try add(
            Restriction(
                slots: slots, columns: slots.map { table.columns[$0] }, isTuple: true, test: test))
    }

    mutating func addTupleIn(
        _ names: [String], _ list: CQLInList, _ relation: CQLRelation,
        _ terms: inout TermCompiler
    ) throws(StatementError) {
        let slots = try clusteringSlots(names, relation)
        let columns = slots.map { table.columns[$0] }
        let test: Restriction.Test
        switch list {
        case .terms(let items):
            var tuples: [TupleValue] = []
            for item in items { tuples.append(try tupleValue(slots, item, &terms)) }
            test =
                tuples.count == 1
                ? .equal(tuples[0]) : .isIn(.tuples(.several(tuples), columns))
        case .marker(let marker):
            let types = columns.map(\.type)
            let name = "in(" + columns.map(\.name).joined(separator: ",") + ")"
            let expression = try terms.compile(
                .marker(marker), as: .list(.tuple(types)), receiver: name)
            test = .isIn(.tuples(.list(expression, types), columns))
        }
        try add(Restriction(slots: slots, columns: columns, isTuple: true, test: test))
    }
}
