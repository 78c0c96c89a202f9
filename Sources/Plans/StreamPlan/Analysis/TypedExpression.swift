// An expression whose names are looked up and whose types are checked: what an engine computes.

/// An expression over the columns of a batch, by index. The analysis guarantees that both sides of
/// a comparison or of arithmetic have one type, and that each function gets the types it takes.
package indirect enum TypedExpression: Sendable, Equatable {
    case column(Int, DataType)
    case literal(Literal, DataType)
    case compare(Comparison, TypedExpression, TypedExpression)
    /// Never null.
    case nullSafeEqual(TypedExpression, TypedExpression)
    case and(TypedExpression, TypedExpression)
    case or(TypedExpression, TypedExpression)
    case not(TypedExpression)
    case isNull(TypedExpression)
    /// `text` names the expression in a reason, since an overflow fails its row.
    case arithmetic(Arithmetic, TypedExpression, TypedExpression, DataType, text: String)
    case cast(TypedExpression, DataType, isTry: Bool, text: String)
    case concat([TypedExpression])
    case concatWithSeparator(TypedExpression, [TypedExpression])
    case change(TextChange, TypedExpression)
    case length(TypedExpression)
    case substring(TypedExpression, TypedExpression, TypedExpression)
    case match(TextMatch, TypedExpression, TypedExpression)
    case coalesce([TypedExpression], DataType)
    case choose([TypedBranch], otherwise: TypedExpression, DataType)

    package var type: DataType {
        switch self {
        case .column(_, let type), .literal(_, let type), .arithmetic(_, _, _, let type, _),
            .cast(_, let type, _, _), .coalesce(_, let type), .choose(_, _, let type):
            type
        case .compare, .nullSafeEqual, .and, .or, .not, .isNull, .match: .boolean
        case .concat, .concatWithSeparator, .change, .substring: .string
        case .length: .int
        }
    }
}

package struct TypedBranch: Sendable, Equatable {
    package var condition: TypedExpression
    package var value: TypedExpression
}

package enum Comparison: Sendable, Equatable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

package enum Arithmetic: Sendable, Equatable {
    case add, subtract, multiply, divide, remainder
}

package enum TextChange: Sendable, Equatable { case lower, upper, trim }

package enum TextMatch: Sendable, Equatable { case startsWith, endsWith, contains, like }
