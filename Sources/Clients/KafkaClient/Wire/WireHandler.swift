// One connection's pipeline end: frames in and out, each answer to the request it belongs to.

import NIOCore

/// Lives on its connection's event loop. Kafka answers in the order of the requests.
final class WireHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = WireCall
    typealias OutboundOut = ByteBuffer

    private var waiting: CircularBuffer<EventLoopPromise<ByteBuffer>> = []
    private var bytes = ByteBuffer()

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let call = unwrapOutboundIn(data)
        guard waiting.count < WireLimits.requestsInFlightMax else {
            call.answer.fail(WireFault.tooManyInFlight)
            promise?.fail(WireFault.tooManyInFlight)
            return
        }
        waiting.append(call.answer)
        context.write(wrapOutboundOut(call.frame), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var arrived = unwrapInboundIn(data)
        bytes.writeBuffer(&arrived)
        while let size = bytes.getInteger(at: bytes.readerIndex, as: Int32.self) {
            guard size >= 4, Int(size) <= WireLimits.answerBytesMax else {
                fail(.badFrame)
                return context.close(promise: nil)
            }
            guard bytes.readableBytes >= Int(size) + 4 else { break }
            bytes.moveReaderIndex(forwardBy: 4)
            guard let frame = bytes.readSlice(length: Int(size)), !waiting.isEmpty else {
                fail(.badFrame)
                return context.close(promise: nil)
            }
            waiting.removeFirst().succeed(frame)
        }
        bytes.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.failed("\(error)"))
        context.close(promise: nil)
    }

    private func fail(_ fault: WireFault) {
        let promises = waiting
        waiting = []
        for promise in promises { promise.fail(fault) }
    }
}

/// A request on its way: its bytes, and who gets the answer.
struct WireCall: Sendable {
    var frame: ByteBuffer
    var answer: EventLoopPromise<ByteBuffer>
}

/// Why a connection gave no answer.
enum WireFault: Error, Equatable, CustomStringConvertible {
    case closed, badFrame, tooManyInFlight, timedOut
    case failed(String)

    var description: String {
        switch self {
        case .closed: "the broker closed the connection"
        case .badFrame: "the broker sent what is no answer of Kafka's protocol"
        case .tooManyInFlight: "too many requests wait on one connection"
        case .timedOut: "the broker did not answer in time"
        case .failed(let why): why
        }
    }
}
