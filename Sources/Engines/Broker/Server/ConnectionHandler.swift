// One client's connection: bytes in, requests to the broker, answers out in order.

import KafkaProtocol
import Logging
import MillraceBase
import NIOCore

/// Lives on its connection's event loop. It owns bytes and order; `BrokerCore` owns what is answered.
///
/// It stops reading while the client has too many requests waiting, while the broker holds too many
/// bytes, and starts no request while the client does not take its answers.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: BrokerCore
    private var context: ChannelHandlerContext?
    private var frames = FrameReader()
    private var queue = RequestQueue()
    private var clientHost = ""
    private var isPumping = false
    private var wantsRead = false
    /// Whether the broker's budget will call back.
    private var waitsForRoom = false
    /// What to stop when the connection ends: the fetch that waits for records.
    private var waitingFetch: FetchJob?

    init(core: BrokerCore) { self.core = core }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        clientHost = "/" + (context.remoteAddress?.ipAddress ?? "unknown")
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Bytes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.add(unwrapInboundIn(data))
        do {
            while let frame = try frames.next() { receive(frame) }
            frames.settle()
        } catch {
            core.logger.debug("closing a connection", metadata: ["reason": "\(error)"])
            close()
        }
        pump()
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
        let isFull = queue.count >= Limits.requestsQueuedPerConnectionMax || waitsForRoom
        if isFull {
            wantsRead = true
            return
        }
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

    private func readAgain() {
        guard wantsRead, let context else { return }
        wantsRead = false
        read(context: context)
    }

    // MARK: Requests

    /// Starts what may run and writes what is answered, until nothing moves.
    private func pump() {
        // An answer given at once comes back here; the loop below goes on with it.
        guard !isPumping, let context else { return }
        isPumping = true
        defer { isPumping = false }
        var hasWritten = false
        while true {
            if let (pieces, sizeBytes) = queue.takeAnswer() {
                core.budget.give(sizeBytes)
                for piece in pieces { context.write(wrapOutboundOut(piece), promise: nil) }
                hasWritten = hasWritten || !pieces.isEmpty
            } else if context.channel.isWritable, let (request, number) = queue.start() {
                waitingFetch = nil
                core.handle(request, reply(to: request, number: number)) { self.waitingFetch = $0 }
            } else {
                break
            }
        }
        if hasWritten { context.flush() }
        readAgain()
    }

    private func reply(to request: IncomingRequest, number: UInt64) -> Reply {
        guard let context else {
            preconditionFailure("a connection without a channel has no requests")
        }
        return Reply(
            request.header, number: number, clientHost: clientHost,
            connection: NIOLoopBound(self, eventLoop: context.eventLoop),
            eventLoop: context.eventLoop)
    }

    /// Called by `Reply`, on the event loop. Nothing happens once the connection has ended.
    func answered(_ number: UInt64, _ pieces: [ByteBuffer]) {
        queue.answered(number, pieces)
        pump()
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

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelInactive(context: ChannelHandlerContext) {
        waitingFetch?.cancel()
        waitingFetch = nil
        core.budget.give(queue.sizeBytes)
        queue = RequestQueue()
        core.connectionEnded()
        context.fireChannelInactive()
    }

    func close() { context?.close(promise: nil) }
}
