// Listens on the store's port and gives each connection its handler.

import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The listening socket and all connections that came over it.
final class Listener: Sendable {
    private let channel: any Channel
    private let connections: Connections

    private final class Connections: Sendable {
        let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    }

    private init(channel: any Channel, connections: Connections) {
        self.channel = channel
        self.connections = connections
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    static func bind(
        host: String, port: Int, tls: NIOSSLContext?,
        makeHandler: @escaping @Sendable () -> ConnectionHandler
    ) async throws(CQLStoreError) -> Listener {
        let connections = Connections()
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.maxMessagesPerRead, value: 4)
                .childChannelOption(
                    .writeBufferWaterMark,
                    value: .init(
                        low: StoreLimits.answerBytesWaitingMax / 4,
                        high: StoreLimits.answerBytesWaitingMax)
                )
                .childChannelInitializer { channel in
                    let id = ObjectIdentifier(channel)
                    let isWelcome = connections.open.withLock { open in
                        guard open.count < StoreLimits.connectionsMax else { return false }
                        open[id] = channel
                        return true
                    }
                    guard isWelcome else { return channel.close() }
                    channel.closeFuture.whenComplete { _ in
                        connections.open.withLock { $0[id] = nil }
                    }
                    return channel.eventLoop.makeCompletedFuture {
                        if let tls {
                            try channel.pipeline.syncOperations.addHandler(
                                NIOSSLServerHandler(context: tls))
                        }
                        try channel.pipeline.syncOperations.addHandler(makeHandler())
                    }
                }
                .bind(host: host, port: port).get()
            return Listener(channel: channel, connections: connections)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .portTaken(port)
        } catch {
            throw .cannotListen(host: host, port: port, because: "\(error)")
        }
    }

    /// No new connections; those there are closed.
    func close() async {
        try? await channel.close().get()
        for open in connections.open.withLock({ Array($0.values) }) {
            try? await open.close().get()
        }
    }
}
