// Relations of a WHERE, compiled and collected by column.
// Source: Cassandra's SingleColumnRelation, MultiColumnRelation and TokenRelation.

import CQLProtocol

struct RestrictionAnalyzer {
    let table: Table
    var partition = RestrictionSet()
    var clustering = RestrictionSet()
    var others = RestrictionSet()
    var result = Restrictions()
    var tokenIsEqual = false
    /// ALLOW FILTERING was said, or an index answers: clustering columns may be restricted freely.
    let isFree: Bool
    /// ALLOW FILTERING was said, or goes without saying.
    let allowsFiltering: Bool

    /// - Parameter isFree: whether what the key cannot answer may be filtered.
    static func analyze(
        _ relations: [CQLRelation], _ table: Table, _ terms: inout TermCompiler,
        isFree: Bool = false, allowsFiltering: Bool = false
    ) throws(StatementError) -> Restrictions {
        var analyzer = RestrictionAnalyzer(
            table: table, isFree: isFree, allowsFiltering: allowsFiltering)
        for relation in relations { try analyzer.add(relation, &terms) }
        try analyzer.distribute()
        return analyzer.result
    }

    private init(table: Table, isFree: Bool, allowsFiltering: Bool) {
        self.table = table
        self.isFree = isFree
        self.allowsFiltering = allowsFiltering
    }

    static func slot(_ name: String, _ table: Table) throws(StatementError) -> Int {
        guard let slot = table.slots[name] else {
            throw .invalid(
                "Undefined column name \(CQLIdentifier.quoted(name)) in table "
                    + "\(table.keyspace).\(table.name)")
        }
        return slot
    }

    private mutating func add(
        _ relation: CQLRelation, _ terms: inout TermCompiler
    ) throws(StatementError) {
        switch relation {
        case .compare(let name, let operation, let term):
            try compare(try Self.slot(name, table), operation, term, &terms)
        case .isIn(let name, let list):
            let slot = try Self.slot(name, table)
            try checkComparable(slot, "IN")
            let source = try Self.source(list, table.columns[slot], &terms)
            if case .one(let expression) = source {
                try add(slot, .equal(.parts([expression])))
            } else {
                try add(slot, .isIn(source))
            }
        case .token(let names, let operation, let term):
            try addToken(names, operation, term, &terms)
        case .compareTuple(let names, let operation, let term):
            try addTuple(names, operation, term, relation, &terms)
        case .tupleIn(let names, let list): try addTupleIn(names, list, relation, &terms)
        case .element(let name, let key, let operation, let term):
            try addElement(name, key, operation, term, &terms)
        case .isNotNull(let name):
            throw .invalid("Unsupported restriction: \(CQLIdentifier.quoted(name)) IS NOT NULL")
        // `IndexExpressions` refuses it.
        case .expression: return
        }
    }

    private mutating func add(
        _ slot: Int, _ test: Restriction.Test
    ) throws(StatementError) {
        try add(
            Restriction(slots: [slot], columns: [table.columns[slot]], isTuple: false, test: test))
    }

    mutating func add(_ restriction: Restriction) throws(StatementError) {
        switch restriction.columns[0].kind {
        case .partitionKey: try partition.add(restriction)
        case .clustering:
            let lastBefore = clustering.last
            try clustering.add(restriction)
            if let lastBefore, !allowsFiltering, !hasIndex(restriction) {
                try checkOrder(lastBefore, restriction)
            }
        case .fixed, .regular: try others.add(restriction)
        }
    }

    /// Whether an index answers the restriction, or a part of one of several columns.
    private func hasIndex(_ restriction: Restriction) -> Bool {
        guard !table.indexDefinitions.isEmpty else { return false }
        let operations: [RelationUse.Operation] =
            switch restriction.test {
            case .equal: [.equal]
            case .isIn: [.isIn]
            case .slice: [.slice]
            case .contains: [.contains, .containsKey, .element]
            }
        return table.indexDefinitions.contains { index in
            restriction.slots.contains(index.slot) && operations.contains(where: index.answers)
        }
    }

    /// Behind a range no clustering column can be used.
    private func checkOrder(
        _ last: Restriction, _ new: Restriction
    ) throws(StatementError) {
        if last.isSlice, new.firstSlot > last.firstSlot {
            throw .invalid(
                "Clustering column \"\(new.columns[0].name)\" cannot be restricted (preceding "
                    + "column \"\(last.columns[0].name)\" is restricted by a non-EQ relation)")
        }
        if new.firstSlot < last.firstSlot, new.isSlice {
            let next = clustering.all.first { $0.firstSlot > new.firstSlot } ?? last
            throw .invalid(
                "PRIMARY KEY column \"\(next.columns[0].name)\" cannot be restricted "
                    + "(preceding column \"\(new.columns[0].name)\" is restricted by a non-EQ "
                    + "relation)")
        }
    }

    static func source(
        _ list: CQLInList, _ column: Column, _ terms: inout TermCompiler
    ) throws(StatementError) -> ValueSource {
        switch list {
        case .terms(let items):
            var expressions: [Expression] = []
            for item in items {
                expressions.append(
                    try terms.compile(item, as: column.type, receiver: column.name))
            }
            return expressions.count == 1 ? .one(expressions[0]) : .several(expressions)
        case .marker(let marker):
            let expression = try terms.compile(
                .marker(marker), as: .list(column.type), receiver: "in(\(column.name))")
            return .list(expression, element: column.type)
        }
    }

