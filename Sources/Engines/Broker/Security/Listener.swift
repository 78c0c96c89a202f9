// A place where the broker is to be reached: its address, what it demands, what it tells clients to dial.

/// Kafka's `security.protocol`: whether bytes are encrypted, and whether clients say who they are.
package enum SecurityProtocol: String, Sendable, CaseIterable {
    case plaintext = "PLAINTEXT"
    case ssl = "SSL"
    case saslPlaintext = "SASL_PLAINTEXT"
    case saslSSL = "SASL_SSL"

    package var usesTLS: Bool {
        switch self {
        case .ssl, .saslSSL: true
        case .plaintext, .saslPlaintext: false
        }
    }

    package var usesSASL: Bool {
        switch self {
        case .saslPlaintext, .saslSSL: true
        case .plaintext, .ssl: false
        }
    }
}

/// One listener of `BrokerConfiguration.listeners`.
package struct Listener: Sendable {
    /// In capitals, unique in the broker: `PLAINTEXT`, `INTERNAL`.
    package var name: String
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    /// The name clients are told to dial. `nil`: `host`; for a wildcard the address the client's own
    /// connection arrived at, which is one it can reach.
    package var advertisedHost: String?
    /// The port clients are told to dial. `nil`: the bound one.
    package var advertisedPort: Int?
    package var securityProtocol: SecurityProtocol
    /// Demanded by SSL and SASL_SSL, ignored by the others.
    package var tls: ListenerTLS?
    /// What SASL listeners offer, in the order that error 33 lists them.
    package var saslMechanisms: [SaslMechanism] = []
    /// Users of PLAIN on this listener alone; `nil`: those of `BrokerConfiguration.sasl`.
    package var plainUsers: [String: Secret]?

    package init(
        name: String? = nil, host: String = "127.0.0.1", port: Int = 9092,
        securityProtocol: SecurityProtocol = .plaintext, tls: ListenerTLS? = nil,
        saslMechanisms: [SaslMechanism] = []
    ) {
        self.name = name ?? securityProtocol.rawValue
        self.host = host
        self.port = port
        self.securityProtocol = securityProtocol
        self.tls = tls
        self.saslMechanisms = saslMechanisms
    }

    var isWildcard: Bool { ["0.0.0.0", "::", ""].contains(host) }
}

/// A text that is never shown: a password, a key.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package var text: String

    package init(_ text: String) { self.text = text }

    package var description: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
