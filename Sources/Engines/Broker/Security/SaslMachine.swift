// What a connection of a SASL listener may do, as a value: handshake, tokens, open, and again.
// Sources: KIP-43 (handshake), KIP-152 (SaslAuthenticate), KIP-368 (re-authentication);
// ../shared/reference/kafka.md A4

import KafkaProtocol

/// Where a connection stands with SASL. It decides; `ConnectionHandler` does.
///
/// Invariants:
/// - until the machine is open, nothing but ApiVersions, SaslHandshake and tokens is served;
/// - a second authentication keeps the mechanism and the principal of the first;
/// - after a refusal nothing is served any more.
struct SaslMachine {
    /// What a client has proved.
    struct Established: Equatable {
        var mechanism: SaslMechanism
        var principal: KafkaPrincipal
        /// In milliseconds of the clock that `verdict` is given; `nil` for a session without end.
        var expiryMilliseconds: Int64?
    }

    private enum Phase {
        case waiting
        /// - isRaw: tokens come without request headers, after a handshake of version 0.
        case exchanging(SaslExchange, isRaw: Bool)
        /// A token is being checked elsewhere; no other frame is taken meanwhile.
        case checking(SaslExchange, isRaw: Bool)
        case open(Established)
        case refused
    }

    enum Verdict: Equatable {
        /// The broker may answer it.
        case serve
        /// One of the two SASL requests, at its time.
        case takesPart
        /// Error 34 for SASL requests; the connection ends.
        case illegal
        /// The session is over and the client did not authenticate again; the connection ends.
        case expired
    }

    struct HandshakeAnswer: Equatable {
        var error = KafkaErrorCode.none
        var mechanisms: [String]
        /// Whether the connection ends with this answer.
        var endsConnection: Bool { error != .none }
    }

    enum TokenAnswer: Equatable {
        case challenge([UInt8])
        /// The token of OAUTHBEARER is to be checked, and `checked` called with what came of it.
        case check(token: String)
        /// - lifetimeMilliseconds: 0 for a session without end.
        case opened(KafkaPrincipal, final: [UInt8], lifetimeMilliseconds: Int64)
        /// - message: for the client; says nothing that it does not know.
        case refused(KafkaErrorCode, message: String)
    }

    private let mechanisms: [SaslMechanism]
    private let users: SaslUsers
    /// Kafka's `connections.max.reauth.ms`; 0 for none.
    private let lifetimeMillisecondsMax: Int64
    private var phase = Phase.waiting
    /// What was proved before this exchange; `nil` in the first.
    private var before: Established?

    init(
        mechanisms: [SaslMechanism], users: SaslUsers, lifetimeMillisecondsMax: Int64 = 0
    ) {
        self.mechanisms = mechanisms
        self.users = users
        self.lifetimeMillisecondsMax = lifetimeMillisecondsMax
    }

    /// Whether requests of all kinds may be taken from the socket.
    var isOpen: Bool {
        switch phase {
        case .open: true
        case .waiting, .exchanging, .checking, .refused: false
        }
    }

    /// Whether the next frame is a token without a header.
    var expectsRawToken: Bool {
        switch phase {
        case .exchanging(_, let isRaw): isRaw
        case .waiting, .checking, .open, .refused: false
        }
    }

    /// Whether the next frame must wait for the check of a token.
    var isChecking: Bool {
        switch phase {
        case .checking: true
        case .waiting, .exchanging, .open, .refused: false
        }
    }

    // MARK: Requests

    func verdict(on key: ApiKey, nowMilliseconds: Int64) -> Verdict {
        switch phase {
        case .waiting:
            if key == .apiVersions { return .serve }
            return key == .saslHandshake ? .takesPart : .illegal
        case .exchanging(_, let isRaw):
            return key == .saslAuthenticate && !isRaw ? .takesPart : .illegal
        case .checking, .refused:
            return .illegal
        case .open(let established):
            if key == .saslHandshake { return .takesPart }
            // As Kafka: only a request that comes too late ends the connection.
            if let expiry = established.expiryMilliseconds, nowMilliseconds > expiry {
                return .expired
            }
            return key == .saslAuthenticate ? .illegal : .serve
        }
    }

