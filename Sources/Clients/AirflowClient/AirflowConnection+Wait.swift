// Waiting for the end of a run, line by line.

import AsyncHTTPClient
import MillraceBase
import NIOCore

extension AirflowConnection {
    /// Waits until a run is over, however long it takes. A broken connection is an error: ask again.
    ///
    /// - Parameter onState: called with each state that is told, the same one perhaps many times.
    /// - Returns: the run as it ended.
    package func wait(
        _ dagID: String, _ runID: String, onState: @Sendable (String) -> Void = { _ in }
    ) async throws(AirflowError) -> AirflowRun {
        let interval = AirflowClientLimits.waitIntervalSeconds
        let path = Self.path(dagID, runID) + "/wait?interval=\(interval)"
        let body = try await transport.open(path)
        var rest: [UInt8] = []
        do {
            for try await part in body {
                rest += part.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = try JSONValue(parsing: rest[..<end])
                    rest.removeSubrange(...end)
                    if let state = line["state"]?.string { onState(state) }
                }
                guard rest.count <= AirflowClientLimits.lineBytesMax else {
                    throw AirflowError(.badAnswer, "a line is too long", path: path)
                }
            }
        } catch let error as AirflowError {
            throw error
        } catch is JSONError {
            throw AirflowError(.badAnswer, "a line is no JSON", path: path)
        } catch {
            throw AirflowError(.unreachable, "the answer broke off: \(error)", path: path)
        }
        let run = try await run(dagID, runID)
        guard run.isFinished else {
            throw AirflowError(.unreachable, "the server stopped before the run ended", path: path)
        }
        return run
    }
}
