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
    /// Hosts that a session connects to; a larger cluster is used in part, the local ones first.
    package static let hostsMax = 256
    /// Statements that a session remembers as prepared; the one not used for longest goes first.
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
    /// Executions of one statement under way at once by speculation, the first one included.
    package static let speculativeMax = 5
    /// Between an event about the cluster and the look at what became of it: events come in flocks.
    package static let refreshDelay: Duration = .milliseconds(200)
    /// Between two looks at the cluster while the last one failed.
    package static let refreshAgain: Duration = .seconds(5)
    /// Rows of `system.peers` and keyspaces that one look at the cluster reads.
    package static let topologyRowsMax: Int32 = 100_000
    /// Bytes of a password file.
    package static let passwordBytesMax = 4_096
    /// Between two looks for a trace that is being written, and how many there are.
    package static let traceWait = Backoff(
        first: .milliseconds(5), longest: .milliseconds(250), triesMax: 30)
    /// Statements of one batch: their count is an unsigned 16-bit number.
    package static let batchMax = 65_535
}
