// What SASL listeners know: mechanisms, users, tokens and how long a session lasts.

/// A way for a client to say who it is, by its name on the wire.
package enum SaslMechanism: String, Sendable, CaseIterable {
    case plain = "PLAIN"
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA512 = "SCRAM-SHA-512"
    case oauthBearer = "OAUTHBEARER"

    /// Its number in Kafka's requests and records about SCRAM; `nil` for others.
    var scramNumber: Int8? {
        switch self {
        case .scramSHA256: 1
        case .scramSHA512: 2
        case .plain, .oauthBearer: nil
        }
    }
}

/// The settings all SASL listeners share.
package struct SaslConfiguration: Sendable {
    /// Names and passwords of PLAIN.
    package var plainUsers: [String: Secret] = [:]
    /// Users given SCRAM credentials at start where they have none yet; what clients alter later stays.
    package var scramUsers: [String: Secret] = [:]
    /// How tokens of OAUTHBEARER are checked; `nil`: none is accepted.
    package var oauth: OAuthConfiguration?
    /// Kafka's `connections.max.reauth.ms`: how long a session lasts at most. 0: no limit but a token's.
    package var reauthenticationMilliseconds: Int64 = 0
    /// Gets the text at a URL; `nil` where nothing can, and key sets come from files alone.
    package var fetch: (@Sendable (_ url: String) async throws -> String)?

    package init() {}
}

/// A JSON Web Key Set that is served by HTTP: Kafka's `sasl.oauthbearer.jwks.endpoint.url`.
package struct KeySetAddress: Sendable {
    package var url: String
    /// Kafka's `sasl.oauthbearer.jwks.endpoint.refresh.ms`.
    package var refreshMilliseconds = Limits.keySetRefreshMilliseconds
    package var fetch: @Sendable (_ url: String) async throws -> String

    package init(url: String, fetch: @escaping @Sendable (_ url: String) async throws -> String) {
        self.url = url
        self.fetch = fetch
    }

    /// - Throws: `.security` with the reason; the text itself is not looked at.
    func text() async throws(BrokerError) -> String {
        do { return try await fetch(url) } catch {
            throw .security(url, because: "the key set does not come: \(error)")
        }
    }
}

/// Which tokens are believed.
package struct OAuthConfiguration: Sendable {
    package enum Keys: Sendable {
        /// A file with a JSON Web Key Set (RFC 7517).
        case keySetFile(String)
        /// Where such a set is fetched from at the start and again from time to time.
        case keySetAddress(KeySetAddress)
        /// A PEM file with an RSA or an elliptic curve's public key.
        case publicKeyFile(String)
        /// The shared secret of HS256, HS384 and HS512.
        case sharedSecret(Secret)
        /// Tokens without a signature, `alg: none`: anybody may be anyone. For tests only.
        case unsecured
    }

    package var keys: Keys
    /// Demanded of the claim `iss`; `nil`: any.
    package var issuer: String?
    /// One of these must stand in the claim `aud`; empty: any or none.
    package var audiences: [String] = []
    /// The claim that holds the user's name.
    package var principalClaim = "sub"

    package init(keys: Keys) { self.keys = keys }
}
