// WHERE against a table: which parts find the rows, and which have to be filtered.

import CQLProtocol

/// Where the values of one key column come from.
enum ValueSource: Sendable {
    case one(Expression)
    case several([Expression])
    /// `IN ?`: a list bound as one value.
    case list(Expression, element: CQLType)

    var isOne: Bool { if case .one = self { true } else { false } }

    /// All values, none of them null.
    func values(
        _ bound: BoundValues, _ context: EvaluationContext, column: String
    ) throws(StatementError) -> [[UInt8]] {
        let expressions: [Expression]
        switch self {
        case .one(let expression): expressions = [expression]
        case .several(let several): expressions = several
        case .list(let expression, let element):
            guard
                let bytes = try expression.evaluate(bound, context).bytes(
                    unset: "Invalid unset value for column \(column)")
            else { throw .invalid("Invalid null value for column \(column)") }
            var out: [[UInt8]] = []
            let parts = bytes.withUnsafeBytes { all in
                CollectionBytes.elements(all).map { $0.map { Array($0) } }
            }
            for part in parts {
                guard let part else { throw .invalid("Invalid null value for column \(column)") }
                try part.check(as: element)
                out.append(part)
            }
            return out
        }
        var out: [[UInt8]] = []
        for expression in expressions {
            guard
                let bytes = try expression.evaluate(bound, context).bytes(
                    unset: "Invalid unset value for column \(column)")
            else { throw .invalid("Invalid null value in condition for column \(column)") }
            out.append(bytes)
        }
        return out
    }
}

struct SliceBound: Sendable {
    var expression: Expression
    var inclusive: Bool
}

/// A range of one clustering column.
struct Slice: Sendable {
    var column: Column
    var lower: SliceBound?
    var upper: SliceBound?
}

/// `token(pk) > … AND token(pk) <= …`
struct TokenSlice: Sendable {
    var lower: SliceBound?
    var upper: SliceBound?
}

/// What is checked on each row that was found.
struct Filter: Sendable {
    enum Test: Sendable {
        case compare(CQLOperator, Expression)
        case isIn(ValueSource)
        case contains(Expression)
        case containsKey(Expression)
        case element(Expression, CQLOperator, Expression)
        /// Of several clustering columns at once.
        case tuple([Int], CQLOperator, [Expression])
        case tupleIn([Int], [[Expression]])
    }

    var slot: Int
    var test: Test
    /// Whether the statement must say ALLOW FILTERING for it.
    var needsAllowing = true
}

/// The conditions of one statement, sorted by what they are good for.
struct Restrictions: Sendable {
    /// One for each partition key column when all are known, else `nil`.
    var partition: [ValueSource]?
    var token: TokenSlice?
    /// For the first clustering columns.
    var clustering: [ValueSource] = []
    /// For the clustering column after those.
    var slice: Slice?
    var filters: [Filter] = []
    /// Why the key could not be used, for the message without ALLOW FILTERING.
    var unusable: String?
}

/// Collects relations by column, then decides what each is good for.
struct RestrictionAnalyzer {
    private let table: Table
    private var equal: [Int: ValueSource] = [:]
    private var slices: [Int: Slice] = [:]
    private var result = Restrictions()

    init(_ table: Table) { self.table = table }

    static func analyze(
        _ relations: [CQLRelation], _ table: Table, _ terms: inout TermCompiler
    ) throws(StatementError) -> Restrictions {
        var analyzer = RestrictionAnalyzer(table)
        for relation in relations { try analyzer.add(relation, &terms) }
        try analyzer.distribute()
        return analyzer.result
    }

