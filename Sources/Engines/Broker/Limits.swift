// Every limit of the broker, with its unit in its name. Kafka's own default where Kafka has one.

/// Sources: Apache Kafka's broker and topic configuration pages; reference/kafka.md sections A3, B3.
package enum Limits {
    // Requests and connections
    /// Kafka's `socket.request.max.bytes`. A frame that claims more is refused before it is read.
    package static let requestBytesMax = 104_857_600
    /// Memory given to a frame before its bytes arrive; it grows as they do.
    static let frameBytesReservedFirst = 64 << 10
    /// Open connections; one more is closed at once.
    static let connectionsMax = 10_000
    /// Requests of one connection that wait or run; above, its socket is not read.
    static let requestsQueuedPerConnectionMax = 64
    /// Produce requests of one connection that run at once: Kafka's clients send at most 5.
    static let producesRunningPerConnectionMax = 16
    /// Bytes of waiting or running requests in the whole broker; above, sockets are not read.
    static let requestBytesInFlightMax = 256 << 20
    /// Answers a socket has not taken yet before the connection's next request must wait.
    static let answerBytesBufferedMax = 4 << 20
    /// Time a connection may stay silent: Kafka's `connections.max.idle.ms`.
    static let connectionIdleSeconds: Int64 = 600
    static let eventLoopsMax = 4

    // Files
    /// Threads that append and flush; flushes of several logs overlap in the disk's queue.
    static let appendThreads = 4
    /// Threads for reads from disk and for changes of topics.
    static let readThreads = 2
    /// Bytes of one append round of one log: what one write and one flush carry at most.
    static let appendRoundBytesMax = 8 << 20
    /// One index entry for about so many bytes of a segment: Kafka's `index.interval.bytes`.
    package static let indexIntervalBytes = 4_096
    /// Bytes of a log kept in memory for readers of its end.
    static let tailBytesPerLogMax = 1 << 20
    /// Bytes kept so for all logs together.
    static let tailBytesMax = 24 << 20
    /// Seconds without appends after which a log's tail is given back.
    static let tailIdleSeconds: Int64 = 10
    /// A log that grew by so much since its last checkpoint gets a new one.
    static let checkpointBytes: Int64 = 16 << 20
    /// Seconds between the broker's rounds of upkeep (checkpoints, idle memory).
    static let upkeepSeconds: Int64 = 5
    /// Seconds between retention rounds: Kafka's `log.retention.check.interval.ms`.
    static let retentionSeconds: Int64 = 300
    /// Bytes read at a time when a log is scanned.
    static let scanBytes = 1 << 20

    // Batches
    /// Bytes before the first record of a batch.
    package static let batchHeaderBytes = 61
    /// Kafka's `message.max.bytes`.
    package static let messageBytesDefault: Int32 = 1_048_588
    /// Kafka keeps so many batches of each producer to recognise repeats.
    package static let batchesKeptPerProducer = 5
    /// Producers remembered for each partition; the one silent for longest goes first.
    static let producersPerPartitionMax = 100_000
    /// Kafka's `producer.id.expiration.ms`.
    static let producerExpiryMilliseconds: Int64 = 86_400_000
    /// Producer ids reserved on disk at a time.
    static let producerIDBlock: Int64 = 1_000

    // Answers
    /// Kafka's `fetch.max.bytes` of a broker.
    package static let fetchBytesMax = 57_671_680
    static let fetchWaitMillisecondsMax: Int32 = 3_600_000
    /// Records walked to find one by its time inside one batch.
    static let recordsPerBatchMax: Int32 = 10_000_000

    // Topics
    package static let topicNameBytesMax = 249
    package static let partitionsPerTopicMax: Int32 = 10_000
    static let partitionsMax = 100_000
    /// Kafka's `offsets.topic.num.partitions`. A partition without records has no folder.
    package static let offsetsPartitions: Int32 = 50
    static let describedPartitionsMax = 2_000
}
