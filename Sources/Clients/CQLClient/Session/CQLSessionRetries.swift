// What a session does when a host fails it.

import CQLProtocol
import MillraceBase

extension CQLSession {
    /// Runs `body` with a connection; on another one when the first surely did not do it, or when
    /// doing it twice does no harm.
    func withRetries<T>(
        isIdempotent: Bool,
        _ body: (CQLConnection) async throws(CQLError) -> T
    ) async throws(CQLError) -> T {
        var failures = 0
        while true {
            let connection = try await pool.acquire()
            do throws(CQLError) {
                return try await body(connection)
            } catch {
                failures += 1
                let mayRepeat = error.wasNotDone || isIdempotent && error.isRetriable
                guard mayRepeat, let wait = CQLClientLimits.retry.wait(afterFailures: failures)
                else { throw error }
                // Another host is tried at once; the same one is given time.
                if failures >= pool.hostCount { try await Self.sleep(wait) }
            }
        }
    }

    static func sleep(_ duration: Duration) async throws(CQLError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw .cancelled
        }
    }
}

extension CQLError {
    /// Whether the request surely had no effect.
    fileprivate var wasNotDone: Bool {
        switch self {
        case .unreachable, .busy: true
        case .server(let error, _):
            [.overloaded, .isBootstrapping, .unavailable].contains(error.code)
        case .timeout, .connectionLost, .wire, .value, .configuration, .closed, .cancelled: false
        }
    }
}
