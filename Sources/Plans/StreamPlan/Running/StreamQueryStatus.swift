// What a runner tells about a query.

public import MillraceBase

/// The state of one query at one moment. JSON names follow Spark's `StreamingQuery`.
public struct StreamQueryStatus: Sendable, Equatable {
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Opening its checkpoint, its source and its sink.
        case starting
        case running
        /// Something it needs cannot be reached; it tries again, and loses nothing meanwhile.
        case retrying
        case stopping
        case stopped
        /// Something that trying again cannot mend; see `exception`.
        case failed
    }

    /// Survives restarts; written in the checkpoint. Empty before the checkpoint is open.
    public var id: String
    /// New at each start.
    public var runID: String
    public var name: String
    /// The last batch that began, -1 before the first.
    public var batchID: Int
    public var state: State
    /// What it does now, in Spark's words ("Waiting for data to arrive"), or why it waits.
    public var message: String
    public var isDataAvailable: Bool
    public var isTriggerActive: Bool
    /// Why it failed; `nil` in every other state.
    public var exception: String?
    /// Where it reads, as `KafkaV2[Subscribe[users_created]]`.
    public var source: String
    public var sink: String
    /// For each topic and partition, the offset after the last record that was given to a batch.
    public var endOffsets: [String: [Int32: Int64]]
    /// The same for records whose rows are acknowledged by the sink and committed.
    public var committedOffsets: [String: [Int32: Int64]]
    /// Rows read since the query started.
    public var numInputRows: Int
    /// The last batch's progress; `nil` before the first.
    public var lastProgress: JSONValue?

    public init(name: String) {
        id = ""
        runID = ""
        self.name = name
        batchID = -1
        state = .stopped
        message = "Not started"
        isDataAvailable = false
        isTriggerActive = false
        exception = nil
        source = ""
        sink = ""
        endOffsets = [:]
        committedOffsets = [:]
        numInputRows = 0
        lastProgress = nil
    }

    public var isActive: Bool {
        switch state {
        case .starting, .running, .retrying, .stopping: true
        case .stopped, .failed: false
        }
    }

    public var json: JSONValue {
        .object(
            JSONObject([
                ("id", .string(id)), ("runId", .string(runID)), ("name", .string(name)),
                ("batchId", JSONValue(Int(batchID))), ("state", .string(state.rawValue)),
                ("message", .string(message)),
                ("isActive", .bool(isActive)),
                ("isDataAvailable", .bool(isDataAvailable)),
                ("isTriggerActive", .bool(isTriggerActive)),
                ("exception", JSONValue(exception)),
                ("source", .string(source)), ("sink", .string(sink)),
                ("endOffsets", Self.json(endOffsets)),
                ("committedOffsets", Self.json(committedOffsets)),
                ("numInputRows", JSONValue(Int(numInputRows))),
                ("lastProgress", lastProgress ?? .null),
            ]))
    }

    /// Offsets as Spark writes them: `{"users_created":{"0":123}}`, names and numbers in order.
    public static func json(_ offsets: [String: [Int32: Int64]]) -> JSONValue {
        .object(
            JSONObject(
                offsets.sorted { $0.key < $1.key }.map { topic, partitions in
                    let members = partitions.sorted { $0.key < $1.key }
                        .map { (name: String($0.key), value: JSONValue($0.value)) }
                    return (name: topic, value: .object(JSONObject(members)))
                }))
    }
}
