// What one batch did, under Spark's JSON names.

package import MillraceBase
import StreamPlan

/// One batch's report. Source: Spark's `StreamingQueryProgress.json`.
package struct BatchProgress: Sendable {
    package var id: String
    package var runID: String
    package var name: String
    package var batchID: Int
    package var timestampMilliseconds: Int64
    package var numInputRows: Int
    package var numOutputRows: Int
    package var numRejectedRows: Int
    package var source: String
    package var sink: String
    package var start: SourceOffsets
    package var end: SourceOffsets
    /// Since the batch before began.
    package var interval: Duration
    package var walCommit = Duration.zero
    /// Reading the records again, where the batch runs again.
    package var getBatch = Duration.zero
    package var addBatch = Duration.zero
    package var commitOffsets = Duration.zero
    package var triggerExecution = Duration.zero

    package var json: JSONValue {
        let durations: [(name: String, value: JSONValue)] = [
            ("addBatch", addBatch.jsonMilliseconds),
            ("commitOffsets", commitOffsets.jsonMilliseconds),
            ("getBatch", getBatch.jsonMilliseconds),
            ("latestOffset", 0), ("queryPlanning", 0),
            ("triggerExecution", triggerExecution.jsonMilliseconds),
            ("walCommit", walCommit.jsonMilliseconds),
        ]
        let input = rate(over: interval)
        let processed = rate(over: triggerExecution)
        let source: JSONValue = .object(
            JSONObject([
                ("description", .string(self.source)),
                ("startOffset", start.json), ("endOffset", end.json), ("latestOffset", end.json),
                ("numInputRows", JSONValue(Int(numInputRows))),
                ("inputRowsPerSecond", input), ("processedRowsPerSecond", processed),
                ("metrics", [:]),
            ]))
        return .object(
            JSONObject([
                ("id", .string(id)), ("runId", .string(runID)), ("name", .string(name)),
                ("timestamp", .string(TimestampText.iso(milliseconds: timestampMilliseconds))),
                ("batchId", JSONValue(Int(batchID))),
                ("batchDuration", triggerExecution.jsonMilliseconds),
                ("numInputRows", JSONValue(Int(numInputRows))),
                ("inputRowsPerSecond", input), ("processedRowsPerSecond", processed),
                ("durationMs", .object(JSONObject(durations))),
                ("eventTime", [:]), ("stateOperators", []), ("sources", [source]),
                (
                    "sink",
                    [
                        "description": .string(sink),
                        "numOutputRows": JSONValue(Int(numOutputRows)),
                    ]
                ),
                ("observedMetrics", ["deadLetters": JSONValue(Int(numRejectedRows))]),
            ]))
    }

    private func rate(over time: Duration) -> JSONValue {
        let seconds = Double(max(time.microseconds, 1)) / 1_000_000
        return JSONValue((Double(numInputRows) / seconds * 10).rounded() / 10)
    }
}

extension Duration {
    /// Whole milliseconds, as Spark counts durations.
    fileprivate var jsonMilliseconds: JSONValue { JSONValue(microseconds / 1_000) }
}
