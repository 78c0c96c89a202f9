// What a URL says about a session: `cassandra://user:password@host:9042,…/keyspace?compression=lz4`.

import CQLProtocol
package import MillraceBase

/// A session's settings, checked.
///
/// Options of the URL: `compression` (lz4, none), `consistency` (ONE, LOCAL_QUORUM, …),
/// `connections` (to each host, 1…8), `protocol` (the highest version to try, 3…5), `timeout_ms`,
/// `connect_timeout_ms`, `heartbeat_ms`.
package struct SessionOptions: Sendable {
    package static let defaultPort = 9_042

    package var hosts: [Endpoint.Host]
    package var user: String?
    package var password: String?
    package var keyspace: String?
    package var compresses = false
    var consistency = Consistency.localOne
    var version = ProtocolVersion.latest
    package var connectionsPerHost = 1
    package var requestTimeout = CQLClientLimits.requestTimeout
    package var connectTimeout = CQLClientLimits.connectTimeout
    package var heartbeatInterval = CQLClientLimits.heartbeatInterval

    package init(_ endpoint: Endpoint) throws(CQLError) {
        guard ["cassandra", "cql", "scylla"].contains(endpoint.scheme), !endpoint.hosts.isEmpty
        else { throw .configuration("\(endpoint) is no cassandra://host:port address") }
        hosts = endpoint.hosts.map { .init($0.name, port: $0.port ?? Self.defaultPort) }
        user = endpoint.user
        password = endpoint.password
        let path = endpoint.path.drop { $0 == "/" }
        keyspace = path.isEmpty ? nil : String(path)
        for (name, value) in endpoint.options.sorted(by: { $0.key < $1.key }) {
            try set(name, to: value)
        }
    }

    private mutating func set(_ name: String, to value: String) throws(CQLError) {
        switch name {
        case "compression":
            guard ["lz4", "none"].contains(value) else {
                throw .configuration("the option compression is lz4 or none, not \"\(value)\"")
            }
            compresses = value == "lz4"
        case "consistency":
            guard let level = Consistency(name: value) else {
                throw .configuration("there is no consistency level \"\(value)\"")
            }
            consistency = level
        case "protocol":
            guard let version = UInt8(value).flatMap(ProtocolVersion.init(rawValue:)) else {
                throw .configuration("the option protocol is 3, 4 or 5, not \"\(value)\"")
            }
            self.version = version
        case "connections":
            connectionsPerHost = try number(
                name, value, in: 1...CQLClientLimits.connectionsPerHostMax)
        case "timeout_ms": requestTimeout = try milliseconds(name, value)
        case "connect_timeout_ms": connectTimeout = try milliseconds(name, value)
        case "heartbeat_ms": heartbeatInterval = try milliseconds(name, value)
        default:
            throw .configuration(
                "there is no option \"\(name)\"; there are compression, connections, "
                    + "connect_timeout_ms, consistency, heartbeat_ms, protocol, timeout_ms")
        }
    }

    private func milliseconds(_ name: String, _ value: String) throws(CQLError) -> Duration {
        .milliseconds(try number(name, value, in: 1...86_400_000))
    }

    private func number(
        _ name: String, _ value: String, in range: ClosedRange<Int>
    ) throws(CQLError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw .configuration(
                "the option \(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
