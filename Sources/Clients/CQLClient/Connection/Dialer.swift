// How connections are made: the socket, then the highest version that both sides speak.

import CQLProtocol
import Logging
import NIOCore
import NIOPosix

/// Makes connections to one host after the other's version is known, downgrading v5 → v4 → v3.
struct Dialer: Sendable {
    let options: SessionOptions
    let logger: Logger
    private let group = MultiThreadedEventLoopGroup.singleton

    init(options: SessionOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    var eventLoop: any EventLoop { group.any() }

    /// - Parameter name: the host as a person would write it.
    func dial(
        _ name: String, _ port: Int, version: ProtocolVersion
    ) -> EventLoopFuture<CQLConnection> {
        let host = SessionOptions.shown(name, port)
        let loop = group.next()
        let ready = loop.makePromise(of: Void.self)
        let made = loop.makePromise(of: CQLConnection.self)
        let connected = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ConnectionHandler(
                        host: host, version: version, options: options, ready: ready)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: name, port: port)
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
                    version: version)
            }
            .flatMapError { error in
                connected.whenSuccess { $0.close(promise: nil) }
                return retried(name, port, version, after: error, on: loop)
            }
            .cascade(to: made)
        return made.futureResult
    }

    private func retried(
        _ name: String, _ port: Int, _ version: ProtocolVersion, after error: any Error,
        on loop: any EventLoop
    ) -> EventLoopFuture<CQLConnection> {
        let host = SessionOptions.shown(name, port)
        switch error {
        case ConnectionHandler.Outcome.tryLowerVersion(let answer):
            guard let lower = version.lower else {
                return loop.makeFailedFuture(CQLError.server(answer, host: host))
            }
            logger.debug(
                "\(host) does not speak protocol v\(version.rawValue), trying v\(lower.rawValue)")
            return dial(name, port, version: lower).hop(to: loop)
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
        default: return "\(error)"
        }
    }
}

extension SessionOptions {
    static func shown(_ name: String, _ port: Int) -> String {
        name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }
}
