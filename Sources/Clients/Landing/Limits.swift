// The limits of this module, by name.

package import MillraceBase

package enum LandingLimits {
    /// People in one transaction. The keys are random, so a transaction rewrites much of their
    /// index: a row costs a third less in transactions of 5,000 rows than in those of 1,000. They
    /// hold the pump up some 50 ms.
    package static let peoplePerTransactionMax = 5_000
    /// Rows that one claim returns at most, whatever it was asked for.
    package static let claimRowsMax = 10_000
    /// Records of one SQLite row of the outbox, and the bytes after which it is full.
    static let chunkRecordsMax = 128
    static let chunkBytes = 64 << 10
    /// Rows that one statement deletes.
    package static let acknowledgePerTransactionMax = 10_000
    /// Rows that `latest` returns at most.
    package static let latestRowsMax = 1_000
    /// How long a statement waits for another writer of the same SQLite file.
    package static let busySeconds = 10.0
    /// Connections that read SQLite beside the one that writes.
    package static let readersMax = 3
    /// SQLite's page cache for each connection.
    package static let cacheKibibytes = 16_384
    /// Pages of 4 KiB in the WAL (64 MiB) before they are copied into the database file.
    package static let checkpointPages = 16_000
    /// An I/O error on a disk with less room than this counts as a full disk.
    package static let roomBytesMin = 1 << 20
    /// A PostgreSQL that is not there at the start: said soon.
    package static let opening = Backoff(
        first: .milliseconds(100), longest: .seconds(1), triesMax: 3)
    /// A lost PostgreSQL: about a minute of tries, then the caller hears of it.
    package static let reconnecting = Backoff(
        first: .milliseconds(50), longest: .seconds(5), triesMax: 20)
}
