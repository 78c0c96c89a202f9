// The store's options of security: who checks passwords and permissions, and TLS.

import CQLStore
import MillraceBase

/// `embedded:?authenticator=PasswordAuthenticator&ssl.certificate.location=server.pem`
struct StoreSecurityOptions {
    static let known = [
        "authenticator", "authorizer", "user", "password", "ssl.certificate.location",
        "ssl.key.location", "ssl.key.password", "ssl.ca.location", "ssl.client.auth",
        "dynamic_data_masking_enabled",
    ]

    private let authenticator: CQLAuthenticator
    private let authorizer: CQLAuthorizer
    private let masksColumns: Bool
    private var tls: CQLStoreTLS?
    /// Whom the pipeline itself logs in as.
    private let user: String
    private let password: String

    init(_ engine: EngineOptions) throws {
        let options = engine.endpoint.options
        authenticator = try engine.choice("authenticator", CQLAuthenticator.allowAll)
        authorizer = try engine.choice("authorizer", CQLAuthorizer.allowAll)
        guard authorizer == .allowAll || authenticator == .password else {
            throw Failure(
                "CassandraAuthorizer needs to know who somebody is", at: engine.place,
                next: "authenticator=PasswordAuthenticator")
        }
        masksColumns =
            try engine.choice("dynamic_data_masking_enabled", Switch.off) == .on
        user = options["user"] ?? "cassandra"
        password = options["password"] ?? "cassandra"
        guard let certificate = options["ssl.certificate.location"] else {
            let others = Self.known.filter { $0.hasPrefix("ssl.") }
            guard let alone = others.first(where: { options[$0] != nil }) else { return }
            throw Failure(
                "\(alone) needs a certificate", at: engine.place,
                next: "ssl.certificate.location=server.pem")
        }
        var tls = CQLStoreTLS(
            certificateFile: certificate, keyFile: options["ssl.key.location"] ?? certificate)
        tls.keyPassword = options["ssl.key.password"]
        tls.authorityFile = options["ssl.ca.location"]
        tls.clientAuthentication = try engine.choice(
            "ssl.client.auth", CQLStoreTLS.ClientAuthentication.none)
        self.tls = tls
    }

    func apply(to configuration: inout CQLStoreConfiguration) {
        configuration.authenticator = authenticator
        configuration.authorizer = authorizer
        configuration.masksColumns = masksColumns
        configuration.tls = tls
    }

    private enum Switch: String, CaseIterable {
        case on = "true", off = "false"
    }

    /// With what the pipeline needs to get in; `nil` when the plain address does.
    func insideAddress(_ address: Endpoint) -> Endpoint? {
        guard tls != nil || authenticator == .password else { return nil }
        var inside = address
        if authenticator == .password {
            inside.user = user
            inside.password = password
        }
        guard let tls else { return inside }
        inside.options["tls_ca"] = tls.authorityFile ?? tls.certificateFile
        // The certificate bears the name that clients dial, and not this machine's loopback.
        inside.options["tls_verify"] = "chain"
        switch tls.clientAuthentication {
        case .none: break
        case .requested, .required:
            inside.options["tls_cert"] = tls.certificateFile
            inside.options["tls_key"] = tls.keyFile
        }
        return inside
    }
}
