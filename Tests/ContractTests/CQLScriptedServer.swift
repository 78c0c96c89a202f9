// A Cassandra that does as it is told, for the tests of the client.

import CQLProtocol
import MillraceBase
import NIOCore
import NIOPosix
import Synchronization

/// Speaks the protocol's frames and handshake itself; what it answers to statements is the test's.
final class CQLScriptedServer: Sendable {
    struct Script: Sendable {
        var versionMax = ProtocolVersion.v5
        var compression = ["lz4"]
        var user: String?
        var password: String?
        /// Whether OPTIONS is answered once the connection is open: the client's heartbeat.
        var answersHeartbeats = true
        /// Called for QUERY, PREPARE, EXECUTE and BATCH.
        var respond: @Sendable (CQLRequest) -> Reply = { _ in .answer(.result(.void)) }
        /// Answers the client's questions about the cluster; `nil`: a server that knows of none.
        var cluster: @Sendable (String) -> CQLResponse? = { _ in nil }
    }

    enum Reply: Sendable {
        case answer(CQLResponse)
        /// Kept back until so many answers are held, then all are sent, the last one first.
        case hold(CQLResponse, until: Int)
        case silence
        case hangUp
        case garbage([UInt8])
    }

    private let channel: any Channel
    private let connections: ConnectionList

    /// The sockets that are open, so that a test can cut them.
    final class ConnectionList: Sendable {
        let open = Mutex<[any Channel]>([])
        let opened = Mutex(0)
        let heartbeats = Mutex(0)
        /// Where an event is pushed to.
        let registered = Mutex<[@Sendable (CQLEvent) -> Void]>([])
    }

    private init(_ channel: any Channel, _ connections: ConnectionList) {
        self.channel = channel
        self.connections = connections
    }

    static func start(_ script: Script, port: Int = 0) async throws -> CQLScriptedServer {
        let connections = ConnectionList()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                connections.open.withLock { $0.append(channel) }
                connections.opened.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        CQLScriptedHandler(script, connections))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return CQLScriptedServer(channel, connections)
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var connectionsOpened: Int { connections.opened.withLock { $0 } }
    var heartbeats: Int { connections.heartbeats.withLock { $0 } }

    /// Tells an event to every connection that has registered.
    func push(_ event: CQLEvent) {
        for send in connections.registered.withLock({ $0 }) { send(event) }
    }

    var registrations: Int { connections.registered.withLock { $0.count } }

    func endpoint(_ options: String = "", user: String = "") throws -> Endpoint {
        try Endpoint.parse("cassandra://\(user)127.0.0.1:\(port)\(options)")
    }

    func hangUp() {
        let channels = connections.open.withLock { open in
            defer { open = [] }
            return open
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func stop() async {
        try? await channel.close().get()
        hangUp()
    }
}

/// One connection of the scripted server.
private final class CQLScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: CQLScriptedServer.Script
    private let connections: CQLScriptedServer.ConnectionList
    private var reader = FrameReader()
    private var writer = FrameWriter()
    private var version = ProtocolVersion.v4
    private var isStarted = false
    private var held: [(stream: Int16, response: CQLResponse)] = []

    init(_ script: CQLScriptedServer.Script, _ connections: CQLScriptedServer.ConnectionList) {
        self.script = script
        self.connections = connections
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        do {
            while let envelope = try reader.next() { try received(envelope, context) }
        } catch {
            context.close(promise: nil)
        }
        flush(context)
    }

    private func flush(_ context: ChannelHandlerContext) {
        if let bytes = writer.flush() {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
    }

    private func received(_ envelope: Envelope, _ context: ChannelHandlerContext) throws {
        guard let version = envelope.protocolVersion, version <= script.versionMax else {
            let error = CQLServerError(
                .protocolError, "Invalid or unsupported protocol version (\(envelope.version))")
            try writer.write(
                ResponseEnvelope(.error(error)), stream: envelope.stream, version: script.versionMax
            )
            return
        }
        self.version = version
        let request = try RequestEnvelope(reading: envelope, version: version).request
        let stream = envelope.stream
        switch request {
        case .options:
            if isStarted {
                connections.heartbeats.withLock { $0 += 1 }
                guard script.answersHeartbeats else { return }
            }
            let offered = ["CQL_VERSION": ["3.4.7"], "COMPRESSION": script.compression]
            try send(.supported(offered), stream)
        case .startup(let options):
            try send(script.user == nil ? .ready : .authenticate("PasswordAuthenticator"), stream)
            flush(context)
            isStarted = true
            startFraming(options)
        case .authResponse(let token):
            let right =
                [0] + Array((script.user ?? "").utf8) + [0] + Array((script.password ?? "").utf8)
            let wrong = CQLServerError(
                .badCredentials, "Provided username and/or password are incorrect")
            try send(token == right ? .authSuccess(nil) : .error(wrong), stream)
        case .query(let text, _) where text.hasPrefix("USE "):
            try send(.result(.setKeyspace(String(text.dropFirst(4)))), stream)
        case .register:
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let channel = context.channel
            connections.registered.withLock { registered in
                registered.append { event in
                    channel.eventLoop.execute { bound.value.push(event, to: channel) }
                }
            }
            try send(.ready, stream)
        case .query(let text, _) where text.contains(" FROM system"):
            try send(script.cluster(text) ?? CQLAnswers.rows([]), stream)
        case .query, .prepare, .execute, .batch:
            try reply(script.respond(request), stream, context)
        }
    }

    private func push(_ event: CQLEvent, to channel: any Channel) {
        try? send(.event(event), -1)
        if let bytes = writer.flush() { channel.writeAndFlush(bytes, promise: nil) }
    }

    private func startFraming(_ options: [String: String]) {
        let compressed = options["COMPRESSION"] == "lz4"
        if version >= .v5 {
            reader.beginSegments(compressed: compressed)
            writer.beginSegments(compressed: compressed)
        } else if compressed {
            reader.beginCompressedBodies()
            writer.beginCompressedBodies()
        }
    }

    private func reply(
        _ reply: CQLScriptedServer.Reply, _ stream: Int16, _ context: ChannelHandlerContext
    ) throws {
        switch reply {
        case .answer(let response): try send(response, stream)
        case .silence: break
        case .hangUp: context.close(promise: nil)
        case .garbage(let bytes):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .hold(let response, let count):
            held.append((stream, response))
            guard held.count >= count else { return }
            for (stream, response) in held.reversed() { try send(response, stream) }
            held = []
        }
    }

    private func send(_ response: CQLResponse, _ stream: Int16) throws {
        try writer.write(ResponseEnvelope(response), stream: stream, version: version)
    }
}
