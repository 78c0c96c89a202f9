// WHERE against a table: which parts find the rows, and which have to be filtered.

import CQLProtocol

/// Where the values of one key column come from.
enum ValueSource: Sendable {
    case one(Expression)
    case several([Expression])
    /// `IN ?`: a list bound as one value.
    case list(Expression, element: CQLType)
    /// `(a, b) IN (…)`: of this column and those behind it, which are `.inTuple`.
    case tuples(TupleList, [Column])
    case inTuple

    var isOne: Bool { if case .one = self { true } else { false } }

    /// One value, be it of `IN (…)`.
    var isSingle: Bool { if case .several(let list) = self { list.count == 1 } else { isOne } }

    /// All values, none of them null.
    func values(
        _ bound: BoundValues, _ context: EvaluationContext, column: String
    ) throws(StatementError) -> [[UInt8]] {
        let expressions: [Expression]
        switch self {
        case .one(let expression): expressions = [expression]
        case .several(let several): expressions = several
        case .list(let expression, let element):
            return try Self.values(ofList: expression, element, bound, context, column)
        case .tuples, .inTuple: return []
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

    private static func values(
        ofList expression: Expression, _ element: CQLType, _ bound: BoundValues,
        _ context: EvaluationContext, _ column: String
    ) throws(StatementError) -> [[UInt8]] {
        guard
            let bytes = try expression.evaluateList(bound, context).bytes(
                unset: "Invalid unset value for column \(column)")
        else { throw .invalid("Invalid null value for column \(column)") }
        var out: [[UInt8]] = []
        let parts = bytes.withUnsafeBytes { all in
            CollectionBytes.elements(all).map { $0.map { Array($0) } }
        }
        for part in parts {
            // An empty number is what some drivers send for a null in a list.
            guard let part, !part.isEmpty || !element.isNullWhenEmpty else {
                throw .invalid("Invalid null value in condition for column \(column)")
            }
            try part.check(as: element)
            out.append(part)
        }
        return out
    }
}

extension CQLType {
    /// Whether Cassandra reads no bytes as no value.
    fileprivate var isNullWhenEmpty: Bool {
        switch self {
        case .int, .bigint, .counter, .varint, .decimal, .float, .double, .boolean, .timestamp,
            .uuid, .timeuuid, .inet:
            true
        case .ascii, .text, .blob, .date, .time, .smallint, .tinyint, .duration, .list, .set, .map,
            .tuple, .udt, .vector, .frozen, .custom:
            false
        }
    }
}

/// `(1, ?)`, or one marker for all of it.
enum TupleValue: Sendable {
    case parts([Expression])
    case whole(Expression, [CQLType])

    func values(
        _ bound: BoundValues, _ context: EvaluationContext, _ columns: [String]
    ) throws(StatementError) -> [[UInt8]] {
        var out: [[UInt8]] = []
        switch self {
        case .parts(let parts):
            for (part, column) in zip(parts, columns) {
                guard
                    let bytes = try part.evaluate(bound, context).bytes(
                        unset: "Invalid unset value for column \(column)")
                else { throw .invalid("Invalid null value in condition for column \(column)") }
                out.append(bytes)
            }
        case .whole(let expression, let types):
            let names = columns.joined(separator: ", ")
            guard
                let bytes = try expression.evaluate(bound, context).bytes(
                    unset: "Invalid unset value for tuple (\(names))")
            else { throw .invalid("Invalid null value for tuple (\(names))") }
            out = try Self.split(bytes, types, columns)
        }
        return out
    }

    static func split(
        _ bytes: [UInt8], _ types: [CQLType], _ columns: [String]
    ) throws(StatementError) -> [[UInt8]] {
        let parts = bytes.withUnsafeBytes { all in
            CollectionBytes.fields(all).map { $0.map { Array($0) } }
        }
        guard parts.count == types.count else {
            throw .invalid(
                "Expected \(types.count) elements in value tuple, but got \(parts.count)")
        }
        var out: [[UInt8]] = []
        for (index, part) in parts.enumerated() {
            guard let part else {
                throw .invalid("Invalid null value in condition for column \(columns[index])")
            }
            try part.check(as: types[index])
            out.append(part)
        }
        return out
    }
}

/// What several columns at once are `IN`.
enum TupleList: Sendable {
    case several([TupleValue])
    /// `(a, b) IN ?`
    case list(Expression, [CQLType])

    func values(
        _ bound: BoundValues, _ context: EvaluationContext, _ columns: [String]
    ) throws(StatementError) -> [[[UInt8]]] {
        let names = columns.joined(separator: ", ")
        var out: [[[UInt8]]] = []
        switch self {
        case .several(let tuples):
            for tuple in tuples { out.append(try tuple.values(bound, context, columns)) }
        case .list(let expression, let types):
            guard
                let bytes = try expression.evaluate(bound, context).bytes(
                    unset: "Invalid unset value for columns [\(names)]")
            else { throw .invalid("Invalid null value for columns [\(names)]") }
            let parts = bytes.withUnsafeBytes { all in
                CollectionBytes.elements(all).map { $0.map { Array($0) } }
            }
            for part in parts {
                guard let part else {
                    throw .invalid("Invalid null value in condition for columns: [\(names)]")
                }
                out.append(try TupleValue.split(part, types, columns))
            }
        }
        return out
    }
}

struct SliceBound: Sendable {
    var expression: Expression
    var inclusive: Bool
}

struct TupleBound: Sendable {
    var value: TupleValue
    var inclusive: Bool
}

/// A range of one clustering column, or of several compared as one.
struct Slice: Sendable {
    /// Consecutive; the bounds may have fewer values than the longer of them.
    var columns: [Column]
    var lower: TupleBound?
    var upper: TupleBound?
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
        /// Of several clustering columns at once; virtual tables only.
        case tuple([Int], CQLOperator, TupleValue)
        case tupleIn([Int], TupleList)
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
    /// For the clustering columns after those.
    var slice: Slice?
    var filters: [Filter] = []
    /// Why the clustering key could not be used, for the message without ALLOW FILTERING.
    var unusable: String?
    /// Slots of all columns that are restricted, and of those restricted to one value.
    var restricted: Set<Int> = []
    var equal: Set<Int> = []
    /// Partitions are not named: a scan of all or of a range of tokens.
    var isKeyRange: Bool { partition == nil }
    /// A partition key column is restricted, but not so that partitions are known.
    var partitionNeedsFiltering = false
    var hasClusteringContains = false
    /// Why the filters are none, which only an execution says.
    var unfilterable: StatementError?

    /// Whether clustering bytes alone say which rows are meant.
    var hasClusteringRange: Bool { !clustering.isEmpty || slice != nil }
}
