// The SASL machine and its mechanisms, without a socket: what is served when, and who is believed.

import Foundation
import KafkaProtocol
import Testing

@testable import MillraceBroker

/// Users and nonces that a test holds.
private enum Scene {
    static let users = SaslUsers(
        plainPassword: { ["alice": Secret("alice-secret"), "": Secret("x")][$0] },
        scramCredential: { user, mechanism in
            guard user == "user" || user == "a,b=c" else { return nil }
            return mechanism == .scramSHA256 ? small : large
        },
        nonce: { "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0" },
        salt: { Array($0.utf8) })

    static let small = credential(.sha256, salt: "W22ZaJ0SNY7soEsUEjb6gQ==")
    static let large = credential(.sha512, salt: "Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=")

    private static func credential(_ hash: ScramHash, salt: String) -> ScramCredential {
        let salt = Array(Data(base64Encoded: salt) ?? Data())
        let salted = hash.salted(Array("pencil".utf8), salt: salt, iterations: 4_096)
        return hash.credential(saltedPassword: salted, salt: salt, iterations: 4_096)
    }

    static func machine(
        _ mechanisms: [SaslMechanism] = SaslMechanism.allCases, lifetime: Int64 = 0
    ) -> SaslMachine {
        SaslMachine(mechanisms: mechanisms, users: users, lifetimeMillisecondsMax: lifetime)
    }

    static func plain(_ user: String, _ password: String, as authorization: String = "") -> [UInt8]
    {
        Array("\(authorization)\0\(user)\0\(password)".utf8)
    }

    static let bearer = Array("n,,\u{1}auth=Bearer TOKEN\u{1}\u{1}".utf8)

    /// A machine that alice has opened at 0 ms.
    static func opened(lifetime: Int64 = 0) -> SaslMachine {
        var machine = machine(lifetime: lifetime)
        _ = machine.handshake(mechanism: "PLAIN", version: 1)
        _ = machine.received(plain("alice", "alice-secret"), nowMilliseconds: 0)
        return machine
    }
}

@Suite("SASL machine")
struct SaslMachineTests {
    /// Goal: before the end of SASL only ApiVersions and the handshake are served.
    @Test func servesOnlyItsOwnFirst() {
        let machine = Scene.machine()
        #expect(!machine.isOpen)
        #expect(machine.verdict(on: .apiVersions, nowMilliseconds: 0) == .serve)
        #expect(machine.verdict(on: .saslHandshake, nowMilliseconds: 0) == .takesPart)
        for key in [.saslAuthenticate, .metadata, .produce, .createTopics] as [ApiKey] {
            #expect(machine.verdict(on: key, nowMilliseconds: 0) == .illegal)
        }
    }

    @Test func opensAfterARightPassword() {
        var machine = Scene.machine()
        let handshake = machine.handshake(mechanism: "PLAIN", version: 1)
        #expect(handshake.error == .none)
        #expect(machine.verdict(on: .apiVersions, nowMilliseconds: 0) == .illegal)
        #expect(machine.verdict(on: .saslAuthenticate, nowMilliseconds: 0) == .takesPart)
        let answer = machine.received(
            Scene.plain("alice", "alice-secret"), nowMilliseconds: 0)
        let alice = KafkaPrincipal(name: "alice")
        #expect(answer == .opened(alice, final: [], lifetimeMilliseconds: 0))
        #expect(machine.isOpen)
        #expect(machine.verdict(on: .produce, nowMilliseconds: 1 << 40) == .serve)
        #expect(machine.verdict(on: .saslAuthenticate, nowMilliseconds: 0) == .illegal)
    }