    mutating func handshake(mechanism name: String, version: Int16) -> HandshakeAnswer {
        let names = mechanisms.map(\.rawValue)
        switch phase {
        case .waiting:
            break
        case .open(let established):
            // Tokens without headers could not be told from requests here.
            guard version >= 1 else { return refuseHandshake(.illegalSaslState, names) }
            before = established
        case .exchanging, .checking, .refused:
            return refuseHandshake(.illegalSaslState, names)
        }
        guard let mechanism = SaslMechanism(rawValue: name), mechanisms.contains(mechanism) else {
            return refuseHandshake(.unsupportedSaslMechanism, names)
        }
        phase = .exchanging(SaslExchange(mechanism, users: users), isRaw: version == 0)
        return HandshakeAnswer(mechanisms: names)
    }

    private mutating func refuseHandshake(
        _ error: KafkaErrorCode, _ names: [String]
    ) -> HandshakeAnswer {
        phase = .refused
        return HandshakeAnswer(error: error, mechanisms: names)
    }

    // MARK: Tokens

    mutating func received(_ token: [UInt8], nowMilliseconds: Int64) -> TokenAnswer {
        guard case .exchanging(var exchange, let isRaw) = phase else {
            return refuse(.illegalSaslState, "a token is not expected now")
        }
        if let before, before.mechanism != exchange.mechanism {
            return refuse(
                .saslAuthenticationFailed,
                "the mechanism cannot change from \(before.mechanism.rawValue) "
                    + "to \(exchange.mechanism.rawValue) in a session")
        }
        let step = exchange.received(token, users)
        return advance(exchange, isRaw, step, nowMilliseconds)
    }

    /// What came of the token that `check` asked about. Of no use once the exchange was given up.
    mutating func checked(
        _ outcome: Result<OAuthIdentity, OAuthFault>, nowMilliseconds: Int64
    ) -> TokenAnswer {
        guard case .checking(var exchange, let isRaw) = phase else {
            return refuse(.illegalSaslState, "a token is not expected now")
        }
        let step = exchange.checked(outcome)
        return advance(exchange, isRaw, step, nowMilliseconds)
    }

    private mutating func advance(
        _ exchange: SaslExchange, _ isRaw: Bool, _ step: SaslStep, _ nowMilliseconds: Int64
    ) -> TokenAnswer {
        switch step {
        case .challenge(let bytes):
            phase = .exchanging(exchange, isRaw: isRaw)
            return .challenge(bytes)
        case .check(let token):
            phase = .checking(exchange, isRaw: isRaw)
            return .check(token: token)
        case .refused(let message):
            return refuse(.saslAuthenticationFailed, message)
        case .proved(let user, let final, let tokenMilliseconds):
            let principal = KafkaPrincipal(name: user)
            if let before, before.principal != principal {
                return refuse(
                    .saslAuthenticationFailed, "the principal cannot change in a session")
            }
            let lifetime = lifetime(tokenMilliseconds)
            phase = .open(
                Established(
                    mechanism: exchange.mechanism, principal: principal,
                    expiryMilliseconds: lifetime.map { nowMilliseconds + $0 }))
            before = nil
            return .opened(principal, final: final, lifetimeMilliseconds: lifetime ?? 0)
        }
    }

    /// The shorter of what the token and the broker allow; `nil` when neither says anything.
    private func lifetime(_ tokenMilliseconds: Int64?) -> Int64? {
        let most = lifetimeMillisecondsMax > 0 ? lifetimeMillisecondsMax : nil
        guard let shorter = [tokenMilliseconds, most].compactMap(\.self).min() else { return nil }
        return min(max(shorter, 0), Limits.sessionLifetimeMillisecondsMax)
    }

    private mutating func refuse(_ error: KafkaErrorCode, _ message: String) -> TokenAnswer {
        phase = .refused
        return .refused(error, message: message)
    }
}
