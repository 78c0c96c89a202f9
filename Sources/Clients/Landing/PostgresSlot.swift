// A connection to the landing's PostgreSQL that comes back when it is lost.

import MillraceBase
import PostgresClient

/// Keeps one connection and makes it anew when it breaks. What runs on it must be safe to repeat: a
/// connection lost during COMMIT leaves open whether it happened.
actor PostgresSlot {
    private let endpoint: Endpoint
    private let onNotice: @Sendable (String) -> Void
    private var connection: PostgresConnection?
    private var isClosed = false

    init(_ endpoint: Endpoint, onNotice: @escaping @Sendable (String) -> Void) {
        self.endpoint = endpoint
        self.onNotice = onNotice
    }

    /// Runs `body`, again after a lost connection, a deadlock or a server that is just starting.
    func run<Value: Sendable>(
        retrying: Backoff = LandingLimits.reconnecting,
        _ body: @escaping @Sendable (PostgresSession) throws(PostgresError) -> Value
    ) async throws(LandingError) -> Value {
        var failures = 0
        while true {
            guard !Task.isCancelled else { throw .cancelled }
            guard !isClosed else { throw .closed }
            let failure: PostgresError
            do throws(PostgresError) {
                return try await connected().run(body)
            } catch {
                failure = error
            }
            if failure.isConnectionLost { connection = nil }
            failures += 1
            guard failure.mayPass, let wait = retrying.wait(afterFailures: failures) else {
                throw landingError(failure)
            }
            guard (try? await Task.sleep(for: wait)) != nil else { throw .cancelled }
        }
    }

    func close() async {
        isClosed = true
        let open = connection
        connection = nil
        await open?.close()
    }

    private func connected() async throws(PostgresError) -> PostgresConnection {
        if let connection { return connection }
        let made = try await PostgresConnection.connect(endpoint, onNotice: onNotice)
        // Another caller may have connected while this one waited.
        if let connection {
            await made.close()
            return connection
        }
        connection = made
        return made
    }

    private func landingError(_ error: PostgresError) -> LandingError {
        if error.isDiskFull { return .full(endpoint.description) }
        if error.isConnectionLost {
            return .unreachable(endpoint.description, because: error.message)
        }
        return .refused(error.description)
    }
}
