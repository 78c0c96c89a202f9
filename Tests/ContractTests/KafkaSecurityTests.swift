// SASL and listeners over a socket: what is answered when, who gets in, and what a hostile client gets.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

/// A broker whose first listener demands SASL; the second does not.
private func withSasl<Value: Sendable>(
    _ mechanisms: [SaslMechanism] = [.plain, .scramSHA256, .scramSHA512],
    set: @escaping (inout BrokerConfiguration) -> Void = { _ in },
    _ body: (KafkaBrokerWire, BrokerServer) async throws -> Value
) async throws -> Value {
    try await KafkaBrokerStage().run(
        set: { configuration in
            var open = Listener(name: "OPEN", port: 0)
            open.advertisedHost = "open.example"
            open.advertisedPort = 7
            configuration.listeners = [
                Listener(
                    port: 0, securityProtocol: .saslPlaintext, saslMechanisms: mechanisms),
                open,
            ]
            configuration.sasl.plainUsers = ["alice": Secret("alice-secret")]
            set(&configuration)
        }, body)
}

extension KafkaBrokerWire {
    fileprivate func handshake(
        _ mechanism: String, version: Int16 = 1
    ) async throws -> SaslHandshakeResponse {
        try await ask(SaslHandshakeRequest { $0.mechanism = mechanism }, version: version)
    }

    fileprivate func token(
        _ text: String, version: Int16 = 2
    ) async throws -> SaslAuthenticateResponse {
        try await ask(
            SaslAuthenticateRequest { $0.authBytes = Array(text.utf8) }, version: version)
    }

    fileprivate func isClosed() async -> Bool {
        do {
            _ = try await frame()
            return false
        } catch { return true }
    }
}

@Suite("Kafka security: SASL")
struct KafkaSecuritySaslTests {
    private static let right = "\0alice\0alice-secret"

    @Test func versionsFirstThenPlain() async throws {
        try await withSasl { wire, _ in
            let versions = try await wire.ask(ApiVersionsRequest(), version: 2)
            #expect(versions.apiKeys.contains { $0.apiKey == 36 })
            let handshake = try await wire.handshake("PLAIN")
            #expect(handshake.errorCode == .none)
            #expect(handshake.mechanisms == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
            let answer = try await wire.token(Self.right)
            #expect(answer.errorCode == .none)
            #expect(answer.sessionLifetimeMilliseconds == 0)
            let metadata = try await wire.ask(MetadataRequest(), version: 9)
            #expect(metadata.brokers.count == 1)
        }
    }

    @Test(arguments: [Int16(0), 1, 2])
    func allVersionsOfTheToken(version: Int16) async throws {
        try await withSasl { wire, _ in
            _ = try await wire.handshake("PLAIN")
            #expect(try await wire.token(Self.right, version: version).errorCode == .none)
        }
    }

    /// Goal: after a handshake of version 0 a token is a size and its bytes, and so is the answer.
    @Test func rawTokens() async throws {
        try await withSasl { wire, _ in
            _ = try await wire.handshake("PLAIN", version: 0)
            var raw = ByteBuffer(integer: Int32(Self.right.utf8.count))
            raw.writeString(Self.right)
            try await wire.send(raw)
            #expect(try await wire.frame().readableBytes == 0)
            #expect(try await wire.ask(MetadataRequest(), version: 9).brokers.count == 1)
        }
    }

    /// Goal: a wrong password is an error with a text, then the end.
    @Test func wrongPassword() async throws {
        try await withSasl { wire, _ in
            _ = try await wire.handshake("PLAIN")
            let answer = try await wire.token("\0alice\0wrong")
            #expect(answer.errorCode == .saslAuthenticationFailed)
            #expect(answer.errorMessage == "Authentication failed: Invalid username or password")
            #expect(await wire.isClosed())
        }
    }

    @Test func unknownMechanism() async throws {
        try await withSasl([.scramSHA512]) { wire, _ in
            let answer = try await wire.handshake("PLAIN")
            #expect(answer.errorCode == .unsupportedSaslMechanism)
            #expect(answer.mechanisms == ["SCRAM-SHA-512"])
            #expect(await wire.isClosed())
        }
    }

    @Test func nothingElseBeforeTheEnd() async throws {
        try await withSasl { wire, _ in
            try await wire.send(MetadataRequest(), version: 9)
            #expect(await wire.isClosed())
        }
        try await withSasl { wire, _ in
            let answer = try await wire.token(Self.right)
            #expect(answer.errorCode == .illegalSaslState)
            #expect(await wire.isClosed())
        }
        try await withSasl { wire, _ in
            _ = try await wire.handshake("PLAIN")
            try await wire.send(MetadataRequest(), version: 9)
            #expect(await wire.isClosed())
        }
    }

    /// Goal: what comes in one piece with the handshake is still taken step by step.
    @Test func requestsThatComeTogether() async throws {
        try await withSasl { wire, _ in
            var all = try ApiVersionsRequest().frame(version: 3, correlationID: 1)
            var handshake = SaslHandshakeRequest()
            handshake.mechanism = "PLAIN"
            var token = SaslAuthenticateRequest()
            token.authBytes = Array(Self.right.utf8)
            all.writeImmutableBuffer(try handshake.frame(version: 1, correlationID: 2))
            all.writeImmutableBuffer(try token.frame(version: 2, correlationID: 3))
            all.writeImmutableBuffer(try MetadataRequest().frame(version: 9, correlationID: 4))
            try await wire.send(all)
            #expect(try await wire.answer(ApiVersionsRequest.self, version: 3).correlationID == 1)
            #expect(try await wire.answer(SaslHandshakeRequest.self, version: 1).correlationID == 2)
            let third = try await wire.answer(SaslAuthenticateRequest.self, version: 2)
            #expect(third.response.errorCode == .none)
            #expect(try await wire.answer(MetadataRequest.self, version: 9).correlationID == 4)
        }
    }