    @Test func listsItsMechanismsForAnUnknownOne() {
        var machine = Scene.machine([.scramSHA512, .plain])
        let answer = machine.handshake(mechanism: "GSSAPI", version: 1)
        #expect(answer.error == .unsupportedSaslMechanism)
        #expect(answer.mechanisms == ["SCRAM-SHA-512", "PLAIN"])
        #expect(answer.endsConnection)
        #expect(machine.verdict(on: .saslHandshake, nowMilliseconds: 0) == .illegal)
        var other = Scene.machine([.plain])
        #expect(
            other.handshake(mechanism: "OAUTHBEARER", version: 1).error
                == .unsupportedSaslMechanism)
    }

    @Test func aSecondHandshakeIsIllegal() {
        var machine = Scene.machine()
        _ = machine.handshake(mechanism: "PLAIN", version: 1)
        #expect(machine.handshake(mechanism: "PLAIN", version: 1).error == .illegalSaslState)
        let answer = machine.received(
            Scene.plain("alice", "alice-secret"), nowMilliseconds: 0)
        #expect(answer == .refused(.illegalSaslState, message: "a token is not expected now"))
    }

    /// Goal: after a handshake of version 0 tokens come raw, and no request takes part.
    @Test func versionZeroTakesRawTokens() {
        var machine = Scene.machine()
        _ = machine.handshake(mechanism: "PLAIN", version: 0)
        #expect(machine.expectsRawToken)
        #expect(machine.verdict(on: .saslAuthenticate, nowMilliseconds: 0) == .illegal)
        _ = machine.received(Scene.plain("alice", "alice-secret"), nowMilliseconds: 0)
        #expect(machine.isOpen)
        #expect(!machine.expectsRawToken)
    }

    // MARK: Sessions

    /// Goal: the shorter of the token's time and the broker's is the session's.
    @Test(arguments: [
        (Int64(0), Int64?.none, Int64(0)), (0, 5_000, 5_000), (3_000, nil, 3_000),
        (3_000, 5_000, 3_000), (9_000, 5_000, 5_000), (3_000, -5, 0),
    ])
    func aSessionLastsAsLongAsBothAllow(most: Int64, token: Int64?, wanted: Int64) {
        var machine = Scene.machine(lifetime: most)
        _ = machine.handshake(mechanism: "OAUTHBEARER", version: 1)
        #expect(machine.received(Scene.bearer, nowMilliseconds: 0) == .check(token: "TOKEN"))
        #expect(machine.isChecking)
        let answer = machine.checked(
            .success(OAuthIdentity(user: "svc", leftMilliseconds: token)), nowMilliseconds: 100)
        let service = KafkaPrincipal(name: "svc")
        #expect(answer == .opened(service, final: [], lifetimeMilliseconds: wanted))
        let isLimited = most > 0 || token != nil
        #expect(machine.verdict(on: .fetch, nowMilliseconds: 100 + wanted) == .serve)
        #expect(
            machine.verdict(on: .fetch, nowMilliseconds: 101 + wanted)
                == (isLimited ? .expired : .serve))
        #expect(machine.verdict(on: .saslHandshake, nowMilliseconds: 1 << 40) == .takesPart)
    }

    @Test func aSessionIsRenewed() {
        var machine = Scene.opened(lifetime: 1_000)
        #expect(machine.handshake(mechanism: "PLAIN", version: 1).error == .none)
        #expect(machine.verdict(on: .fetch, nowMilliseconds: 10) == .illegal)
        _ = machine.received(Scene.plain("alice", "alice-secret"), nowMilliseconds: 900)
        #expect(machine.verdict(on: .fetch, nowMilliseconds: 1_800) == .serve)
        #expect(machine.verdict(on: .fetch, nowMilliseconds: 1_901) == .expired)
    }

    /// Goal: nobody becomes somebody else in a session, nor changes the mechanism.
    @Test func renewalKeepsMechanismAndPrincipal() {
        var machine = Scene.opened()
        _ = machine.handshake(mechanism: "SCRAM-SHA-256", version: 1)
        let other = machine.received(Array("n,,n=user,r=abc".utf8), nowMilliseconds: 0)
        guard case .refused(.saslAuthenticationFailed, _) = other else {
            Issue.record("the mechanism changed: \(other)")
            return
        }
        var second = Scene.machine()
        _ = second.handshake(mechanism: "OAUTHBEARER", version: 1)
        _ = second.received(Scene.bearer, nowMilliseconds: 0)
        _ = second.checked(.success(OAuthIdentity(user: "one")), nowMilliseconds: 0)
        _ = second.handshake(mechanism: "OAUTHBEARER", version: 1)
        _ = second.received(Scene.bearer, nowMilliseconds: 0)
        let answer = second.checked(.success(OAuthIdentity(user: "two")), nowMilliseconds: 0)
        guard case .refused(.saslAuthenticationFailed, _) = answer else {
            Issue.record("the principal changed: \(answer)")
            return
        }
        #expect(!second.isOpen)
    }

    @Test func renewalByRawTokensIsRefused() {
        var machine = Scene.opened()
        #expect(machine.handshake(mechanism: "PLAIN", version: 0).error == .illegalSaslState)
    }
}

