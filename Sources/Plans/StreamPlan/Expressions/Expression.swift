// What a column is computed from, before anyone looked whether it can be.

/// An unresolved expression: names are not looked up and types are not checked yet.
public indirect enum Expression: Sendable, Hashable, Codable {
    /// A column by name. `data.email` is field `email` of struct `data`; `*` is every column,
    /// `data.*` every field of a struct.
    case column(String)
    case literal(Literal)
    case binary(BinaryOperator, Expression, Expression)
    case not(Expression)
    case negative(Expression)
    case isNull(Expression)
    case isIn(Expression, [Expression])
    /// `isTry`: what cannot be cast becomes null instead of failing the row.
    case cast(Expression, DataType, isTry: Bool)
    case function(FunctionName, [Expression])
    case when([WhenBranch], otherwise: Expression?)
    case alias(Expression, String)
    case fromJSON(Expression, StructType)
    /// Something that cannot be written; found by the analysis, which gives the sentence.
    case invalid(String)
}

/// One `WHEN condition THEN value`.
public struct WhenBranch: Sendable, Hashable, Codable {
    public var condition: Expression
    public var value: Expression
}

/// The operators with two sides, by Spark's symbols.
public enum BinaryOperator: String, Sendable, Hashable, Codable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    /// Equal, where two nulls are equal too and the answer is never null.
    case nullSafeEqual = "<=>"
    case and = "AND"
    case or = "OR"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
}

/// The functions by Spark's names.
public enum FunctionName: String, Sendable, Hashable, Codable {
    case concat
    case concatWithSeparator = "concat_ws"
    case lower, upper, trim, length, coalesce
    case substring
    case startsWith = "startswith"
    case endsWith = "endswith"
    case contains
    case like
}

extension Expression: CustomStringConvertible {
    /// In Spark's manner; also the name of a column that was given none.
    public var description: String {
        switch self {
        case .column(let name): name
        case .literal(.string(let text)): text
        case .literal(let value): value.description
        case .binary(let symbol, let left, let right): "(\(left) \(symbol.rawValue) \(right))"
        case .not(let inner): "(NOT \(inner))"
        case .negative(let inner): "(- \(inner))"
        case .isNull(let inner): "(\(inner) IS NULL)"
        case .isIn(let inner, let list):
            "(\(inner) IN (\(list.map(\.description).joined(separator: ", "))))"
        case .cast(let inner, let type, let isTry):
            "\(isTry ? "TRY_CAST" : "CAST")(\(inner) AS \(type.rawValue.uppercased()))"
        case .function(let name, let arguments):
            "\(name.rawValue)(\(arguments.map(\.description).joined(separator: ", ")))"
        case .when(let branches, let otherwise):
            "CASE " + branches.map { "WHEN \($0.condition) THEN \($0.value) " }.joined()
                + (otherwise.map { "ELSE \($0) " } ?? "") + "END"
        case .alias(_, let name): name
        case .fromJSON(let inner, _): "from_json(\(inner))"
        case .invalid: "<invalid>"
        }
    }
}
