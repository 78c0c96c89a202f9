// Every limit of the store, by name.

/// Bounds of queues, buffers and sizes; what Cassandra bounds as well has Cassandra's number.
enum StoreLimits {
    /// Bytes of a value that an error message shows.
    static let shownBytesMax = 256
    /// The longest value that `mask_default` makes up, in bytes.
    static let maskBytesMax = 1 << 24
    // MARK: One connection

    /// Requests that one connection may have unanswered; then it is no longer read from.
    static let requestsInFlightMax = 4096
    /// Bytes of requests that one connection may have unanswered.
    static let requestBytesInFlightMax = 64 << 20
    /// Bytes of answers that wait for a slow client; then it is no longer read from.
    static let answerBytesWaitingMax = 16 << 20
    /// The longest request body, in bytes (Cassandra: `native_transport_max_frame_size` 16 MiB).
    static let requestBytesMax = 16 << 20
    /// Requests up to this size may come without asking for room first; before STARTUP no larger one
    /// is taken.
    static let uncountedRequestBytes = 64 << 10
    /// Bytes of all large requests together that have begun to come.
    static let comingBytesMax = 128 << 20
    /// Bytes of the requests of all connections together that wait or run.
    static let requestBytesMaxOfAll = 256 << 20
    /// Bytes of answers of all connections together that clients have not taken.
    static let answerBytesMaxOfAll = 256 << 20
    /// How long somebody may stand in the way of others without going on, in seconds.
    static let stallSeconds: Int64 = 10
    /// Bytes that must have come or gone in that time.
    static let stallBytesMin = 64 << 10
    static let connectionsMax = 4096

    /// Warnings of one answer; what comes after is dropped.
    static let warningsMax = 1000
    /// The longest warning: a `[string]` of the protocol.
    static let warningBytesMax = 65_535
    /// Steps of one trace; what comes after is dropped.
    static let traceStepsMax = 1000
    /// Characters of one text in a trace.
    static let traceTextLengthMax = 10_000
    /// Characters of one bound value in a trace.
    static let traceValueLengthMax = 1000
    /// How long a trace can be read, in seconds (Cassandra: `trace_type_query_ttl` 1 day).
    static let traceTimeToLiveSeconds = 86_400
    /// Traces that wait to be written; what comes after is dropped.
    static let tracesWaitingMax = 256

    // MARK: Batches

    /// Bytes of a batch over several partitions that a client is warned of, and that are refused
    /// (Cassandra: `batch_size_warn_threshold` 5 KiB, `batch_size_fail_threshold` 50 KiB).
    static let batchWarnBytes = 5 << 10
    static let batchFailBytes = 50 << 10
    /// Partitions of an unlogged batch without a warning (Cassandra:
    /// `unlogged_batch_across_partitions_warn_threshold`).
    static let unloggedPartitionsWarn = 10

    // MARK: Roles

    static let rolesMax = 10_000
    /// Logins that wait for their turn.
    static let loginsWaitingMax = 512
    /// Wrong passwords on one connection; then it is closed.
    static let loginFailuresMax = 3

    /// Keys of a table that its estimated size is made from.
    static let estimateKeysMax = 4096

    // MARK: Lanes

    /// Writes that are put into one RocksDB batch, at most.
    static let writesPerGroupMax = 1024
    /// Of a lane's thread: statements are walked by recursion. Only what is touched takes memory.
    static let laneStackBytes = 8 << 20
    /// Threads that run SELECTs and everything else that only reads.
    static let readThreads = 3
    /// Of a row, and of a partition's static row, that an event loop reads itself, in bytes.
    static let pointRowBytesMax = 64 << 10
    /// Keys before a partition's rows that an event loop looks at: deletions, and the static row.
    static let pointHeadKeysMax = 64
    /// What a read that memory could not answer counts against one that it could.
    static let pointMissWeight = 8
    /// Beyond half of this an event loop tries only every eighth read.
    static let pointMissesMax = 64
    /// RocksDB's own deletions that a read on an event loop steps over.
    static let pointSkippedKeysMax: UInt64 = 256
    /// How long an event loop answers one client's requests itself, in milliseconds; those that came
    /// with them go to the read lanes.
    static let pointTurnMilliseconds: Int64 = 4
    /// Answers that one event loop makes itself before it sends them.
    static let answersPerFlush = 16
    /// How often `periodic` syncs, in seconds (Cassandra: `commitlog_sync_period` 10 s).
    static let periodicSyncSeconds = 10
    /// After a failed disk, how long until the store is opened again, in milliseconds.
    static let reopenPauseMilliseconds: Int64 = 500
    /// How often that is tried while nothing is written, in seconds.
    static let recoverSeconds = 1

    /// After a failed disk, how much must be free before the store is opened again.
    static let reopenFreeBytesMin: UInt64 = 8 << 20

    // MARK: Statements

