// How connections are made: the socket, then the highest version that both sides speak.

import CQLProtocol
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections to one host after the other's version is known, downgrading v5 → v4 → v3.
struct Dialer: Sendable {
    /// Who is to be reached, and how much of it is known.
    struct Target: Sendable {
        /// The pool's number of the node.
        var node: Int
        /// The host as a person would write it.
        var name: String
        var port: Int
        var version: ProtocolVersion
        /// Chosen on the connection before it is ready.
        var keyspace: String?
    }

    let options: SessionOptions
    let logger: Logger
    private let tls: NIOSSLContext?
    private let group = MultiThreadedEventLoopGroup.singleton

    init(options: SessionOptions, logger: Logger) throws(CQLError) {
        self.options = options
        self.logger = logger
        tls = try options.tls.context()
    }

    var eventLoop: any EventLoop { group.any() }

    func dial(_ target: Target) -> EventLoopFuture<CQLConnection> {
        let host = SessionOptions.shown(target.name, target.port)
        let loop = group.next()
        let ready = loop.makePromise(of: Void.self)
        let made = loop.makePromise(of: CQLConnection.self)
        let connected = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(options.tls.handler(tls, host: target.name))
                    }
                    try pipeline.addHandler(
                        ConnectionHandler(
                            host: host, version: target.version, options: options,
                            keyspace: target.keyspace, ready: ready))
                }
            }
            .connect(host: target.name, port: target.port)
        connected.whenFailure { ready.fail($0) }
        let deadline = loop.scheduleTask(in: TimeAmount(options.connectTimeout)) {
            ready.fail(
                CQLError.unreachable(host: host, because: "it did not answer the handshake in time")
            )
        }
        ready.futureResult.whenComplete { _ in deadline.cancel() }
        connected.and(ready.futureResult)
            .flatMapThrowing { channel, _ in
                let handler = try channel.pipeline.syncOperations.handler(
                    type: ConnectionHandler.self)
                return CQLConnection(
                    channel: channel, handler: NIOLoopBound(handler, eventLoop: loop), host: host,
                    node: target.node, version: target.version)
            }
            .flatMapError { error in
                connected.whenSuccess { $0.close(promise: nil) }
                return retried(target, after: error, on: loop)
            }
            .cascade(to: made)
        return made.futureResult
    }

    private func retried(
        _ target: Target, after error: any Error, on loop: any EventLoop
    ) -> EventLoopFuture<CQLConnection> {
        let host = SessionOptions.shown(target.name, target.port)
        switch error {
        case ConnectionHandler.Outcome.tryLowerVersion(let answer):
            guard let lower = target.version.lower else {
                return loop.makeFailedFuture(CQLError.server(answer, host: host))
            }
            logger.debug(
                "\(host) does not speak protocol v\(target.version.rawValue), trying v\(lower.rawValue)"
            )
            var target = target
            target.version = lower
            return dial(target).hop(to: loop)
        case ConnectionHandler.Outcome.failed(let error):
            return loop.makeFailedFuture(error)
        case let error as CQLError:
            return loop.makeFailedFuture(error)
        default:
            return loop.makeFailedFuture(
                CQLError.unreachable(host: host, because: Self.reason(error)))
        }
    }

    /// NIO's errors hold a list of one error for each address tried.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return reason(first.error) }
            return "its name is not known"
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return "connection refused: nothing listens there"
        case ChannelError.connectTimeout: return "it did not answer in time"
        case let error as NIOSSLError: return "TLS: \(error)"
        case let error as BoringSSLError: return "TLS: \(error)"
        default: return "\(error)"
        }
    }
}

extension SessionOptions {
    static func shown(_ name: String, _ port: Int) -> String {
        name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }
}
