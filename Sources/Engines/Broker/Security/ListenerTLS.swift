// What a listener with TLS is given: PEM files, and what it wants of its clients.

package struct ListenerTLS: Sendable {
    /// Kafka's `ssl.client.auth`.
    package enum ClientAuthentication: String, Sendable, CaseIterable {
        /// Clients are not asked for a certificate, so they are anonymous.
        case none
        /// Asked, and checked when there is one.
        case requested
        case required
    }

    /// PEM: the server's certificate, then those between it and a root.
    package var certificateFile: String
    /// PEM: PKCS#8, PKCS#1 or SEC1; with `keyPassword` an encrypted one.
    package var keyFile: String
    package var keyPassword: Secret?
    /// PEM: the roots that clients' certificates must lead to. `nil`: the system's.
    package var authorityFile: String?
    package var clientAuthentication = ClientAuthentication.none
    /// Kafka's `ssl.principal.mapping.rules`.
    package var principalRules = PrincipalMapping.standard

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
