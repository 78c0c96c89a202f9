// What a server wrote down about one request.

package import CQLProtocol
import MillraceBase

/// A trace of `system_traces`.
package struct CQLTrace: Sendable {
    package struct Event: Sendable {
        package var activity: String
        package var source: String
        package var thread: String
        /// Since the request came; `nil` where it was not measured.
        package var elapsedMicroseconds: Int64?
    }

    package var id: CQLUUID
    package var request: String
    package var coordinator: String
    package var durationMicroseconds: Int64
    package var parameters: [(name: String, value: String)]
    package var events: [Event]
}

extension CQLSession {
    /// Reads a trace, which the server writes after it has answered.
    ///
    /// - Returns: `nil` when it is not there in time: tracing is best effort.
    package func trace(_ id: CQLUUID) async throws(CQLError) -> CQLTrace? {
        var looks = 1
        var options = CQLStatementOptions.idempotent
        options.consistency = .one
        while true {
            let rows = try await execute(
                "SELECT * FROM system_traces.sessions WHERE session_id = ?", [.uuid(id)],
                options: options)
            if let row = rows.first, let duration = try row["duration"].int64 {
                return try await trace(id, row, duration, options)
            }
            guard let wait = CQLClientLimits.traceWait.wait(afterFailures: looks) else {
                return nil
            }
            looks += 1
            try await Self.sleep(wait)
        }
    }

    private func trace(
        _ id: CQLUUID, _ row: CQLRow, _ duration: Int64, _ options: CQLStatementOptions
    ) async throws(CQLError) -> CQLTrace {
        var trace = CQLTrace(
            id: id, request: try row["request"].description,
            coordinator: try row["coordinator"].description, durationMicroseconds: duration,
            parameters: [], events: [])
        if case .map(let entries) = try row["parameters"] {
            trace.parameters = entries.map { ($0.key.description, $0.value.description) }
        }
        let events = try await execute(
            "SELECT * FROM system_traces.events WHERE session_id = ?", [.uuid(id)],
            options: options)
        for row in events {
            trace.events.append(
                .init(
                    activity: try row["activity"].description,
                    source: try row["source"].description,
                    thread: try row["thread"].description,
                    elapsedMicroseconds: try row["source_elapsed"].int64))
        }
        return trace
    }
}
