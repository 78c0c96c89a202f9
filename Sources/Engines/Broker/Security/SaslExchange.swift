// One exchange of SASL tokens, whatever the mechanism: a token in, a step out.

/// Where exchanges find what they need. Passed in, so that tests hold it.
struct SaslUsers: Sendable {
    var plainPassword: @Sendable (_ user: String) -> Secret?
    var scramCredential: @Sendable (_ user: String, SaslMechanism) -> ScramCredential?
    /// The server's half of a nonce: printable, without commas.
    var nonce: @Sendable () -> String
    /// The salt shown to users that do not exist; always the same for a name.
    var salt: @Sendable (_ user: String) -> [UInt8]
}

enum SaslStep: Equatable {
    case challenge([UInt8])
    case check(token: String)
    /// - tokenMilliseconds: how long the proof is good for; `nil` for one without end.
    case proved(user: String, final: [UInt8], tokenMilliseconds: Int64?)
    case refused(String)
}

/// The exchange of one mechanism.
enum SaslExchange {
    case plain
    case scram(ScramExchange)
    case oauth(OAuthExchange)

    init(_ mechanism: SaslMechanism, users: SaslUsers) {
        switch mechanism {
        case .plain: self = .plain
        case .scramSHA256: self = .scram(ScramExchange(.sha256, serverNonce: users.nonce()))
        case .scramSHA512: self = .scram(ScramExchange(.sha512, serverNonce: users.nonce()))
        case .oauthBearer: self = .oauth(OAuthExchange())
        }
    }

    var mechanism: SaslMechanism {
        switch self {
        case .plain: .plain
        case .scram(let exchange): exchange.hash.mechanism
        case .oauth: .oauthBearer
        }
    }

    mutating func received(_ token: [UInt8], _ users: SaslUsers) -> SaslStep {
        switch self {
        case .plain:
            return PlainToken.step(token, users)
        case .scram(var exchange):
            defer { self = .scram(exchange) }
            return exchange.received(token, users)
        case .oauth(var exchange):
            defer { self = .oauth(exchange) }
            return exchange.received(token)
        }
    }

    mutating func checked(_ outcome: Result<OAuthIdentity, OAuthFault>) -> SaslStep {
        switch self {
        case .plain, .scram:
            preconditionFailure("only tokens of OAUTHBEARER are checked elsewhere")
        case .oauth(var exchange):
            defer { self = .oauth(exchange) }
            return exchange.checked(outcome)
        }
    }
}
