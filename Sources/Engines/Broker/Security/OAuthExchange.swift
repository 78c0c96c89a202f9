// The server's side of OAUTHBEARER: one token, and for a bad one a challenge that ends in a refusal.
// Source: RFC 7628 section 3; KIP-255

/// What a token has proved.
struct OAuthIdentity: Equatable, Sendable {
    var user: String
    /// How long it is still good for; `nil` for a token without end.
    var leftMilliseconds: Int64?
}

/// Why a token is not believed; the text is for the log, never with the token in it.
struct OAuthFault: Error, Equatable, Sendable {
    var because: String
}

struct OAuthExchange {
    private enum State: Equatable {
        case waiting
        /// - authorization: who the client wants to be; empty for who the token says.
        case checking(authorization: String)
        /// The challenge is out; whatever comes back, it is over.
        case challenged
    }

    /// What a client is told of a bad token; Kafka's own clients show it.
    private static let challenge = "{\"status\":\"invalid_token\"}"

    private var state = State.waiting

    mutating func received(_ token: [UInt8]) -> SaslStep {
        switch state {
        case .waiting:
            guard let (authorization, bearer) = Self.parse(token) else {
                return .refused("Invalid OAUTHBEARER client first message")
            }
            state = .checking(authorization: authorization)
            return .check(token: bearer)
        case .checking:
            preconditionFailure("no token is taken while one is checked")
        case .challenged:
            return .refused(Self.challenge)
        }
    }

    mutating func checked(_ outcome: Result<OAuthIdentity, OAuthFault>) -> SaslStep {
        guard case .checking(let authorization) = state else {
            preconditionFailure("only a token that was asked about is checked")
        }
        switch outcome {
        case .success(let identity):
            guard authorization.isEmpty || authorization == identity.user else {
                return .refused(
                    "Authentication failed: Client requested an authorization id that is "
                        + "different from the token's principal name")
            }
            return .proved(
                user: identity.user, final: [], tokenMilliseconds: identity.leftMilliseconds)
        case .failure:
            state = .challenged
            return .challenge(Array(Self.challenge.utf8))
        }
    }

    /// `n,[a=id],^Aauth=Bearer TOKEN^A[key=value^A…]^A`; the extensions are let pass.
    private static func parse(_ token: [UInt8]) -> (authorization: String, bearer: String)? {
        guard let text = String(validating: token, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "\u{1}", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 1].isEmpty, parts[parts.count - 2].isEmpty
        else { return nil }
        let header = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        guard header.count == 3, header[0] == "n" || header[0] == "y", header[2].isEmpty,
            header[1].isEmpty || header[1].hasPrefix("a="),
            let authorization = ScramExchange.decodedName(header[1].dropFirst(2))
        else { return nil }
        for pair in parts[1..<(parts.count - 2)] where pair.hasPrefix("auth=") {
            let value = pair.dropFirst(5)
            guard value.lowercased().hasPrefix("bearer ") else { return nil }
            let bearer = value.dropFirst(7).drop { $0 == " " }
            return bearer.isEmpty ? nil : (authorization, String(bearer))
        }
        return nil
    }
}
