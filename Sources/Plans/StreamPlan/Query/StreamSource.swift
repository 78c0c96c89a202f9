// Where a query's rows come from.

/// Where a query begins when it has no checkpoint yet. With one, it goes on where it was.
public enum StartingOffsets: Sendable, Hashable, Codable, CustomStringConvertible {
    /// With the oldest record that the broker still has.
    case earliest
    /// With the first record written after the query started.
    case latest
    /// With these offsets, by partition; partitions that are not named start at their earliest.
    case offsets([Int32: Int64])

    public var description: String {
        switch self {
        case .earliest: "earliest"
        case .latest: "latest"
        case .offsets(let offsets):
            "{"
                + offsets.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
                .joined(separator: ",") + "}"
        }
    }
}

/// The source of a query.
///
/// Its columns are Kafka's, as Spark names them: `key` and `value` (binary), `topic`, `partition`,
/// `offset`, `timestamp`, `timestampType`.
public struct StreamSource: Sendable, Hashable, Codable {
    public var topic: String
    public var startingOffsets: StartingOffsets
    /// Records in one batch at most, over all partitions; `nil` leaves it to the engine.
    public var maxOffsetsPerTrigger: Int?
    /// Whether the query fails when records it still needs are gone from the broker, or goes on
    /// with the oldest that are there.
    public var failOnDataLoss: Bool

    /// Records of one topic.
    public static func kafka(
        topic: String, from startingOffsets: StartingOffsets = .latest,
        maxOffsetsPerTrigger: Int? = nil, failOnDataLoss: Bool = true
    ) -> StreamSource {
        StreamSource(
            topic: topic, startingOffsets: startingOffsets,
            maxOffsetsPerTrigger: maxOffsetsPerTrigger, failOnDataLoss: failOnDataLoss)
    }

    /// The columns a query over this source starts with.
    public var schema: StructType {
        StructType([
            StructField("key", .binary), StructField("value", .binary),
            StructField("topic", .string, nullable: false),
            StructField("partition", .int, nullable: false),
            StructField("offset", .long, nullable: false),
            StructField("timestamp", .timestamp, nullable: false),
            StructField("timestampType", .int, nullable: false),
        ])
    }
}
