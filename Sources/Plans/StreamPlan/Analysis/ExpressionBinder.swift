// Looks up an expression's names and checks its types.

/// Turns expressions into typed ones, over the columns of `scope`.
///
/// Types are widened as Spark does it: `int` to `bigint` to `double`, a null constant to anything,
/// a text constant to a timestamp beside one. Everything else is a mistake that names the
/// expression.
struct ExpressionBinder {
    let query: String
    let scope: [Attribute]

    func bind(_ expression: Expression) throws(AnalysisError) -> TypedExpression {
        switch expression {
        case .column(let name): return try column(name)
        case .literal(let literal): return .literal(literal, literal.type ?? .string)
        case .binary(let symbol, let left, let right):
            return try binary(symbol, left, right, expression)
        case .not(let inner): return .not(try bind(inner, as: .boolean, in: expression))
        case .negative(let inner):
            let bound = try number(inner, in: expression)
            let zero = TypedExpression.literal(.int(0), .int).widened(to: bound.type)
            return .arithmetic(.subtract, zero, bound, bound.type, text: expression.description)
        case .isNull(let inner): return .isNull(try bind(inner))
        case .isIn(let inner, let list): return try isIn(inner, list, expression)
        case .cast(let inner, let type, let isTry):
            return try cast(inner, type, isTry: isTry, expression)
        case .function(let name, let arguments):
            return try function(name, arguments, expression)
        case .when(let branches, let otherwise):
            return try choose(branches, otherwise, expression)
        case .alias(let inner, _): return try bind(inner)
        case .fromJSON:
            throw error(
                .invalidExpression,
                "`\(expression)` is a struct: use it by itself in select() or withColumn() and "
                    + "name its fields afterwards", in: expression)
        case .invalid(let why): throw error(.invalidExpression, why, in: expression)
        }
    }

    /// The column that an expression becomes, by the name it was given or its own text.
    func attribute(for expression: Expression, _ bound: TypedExpression) -> Attribute {
        if case .column(let index, _) = bound, case .column = expression {
            var attribute = scope[index]
            attribute.qualifier = nil
            return attribute
        }
        var isNullable = true
        if case .column(let index, _) = bound { isNullable = scope[index].isNullable }
        if case .literal(let value, _) = bound { isNullable = value == .null }
        return Attribute(
            qualifier: nil, name: expression.description, type: bound.type, isNullable: isNullable)
    }

    func unresolved(_ name: String) -> AnalysisError {
        let names = scope.map { "`\($0.text)`" }.joined(separator: ", ")
        return AnalysisError(
            condition: .unresolvedColumn, query: query, expression: name,
            message: "there is no column `\(name)`; the columns are \(names)")
    }

    private func column(_ name: String) throws(AnalysisError) -> TypedExpression {
        if let index = scope.firstIndex(where: { $0.text == name }) {
            return .column(index, scope[index].type)
        }
        let fields = scope.filter { $0.qualifier == name }
        guard fields.isEmpty else {
            throw error(
                .dataTypeMismatch,
                "`\(name)` is a struct: name one of its fields, "
                    + fields.map { "`\($0.text)`" }.joined(separator: ", "),
                in: .column(name))
        }
        throw unresolved(name)
    }

    func bind(_ inner: Expression, as type: DataType, in whole: Expression) throws(AnalysisError)
        -> TypedExpression
    {
        let bound = try bind(inner)
        guard bound.type != type else { return bound }
        if bound.isNullLiteral { return .literal(.null, type) }
        throw mismatch(inner, bound, wanted: type.rawValue, in: whole)
    }

    private func number(_ inner: Expression, in whole: Expression) throws(AnalysisError)
        -> TypedExpression
    {
        let bound = try bind(inner)
        if bound.isNullLiteral { return .literal(.null, .int) }
        guard bound.type.isNumeric else {
            throw mismatch(inner, bound, wanted: "a number", in: whole)
        }
        return bound
    }

    private func binary(
        _ symbol: BinaryOperator, _ left: Expression, _ right: Expression, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        switch symbol {
        case .and:
            return .and(
                try bind(left, as: .boolean, in: whole), try bind(right, as: .boolean, in: whole))
        case .or:
            return .or(
                try bind(left, as: .boolean, in: whole), try bind(right, as: .boolean, in: whole))
        case .equal: return try compare(.equal, left, right, whole)
        case .notEqual: return try compare(.notEqual, left, right, whole)
        case .less: return try compare(.less, left, right, whole)
        case .lessOrEqual: return try compare(.lessOrEqual, left, right, whole)
        case .greater: return try compare(.greater, left, right, whole)
        case .greaterOrEqual: return try compare(.greaterOrEqual, left, right, whole)
        case .nullSafeEqual:
            let sides = try unified([left, right], in: whole)
            return .nullSafeEqual(sides[0], sides[1])
        case .add: return try arithmetic(.add, left, right, whole)
        case .subtract: return try arithmetic(.subtract, left, right, whole)
        case .multiply: return try arithmetic(.multiply, left, right, whole)
        case .divide: return try arithmetic(.divide, left, right, whole)
        case .remainder: return try arithmetic(.remainder, left, right, whole)
        }
    }