    private func checkComparable(_ slot: Int, _ what: String) throws(StatementError) {
        let column = table.columns[slot]
        guard column.isMultiCell else { return }
        if case .udt = column.type {
            throw .invalid(
                "Non-frozen UDT column '\(column.name)' (\(column.type)) cannot be restricted by "
                    + "any relation")
        }
        throw .invalid(
            "Collection column '\(column.name)' (\(column.type)) cannot be restricted by a "
                + "'\(what)' relation")
    }

    // MARK: One column

    private mutating func compare(
        _ slot: Int, _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let column = table.columns[slot]
        switch operation {
        case .equal:
            try checkComparable(slot, "=")
            let value = try terms.compile(term, as: column.type, receiver: column.name)
            try add(slot, .equal(.parts([value])))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            try checkOrderable(column)
            try checkComparable(slot, operation.rawValue)
            let value = try terms.compile(term, as: column.type, receiver: column.name)
            try add(slot, Self.slice(operation, .parts([value])))
        case .contains, .containsKey: try addContains(slot, operation, term, &terms)
        case .notEqual:
            throw .invalid(
                "Unsupported \"!=\" relation: \(CQLIdentifier.quoted(column.name)) != \(term)")
        case .like:
            _ = try terms.compile(term, as: column.type, receiver: column.name)
            throw .invalid(
                "LIKE restriction is only supported on properly indexed columns. "
                    + "\(CQLIdentifier.quoted(column.name)) LIKE \(term) is not valid.")
        }
    }

    static func slice(_ operation: CQLOperator, _ value: TupleValue) -> Restriction.Test {
        let bound = TupleBound(
            value: value, inclusive: operation == .lessOrEqual || operation == .greaterOrEqual)
        let isLower = operation == .greater || operation == .greaterOrEqual
        return .slice(lower: isLower ? bound : nil, upper: isLower ? nil : bound)
    }

    func checkOrderable(_ column: Column) throws(StatementError) {
        guard column.type.holdsDuration else { return }
        switch column.type.withoutOuterFrozen {
        case .list, .set, .map:
            throw .invalid(
                "Slice restrictions are not supported on collections containing durations")
        case .tuple:
            throw .invalid("Slice restrictions are not supported on tuples containing durations")
        case .udt:
            throw .invalid("Slice restrictions are not supported on UDTs containing durations")
        default: throw .invalid("Slice restrictions are not supported on duration columns")
        }
    }

    private mutating func addContains(
        _ slot: Int, _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let column = table.columns[slot]
        switch (column.type.withoutOuterFrozen, operation) {
        case (.list(let element), .contains), (.set(let element), .contains),
            (.map(_, let element), .contains):
            let value = try terms.compile(term, as: element, receiver: "value(\(column.name))")
            try add(slot, .contains([.contains(value)]))
        case (.map(let key, _), .containsKey):
            let value = try terms.compile(term, as: key, receiver: "key(\(column.name))")
            try add(slot, .contains([.containsKey(value)]))
        case (_, .containsKey):
            throw .invalid("Cannot use CONTAINS KEY on non-map column \(column.name)")
        default: throw .invalid("Cannot use CONTAINS on non-collection column \(column.name)")
        }
    }

    private mutating func addElement(
        _ name: String, _ key: CQLTerm, _ operation: CQLOperator, _ term: CQLTerm,
        _ terms: inout TermCompiler
    ) throws(StatementError) {
        let slot = try Self.slot(name, table)
        let column = table.columns[slot]
        if case .list = column.type.withoutOuterFrozen {
            throw .invalid(
                "Indexes on list entries (\(name)[index] = value) are not currently supported.")
        }
        guard case .map(let keyType, let valueType) = column.type.withoutOuterFrozen else {
            throw .invalid("Column \(name) cannot be used as a map")
        }
        guard column.isMultiCell else {
            throw .invalid(
                "Map-entry equality predicates on frozen map column \(name) are not supported")
        }
        guard operation == .equal else {
            throw .invalid("Only EQ relations are supported on map entries")
        }
        let test = Filter.Test.element(
            try terms.compile(key, as: keyType, receiver: "key(\(name))"), operation,
            try terms.compile(term, as: valueType, receiver: "value(\(name))"))
        try add(slot, .contains([test]))
    }
}

extension CQLRelation {
    /// As messages show a relation of several columns.
    var text: String {
        switch self {
        case .compareTuple(let names, let operation, let term):
            "(\(names.joined(separator: ", "))) \(operation.rawValue) \(term)"
        case .tupleIn(let names, .terms(let terms)):
            "(\(names.joined(separator: ", "))) IN "
                + "(\(terms.map(\.description).joined(separator: ", ")))"
        case .tupleIn(let names, .marker): "(\(names.joined(separator: ", "))) IN ?"
        case .compare(let name, let operation, let term): "\(name) \(operation.rawValue) \(term)"
        case .isIn(let name, _): "\(name) IN"
        case .token(let names, _, _): "token(\(names.joined(separator: ", ")))"
        case .element(let name, let key, _, _): "\(name)[\(key)]"
        case .isNotNull(let name): "\(name) IS NOT NULL"
        case .expression(let index, _): "expr(\(index.name))"
        }
    }
}

extension CQLType {
    /// Whether a duration, which has no order, is any part of it.
    var holdsDuration: Bool {
        switch self {
        case .duration: true
        case .list(let inner), .set(let inner), .frozen(let inner), .vector(let inner, _):
            inner.holdsDuration
        case .map(let key, let value): key.holdsDuration || value.holdsDuration
        case .tuple(let parts): parts.contains(where: \.holdsDuration)
        case .udt(let user): user.fields.contains { $0.type.holdsDuration }
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .custom:
            false
        }
    }
}
