// What connectors are, and the list of all there are.

package import StreamPlan

/// A connector for people: what `millrace connectors` prints.
package struct Connector: Sendable, Equatable {
    package enum Role: String, Sendable { case source, sink, deadLetters = "dead letters" }

    package struct Option: Sendable, Equatable {
        package var name: String
        /// As it is written; empty when there is none and the option must be given.
        package var defaultValue: String
        package var help: String

        package init(_ name: String, _ defaultValue: String, _ help: String) {
            self.name = name
            self.defaultValue = defaultValue
            self.help = help
        }
    }

    package var name: String
    package var role: Role
    package var help: String
    package var options: [Option]
}

/// Every connector of the embedded engine.
package let connectors: [Connector] = [
    KafkaSource.connector, CassandraSink.connector, DeadLetterSink.connector,
]

/// Why a source or a sink did not do its work. Never carries data.
package struct ConnectorError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    /// Whether the same may well work later. If not, the query fails.
    package var isRetriable: Bool

    package init(_ message: String, isRetriable: Bool) {
        self.message = message
        self.isRetriable = isRetriable
    }

    package var description: String { message }
}

/// A replayable source: it can read the same records again.
package protocol RowSource: Sendable {
    /// As Spark's progress names it.
    var description: String { get }

    /// Begins at a position, or at the starting offsets where there is none. Partitions that the
    /// position does not name begin at their oldest record.
    ///
    /// - Returns: where each partition stands now.
    /// - Throws: not retriable when records at the position are gone.
    func open(at position: SourceOffsets?, or starting: StartingOffsets)
        async throws(ConnectorError) -> SourceOffsets

    /// The records after the position, or none when the time is up.
    func next(rowsMax: Int, wait: Duration) async throws(ConnectorError) -> SourceRows?

    /// Exactly the records from one position to another; `next` goes on behind them.
    func read(from start: SourceOffsets, to end: SourceOffsets) async throws(ConnectorError)
        -> SourceRows

    /// Where the source ends now.
    func latest() async throws(ConnectorError) -> SourceOffsets

    /// Why nothing may be coming; `nil` while all is well.
    func trouble() async -> String?

    func close() async
}

/// A sink whose writes may be repeated without harm.
package protocol RowSink: Sendable {
    var description: String { get }

    /// Looks whether the sink takes these columns.
    ///
    /// - Throws: not retriable when it never will.
    func open(columns: [Attribute]) async throws(ConnectorError)

    /// Writes the batch's selected rows. All of them are acknowledged when it returns.
    ///
    /// - Returns: rows that the sink can never take; they are not written, all others are.
    func write(_ batch: RowBatch) async throws(ConnectorError) -> [Rejection]

    func close() async
}

/// Where rejected records go.
package protocol RejectionSink: Sendable {
    /// All are acknowledged when it returns.
    func write(_ rejections: [Rejection], of rows: SourceRows) async throws(ConnectorError)

    func close() async
}