    private func compare(
        _ comparison: Comparison, _ left: Expression, _ right: Expression, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        let sides = try unified([left, right], in: whole)
        return .compare(comparison, sides[0], sides[1])
    }

    private func arithmetic(
        _ operation: Arithmetic, _ left: Expression, _ right: Expression, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        let first = try number(left, in: whole)
        let second = try number(right, in: whole)
        let type =
            operation == .divide ? .double : DataType.wider(first.type, second.type) ?? .double
        return .arithmetic(
            operation, first.widened(to: type), second.widened(to: type), type,
            text: whole.description)
    }

    private func isIn(_ inner: Expression, _ list: [Expression], _ whole: Expression)
        throws(AnalysisError) -> TypedExpression
    {
        guard !list.isEmpty else { return .literal(.boolean(false), .boolean) }
        let all = try unified([inner] + list, in: whole)
        let equals = all.dropFirst().map { TypedExpression.compare(.equal, all[0], $0) }
        return equals.dropFirst().reduce(equals[0]) { .or($0, $1) }
    }

    private func cast(
        _ inner: Expression, _ type: DataType, isTry: Bool, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        let bound = try bind(inner)
        if bound.isNullLiteral { return .literal(.null, type) }
        guard bound.type != type else { return bound }
        guard DataType.canCast(bound.type, to: type) else {
            throw error(
                .dataTypeMismatch,
                "cannot cast `\(inner)` from \(bound.type) to \(type) in `\(whole)`", in: whole)
        }
        return .cast(bound, type, isTry: isTry, text: whole.description)
    }

    private func choose(
        _ branches: [WhenBranch], _ otherwise: Expression?, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        var conditions: [TypedExpression] = []
        for branch in branches {
            conditions.append(try bind(branch.condition, as: .boolean, in: whole))
        }
        let values = try unified(
            branches.map(\.value) + [otherwise ?? .literal(.null)], in: whole)
        let typed = zip(conditions, values).map { TypedBranch(condition: $0, value: $1) }
        return .choose(typed, otherwise: values[branches.count], values[0].type)
    }

    /// Brings expressions to one type.
    func unified(_ expressions: [Expression], in whole: Expression) throws(AnalysisError)
        -> [TypedExpression]
    {
        var bound: [TypedExpression] = []
        for expression in expressions { bound.append(try bind(expression)) }
        var type: DataType?
        for (index, one) in bound.enumerated() where !one.isNullLiteral {
            guard let before = type else {
                type = one.type
                continue
            }
            guard let wider = DataType.wider(before, one.type) ?? timeBesideText(bound, index)
            else {
                throw error(
                    .dataTypeMismatch,
                    "`\(whole)` mixes \(before) and \(one.type) (`\(expressions[index])`): "
                        + "cast one of them", in: whole)
            }
            type = wider
        }
        let common = type ?? .string
        return bound.map { $0.widened(to: common) }
    }

    /// A text constant beside a timestamp is read as one.
    private func timeBesideText(_ bound: [TypedExpression], _ index: Int) -> DataType? {
        let fits = bound[...index].allSatisfy { one in
            if case .literal(.string, _) = one { return true }
            return one.type == .timestamp || one.isNullLiteral
        }
        return fits ? .timestamp : nil
    }

    func mismatch(
        _ inner: Expression, _ bound: TypedExpression, wanted: String, in whole: Expression
    ) -> AnalysisError {
        error(
            .dataTypeMismatch,
            "`\(whole)` needs \(wanted), `\(inner)` is \(bound.type)", in: whole)
    }

    func error(
        _ condition: AnalysisError.Condition, _ message: String, in expression: Expression
    ) -> AnalysisError {
        AnalysisError(
            condition: condition, query: query, expression: expression.description,
            message: message)
    }
}

extension TypedExpression {
    var isNullLiteral: Bool { if case .literal(.null, _) = self { true } else { false } }

    /// The same value in a wider type. Constants are changed at once.
    func widened(to type: DataType) -> TypedExpression {
        guard self.type != type else { return self }
        switch self {
        case .literal(.null, _): return .literal(.null, type)
        case .literal(.int(let value), _) where type == .long:
            return .literal(.long(Int64(value)), .long)
        case .literal(.int(let value), _) where type == .double:
            return .literal(.double(Double(value)), .double)
        default: return .cast(self, type, isTry: false, text: "a constant or column as \(type)")
        }
    }
}

extension DataType {
    /// The type that holds values of both without loss of meaning; `nil` when there is none.
    static func wider(_ a: DataType, _ b: DataType) -> DataType? {
        if a == b { return a }
        guard a.isNumeric, b.isNumeric else { return nil }
        if a == .double || b == .double { return .double }
        return .long
    }

    /// Spark's table of ANSI casts, for the types there are.
    static func canCast(_ from: DataType, to: DataType) -> Bool {
        switch (from, to) {
        case (.string, _), (_, .string): true
        case (.binary, _), (_, .binary): from == to
        case (.boolean, .timestamp), (.timestamp, .boolean): false
        case (.boolean, _), (.int, _), (.long, _), (.double, _), (.timestamp, _): true
        }
    }
}
