// A connection to one broker that speaks Kafka's protocol by itself: for calls librdkafka 2.0.2 lacks.

import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Connected, its versions agreed on, authenticated. Any task may send.
final class WireConnection: Sendable {
    private let channel: any Channel
    private let ranges: [Int16: ClosedRange<Int16>]
    private let lastCorrelation = Atomic<Int32>(0)
    let address: String

    private init(_ channel: any Channel, ranges: [Int16: ClosedRange<Int16>], address: String) {
        self.channel = channel
        self.ranges = ranges
        self.address = address
    }

    var isOpen: Bool { channel.isActive }

    static func open(
        host: String, port: Int, _ security: WireSecurity
    ) async throws(KafkaError) -> WireConnection {
        let address = "\(host):\(port)"
        do {
            let channel = try await bootstrap(host, security).connect(host: host, port: port).get()
            do {
                let first = WireConnection(
                    channel, ranges: [ApiKey.apiVersions.rawValue: 0...0], address: address)
                let connection = WireConnection(
                    channel, ranges: try await first.versions(), address: address)
                if let mechanism = security.mechanism {
                    try await connection.authenticate(mechanism)
                }
                return connection
            } catch {
                // The error that is thrown says more than that of closing would.
                try? await channel.close().get()
                throw error
            }
        } catch let error as KafkaError {
            throw error
        } catch {
            throw .transport("\(address): \(error)")
        }
    }

    private static func bootstrap(
        _ host: String, _ security: WireSecurity
    ) throws -> ClientBootstrap {
        let tls = try security.tls.map { try NIOSSLContext(configuration: $0) }
        let isName = (try? SocketAddress(ipAddress: host, port: 0)) == nil
        return ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(WireLimits.connectTimeoutSeconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(
                                context: tls, serverHostname: isName ? host : nil))
                    }
                    try pipeline.addHandler(WireHandler())
                }
            }
    }

    func close() async {
        // An error would only say that it is closed already.
        try? await channel.close().get()
    }

    // MARK: Calls

    /// The newest version of an API that both sides know; `nil` when there is none.
    func version<Request: KafkaRequest>(of request: Request.Type) -> Int16? {
        guard let theirs = ranges[Request.apiKey.rawValue] else { return nil }
        let newest = min(theirs.upperBound, Request.versions.upperBound)
        return newest >= max(theirs.lowerBound, Request.versions.lowerBound) ? newest : nil
    }

    /// - Parameter versionMax: a limit the caller knows, because it fills the older fields only.
    func send<Request: KafkaRequest>(
        _ request: Request, versionMax: Int16 = .max
    ) async throws(KafkaError) -> (response: Request.Response, version: Int16) {
        guard let newest = version(of: Request.self) else {
            throw .unsupported("\(address) does not serve \(Request.apiKey)")
        }
        let version = min(newest, versionMax)
        let number = lastCorrelation.add(1, ordering: .relaxed).newValue
        do {
            let frame = try request.frame(
                version: version, correlationID: number, clientID: "millrace")
            var answer = try await call(frame)
            _ = try ResponseHeader.read(from: &answer, key: Request.apiKey, version: version)
            return (try Request.Response(reading: answer, version: version), version)
        } catch {
            throw .transport("\(address): \(error)")
        }
    }

    private func call(_ frame: ByteBuffer) async throws -> ByteBuffer {
        let answer = channel.eventLoop.makePromise(of: ByteBuffer.self)
        let timer = channel.eventLoop.scheduleTask(
            in: .seconds(WireLimits.answerTimeoutSeconds)
        ) {
            answer.fail(WireFault.timedOut)
        }
        defer { timer.cancel() }
        do {
            try await channel.writeAndFlush(WireCall(frame: frame, answer: answer)).get()
        } catch {
            answer.fail(error)
        }
        return try await answer.futureResult.get()
    }

    // MARK: The beginning

    private func versions() async throws(KafkaError) -> [Int16: ClosedRange<Int16>] {
        let (answer, _) = try await send(ApiVersionsRequest(), versionMax: 0)
        guard answer.errorCode == .none else { throw KafkaError(answer.errorCode) }
        var ranges: [Int16: ClosedRange<Int16>] = [:]
        for api in answer.apiKeys where api.minVersion <= api.maxVersion {
            ranges[api.apiKey] = api.minVersion...api.maxVersion
        }
        return ranges
    }

    private func authenticate(_ mechanism: WireSecurity.Mechanism) async throws(KafkaError) {
        switch mechanism {
        case .plain(let user, let password):
            try await shakeHands("PLAIN")
            _ = try await token("\u{0}\(user)\u{0}\(password)")
        case .scram(let hash, let user, let password):
            try await shakeHands(hash.rawValue)
            var generator = SystemRandomNumberGenerator()
            let nonce = KafkaUUID.random(using: &generator).description
            var client = ScramClient(hash, user: user, password: password, nonce: nonce)
            let challenge = try await token(client.first)
            // In two steps: the proof changes the client, which then knows what to verify.
            let proof = try client.answer(challenge)
            try client.verify(try await token(proof))
        }
    }

    private func shakeHands(_ mechanism: String) async throws(KafkaError) {
        let (answer, _) = try await send(SaslHandshakeRequest { $0.mechanism = mechanism })
        guard answer.errorCode == .none else {
            throw .authentication(
                "the broker takes \(answer.mechanisms.joined(separator: ", ")), not \(mechanism)")
        }
    }

    private func token(_ text: String) async throws(KafkaError) -> String {
        let (answer, _) = try await send(
            SaslAuthenticateRequest { $0.authBytes = Array(text.utf8) })
        guard answer.errorCode == .none else {
            throw .authentication(answer.errorMessage ?? "the broker refuses the credentials")
        }
        return String(decoding: answer.authBytes, as: UTF8.self)
    }
}
