// Every limit of the broker, with its unit in its name. Kafka's own default where Kafka has one.

/// Sources: Apache Kafka's broker and topic configuration pages; reference/kafka.md sections A3, B3.
package enum Limits {
    // Requests and connections
    /// Kafka's `socket.request.max.bytes`. A frame that claims more is refused before it is read.
    package static let requestBytesMax = 104_857_600
    /// Memory given to a frame before its bytes arrive; it grows as they do.
    static let frameBytesReservedFirst = 16 << 10
    /// Open connections; one more is closed at once.
    package static let connectionsMax = 20_000
    /// Time a client has for TLS and SASL together.
    package static let authenticationSeconds: Int64 = 30
    /// A request of a client that has not said who it is; the largest is a token of OAUTHBEARER.
    static let unauthenticatedRequestBytesMax = 128 << 10
    /// How long the refusal of a wrong password is held: Kafka's `connection.failed.authentication.delay.ms`.
    static let authenticationFailedDelayMilliseconds: Int64 = 100
    /// Iterations of SCRAM: RFC 7677 names the least, Kafka the most.
    static let scramIterations: ClosedRange<Int32> = 4_096...16_384
    static let scramSaltBytes = 16
    static let scramSaltBytesMax = 1_024
    /// How far the clock of who made a token may be ahead of ours.
    static let tokenClockSkewSeconds = 30
    /// Time between fetches of a key set: Kafka's `sasl.oauthbearer.jwks.endpoint.refresh.ms`.
    package static let keySetRefreshMilliseconds: Int64 = 3_600_000
    /// The shortest time between two of them, also when tokens name keys that are not in it.
    static let keySetFetchMillisecondsMin: Int64 = 60_000
    static let saslUserNameBytesMax = 1_024
    /// Seconds between looks at the files of certificates and token keys.
    static let certificateLookSeconds: Int64 = 5
    /// Kafka's `connections.max.reauth.ms` can be no longer than this, about 24 days.
    static let sessionLifetimeMillisecondsMax: Int64 = 1 << 31
    /// Requests of one connection that wait or run; above, its socket is not read.
    static let requestsQueuedPerConnectionMax = 64
    /// How long a connection may start requests before the others of its event loop have their turn.
    static let turnMilliseconds: Int64 = 2
    /// Between two such turns, for the sockets of the event loop.
    static let turnGapMicroseconds: Int64 = 100
    /// Produce requests of one connection that run at once: Kafka's clients send at most 5.
    static let producesRunningPerConnectionMax = 16
    /// Requests without a thread that may wait to be begun, for each connection there may be.
    static let worksWaitingPerConnectionMax = 2
    /// Bytes of waiting or running requests in the whole broker; above, sockets are not read.
    static let requestBytesInFlightMax = 256 << 20
    /// When so much was held, and no longer is, freed memory is given back to the system.
    static let requestBytesToTrim = 16 << 20
    /// A request that claims more is let in by that size before it comes.
    static let frameBytesUncounted = 16 << 10
    /// Bytes of such requests that may be coming at the same time, up to the size of large ones.
    static let frameBytesComingMax = 128 << 20
    /// One that claims more has a budget of its own until it is whole: Kafka's clients send up to a
    /// megabyte.
    static let frameBytesLarge = 2 << 20
    /// Bytes of large requests that may be coming at the same time.
    static let largeFrameBytesMax = 256 << 20
    /// A request that others wait for must have come after so many times `stallSeconds`.
    static let largeFrameLooksMax = 6
    /// Bytes of answers that clients have not taken, in the whole broker; above, no fetch is started.
    static let answerBytesWaitingMax = 256 << 20
    /// While there is no room, a connection that moves no bytes for so long is closed.
    static let stallSeconds: Int64 = 10
    /// Bytes of a request that must come in that time.
    static let stallBytesMin = 64 << 10
    /// Bytes read at a time from a file for a client with TLS.
    static let fileStepBytes = 1 << 20
    /// Answers a socket has not taken yet before the connection's next request must wait.
    static let answerBytesBufferedMax = 4 << 20
    /// Time a connection may stay silent: Kafka's `connections.max.idle.ms`.
    package static let connectionIdleSeconds: Int64 = 600
    static let eventLoopsMax = 4

    // Files
    /// Threads that append and flush; flushes of several logs overlap in the disk's queue.
    static let appendThreads = 4
    /// Threads for reads from disk and for changes of topics.
    static let readThreads = 4
    /// Bytes of one append round of one log: what one write and one flush carry at most.
    static let appendRoundBytesMax = 8 << 20
    /// Bytes from which a part of a file is sent from the disk's cache instead of through memory.
    static let filePartBytesMin = 64 << 10
    /// Parts of a segment that are known to be good and do not touch each other.
    static let trustedRangesMax = 8
    /// One index entry for about so many bytes of a segment: Kafka's `index.interval.bytes`.
    package static let indexIntervalBytes = 4_096
    /// Bytes of a log kept in memory for readers of its end.
    static let tailBytesPerLogMax = 1 << 20
    /// Bytes kept so for all logs together.
    static let tailBytesMax = 24 << 20
    /// Bytes of tails given back in one round, from which on freed memory is given to the system.
    static let idleBytesToTrim = 256 << 10
    /// A log that grew by so much since its last checkpoint gets a new one.
    static let checkpointBytes: Int64 = 16 << 20
    /// Seconds between the broker's rounds of upkeep (checkpoints, idle memory).
    static let upkeepSeconds: Int64 = 5
    /// Between retention rounds: Kafka's `log.retention.check.interval.ms`.
    static let retentionMilliseconds: Int64 = 300_000
    /// Between looks for logs to compact: Kafka's `log.cleaner.backoff.ms`.
    static let compactionMilliseconds: Int64 = 15_000
    /// The shortest that either may be set to.
    static let upkeepMillisecondsMin: Int64 = 100
    /// Memory for the keys of one compaction; a log with more of them is compacted in several rounds.
    /// Kafka's `log.cleaner.dedupe.buffer.size` is 128 MiB.
    static let compactionKeysBytesMax = 64 << 20
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
    /// Producers of one partition whose refused batch is awaited; those refused longest ago go first.
    static let refusedProducersPerPartitionMax = 10_000
    /// Verifications of one partition that may wait; the oldest goes first, and its batch is refused.
    static let verificationsPerPartitionMax = 10_000
    /// Kafka's `producer.id.expiration.ms`.
    static let producerExpiryMilliseconds: Int64 = 86_400_000
    /// Producer ids reserved on disk at a time.
    static let producerIDBlock: Int64 = 1_000

    // Metadata
    /// Bytes of a file's name, as every common file system takes them.
    static let fileNameBytesMax = 255
    /// Bytes of the metadata log above which a snapshot takes its place.
    static let metadataLogBytes = 1 << 20
    /// Records in one batch of a snapshot.
    static let metadataSnapshotBatchRecords = 5_000
    static let aclsMax = 100_000
    static let quotaEntitiesMax = 100_000
    /// Clients whose use of quotas is remembered; those that come then count as one.
    static let quotaConsumersMax = 100_000
    /// More of them, and idle ones are forgotten.
    static let quotaConsumersKept = 10_000
    /// The shortest time between two looks for idle ones.
    static let quotaSweepMilliseconds: Int64 = 1_000
    /// Bytes of a name by which one is remembered; longer names that begin alike count as one.
    static let quotaNameBytesMax = 256

    // Answers
    /// Kafka's `fetch.max.bytes` of a broker.
    package static let fetchBytesMax = 57_671_680
    static let fetchWaitMillisecondsMax: Int32 = 3_600_000
    /// Kafka's `max.incremental.fetch.session.cache.slots`.
    static let fetchSessionsMax = 1_000
    /// A session that is used so often, or is so new, makes no room for another of its size.
    static let fetchSessionEvictionMilliseconds: Int64 = 120_000
    /// How long nobody looks again for room that was not found.
    static let fetchSessionRefusalMilliseconds: Int64 = 100
    /// Bytes of all sessions, as `fetchSessionPartitionBytes` reckons them.
    static let fetchSessionBytesMax = 64 << 20
    /// What a partition, or a topic without its name, takes in a session at most.
    static let fetchSessionPartitionBytes = 192
    /// What a compressed batch may unpack to while others do the same on other threads; larger ones
    /// are unpacked one at a time, up to `CompressionLimits.recordsBytesMax`.
    static let unpackedBytesFree = 4 << 20
    /// Records of a refused batch that the answer names.
    static let recordErrorsMax = 1_000
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
