// Who runs queries, whichever engine that is.

public import MillraceBase

/// Runs streaming queries: our own engine, or Spark.
public protocol StreamRunner: Sendable {
    /// Every query it knows, in the order in which they were given.
    func statuses() async -> [StreamQueryStatus]

    func status(of query: String) async -> StreamQueryStatus?

    /// Starts a query that was stopped or has failed, from its checkpoint.
    func start(_ query: String) async throws(StreamRunnerError)

    /// Lets the running batch end, then stops. Returns when it stands still.
    func stop(_ query: String) async throws(StreamRunnerError)

    /// Stops, puts the old checkpoint aside, starts anew from these offsets. Rows that are written
    /// again replace themselves.
    func restart(_ query: String, from: StartingOffsets) async throws(StreamRunnerError)

    /// What is stored already: for each topic and partition the offset after the last record whose
    /// row (or dead letter) is acknowledged. Empty for a query without a commit.
    func committedOffsets(of query: String) async -> [String: [Int32: Int64]]

    /// Progress of the last batches, oldest first, under Spark's JSON names.
    func recentProgress(of query: String) async -> [JSONValue]
}

/// Why a runner did not do what it was told.
public enum StreamRunnerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Names the queries there are.
    case unknownQuery(String, known: [String])
    case analysis(AnalysisError)
    /// A checkpoint that cannot be read or written; the path and why.
    case checkpoint(path: String, because: String)
    /// Another process runs a query on this checkpoint.
    case checkpointInUse(path: String)

    public var description: String {
        switch self {
        case .unknownQuery(let name, let known):
            "there is no query \"\(name)\": known are \(known.joined(separator: ", "))"
        case .analysis(let error): error.description
        case .checkpoint(let path, let because): "checkpoint \(path): \(because)"
        case .checkpointInUse(let path):
            "checkpoint \(path) is in use by another running query"
        }
    }
}
