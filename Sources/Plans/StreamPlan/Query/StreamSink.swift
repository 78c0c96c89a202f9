// Where a query's rows go.

/// The sink of a query.
public enum StreamSink: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Rows of a table in Cassandra, or in our own store. Columns are matched by name; a row
    /// replaces the row with the same key, so a batch that is written twice leaves the table as it
    /// was.
    case cassandra(keyspace: String, table: String)

    public var description: String {
        switch self {
        case .cassandra(let keyspace, let table): "cassandra \(keyspace).\(table)"
        }
    }
}
