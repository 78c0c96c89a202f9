// A Hummingbird application that listens before anybody waits for it.

import Foundation
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
package import NIOSSL
package import ServiceLifecycle

/// Why an HTTP server of ours does not listen.
package enum ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    case portTaken(Int)
    case cannotListen(String)

    package var description: String {
        switch self {
        case .portTaken(let port): "the port \(port) is taken"
        case .cannotListen(let why): "cannot listen: \(why)"
        }
    }
}

/// An HTTP server whose port is known, and which answers, before `run` is called.
///
/// A stack must know every address before it starts what dials them; Hummingbird binds only inside
/// its own `run`. So `start` runs it in a task of its own, which `run` then waits for.
package final class BoundHTTPServer: Service {
    /// The bound port.
    package let port: Int
    private let group: ServiceGroup
    private let serving: Task<Void, any Error>

    /// How long open connections (event streams, slow readers) may go on after a graceful shutdown.
    private static let patience: Duration = .seconds(1)

    private init(port: Int, group: ServiceGroup, serving: Task<Void, any Error>) {
        self.port = port
        self.group = group
        self.serving = serving
    }

    /// A server that is never run does not outlive its owner.
    deinit { serving.cancel() }

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - tls: what HTTPS is spoken with; `nil` is plain HTTP.
    ///   - services: run before the first request is answered and until the last one is.
    package static func start(
        _ responder: some HTTPResponder<BasicRequestContext>, host: String, port: Int,
        tls: TLSConfiguration? = nil, alongside services: [any Service] = [], logger: Logger
    ) async throws(ListenError) -> BoundHTTPServer {
        let (ports, bound) = AsyncThrowingStream.makeStream(of: Int.self)
        var quiet = logger
        // Hummingbird announces each start, and calls a connection that we cut at the end an error.
        quiet.logLevel = max(logger.logLevel, .critical)
        let server: HTTPServerBuilder
        do { server = try tls.map { try .tls(tlsConfiguration: $0) } ?? .http1() } catch {
            throw .cannotListen("TLS does not take the certificate and its key: \(error)")
        }
        let application = Application(
            responder: responder, server: server,
            configuration: .init(address: .hostname(host, port: port), reuseAddress: true),
            onServerRunning: { channel in bound.yield(channel.localAddress?.port ?? port) },
            logger: quiet)
        var options = ServiceGroupConfiguration(services: services + [application], logger: quiet)
        options.maximumGracefulShutdownDuration = Self.patience
        let group = ServiceGroup(configuration: options)
        // Its parent is this object: `run` waits for it, and a failed start ends it.
        let serving = Task {
            do {
                try await group.run()
                bound.finish()
            } catch {
                bound.finish(throwing: error)
                throw error
            }
        }
        do {
            for try await port in ports {
                return BoundHTTPServer(port: port, group: group, serving: serving)
            }
            throw ListenError.cannotListen("it stopped at once")
        } catch let error as ListenError {
            throw error
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .portTaken(port)
        } catch {
            throw .cannotListen("\(host):\(port): \(error)")
        }
    }

    /// Serves until it is cancelled or told to shut down; then `stop`.
    package func run() async throws {
        let ended = await withTaskGroup(of: Result<Void, any Error>?.self) { waits in
            waits.addTask {
                try? await gracefulShutdown()
                return nil
            }
            waits.addTask { await self.serving.result }
            let first = await waits.next() ?? nil
            await stop()
            waits.cancelAll()
            return first
        }
        // It ended without being told to: that is why, or no reason at all.
        if let ended, !Task.isCancelled { try ended.get() }
    }

    /// Lets requests that are being answered end, for a moment, and closes the port.
    package func stop() async {
        await group.triggerGracefulShutdown()
        _ = await serving.result
    }
}
