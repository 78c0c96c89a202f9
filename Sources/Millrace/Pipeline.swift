// A pipeline: what a user writes and hands to `main(pipelines:)`.

public import MillraceWorkflow
public import StreamPlan

/// A DAG whose tasks can reach the stages of the stack by their context.
public typealias DAG = WorkflowDAG<RunContext>

/// What shall run: DAGs, streaming queries, and the topics and tables they need.
public protocol Pipeline: Sendable {
    var dags: [DAG] { get }
    var queries: [StreamQuery] { get }
    /// Topics that are created when they are missing.
    var topics: [TopicPlan] { get }
    /// Tables that are created when they are missing.
    var tables: [TablePlan] { get }
}

extension Pipeline {
    public var dags: [DAG] { [] }
    public var queries: [StreamQuery] { [] }
    public var topics: [TopicPlan] { [] }
    public var tables: [TablePlan] { [] }
}

/// A topic, and the schema of its values.
public struct TopicPlan: Sendable {
    public var name: String
    /// `nil`: as many as the setting `partitions` says.
    public var partitions: Int?
    /// Registered as JSON Schema under `<topic>-value` before anything is sent; records carry its
    /// id in the header `__value_schema_id`. `nil`: values are not described.
    public var schema: StructType?

    public init(_ name: String, partitions: Int? = nil, schema: StructType? = nil) {
        self.name = name
        self.partitions = partitions
        self.schema = schema
    }
}

/// A table of the store.
public struct TablePlan: Sendable {
    public var keyspace: String
    public var name: String
    /// Column definitions and the primary key, as they stand between the brackets of CREATE TABLE.
    public var definition: String

    public init(keyspace: String, name: String, definition: String) {
        self.keyspace = keyspace
        self.name = name
        self.definition = definition
    }
}
