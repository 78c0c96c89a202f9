// A streaming query as a value. Names follow PySpark's Structured Streaming.

/// A query that runs for ever: reads records as they come, computes rows, writes them.
///
///     StreamQuery("users_created")
///         .read(.kafka(topic: "users_created", from: .earliest))
///         .select(fromJSON("value", as: CreatedUser.schema))
///         .filter(col("email").isNotNull)
///         .write(.cassandra(keyspace: "spark_streams", table: "created_users"))
///
/// Nothing happens until a runner starts it. `analyzed()` finds wrong names and types before that.
public struct StreamQuery: Sendable, Codable {
    /// A step from rows to rows, in the order written.
    public enum Step: Sendable, Codable {
        case select([Expression])
        case filter(Expression)
        case withColumn(String, Expression)
        case drop([String])
        case withColumnRenamed(String, String)
    }

    /// Unique in a stack; also the name of its checkpoint.
    public let name: String
    public private(set) var source: StreamSource?
    public private(set) var steps: [Step] = []
    public private(set) var sink: StreamSink?
    public private(set) var trigger = Trigger.asSoonAsPossible
    public private(set) var outputMode = OutputMode.append
    public private(set) var deadLetters = DeadLetters.besideSource

    public init(_ name: String) { self.name = name }

    public func read(_ source: StreamSource) -> StreamQuery { with { $0.source = source } }

    /// Replaces the columns. A text is a column's name (`*` for all of them).
    public func select(_ columns: any Selectable...) -> StreamQuery {
        with { $0.steps.append(.select(columns.map(\.selected))) }
    }

    /// Keeps the rows for which the condition is true (not null, not false).
    public func filter(_ condition: Column) -> StreamQuery {
        with { $0.steps.append(.filter(condition.expression)) }
    }

    /// The same as `filter`.
    public func `where`(_ condition: Column) -> StreamQuery { filter(condition) }

    /// Adds a column, or replaces the one of that name in its place.
    public func withColumn(_ name: String, _ column: some ColumnOperand) -> StreamQuery {
        with { $0.steps.append(.withColumn(name, column.column.expression)) }
    }

    /// Does nothing where there is no column of the old name, as in Spark.
    public func withColumnRenamed(_ existing: String, _ new: String) -> StreamQuery {
        with { $0.steps.append(.withColumnRenamed(existing, new)) }
    }

    /// Leaves columns out; names that are not there are ignored, as in Spark.
    public func drop(_ names: String...) -> StreamQuery {
        with { $0.steps.append(.drop(names)) }
    }

    public func write(_ sink: StreamSink) -> StreamQuery { with { $0.sink = sink } }

    public func trigger(_ trigger: Trigger) -> StreamQuery { with { $0.trigger = trigger } }

    public func outputMode(_ mode: OutputMode) -> StreamQuery { with { $0.outputMode = mode } }

    /// Where records go that cannot be read or cast, with the reason in their headers.
    public func deadLetters(topic: String) -> StreamQuery {
        deadLetters(.topic(topic))
    }

    public func deadLetters(_ deadLetters: DeadLetters) -> StreamQuery {
        with { $0.deadLetters = deadLetters }
    }

    /// The topic of its dead letters; `nil` when it has none.
    public var deadLetterTopic: String? {
        switch deadLetters {
        case .besideSource: source.map { $0.topic + ".dlq" }
        case .topic(let topic): topic
        case .none: nil
        }
    }

    private func with(_ change: (inout StreamQuery) -> Void) -> StreamQuery {
        var copy = self
        change(&copy)
        return copy
    }
}

/// What `select` takes: a column, or a column's name.
public protocol Selectable: Sendable {
    var selected: Expression { get }
}

extension Column: Selectable {
    public var selected: Expression { expression }
}

extension String: Selectable {
    public var selected: Expression { .column(self) }
}
