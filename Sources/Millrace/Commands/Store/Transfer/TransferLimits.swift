// Bounds of the commands that move tables.

import MillraceBase

enum TransferLimits {
    /// Token ranges that an export is cut into: enough that those under way are never idle, few
    /// enough that each is worth its requests.
    static let ranges = 128
    static let parallelMax = 64
    /// Rows of a page.
    static let pageSize: Int32 = 2_000
    /// Rows that are written together, and how many such chunks are under way.
    static let rowsPerChunk = 1_000
    static let chunksInFlight = 2
    /// Rows under way when they are written one by one.
    static let singlesInFlight = 64
    /// Bytes of one record of an imported file.
    static let recordBytesMax = 64 << 20
    /// Bytes read from a file at a time.
    static let readBytes = 1 << 18
    /// Rows that may be refused before an import gives up.
    static let badRowsMax = 1_000
    /// Between two lines of progress.
    static let progressPause = Duration.milliseconds(200)
    /// Tries of a token range whose replicas do not answer.
    static let rangeRetry = Backoff(
        first: .milliseconds(200), longest: .seconds(5), triesMax: 6)
}

/// How a table stands in a file.
enum TransferFormat: String, Sendable, CaseIterable {
    case csv, ndjson

    /// By the file's name, when the person does not say.
    init(path: String) {
        let isJSON = [".ndjson", ".jsonl", ".json"].contains { path.hasSuffix($0) }
        self = isJSON ? .ndjson : .csv
    }
}
