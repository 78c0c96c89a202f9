// Every limit of the CQL client.

package import MillraceBase

/// What bounds the client's queues, retries and waits; a URL's options override some of them.
package enum CQLClientLimits {
    /// Requests under way on one connection. Stream ids reach to 32,767; servers like fewer.
    package static let inFlightMax = 1_024
    /// Requests that wait for a free stream id of one connection; more are refused as `.busy`.
    package static let waitingMax = 16_384
    /// Rows under way in one `executeAll`, over all connections.
    package static let bulkInFlight = 256
    package static let connectionsPerHostMax = 8
    /// Statements that a session remembers as prepared.
    package static let preparedMax = 1_000
    package static let requestTimeout: Duration = .seconds(10)
    package static let connectTimeout: Duration = .seconds(5)
    /// Silence after which a connection is asked whether it lives.
    package static let heartbeatInterval: Duration = .seconds(30)
    /// How often deadlines and silence are looked at.
    package static let tick: Duration = .milliseconds(50)
    /// Answers that may be overdue on one connection before it is given up.
    package static let overdueMax = 512
    package static let pageSize: Int32 = 5_000
    /// Between two tries to reach a host, for as long as the session lives.
    package static let reconnect = Backoff(
        first: .milliseconds(50), longest: .seconds(5), triesMax: .max)
    /// Between two tries of an idempotent write that timed out or met an overloaded server.
    package static let retry = Backoff(
        first: .milliseconds(50), longest: .seconds(2), triesMax: 8)
    /// How often in a row a statement may be found unprepared right after it was prepared.
    package static let reprepareMax = 3
}