    static let preparedStatementsMax = 10_000
    /// Bytes of their texts.
    static let preparedBytesMax = 64 << 20
    /// Elements of a tuple, fields of a user type: the protocol counts them in 16 bits.
    static let typePartsMax = 32_767
    /// Keys that the IN lists of one statement may multiply to: partitions, clusterings of one
    /// partition, and rows of a write.
    static let cartesianProductMax = 10_000
    /// The longest partition key and clustering value, in bytes.
    static let keyBytesMax = 65_535
    static let keyspaceNameLengthMax = 48
    /// Table and view names, in characters.
    static let nameLengthMax = 222
    static let tableColumnsMax = 10_000
    /// Tables whose views the write lane knows how to write, before it forgets all of them.
    static let viewPlansMax = 1000
    /// Rows that are written at once while a view is filled from its table.
    static let viewBuildRowsMax = 500
    /// Of what one step writes: other writes wait for it.
    static let viewBuildBytesMax = 256 * 1024
    /// Deleted ranges of a partition that are kept for the next write to its views; fewer are read
    /// again.
    static let viewDeletionsKeptMin = 32
    /// What the deleted ranges of all partitions that are kept may take in memory.
    static let viewDeletionsKeptBytesMax = 64 << 20
    /// Twenty years in seconds, as Cassandra's `MAX_TTL`.
    static let timeToLiveMax: Int64 = 20 * 365 * 24 * 3600
    /// The last second that an expiry can name: 32 bits, unsigned.
    static let expiryMax: Int64 = Int64(UInt32.max) - 1
    /// Rows of one answer, unless the client asks for fewer.
    static let pageRowsMax = 100_000
    /// Bytes of one answer; a page ends there even when it has fewer rows than asked for.
    static let pageBytesMax = 8 << 20
    /// Rows that one turn of a SELECT looks at before others may read (some 50 ms).
    static let rowsPerTurn = 20_000
    /// Bytes of an answer without pages, and of rows that are sorted: what the protocol has for a body.
    static let answerBytesMax = 256 << 20
    /// Rows that are sorted in memory.
    static let sortedRowsMax = 1_000_000

    // MARK: Secondary indexes

    /// Entries of indexes that one SELECT collects and sorts; with more of them it reads the table.
    static let indexCandidatesMax = 200_000
    /// Entries that are read at once, before their rows are looked at.
    static let indexStepMax = 1_024
    /// Entries that are counted to find the most selective of several indexes.
    static let indexProbeMax = 1_000
    /// The longest value of a legacy index, in bytes.
    static let indexedValueBytesMax = 65_535
    /// The longest text or frozen value of a storage-attached index, in bytes (Cassandra:
    /// `sai_string_term_size_fail_threshold` 8 KiB).
    static let attachedValueBytesMax = 8 << 10
    /// Rows that one step of building an index reads and writes.
    static let indexBuildRowsMax = 2_000
    /// How long CREATE INDEX waits for the index to be built before it is answered, in seconds.
    static let indexBuildWaitSeconds = 8
    /// Entries that one step of the sweep over an index looks at.
    static let indexSweepKeysMax = 1_000
    /// Bytes of an index's name (Cassandra: what a folder's name may have).
    static let indexNameBytesMax = 254
    /// Stale entries that one SELECT hands over to be removed.
    static let staleEntriesMax = 256
    /// Keys of a partition that are looked at for a row that still holds an entry; with more of them
    /// the entry stays.
    static let staleEntryKeysMax = 512
    /// The same for all entries that the write lane looks at in one go (some 10 ms).
    static let staleEntriesKeysMax = 8_192
    /// The most rows that `ORDER BY … ANN OF` gives (Cassandra: `sai.vector_search.max_top_k`).
    static let nearestRowsMax: Int64 = 1_000
    static let indexBufferBytes: Int = 8 << 20
    static let indexCacheBytes = 8 << 20

    // MARK: Tombstones

    /// Tombstones of one read before it warns (Cassandra: `tombstone_warn_threshold`).
    static let tombstonesWarned = 1_000
    /// Tombstones of one read before it fails (Cassandra: `tombstone_failure_threshold`).
    static let tombstonesMax = 100_000

    // MARK: Sweeping

    /// Keys that one slice of a sweep reads: about 2 ms.
    static let sweepKeysMax = 2048
    /// Keys that one order to the write lane may name: about 1 ms of the lane.
    static let purgeKeysMax = 128
    /// How often the sweeper looks whether a table is due.
    static let sweepTickSeconds = 10
    /// Tombstones and expired values that make a table worth a sweep before its interval is over.
    static let sweepGarbageMin = 10_000
    /// Seconds between two sweeps of a table (Cassandra: `tombstone_compaction_interval`).
    static let sweepIntervalSeconds: Int64 = 86_400
    /// Compactions that clients asked for and that wait.
    static let compactionsWaitingMax = 10_000
    /// Seconds after the start until a table that was there is swept for the first time.
    static let sweepFirstSeconds: Int64 = 3600
    /// A sweep rests this many times as long as it works, and begins again no sooner.
    static let sweepRest = 9
    /// Seconds between two sweeps of a table with much garbage, at least.
    static let sweepPauseSeconds: Int64 = 60

    // MARK: RocksDB

    static let blockCacheBytes = 32 << 20
    static let writeBufferBytes: Int = 16 << 20
    static let writeBuffersMax: Int32 = 3
    static let openFilesMax: Int32 = 512
    /// What a start has to read again at most: about 0.1 s. A memtable of rows and half another: with
    /// more, the small families would keep logs alive whose rows have long been in tables.
    static let writeAheadLogBytesMax: UInt64 = 24 << 20
    /// RocksDB's `BottommostLevelCompaction::kForceOptimized`: rewrites the lowest level once.
    static let compactsBottomAlways: UInt8 = 3
    static let bloomBitsPerKey: Double = 10
    /// Rows that are watched for being written often; a power of two.
    static let hotRowPlaces = 4096
    /// Parts of a row before they are joined, at least.
    static let hotRowMergesMin: UInt32 = 32
    /// The parts of a row are joined when they are this share of it: a quarter.
    static let hotRowShare = 4
    /// A file with so many removed keys among so many keys in a row is compacted soon.
    static let deletionWindowKeys = 4096
    static let deletionTriggerKeys = 2048
}
