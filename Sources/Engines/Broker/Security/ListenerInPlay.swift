// A listener of a running broker: what was configured, and what came of it.

import NIOCore
import Synchronization

/// Shared by the connections that came by it.
final class ListenerInPlay: Sendable {
    let configuration: Listener
    /// The bound port; set once, before the first connection.
    let port = Atomic<Int>(0)
    /// `nil` for a listener without TLS.
    let tls: ServerTLS?

    /// Reads the certificate and the key.
    init(_ configuration: Listener) throws(BrokerError) {
        self.configuration = configuration
        tls =
            configuration.securityProtocol.usesTLS
            ? try ServerTLS(configuration.tls, listener: configuration.name) : nil
    }

    var advertisedPort: Int32 {
        Int32(clamping: configuration.advertisedPort ?? port.load(ordering: .relaxed))
    }

    /// - Parameter arrival: the address of this machine that a client came to; `nil` when no client asks.
    func advertisedHost(arrival: String?) -> String {
        if let host = configuration.advertisedHost { return host }
        guard configuration.isWildcard else { return configuration.host }
        return arrival ?? "localhost"
    }

    /// The session of a connection that has said nothing yet.
    func session(of channel: any Channel) -> ClientSession {
        ClientSession(
            principal: .anonymous, listenerName: configuration.name,
            securityProtocol: configuration.securityProtocol,
            address: Self.plain(channel.remoteAddress?.ipAddress) ?? "unknown",
            advertisedHost: advertisedHost(arrival: Self.plain(channel.localAddress?.ipAddress)),
            advertisedPort: advertisedPort)
    }

    /// An IPv4 address that came to an IPv6 socket is shown as what it is.
    static func plain(_ address: String?) -> String? {
        guard let address else { return nil }
        let prefix = "::ffff:"
        guard address.hasPrefix(prefix), address.contains(".") else { return address }
        return String(address.dropFirst(prefix.count))
    }

    /// Kafka's `listeners` entry: `PLAINTEXT://127.0.0.1:9092`.
    var listenerText: String {
        let host = configuration.host
        let shown = host.contains(":") ? "[\(host)]" : host
        return "\(configuration.name)://\(shown):\(port.load(ordering: .relaxed))"
    }

    /// Kafka's `advertised.listeners` entry.
    var advertisedText: String {
        let host = advertisedHost(arrival: nil)
        let shown = host.contains(":") ? "[\(host)]" : host
        return "\(configuration.name)://\(shown):\(advertisedPort)"
    }
}
