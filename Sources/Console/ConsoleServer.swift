// The console's server: the page, its events, the HTTP API, /metrics and /health.

import Hummingbird
package import Logging
import MillraceBase
import MillraceHTTPServing
import NIOCore
import ServiceLifecycle

package final class ConsoleServer: Service {
    private let server: BoundHTTPServer
    private let watcher: ConsoleWatcher

    package var port: Int { server.port }

    private init(server: BoundHTTPServer, watcher: ConsoleWatcher) {
        self.server = server
        self.watcher = watcher
    }

    /// Listens at once; what it shows is asked for when somebody looks.
    package static func start(
        _ configuration: ConsoleConfiguration, logger: Logger
    ) async throws(ConsoleError) -> ConsoleServer {
        let watcher = ConsoleWatcher(configuration, logger: logger)
        let router = ConsoleRouter(configuration: configuration, watcher: watcher).router
        do {
            let server = try await BoundHTTPServer.start(
                router.buildResponder(), host: configuration.host, port: configuration.port,
                logger: logger)
            return ConsoleServer(server: server, watcher: watcher)
        } catch {
            switch error {
            case .portTaken(let port): throw .portTaken(port)
            case .cannotListen(let why): throw .cannotListen(why)
            }
        }
    }

    package func run() async throws {
        do { try await server.run() } catch {
            await watcher.stop()
            throw error
        }
        await watcher.stop()
    }
}
