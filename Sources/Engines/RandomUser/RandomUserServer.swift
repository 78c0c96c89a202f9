// The embedded randomuser.me: the same people for the same seed, over the API's own contract.

import Hummingbird
package import Logging
package import MillraceBase
import NIOCore
import ServiceLifecycle
import Synchronization

package struct RandomUserConfiguration: Sendable {
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    /// People that may be asked for in one window; `nil` for no limit. The public API has 20,000.
    package var peoplePerWindowMax: Int?
    package var window: Duration
    /// Ages are told by it.
    package var clock: WallClock

    package init(
        host: String = "127.0.0.1", port: Int = 8_000, peoplePerWindowMax: Int? = nil,
        window: Duration = .seconds(60), clock: WallClock = .system
    ) {
        self.host = host
        self.port = port
        self.peoplePerWindowMax = peoplePerWindowMax
        self.window = window
        self.clock = clock
    }
}

package enum RandomUserError: Error, Sendable, Equatable, CustomStringConvertible {
    case portTaken(Int)
    case cannotListen(String)

    package var description: String {
        switch self {
        case .portTaken(let port): "the port \(port) is taken"
        case .cannotListen(let why): "cannot listen: \(why)"
        }
    }
}

/// Serves from `start` on; `run` keeps it until it is told to stop.
package final class RandomUserServer: Service {
    package let port: Int
    private let group: ServiceGroup
    private let serving: Task<Void, any Error>

    private init(port: Int, group: ServiceGroup, serving: Task<Void, any Error>) {
        self.port = port
        self.group = group
        self.serving = serving
    }

    deinit { serving.cancel() }

    /// Binds the port and answers from then on.
    package static func start(
        _ configuration: RandomUserConfiguration, logger: Logger
    ) async throws(RandomUserError) -> RandomUserServer {
        let (ports, bound) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: RandomUserResponder(
                window: PeopleWindow(
                    peopleMax: configuration.peoplePerWindowMax, length: configuration.window),
                clock: configuration.clock),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { bound.yield($0.localAddress?.port ?? 0) },
            logger: quiet(logger))
        var services = ServiceGroupConfiguration(services: [application], logger: quiet(logger))
        services.maximumGracefulShutdownDuration = RandomUserLimits.shutdownDuration
        let group = ServiceGroup(configuration: services)
        // Unstructured because it must outlive `start`: `run` stops it and waits for it, and
        // `deinit` cancels it for a server that was never run.
        let serving = Task {
            defer { bound.finish() }
            try await group.run()
        }
        for await port in ports {
            return RandomUserServer(port: port, group: group, serving: serving)
        }
        do {
            try await serving.value
            throw RandomUserError.cannotListen("the server stopped at once")
        } catch let error as RandomUserError {
            throw error
        } catch {
            if let io = error as? IOError, io.errnoCode == addressInUse {
                throw .portTaken(configuration.port)
            }
            throw .cannotListen(String(describing: error))
        }
    }

    /// Serves until it is cancelled or told to shut down; calls that are being answered get a
    /// moment.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { waits in
            waits.addTask { try? await gracefulShutdown() }
            waits.addTask { _ = await self.serving.result }
            await waits.next()
            await group.triggerGracefulShutdown()
            waits.cancelAll()
        }
    }

    /// Hummingbird tells of each start and stop; people have our own lines for that.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
