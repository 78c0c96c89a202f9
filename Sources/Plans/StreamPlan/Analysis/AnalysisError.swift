// Why a query cannot run, found before it runs.

/// A mistake in a query. The conditions are Spark's, so that a search for one finds its manual.
public struct AnalysisError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Condition: String, Sendable, CaseIterable {
        case unresolvedColumn = "UNRESOLVED_COLUMN.WITH_SUGGESTION"
        case dataTypeMismatch = "DATATYPE_MISMATCH"
        case columnAlreadyExists = "COLUMN_ALREADY_EXISTS"
        case wrongNumberOfArguments = "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"
        case unsupportedOutputMode = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"
        case invalidExpression = "INVALID_EXPRESSION"
        case missingPart = "INCOMPLETE_QUERY"
        case invalidName = "INVALID_NAME"
    }

    public var condition: Condition
    /// The query's name.
    public var query: String
    /// The expression as the person wrote it, as far as one is at fault; otherwise empty.
    public var expression: String
    /// A sentence.
    public var message: String

    package init(condition: Condition, query: String, expression: String, message: String) {
        self.condition = condition
        self.query = query
        self.expression = expression
        self.message = message
    }

    public var description: String {
        "[\(condition.rawValue)] query \"\(query)\": \(message)"
    }
}