    static func slot(_ name: String, _ table: Table) throws(StatementError) -> Int {
        guard let slot = table.slots[name] else {
            throw .invalid("Undefined column name \(name) in table \(table.keyspace).\(table.name)")
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
            try setEqual(slot, try Self.source(list, table.columns[slot], &terms))
        case .token(let names, let operation, let term):
            try addToken(names, operation, term, &terms)
        case .compareTuple(let names, let operation, let term):
            try addTuple(names, operation, term, &terms)
        case .tupleIn(let names, let list): try addTupleIn(names, list, &terms)
        case .element(let name, let key, let operation, let term):
            let slot = try Self.slot(name, table)
            guard
                case .map(let keyType, let valueType) = table.columns[slot].type.withoutOuterFrozen
            else { throw .invalid("Column \(name) cannot be used as a map") }
            guard operation == .equal else {
                throw .invalid(
                    "Unsupported \"\(operation.rawValue)\" relation on an element of a map")
            }
            result.filters.append(
                Filter(
                    slot: slot,
                    test: .element(
                        try terms.compile(key, as: keyType, receiver: "key(\(name))"), operation,
                        try terms.compile(term, as: valueType, receiver: "value(\(name))"))))
        case .isNotNull(let name):
            _ = try Self.slot(name, table)
            throw .invalid("Unsupported restriction: \(name) IS NOT NULL")
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
        guard !column.isMultiCell else {
            throw .invalid(
                "Collection column '\(column.name)' (\(column.type)) cannot be restricted by a "
                    + "'\(what)' relation")
        }
    }

    private mutating func compare(
        _ slot: Int, _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let column = table.columns[slot]
        switch operation {
        case .equal:
            try checkComparable(slot, "=")
            try setEqual(
                slot, .one(try terms.compile(term, as: column.type, receiver: column.name)))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            try checkComparable(slot, operation.rawValue)
            guard column.type != .duration else {
                throw .invalid("Slice restrictions are not supported on duration columns")
            }
            let bound = SliceBound(
                expression: try terms.compile(term, as: column.type, receiver: column.name),
                inclusive: operation == .lessOrEqual || operation == .greaterOrEqual)
            try addSlice(
                slot, bound, isLower: operation == .greater || operation == .greaterOrEqual)
        case .contains, .containsKey: try addContains(slot, operation, term, &terms)
        case .notEqual:
            throw .invalid("Unsupported \"!=\" relation: \(column.name) != …")
        case .like:
            throw .invalid(
                "LIKE restriction is only supported on properly indexed columns. \(column.name) "
                    + "LIKE … is not valid."
            )
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
            result.filters.append(Filter(slot: slot, test: .contains(value)))
        case (.map(let key, _), .containsKey):
            let value = try terms.compile(term, as: key, receiver: "key(\(column.name))")
            result.filters.append(Filter(slot: slot, test: .containsKey(value)))
        default:
            throw .invalid(
                "Cannot use \(operation.rawValue) on column \(column.name) of type \(column.type)")
        }
    }

    private mutating func setEqual(_ slot: Int, _ source: ValueSource) throws(StatementError) {
        guard equal[slot] == nil, slices[slot] == nil else {
            throw .invalid(
                "\(table.columns[slot].name) cannot be restricted by more than one relation if it "
                    + "includes an Equal")
        }
        equal[slot] = source
    }

    private mutating func addSlice(
        _ slot: Int, _ bound: SliceBound, isLower: Bool
    ) throws(StatementError) {
        let column = table.columns[slot]
        guard equal[slot] == nil else {
            throw .invalid(
                "\(column.name) cannot be restricted by more than one relation if it includes an "
                    + "Equal"
            )
        }
        var slice = slices[slot] ?? Slice(column: column)
        guard isLower ? slice.lower == nil : slice.upper == nil else {
            throw .invalid(
                "More than one restriction was found for the \(isLower ? "start" : "end") bound on "
                    + column.name)
        }
        if isLower { slice.lower = bound } else { slice.upper = bound }
        slices[slot] = slice
    }

    private mutating func addToken(
        _ names: [String], _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        guard names == table.partitionKey.map(\.name) else {
            throw .invalid(
                "The token() function must be applied to all partition key components or none of "
                    + "them"
            )
        }
        let expression = try TokenFunction.compile(term, table, &terms)
        var slice = result.token ?? TokenSlice()
        let isLower = operation == .greater || operation == .greaterOrEqual || operation == .equal
        let isUpper = operation == .less || operation == .lessOrEqual || operation == .equal
        let bound = SliceBound(
            expression: expression,
            inclusive: operation != .greater && operation != .less)
        guard isLower || isUpper else {
            throw .invalid("Unsupported \"\(operation.rawValue)\" relation on token()")
        }
        guard !(isLower && slice.lower != nil), !(isUpper && slice.upper != nil) else {
            throw .invalid("More than one restriction was found for the same bound on token()")
        }
        if isLower { slice.lower = bound }
        if isUpper { slice.upper = bound }
        result.token = slice
    }

    // MARK: Several columns at once

    private func clusteringSlots(_ names: [String]) throws(StatementError) -> [Int] {
        var slots: [Int] = []
        for name in names {
            let slot = try Self.slot(name, table)
            guard table.columns[slot].kind == .clustering else {
                throw .invalid(
                    "Multi-column relations can only be applied to clustering columns but was "
                        + "applied to: \(name)")
            }
            guard !slots.contains(slot) else {
                throw .invalid("Column \"\(name)\" appeared twice in a relation")
            }
            slots.append(slot)
        }
        return slots
    }

    private func tupleParts(
        _ slots: [Int], _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) -> [Expression] {
        let items: [CQLTerm]
        switch term {
        case .tuple(let parts): items = parts
        default:
            throw .invalid("a marker for a whole tuple is not supported in this release")
        }
        guard items.count == slots.count else {
            throw .invalid(
                "Expected \(slots.count) elements in value tuple, but got \(items.count)")
        }
        var parts: [Expression] = []
        for (slot, item) in zip(slots, items) {
            let column = table.columns[slot]
            parts.append(try terms.compile(item, as: column.type, receiver: column.name))
        }
        return parts
    }

    private mutating func addTuple(
        _ names: [String], _ operation: CQLOperator, _ term: CQLTerm, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let slots = try clusteringSlots(names)
        let parts = try tupleParts(slots, term, &terms)
        guard operation == .equal else {
            result.filters.append(
                Filter(
                    slot: slots[0], test: .tuple(slots, operation, parts), needsAllowing: false))
            return
        }
        for (slot, part) in zip(slots, parts) { try setEqual(slot, .one(part)) }
    }

    private mutating func addTupleIn(
        _ names: [String], _ list: CQLInList, _ terms: inout TermCompiler
    ) throws(StatementError) {
        let slots = try clusteringSlots(names)
        guard case .terms(let items) = list else {
            throw .invalid("a marker for a list of tuples is not supported in this release")
        }
        var alternatives: [[Expression]] = []
        for item in items { alternatives.append(try tupleParts(slots, item, &terms)) }
        result.filters.append(
            Filter(slot: slots[0], test: .tupleIn(slots, alternatives), needsAllowing: false))
    }

    // MARK: Which part is good for what

    private mutating func distribute() throws(StatementError) {
        let keySlots = Array(table.partitionKey.indices)
        let sources = keySlots.compactMap { equal[$0] }
        // Rows of a virtual table are few and all looked at.
        if table.isVirtual {
        } else if result.token == nil, sources.count == keySlots.count {
            result.partition = sources
            for slot in keySlots { equal[slot] = nil }
        } else if keySlots.contains(where: { equal[$0] != nil || slices[$0] != nil }) {
            guard result.token == nil else {
                throw .invalid(
                    "Columns \"\(table.partitionKey.map(\.name).joined(separator: ", "))\" cannot "
                        + "be "
                        + "restricted by both a normal relation and a token relation")
            }
        }
        if result.partition != nil { distributeClustering(from: keySlots.count) }
        for (slot, source) in equal.sorted(by: { $0.key < $1.key }) {
            result.filters.append(Filter(slot: slot, test: Self.test(source)))
        }
        for (slot, slice) in slices.sorted(by: { $0.key < $1.key }) {
            if let lower = slice.lower {
                let operation: CQLOperator = lower.inclusive ? .greaterOrEqual : .greater
                result.filters.append(
                    Filter(slot: slot, test: .compare(operation, lower.expression)))
            }
            if let upper = slice.upper {
                let operation: CQLOperator = upper.inclusive ? .lessOrEqual : .less
                result.filters.append(
                    Filter(slot: slot, test: .compare(operation, upper.expression)))
            }
        }
    }

    private mutating func distributeClustering(from first: Int) {
        for index in table.clustering.indices {
            let slot = first + index
            if let source = equal.removeValue(forKey: slot) {
                result.clustering.append(source)
                continue
            }
            result.slice = slices.removeValue(forKey: slot)
            break
        }
        let done = result.clustering.count + (result.slice == nil ? 0 : 1)
        for index in done..<max(done, table.clustering.count)
        where equal[first + index] != nil || slices[first + index] != nil {
            let before = table.clustering[index - 1].name
            result.unusable =
                result.slice == nil
                ? "PRIMARY KEY column \"\(table.clustering[index].name)\" cannot be restricted as "
                    + "preceding column \"\(before)\" is not restricted"
                : "Clustering column \"\(table.clustering[index].name)\" cannot be restricted "
                    + "(preceding column \"\(before)\" is restricted by a non-EQ relation)"
            return
        }
    }

    private static func test(_ source: ValueSource) -> Filter.Test {
        if case .one(let expression) = source {
            .compare(.equal, expression)
        } else {
            .isIn(source)
        }
    }
}
