// One connection: bytes in, requests out to the lanes, answers back, with bounds on both.

import CQLProtocol
import Logging
import MillraceBase
import NIOCore

/// Lives on its event loop and is touched by nothing else; other threads reach it by its `Outbox`.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let router: Router
    private let logger: Logger
    private var machine = ConnectionMachine()
    private var reader = FrameReader()
    private var outbox: Outbox?
    private var context: ChannelHandlerContext?
    private var inFlight = 0
    private var inFlightBytes = 0
    /// Received since the last request was whole.
    private var bytesOfUnfinished = 0
    /// The channel asked to read while there was too much to do.
    private var wantsRead = false
    private var closesAfterFlush = false

    init(router: Router, logger: Logger) {
        self.router = router
        self.logger = logger
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        outbox = Outbox(loop: context.eventLoop) { bound.value.flush() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if let outbox { router.core.events.remove(outbox) }
        // The outbox knows how to reach us: without this neither would ever be freed.
        outbox = nil
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let outbox { router.core.events.remove(outbox) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a connection failed", metadata: ["why": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !closesAfterFlush else { return }
        let bytes = unwrapInboundIn(data)
        bytesOfUnfinished += bytes.readableBytes
        reader.append(bytes)
        do throws(WireError) {
            while let envelope = try reader.next() {
                bytesOfUnfinished = 0
                guard envelope.body.readableBytes <= StoreLimits.requestBytesMax else {
                    throw WireError(.badLength(Int64(envelope.body.readableBytes)), in: "request")
                }
                handle(envelope)
                if closesAfterFlush { return }
            }
            let most =
                machine.state == .waitingForStartup
                ? StoreLimits.handshakeBytesMax : StoreLimits.unfinishedBytesMax
            guard bytesOfUnfinished <= most else {
                throw WireError(.badLength(Int64(bytesOfUnfinished)), in: "request")
            }
        } catch {
            // What follows cannot be understood any more.
            fail("\(error)", stream: 0)
        }
    }

    private func handle(_ envelope: Envelope) {
        switch machine.received(envelope) {
        case .ignore: break
        case .refuseVersion(let version, let stream):
            fail(
                "Invalid or unsupported protocol version (\(version)); supported versions are "
                    + "(\(ProtocolVersion.allCases.map(\.listed).joined(separator: ", ")))",
                stream: stream)
        case .refuse(let why, let stream): fail(why, stream: stream)
        case .reject(let why): answer(.error(CQLServerError(.protocolError, why)), envelope)
        case .answerOptions: answer(.supported(Self.supported), envelope)
        case .start(let version): start(envelope, version)
        case .acceptCredentials: answer(.authSuccess(nil), envelope)
        case .register: register(envelope)
        case .run: run(envelope)
        }
    }

    private static let supported: [String: [String]] = [
        "CQL_VERSION": [NodeIdentity.cqlVersion], "COMPRESSION": ["lz4"],
        "PROTOCOL_VERSIONS": ProtocolVersion.allCases.map(\.listed),
    ]

    private func request(_ envelope: Envelope) throws(WireError) -> CQLRequest {
        guard let version = envelope.protocolVersion else {
            throw WireError(.unsupported(Int(envelope.version)), in: "version")
        }
        return try RequestEnvelope(reading: envelope, version: version).request
    }

    private func start(_ envelope: Envelope, _ version: ProtocolVersion) {
        let options: [String: String]
        do throws(WireError) {
            guard case .startup(let given) = try request(envelope) else { return }
            options = given
        } catch {
            return fail("\(error)", stream: envelope.stream)
        }
        guard let cql = options["CQL_VERSION"] else {
            return fail("Missing value CQL_VERSION in STARTUP message", stream: envelope.stream)
        }
        guard cql.hasPrefix("3.") else {
            return fail("CQL version \(cql) is not supported", stream: envelope.stream)
        }
        let compression = options["COMPRESSION"]?.lowercased()
        guard compression == nil || compression == "lz4" else {
            return fail(
                "Unknown compression algorithm: \(compression ?? "")", stream: envelope.stream)
        }
        answer(.ready, envelope)
        let isCompressed = compression != nil
        if version >= .v5 {
            outbox?.change { $0.beginSegments(compressed: isCompressed) }
            reader.beginSegments(compressed: isCompressed)
        } else if isCompressed {
            outbox?.change { $0.beginCompressedBodies() }
            reader.beginCompressedBodies()
        }
    }

    private func register(_ envelope: Envelope) {
        do throws(WireError) {
            guard case .register(let kinds) = try request(envelope), let outbox,
                let version = envelope.protocolVersion
            else { return }
            router.core.events.register(outbox, version, kinds)
            answer(.ready, envelope)
        } catch {
            answer(.error(CQLServerError(.protocolError, "\(error)")), envelope)
        }
    }

    private func run(_ envelope: Envelope) {
        guard let outbox, let version = envelope.protocolVersion else { return }
        let bytes = envelope.body.readableBytes
        do throws(WireError) {
            let request = try request(envelope)
            inFlight += 1
            inFlightBytes += bytes
            router.route(
                request,
                Reply(
                    outbox: outbox, stream: envelope.stream, version: version, requestBytes: bytes))
        } catch {
            answer(.error(CQLServerError(.protocolError, "\(error)")), envelope)
        }
    }

    // MARK: Out

    /// Answers at once, on the event loop.
    private func answer(_ response: CQLResponse, _ envelope: Envelope) {
        outbox?.send(
            response, stream: envelope.stream, version: envelope.protocolVersion ?? .latest,
            requestBytes: nil)
    }

    /// The last thing that is said.
    private func fail(_ why: String, stream: Int16) {
        outbox?.send(
            .error(CQLServerError(.protocolError, why)), stream: stream, version: version,
            requestBytes: nil)
        closesAfterFlush = true
    }

    private var version: ProtocolVersion {
        if case .ready(let version) = machine.state { version } else { .latest }
    }

    private func flush() {
        guard let context, let outbox else { return }
        let (bytes, answered, answeredBytes) = outbox.take()
        inFlight -= answered
        inFlightBytes -= answeredBytes
        if let bytes {
            let channel = context.channel
            let written = context.writeAndFlush(wrapOutboundOut(bytes))
            if closesAfterFlush { written.whenComplete { _ in channel.close(promise: nil) } }
        } else if closesAfterFlush {
            context.close(promise: nil)
        }
        readIfWanted(context)
    }

    // MARK: Back-pressure

    private var mayRead: Bool {
        inFlight < StoreLimits.requestsInFlightMax
            && inFlightBytes < StoreLimits.requestBytesInFlightMax
            && (context?.channel.isWritable ?? false) && !closesAfterFlush
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readIfWanted(context)
        context.fireChannelWritabilityChanged()
    }

    private func readIfWanted(_ context: ChannelHandlerContext) {
        guard wantsRead, mayRead else { return }
        wantsRead = false
        context.read()
    }
}