@Suite("SASL mechanisms")
struct SaslMechanismTests {
    private static func isRefused(_ answer: SaslMachine.TokenAnswer) -> Bool {
        if case .refused(.saslAuthenticationFailed, _) = answer { true } else { false }
    }

    @Test(arguments: [
        Scene.plain("alice", "wrong"), Scene.plain("nobody", "alice-secret"),
        Scene.plain("alice", ""), Scene.plain("", "x"), Scene.plain("nobody", ""),
        Scene.plain("alice", "alice-secret", as: "bob"), Array("alice\0alice-secret".utf8), [],
        Array("\0alice\0alice-secret\0more".utf8), [0, 0xff, 0, 0x41],
    ])
    func plainRefuses(token: [UInt8]) {
        var machine = Scene.machine()
        _ = machine.handshake(mechanism: "PLAIN", version: 1)
        #expect(Self.isRefused(machine.received(token, nowMilliseconds: 0)))
        #expect(machine.verdict(on: .saslAuthenticate, nowMilliseconds: 0) == .illegal)
    }

    /// Method: the exchange printed in RFC 7677 section 3.
    @Test func scramSHA256AsPrinted() {
        var machine = Scene.machine()
        _ = machine.handshake(mechanism: "SCRAM-SHA-256", version: 1)
        let first = machine.received(
            Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8), nowMilliseconds: 0)
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        #expect(
            first == .challenge(Array("r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8)))
        let last = machine.received(
            Array(
                "c=biws,r=\(nonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".utf8),
            nowMilliseconds: 0)
        let final = Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8)
        #expect(
            last == .opened(KafkaPrincipal(name: "user"), final: final, lifetimeMilliseconds: 0))
    }

    /// Method: a vector made by Python's hashlib and hmac.
    @Test func scramSHA512() {
        let users = SaslUsers(
            plainPassword: { _ in nil }, scramCredential: { _, _ in Scene.large },
            nonce: { "02431b08-2f89-4bad-a4e6-80c0564ec865" }, salt: { _ in [] })
        var exchange = ScramExchange(.sha512, serverNonce: users.nonce())
        _ = exchange.received(Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8), users)
        let step = exchange.received(
            Array(
                ("c=biws,r=rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865,"
                    + "p=Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5"
                    + "/Wr6qm9xmaHt4A==").utf8), users)
        let final =
            "v=BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9ky"
            + "Y4kzmw=="
        #expect(step == .proved(user: "user", final: Array(final.utf8), tokenMilliseconds: nil))
    }

    /// Goal: a user that does not exist is asked like one that does, with the same salt each time.
    @Test func scramDoesNotTellWhoExists() {
        func challenge() -> SaslStep {
            var exchange = ScramExchange(.sha256, serverNonce: "s")
            return exchange.received(Array("n,,n=ghost,r=c".utf8), Scene.users)
        }
        guard case .challenge(let bytes) = challenge() else {
            Issue.record("no challenge for somebody unknown")
            return
        }
        #expect(challenge() == .challenge(bytes))
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix(",i=4096"))
    }

    @Test(arguments: [
        "", "n", "n,,", "n,,n=user", "n,,r=abc,n=user", "p=tls-unique,,n=user,r=abc",
        "n,a=other,n=user,r=abc", "n,,n=,r=abc", "n,,n=us=er,r=abc", "n,,n=user,r=",
        "n,,n=user,r=abc,tokenauth=true", "n,,m=1,n=user,r=abc",
    ])
    func scramRefusesABadFirstToken(text: String) {
        var exchange = ScramExchange(.sha256, serverNonce: "s")
        guard case .refused = exchange.received(Array(text.utf8), Scene.users) else {
            Issue.record("\"\(text)\" was taken")
            return
        }
    }

    /// Goal: a last token with any one character changed proves nothing, nor does one cut short.
    @Test func scramRefusesABadLastToken() {
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let good = Array(
            "c=biws,r=\(nonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".utf8)
        var bad: [[UInt8]] = (0..<good.count).map { Array(good[..<$0]) }
        for position in good.indices {
            var token = good
            token[position] ^= 1
            bad.append(token)
        }
        for token in bad {
            var exchange = ScramExchange(.sha256, serverNonce: Scene.users.nonce())
            _ = exchange.received(
                Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8), Scene.users)
            guard case .refused = exchange.received(token, Scene.users) else {
                Issue.record("\(String(decoding: token, as: UTF8.self)) was taken")
                return
            }
        }
    }

    @Test func scramNamesMayHoldCommas() {
        var exchange = ScramExchange(.sha256, serverNonce: "s")
        let step = exchange.received(Array("n,,n=a=2Cb=3Dc,r=abc".utf8), Scene.users)
        guard case .challenge(let bytes) = step else {
            Issue.record("the name was not taken")
            return
        }
        let salt = Data(Scene.small.salt).base64EncodedString()
        #expect(String(decoding: bytes, as: UTF8.self) == "r=abcs,s=\(salt),i=4096")
    }

    /// Goal: a bad token is answered by a challenge, and only then refused (RFC 7628).
    @Test func oauthChallengesBeforeItRefuses() {
        var machine = Scene.machine()
        _ = machine.handshake(mechanism: "OAUTHBEARER", version: 1)
        _ = machine.received(Scene.bearer, nowMilliseconds: 0)
        let challenge = machine.checked(
            .failure(OAuthFault(because: "it has expired")), nowMilliseconds: 0)
        let json = "{\"status\":\"invalid_token\"}"
        #expect(challenge == .challenge(Array(json.utf8)))
        #expect(!machine.isOpen)
        #expect(
            machine.received([1], nowMilliseconds: 0)
                == .refused(.saslAuthenticationFailed, message: json))
    }

    @Test(arguments: [
        "", "n,,", "n,,\u{1}\u{1}", "n,,\u{1}auth=Basic abc\u{1}\u{1}",
        "n,,\u{1}auth=Bearer \u{1}\u{1}", "n,,\u{1}auth=Bearer abc\u{1}",
        "p=x,,\u{1}auth=Bearer abc\u{1}\u{1}", "n,,\u{1}other=Bearer abc\u{1}\u{1}",
    ])
    func oauthRefusesABadMessage(text: String) {
        var exchange = OAuthExchange()
        guard case .refused = exchange.received(Array(text.utf8)) else {
            Issue.record("it was taken")
            return
        }
    }

    @Test func oauthTakesExtensionsAndHoldsToTheAuthorization() {
        var exchange = OAuthExchange()
        let step = exchange.received(
            Array("n,a=bob,\u{1}auth=Bearer abc.def\u{1}traceId=1\u{1}\u{1}".utf8))
        #expect(step == .check(token: "abc.def"))
        guard case .refused = exchange.checked(.success(OAuthIdentity(user: "alice"))) else {
            Issue.record("alice became bob")
            return
        }
    }
}