    /// Goal: on a listener without SASL its requests are out of place, and no more than that.
    @Test func outOfPlace() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            let handshake = try await wire.handshake("PLAIN")
            #expect(handshake.errorCode == .illegalSaslState)
            let token = try await wire.token("x")
            #expect(token.errorCode == .illegalSaslState)
            let metadata = try await wire.ask(MetadataRequest(), version: 9)
            #expect(metadata.brokers.count == 1)
        }
    }

    // MARK: Sessions

    @Test func sessionsAreRenewed() async throws {
        try await withSasl(set: { $0.sasl.reauthenticationMilliseconds = 3_600_000 }) { wire, _ in
            for _ in 0..<3 {
                let handshake = try await wire.handshake("PLAIN")
                #expect(handshake.errorCode == .none)
                let answer = try await wire.token(Self.right)
                #expect(answer.errorCode == .none)
                #expect(answer.sessionLifetimeMilliseconds == 3_600_000)
                #expect(try await wire.ask(MetadataRequest(), version: 9).brokers.count == 1)
            }
        }
    }

    @Test func sessionsThatAreNotRenewedEnd() async throws {
        try await withSasl(set: { $0.sasl.reauthenticationMilliseconds = 1 }) { wire, _ in
            _ = try await wire.handshake("PLAIN")
            _ = try await wire.token(Self.right)
            // Each request may be in time; some request is not.
            var asked = 0
            while asked < 1_000, (try? await wire.ask(MetadataRequest(), version: 9)) != nil {
                asked += 1
            }
            #expect(asked < 1_000)
        }
    }

    // MARK: SCRAM

    /// Goal: credentials set by a client are durable, described and removed, each user for itself.
    @Test func scramCredentialsOverTheWire() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ in
            var upsertion = AlterUserScramCredentialsRequest.Upsertion()
            upsertion.name = "carol"
            upsertion.mechanism = 1
            upsertion.iterations = 4_096
            upsertion.salt = [1, 2, 3]
            upsertion.saltedPassword = [UInt8](repeating: 1, count: 32)
            var request = AlterUserScramCredentialsRequest()
            request.upsertions = [upsertion]
            upsertion.name = "dave"
            upsertion.iterations = 1
            request.upsertions.append(upsertion)
            let answer = try await wire.ask(request, version: 0)
            #expect(answer.results.map(\.errorCode) == [.none, .unacceptableCredential])
        }
        try await stage.run { wire, _ in
            let all = try await wire.ask(DescribeUserScramCredentialsRequest(), version: 0)
            #expect(all.results.map(\.user) == ["carol"])
            #expect(all.results.first?.credentialInfos.map(\.iterations) == [4_096])
            var request = DescribeUserScramCredentialsRequest()
            request.users = ["carol", "nobody"].map { name in
                var user = DescribeUserScramCredentialsRequest.User()
                user.name = name
                return user
            }
            let some = try await wire.ask(request, version: 0)
            #expect(some.results.map(\.errorCode) == [.none, .resourceNotFound])
        }
    }
}

@Suite("Kafka security: listeners and limits")
struct KafkaSecurityLimitTests {
    /// Goal: each client is told the address of the listener it came by.
    @Test func listenersAdvertiseThemselves() async throws {
        try await withSasl { wire, server in
            _ = try await wire.handshake("PLAIN")
            _ = try await wire.token("\0alice\0alice-secret")
            let metadata = try await wire.ask(MetadataRequest(), version: 9)
            #expect(metadata.brokers.first?.host == "127.0.0.1")
            #expect(metadata.brokers.first.map { Int($0.port) } == server.port)
            let open = try await KafkaBrokerWire(port: server.ports["OPEN"] ?? 0)
            let other = try await open.ask(MetadataRequest(), version: 9)
            #expect(other.brokers.first?.host == "open.example")
            #expect(other.brokers.first?.port == 7)
            await open.close()
        }
    }

    /// Goal: on all addresses a client is told the one it came to.
    @Test func aWildcardAdvertisesWhereAClientCame() async throws {
        try await KafkaBrokerStage().run(set: { $0.listeners[0].host = "0.0.0.0" }) {
            wire, server in
            let metadata = try await wire.ask(MetadataRequest(), version: 9)
            #expect(metadata.brokers.first?.host == "127.0.0.1")
            #expect(metadata.brokers.first.map { Int($0.port) } == server.port)
        }
    }

    @Test func oneConnectionTooManyIsClosed() async throws {
        try await KafkaBrokerStage().run(set: { $0.limits.connectionsPerAddressMax = 1 }) {
            wire, server in
            #expect(try await wire.ask(MetadataRequest(), version: 9).brokers.count == 1)
            let second = try await KafkaBrokerWire(port: server.port)
            #expect(await second.isClosed())
            await second.close()
            #expect(try await wire.ask(MetadataRequest(), version: 9).brokers.count == 1)
        }
    }

    /// Goal: somebody unknown cannot claim a large request.
    @Test func unknownClientsSendLittle() async throws {
        try await withSasl { wire, _ in
            try await wire.send(ByteBuffer(integer: Int32(1 << 20)))
            #expect(await wire.isClosed())
        }
    }

    @Test func unknownClientsHaveLittleTime() async throws {
        try await withSasl(set: { $0.limits.authenticationSeconds = 1 }) { wire, _ in
            #expect(await wire.isClosed())
        }
    }
}
