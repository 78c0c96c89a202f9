// Every limit of the store, by name.

/// Bounds of queues, buffers and sizes; what Cassandra bounds as well has Cassandra's number.
enum StoreLimits {
    // MARK: One connection

    /// Requests that one connection may have unanswered; then it is no longer read from.
    static let requestsInFlightMax = 4096
    /// Bytes of requests that one connection may have unanswered.
    static let requestBytesInFlightMax = 64 << 20
    /// Bytes of answers that wait for a slow client; then it is no longer read from.
    static let answerBytesWaitingMax = 16 << 20
    /// The longest request body, in bytes (Cassandra: `native_transport_max_frame_size` 16 MiB).
    static let requestBytesMax = 16 << 20
    /// Bytes that may have come of a request that is not whole: the longest one and what segments
    /// add.
    static let unfinishedBytesMax = requestBytesMax + 1 << 20
    /// Bytes of a request that is not whole yet which a connection before STARTUP may hold.
    static let handshakeBytesMax = 64 << 10
    static let connectionsMax = 4096

    // MARK: Lanes

    /// Writes that are put into one RocksDB batch, at most.
    static let writesPerGroupMax = 1024
    /// Threads that run SELECTs and everything else that only reads.
    static let readThreads = 3
    /// How often `periodic` syncs, in seconds (Cassandra: `commitlog_sync_period` 10 s).
    static let periodicSyncSeconds = 10
    /// After a failed disk, how long until the store is opened again, in milliseconds.
    static let reopenPauseMilliseconds: Int64 = 500

    /// After a failed disk, how much must be free before the store is opened again.
    static let reopenFreeBytesMin: UInt64 = 8 << 20

    // MARK: Statements

    static let preparedStatementsMax = 10_000
    /// Keys that the IN lists of one SELECT may multiply to.
    static let cartesianProductMax = 10_000
    /// The longest partition key and clustering value, in bytes.
    static let keyBytesMax = 65_535
    /// Keyspace and table names, in characters.
    static let nameLengthMax = 222
    static let tableColumnsMax = 10_000
    /// Twenty years in seconds, as Cassandra's `MAX_TTL`.
    static let timeToLiveMax: Int64 = 20 * 365 * 24 * 3600
    /// The last second that an expiry can name: 32 bits, unsigned.
    static let expiryMax: Int64 = Int64(UInt32.max) - 1
    /// Rows of one answer, unless the client asks for fewer.
    static let pageRowsMax = 100_000
    /// Bytes of one answer; a page ends there even when it has fewer rows than asked for.
    static let pageBytesMax = 8 << 20
    /// Rows that a sorted or unpaged answer may hold in memory.
    static let sortedRowsMax = 1_000_000

    // MARK: RocksDB

    static let blockCacheBytes = 32 << 20
    static let writeBufferBytes: Int = 16 << 20
    static let writeBuffersMax: Int32 = 3
    static let openFilesMax: Int32 = 512
    /// What a start has to read again at most: about 0.2 s.
    static let writeAheadLogBytesMax: UInt64 = 48 << 20
    static let bloomBitsPerKey: Double = 10
    /// Merge operands of one key in memory before RocksDB joins them at a write.
    static let successiveMergesMax = 16
}
