// A query that was found sound: what an engine runs.

/// A column that a step can see.
package struct Attribute: Sendable, Equatable {
    /// The struct that the column is a field of; `nil` for a plain column.
    package var qualifier: String?
    package var name: String
    package var type: DataType
    package var isNullable: Bool

    /// As a person writes it: `data.email`, `email`.
    package var text: String { qualifier.map { "\($0).\(name)" } ?? name }
}

/// A step over a batch of columns. Indexes are those of the columns that the step before left.
package enum AnalyzedStep: Sendable, Equatable {
    /// Reads a JSON object from a column and puts its fields after the columns there are.
    case parseJSON(column: Int, schema: StructType)
    /// Computes columns and puts them after the columns there are.
    case append([TypedExpression])
    /// Replaces all columns.
    case project([TypedExpression])
    case filter(TypedExpression)
}

/// A sound query. Its steps start from `source.schema`; after them the columns are `output`.
package struct AnalyzedQuery: Sendable {
    package var name: String
    package var source: StreamSource
    package var steps: [AnalyzedStep]
    package var output: [Attribute]
    package var sink: StreamSink
    package var trigger: Trigger
    /// `nil` when the query has no dead letters: then a row that fails, fails the query.
    package var deadLetterTopic: String?
}
