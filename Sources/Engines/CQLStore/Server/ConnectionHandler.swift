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

    let router: Router
    let logger: Logger
    var machine = ConnectionMachine()
    var reader = FrameReader(bodyBytesMax: StoreLimits.requestBytesMax)
    var outbox: Outbox?
    var client = ClientRecord()
    /// Until when the event loop answers requests itself.
    private var turnEnd = NIODeadline.distantPast
    private lazy var points = PointReader(router.core.database)
    var context: ChannelHandlerContext?
    var inFlight = 0
    var inFlightBytes = 0
    /// Counted for a large request that has begun to come; 0 when there is none.
    var comingBytes = 0
    /// A large request waits for room; nothing is read meanwhile.
    var waitsForRoom = false
    /// All connections together have too much to do; nothing is read meanwhile.
    var waitsForOthers = false
    /// The channel asked to read while there was too much to do.
    var wantsRead = false
    /// The client wants an error rather than to wait (`THROW_ON_OVERLOAD`).
    var throwsOnOverload = false
    var closesAfterFlush = false
    var isGone = false
    var stallTimer: Scheduled<Void>?
    /// Bytes that came or went since the timer last looked.
    var bytesSinceLook = 0

    var budgets: StoreBudgets { router.core.budgets }

    init(router: Router, logger: Logger) {
        self.router = router
        self.logger = logger
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        client = ClientRecord(
            address: context.remoteAddress?.ipAddress.flatMap { CQLInet($0) }
                ?? NodeIdentity.loopback,
            port: context.remoteAddress?.port ?? 0)
        router.core.clients.add(client)
        outbox = Outbox(
            loop: context.eventLoop, client: client, budget: router.core.budgets.answers
        ) { bound.value.flush() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        // The outbox knows how to reach us: without this neither would ever be freed.
        outbox = nil
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    /// Gives back what this connection held of what all share.
    private func end() {
        guard !isGone else { return }
        isGone = true
        stallTimer?.cancel()
        router.core.clients.remove(client)
        if let outbox {
            router.core.events.remove(outbox)
            outbox.close()
        }
        budgets.coming.give(comingBytes)
        budgets.requests.give(inFlightBytes)
        (comingBytes, inFlightBytes) = (0, 0)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a connection failed", metadata: ["why": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !closesAfterFlush, !isGone else { return }
        let bytes = unwrapInboundIn(data)
        bytesSinceLook += bytes.readableBytes
        turnEnd = .now() + .milliseconds(StoreLimits.pointTurnMilliseconds)
        reader.append(bytes)
        readRequests()
    }

    /// Takes every whole request from what has come.
    func readRequests() {
        do throws(WireError) {
            while !closesAfterFlush, !isGone {
                guard try mayCome(), let envelope = try reader.next() else { return }
                if comingBytes > 0 {
                    budgets.coming.give(comingBytes)
                    comingBytes = 0
                }
                if let dropped = envelope.dropped {
                    refuse(envelope, dropped)
                } else {
                    handle(envelope)
                }
            }
        } catch {
            // What follows cannot be understood any more.
            fail("\(error)", stream: 0)
        }
    }

    /// Whether the next request may come whole. A large one is let in by the size that it claims.
    private func mayCome() throws(WireError) -> Bool {
        guard !waitsForRoom else { return false }
        guard comingBytes == 0, let claimed = reader.claimedBytes,
            claimed > StoreLimits.uncountedRequestBytes
        else { return true }
        guard machine.state != .waitingForStartup else {
            throw WireError(.badLength(Int64(claimed)), in: "request before STARTUP")
        }
        return letIn(claimed)
    }

    private func handle(_ envelope: Envelope) {
        client.change { $0.requestCount += 1 }
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
        case .checkCredentials: login(envelope)
        case .register: register(envelope)
        case .run: run(envelope)
        }
    }

    /// The body was not kept; the connection goes on.
    private func refuse(_ envelope: Envelope, _ why: Envelope.Dropped) {
        switch why {
        case .tooLong(let bytes):
            let error = CQLServerError(
                .invalid,
                "Request is too big: length \(bytes) exceeds maximum allowed length "
                    + "\(StoreLimits.requestBytesMax)")
            answer(.error(error), envelope)
            if machine.state == .waitingForStartup { closesAfterFlush = true }
        case .unwanted: answer(.error(Self.overloaded), envelope)
        }
    }

    static let overloaded = CQLServerError(
        .overloaded, "Request breached limit(s) on bytes in flight; it was not run. Try again")

    func request(_ envelope: Envelope) throws(WireError) -> RequestEnvelope {
        guard let version = envelope.protocolVersion else {
            throw WireError(.unsupported(Int(envelope.version)), in: "version")
        }
        return try RequestEnvelope(reading: envelope, version: version)
    }

    private func register(_ envelope: Envelope) {
        do throws(WireError) {
            guard case .register(let kinds) = try request(envelope).request, let outbox,
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
        if throwsOnOverload, isOverloaded { return answer(.error(Self.overloaded), envelope) }
        do throws(WireError) {
            let request = try request(envelope)
            inFlight += 1
            inFlightBytes += bytes
            budgets.requests.take(bytes)
            let trace = request.isTraced ? router.traces.begin(client) : nil
            router.route(
                request.request,
                Reply(
                    outbox: outbox, stream: envelope.stream, version: version, requestBytes: bytes,
                    notes: StatementNotes(trace: trace)),
                NIODeadline.now() < turnEnd ? points : nil)
            // What was answered at once is not kept until all that came with it was.
            if outbox.answersWaiting >= StoreLimits.answersPerFlush { flush() }
        } catch {
            answer(.error(CQLServerError(.protocolError, "\(error)")), envelope)
        }
    }
}
