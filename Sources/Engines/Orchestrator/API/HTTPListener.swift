// A web server that has its port before it is told to run.

import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Hummingbird binds inside its own `run()`. So `start` runs it in a task, and returns when it is
/// bound or has failed. That task's parent is this object: `stop` ends it and waits for it.
final class HTTPListener: Sendable {
    let port: Int
    private let group: ServiceGroup
    private let server: Task<Void, any Error>

    private init(port: Int, group: ServiceGroup, server: Task<Void, any Error>) {
        self.port = port
        self.group = group
        self.server = server
    }

    static func start(
        host: String, port: Int, responder: AirflowResponder,
        logger: Logger
    ) async throws(OrchestratorError) -> HTTPListener {
        let (bound, tell) = AsyncStream.makeStream(of: Int.self)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "millrace"),
            onServerRunning: { tell.yield($0.localAddress?.port ?? port) }, logger: quiet)
        var services = ServiceGroupConfiguration(services: [application], logger: quiet)
        services.maximumGracefulShutdownDuration = OrchestratorLimits.requestsEndMax
        let group = ServiceGroup(configuration: services)
        // `stop` waits for it, and `start` does when it fails: it cannot be left behind.
        let server = Task {
            defer { tell.finish() }
            try await group.run()
        }
        for await port in bound { return HTTPListener(port: port, group: group, server: server) }
        do { try await server.value } catch let error as IOError {
            throw error.errnoCode == EADDRINUSE ? .portTaken(port) : .cannotListen("\(error)")
        } catch {
            throw .cannotListen("\(error)")
        }
        throw .cannotListen("the web server ended")
    }

    /// Lets requests that are being answered end, and closes the port.
    func stop() async {
        await group.triggerGracefulShutdown()
        _ = await server.result
    }
}
