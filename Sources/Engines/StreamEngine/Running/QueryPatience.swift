// How a loop waits for what it needs, without losing or skipping anything.

import Logging
import MillraceBase
import StreamPlan

extension QueryLoop {
    /// Tries until it works. What trying again cannot mend fails the query.
    func patiently<Value: Sendable>(
        _ body: @Sendable () async throws(ConnectorError) -> Value
    ) async throws(QueryEnd) -> Value {
        var failures = 0
        while true {
            do throws(ConnectorError) {
                let value = try await body()
                if failures > 0 { state.running("Processing new data") }
                return value
            } catch {
                if isStopping { throw .stopped }
                guard error.isRetriable else { throw .failed(error.message) }
                failures += 1
                if failures == 1 {
                    logger.warning(
                        "query waits",
                        metadata: ["query": "\(plan.name)", "why": "\(error.message)"])
                }
                state.retrying(error.message)
            }
            await pause(configuration.retry.wait(afterFailures: failures) ?? .zero)
            if isStopping { throw .stopped }
        }
    }

    /// Work on files, on the thread that may block; a full disk is waited for.
    @discardableResult
    func onDisk<Value: Sendable>(
        _ body: @escaping @Sendable () throws(CheckpointFileError) -> Value
    ) async throws(QueryEnd) -> Value {
        let thread = parts.thread
        return try await patiently { () async throws(ConnectorError) in
            do {
                return try await thread.run { try body() }
            } catch let error as CheckpointFileError {
                throw ConnectorError("checkpoint \(error)", isRetriable: error.isRetriable)
            } catch {
                throw ConnectorError("checkpoint: \(error)", isRetriable: false)
            }
        }
    }

    /// Waits, but not longer than it takes to notice a stop.
    func pause(_ duration: Duration) async {
        let deadline = ContinuousClock.now + duration
        while !isStopping {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return }
            // An interrupted sleep is a stop, which the caller looks for.
            try? await Task.sleep(for: min(left, configuration.pollWait))
        }
    }
}
