// A proxy between a raw client and the broker that holds requests back, for the Kafka transaction tests.

import KafkaProtocol
import NIOCore
import NIOPosix
import Synchronization

/// Passes frames both ways. Requests of one API can be held, and delivered later, out of order: what a
/// network does to a request whose client has long given it up.
final class KafkaTransactionsProxy: Sendable {
    private let desk = Desk()
    private let listener: any Channel

    var port: Int { listener.localAddress?.port ?? 0 }

    /// - Parameter broker: the port of the broker.
    init(to broker: Int) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [desk] client in
                ClientBootstrap(group: client.eventLoop)
                    .connect(host: "127.0.0.1", port: broker)
                    .flatMap { upstream in
                        client.eventLoop.makeCompletedFuture {
                            desk.connected(upstream)
                            try upstream.pipeline.syncOperations.addHandler(Pipe(to: client))
                            try client.pipeline.syncOperations.addHandler(
                                Frames(to: upstream, past: desk))
                        }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func close() async { try? await listener.close().get() }

    /// From now on, requests of this API are held; `nil` lets all pass.
    func hold(_ key: ApiKey?) { desk.hold(key) }

    /// Waits until a request is held.
    func waitForHeld() async throws {
        while desk.heldCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// Delivers what was held. The answers go back to the client's connection.
    func release() async throws {
        let (frames, upstream) = desk.take()
        for frame in frames { try await upstream?.writeAndFlush(frame).get() }
    }
}

/// Where frames lie that are held.
private final class Desk: Sendable {
    private struct State {
        var held: [ByteBuffer] = []
        var holds: ApiKey?
        var upstream: (any Channel)?
    }

    private let state = Mutex(State())

    var heldCount: Int { state.withLock { $0.held.count } }

    func connected(_ upstream: any Channel) { state.withLock { $0.upstream = upstream } }

    func hold(_ key: ApiKey?) { state.withLock { $0.holds = key } }

    func take() -> ([ByteBuffer], (any Channel)?) {
        state.withLock { state in
            defer { state.held = [] }
            return (state.held, state.upstream)
        }
    }

    /// - Parameter frame: with its four bytes of length, which the API key follows.
    func keeps(_ frame: ByteBuffer) -> Bool {
        let key = frame.getInteger(at: frame.readerIndex + 4, as: Int16.self)
        return state.withLock { state in
            guard let holds = state.holds, holds.rawValue == key else { return false }
            state.held.append(frame)
            return true
        }
    }
}

/// Passes bytes on, and the end.
private final class Pipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let target: any Channel

    init(to target: any Channel) { self.target = target }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        target.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { target.close(promise: nil) }
}

/// Passes whole frames on, but those that are kept.
private final class Frames: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let target: any Channel
    private let desk: Desk
    private var bytes = ByteBuffer()

    init(to target: any Channel, past desk: Desk) {
        self.target = target
        self.desk = desk
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        while let size = bytes.getInteger(at: bytes.readerIndex, as: Int32.self),
            let frame = bytes.readSlice(length: Int(size) + 4)
        {
            if !desk.keeps(frame) { target.writeAndFlush(frame, promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { target.close(promise: nil) }
}
