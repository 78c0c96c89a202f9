// One client's connection: bytes in, requests to the broker, answers out in order.

import KafkaProtocol
import Logging
import MillraceBase
import NIOCore
import NIOSSL

/// Lives on its connection's event loop. It owns bytes and order; `SaslMachine` says what may be asked,
/// `BrokerCore` what is answered.
///
/// It stops reading while the client has too many requests waiting, while the broker holds too many
/// bytes, and starts no request while the client does not take its answers.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let core: BrokerCore
    let listener: ListenerInPlay
    private(set) var context: ChannelHandlerContext?
    private var frames = FrameReader()
    private var queue = RequestQueue()
    private var isPumping = false
    private var wantsRead = false
    /// Whether the broker's budget will call back.
    private var waitsForRoom = false
    /// Whether it has used up its turn, and others of its event loop have theirs.
    private var waitsForTurn = false
    /// What to stop when the connection ends: the fetch that waits for records.
    private var waitingFetch: FetchJob?
    /// While it is set, no request is read or started: the client is over its quota.
    var muteTimer: Scheduled<Void>?

    // Who the client is: ConnectionHandler+Sasl.swift.
    /// `nil` until the first bytes came: with TLS the client's certificate is known only then.
    var session: ClientSession?
    /// `nil` for a listener without SASL.
    var sasl: SaslMachine?
    /// Closes the connection of a client that does not say who it is.
    var authenticationTimer: Scheduled<Void>?
    /// Nothing is read or started any more; the connection ends when its answers are out.
    var isEnding = false

    // What goes out: ConnectionHandler+Answers.swift.
    /// Pieces behind a part of a file that is being read.
    var piecesLater: [AnswerPiece] = []
    var isReadingFile = false
    var isPlain: Bool { listener.tls == nil }
    /// Bytes of files that the socket has not taken; they take no memory.
    var fileBytesWaiting = 0
    /// Bytes counted in the broker's budget of answers.
    var answerBytesCounted = 0
    /// Whether something behind all answers is to tell when they are out.
    var watchesAnswers = false
    /// Whether the broker's budget of answers will call back.
    var waitsForAnswers = false

    // A request that is still coming: ConnectionHandler+Frames.swift.
    /// What it claims, counted in one of the broker's budgets of frames; 0 for a small one.
    var frameBytesCounted = 0
    /// Whether it is counted among the large ones.
    var frameIsLarge = false
    /// Whether one has begun that the broker has no room for yet.
    var waitsForFrameRoom = false
    var stallTimer: Scheduled<Void>?
    var bytesSinceLook = 0

    init(core: BrokerCore, listener: ListenerInPlay) {
        self.core = core
        self.listener = listener
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        frames.limitBytes = core.configuration.limits.requestBytesMax
        beginAuthentication(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { context.fireChannelActive() }

    /// Less for a client that has not said who it is.
    func limitFrames(to bytes: Int) { frames.limitBytes = bytes }

    // MARK: Bytes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isEnding, begunSession(context) else { return }
        bytesSinceLook += bytes.readableBytes
        frames.add(bytes)
        takeFrames()
        pump()
    }

    /// Whether the next frame's turn has come: a client that says who it is goes step by step.
    private var mayTakeFrame: Bool {
        guard !isEnding else { return false }
        guard let sasl, !sasl.isOpen else { return true }
        return queue.isEmpty && !sasl.isChecking
    }

    func takeFrames() {
        do {
            while mayTakeFrame, let frame = try frames.next() {
                forgetFrame()
                if sasl?.expectsRawToken == true {
                    receivedRawToken(frame)
                } else {
                    receive(frame)
                }
                if sasl?.isOpen == false { pump() }
            }
            frames.settle()
            countFrame(claimed: frames.claimedBytes)
        } catch {
            core.logger.debug("closing a connection", metadata: ["reason": "\(error)"])
            close()
        }
    }

    private func receive(_ frame: ByteBuffer) {
        var body = frame
        do throws(WireError) {
            let header = try RequestHeader(from: &body)
            guard let key = ApiKey(rawValue: header.apiKey), core.serves(key) else {
                throw WireError(.unsupported(Int(header.apiKey)), in: "API key")
            }
            let request = IncomingRequest(
                header: header, key: key, body: body, sizeBytes: frame.readableBytes)
            queue.received(request)
            core.budget.take(request.sizeBytes)
        } catch {
            core.logger.debug("closing a connection", metadata: ["reason": "\(error)"])
            close()
        }
    }

    func read(context: ChannelHandlerContext) {
        let isFull =
            queue.count >= Limits.requestsQueuedPerConnectionMax || waitsForRoom
            || waitsForFrameRoom
        if isFull || isEnding || muteTimer != nil || sasl?.isChecking == true {
            wantsRead = true
            return
        }
        // What was let in may come, or all would wait for each other.
        guard frameBytesCounted == 0 else { return context.read() }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let hasRoom = core.budget.hasRoom {
            eventLoop.execute { connection.value.roomAgain() }
        }
        if hasRoom {
            context.read()
        } else {
            wantsRead = true
            waitsForRoom = true
        }
    }

    private func roomAgain() {
        waitsForRoom = false
        readAgain()
    }

    func readAgain() {
        guard wantsRead, let context else { return }
        wantsRead = false
        read(context: context)
    }

    // MARK: Requests

    /// Starts what may run and writes what is answered, until nothing moves.
    func pump() {
        // An answer given at once comes back here; the loop below goes on with it.
        guard !isPumping, let context else { return }
        isPumping = true
        var hasWritten = false
        var turnEnd: NIODeadline?
        var isTurnOver = false
        while !isReadingFile {
            if let (pieces, sizeBytes) = queue.takeAnswer() {
                core.budget.give(sizeBytes)
                hasWritten = write(pieces, context) || hasWritten
            } else if !isTurnOver, mayStart(context), let (request, number) = queue.start() {
                let end = turnEnd ?? .now() + .milliseconds(Limits.turnMilliseconds)
                turnEnd = end
                waitingFetch = nil
                dispatch(request, reply(to: request, number: number))
                isTurnOver = NIODeadline.now() >= end
            } else {
                break
            }
        }
        if hasWritten {
            context.flush()
            countAnswers(context)
        }
        isPumping = false
        if isTurnOver && queue.nextKey != nil { waitForTurn(context) }
        // After a token or an answer, a frame may have its turn that had to wait.
        if sasl?.isOpen == false, frames.waitingBytes > 0, mayTakeFrame { takeFrames() }
        if isEnding && queue.isEmpty && !isReadingFile { endAfterAnswers() }
        readAgain()
    }

    /// Lets the other connections of this event loop have their turn first.
    private func waitForTurn(_ context: ChannelHandlerContext) {
        waitsForTurn = true
        core.turns.of(context.eventLoop).wait { [self] in
            waitsForTurn = false
            pump()
        }
    }

    private func mayStart(_ context: ChannelHandlerContext) -> Bool {
        guard !isEnding, !waitsForTurn, muteTimer == nil, context.channel.isWritable else {
            return false
        }
        guard queue.nextKey == .fetch else { return true }
        return hasRoomForAnswers(context)
    }

    /// To the broker, or to SASL.
    private func dispatch(_ request: IncomingRequest, _ reply: Reply) {
        guard takesPartInSasl(request, reply) else {
            return core.timed(reply) { reply in
                core.handle(request, reply) { self.waitingFetch = $0 }
            }
        }
    }

    private func reply(to request: IncomingRequest, number: UInt64) -> Reply {
        guard let context, let session else {
            preconditionFailure("a connection without a channel has no requests")
        }
        return Reply(
            request.header, number: number, session: session,
            connection: NIOLoopBound(self, eventLoop: context.eventLoop),
            eventLoop: context.eventLoop)
    }

    /// Called by `Reply`, on the event loop. Nothing happens once the connection has ended.
    func answered(_ number: UInt64, _ pieces: [AnswerPiece]) {
        queue.answered(number, pieces)
        pump()
    }

    /// Called by `Reply` before the answer that tells the client so.
    func mute(_ milliseconds: Int32) {
        guard let context else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        muteTimer?.cancel()
        muteTimer = context.eventLoop.scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            connection.value.muteTimer = nil
            connection.value.pump()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pump()
        context.fireChannelWritabilityChanged()
    }

    // MARK: The end

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        core.logger.debug(
            "closing a connection",
            metadata: [
                "reason": "\(error)", "listener": "\(listener.configuration.name)",
                "client": "\(context.remoteAddress?.ipAddress ?? "")",
            ])
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        waitingFetch?.cancel()
        waitingFetch = nil
        authenticationTimer?.cancel()
        stallTimer?.cancel()
        muteTimer?.cancel()
        core.budget.give(queue.sizeBytes)
        forgetFrame()
        core.answers.give(answerBytesCounted)
        answerBytesCounted = 0
        isEnding = true
        queue = RequestQueue()
        piecesLater = []
        context.fireChannelInactive()
    }

    func close() {
        isEnding = true
        context?.close(promise: nil)
    }
}
