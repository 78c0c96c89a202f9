// What a URL says about a session: `cassandra://user:password@host:9042,…/keyspace?compression=lz4`.

package import CQLProtocol
import Foundation
package import MillraceBase

/// A session's settings, checked. The options of a URL are listed in `SessionOptions.help`.
///
/// User and password come from the URL, from the file that `password_file` names, or from the
/// environment (`CQL_USER`, `CQL_PASSWORD`), the first over the later. They are never logged.
package struct SessionOptions: Sendable {
    package static let defaultPort = 9_042
    package static let schemes: Set<String> = ["cassandra", "cql", "scylla"]

    /// The options of a URL, each with what it says.
    package static let help: [(name: String, says: String)] = [
        ("compression", "lz4, snappy (protocol 3 and 4) or none"),
        ("connect_timeout_ms", "for the socket and the handshake"),
        ("connections", "to each host, 1 to 8"),
        ("consistency", "ONE, LOCAL_QUORUM, …; LOCAL_ONE is the default"),
        ("discovery", "true, or false: only the hosts of the URL"),
        ("heartbeat_ms", "silence after which a connection is asked whether it lives"),
        (
            "local_dc",
            "the data centre that is asked first; default: that of the first host reached"
        ),
        ("page_size", "rows of a page"),
        ("password_file", "a file whose first line is the password, or user:password"),
        ("protocol", "the highest version to try, 3 to 5"),
        ("serial_consistency", "SERIAL or LOCAL_SERIAL, for conditional writes"),
        ("speculative_ms", "a second host is asked after so long, for idempotent statements"),
        ("timeout_ms", "for each request"),
        ("tls", "true or false"),
        ("tls_ca", "a file of certificates (PEM) that sign the server's"),
        ("tls_cert", "the client's own certificate (PEM), with tls_key"),
        ("tls_key", "the key of tls_cert (PEM)"),
        ("tls_server_name", "the name looked for in the certificate, where it is not the URL's"),
        ("tls_verify", "full, chain (any host name) or none"),
        ("token_aware", "true, or false: any host for any key"),
    ]

    package var hosts: [Endpoint.Host]
    package var user: String?
    package var password: String?
    package var keyspace: String?
    /// What bodies (v3, v4) or segments (v5, LZ4 only) are compressed with, if the server offers it.
    package var compression: BodyCompression?
    package var consistency = Consistency.localOne
    package var serialConsistency: Consistency?
    package var version = ProtocolVersion.latest
    package var connectionsPerHost = 1
    package var pageSize = CQLClientLimits.pageSize
    package var requestTimeout = CQLClientLimits.requestTimeout
    package var connectTimeout = CQLClientLimits.connectTimeout
    package var heartbeatInterval = CQLClientLimits.heartbeatInterval
    package var discovers = true
    package var routesByToken = true
    package var localDataCenter: String?
    package var speculation = CQLSpeculation.none
    package var tls = TLSSettings()

    /// - Parameter environment: where `CQL_USER` and `CQL_PASSWORD` are looked for.
    /// - Throws: `.configuration` for an unknown option, or files that cannot be read.
    package init(
        _ endpoint: Endpoint,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CQLError) {
        guard Self.schemes.contains(endpoint.scheme), !endpoint.hosts.isEmpty else {
            throw .configuration("\(endpoint) is no cassandra://host:port address")
        }
        hosts = endpoint.hosts.map { .init($0.name, port: $0.port ?? Self.defaultPort) }
        user = endpoint.user
        password = endpoint.password
        let path = endpoint.path.drop { $0 == "/" }
        keyspace = path.isEmpty ? nil : String(path)
        for (name, value) in endpoint.options.sorted(by: { $0.key < $1.key }) {
            try set(name, to: value)
        }
        if password == nil, let path = endpoint.options["password_file"] {
            try readPassword(path)
        }
        if user == nil { user = environment["CQL_USER"] }
        if password == nil, user != nil { password = environment["CQL_PASSWORD"] }
        try tls.check()
    }

    private mutating func set(_ name: String, to value: String) throws(CQLError) {
        switch name {
        case "compression":
            compression = BodyCompression(rawValue: value)
            guard compression != nil || value == "none" else {
                throw .configuration("the option compression is lz4, snappy or none")
            }
        case "consistency": consistency = try level(value)
        case "serial_consistency":
            serialConsistency = try level(value)
            guard [.serial, .localSerial].contains(serialConsistency) else {
                throw .configuration("the option serial_consistency is SERIAL or LOCAL_SERIAL")
            }
        case "protocol":
            guard let version = UInt8(value).flatMap(ProtocolVersion.init(rawValue:)) else {
                throw .configuration("the option protocol is 3, 4 or 5, not \"\(value)\"")
            }
            self.version = version
        case "connections":
            connectionsPerHost = try number(
                name, value, in: 1...CQLClientLimits.connectionsPerHostMax)
        case "page_size": pageSize = Int32(try number(name, value, in: 1...1_000_000))
        case "timeout_ms": requestTimeout = try milliseconds(name, value)
        case "connect_timeout_ms": connectTimeout = try milliseconds(name, value)
        case "heartbeat_ms": heartbeatInterval = try milliseconds(name, value)
        case "speculative_ms": speculation = .after(try milliseconds(name, value), most: 2)
        case "local_dc": localDataCenter = value
        case "discovery": discovers = try flag(name, value)
        case "token_aware": routesByToken = try flag(name, value)
        case "password_file": break
        case "tls": tls.isOn = try flag(name, value)
        case let name where name.hasPrefix("tls_"):
            guard try tls.set(name, to: value) else { throw Self.unknown(name) }
        default: throw Self.unknown(name)
        }
    }

    private static func unknown(_ name: String) -> CQLError {
        .configuration(
            "there is no option \"\(name)\"; there are "
                + help.map(\.name).joined(separator: ", "))
    }

    private mutating func readPassword(_ path: String) throws(CQLError) {
        guard let file = FileHandle(forReadingAtPath: path),
            let data = try? file.read(upToCount: CQLClientLimits.passwordBytesMax)
        else { throw .configuration("the password file \(path) cannot be read") }
        let line = String(decoding: data, as: UTF8.self).prefix { !$0.isNewline }
        guard user == nil, let colon = line.firstIndex(of: ":") else {
            password = String(line)
            return
        }
        user = String(line[..<colon])
        password = String(line[line.index(after: colon)...])
    }

    private func level(_ value: String) throws(CQLError) -> Consistency {
        guard let level = Consistency(name: value) else {
            throw .configuration("there is no consistency level \"\(value)\"")
        }
        return level
    }

    private func flag(_ name: String, _ value: String) throws(CQLError) -> Bool {
        switch value {
        case "true", "1", "": true
        case "false", "0": false
        default: throw .configuration("the option \(name) is true or false, not \"\(value)\"")
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
