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
    private let serving: Task<Void, any Error>

    private init(port: Int, serving: Task<Void, any Error>) {
        self.port = port
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
        // Unstructured because it must outlive `start`: `run` waits for it and cancels it, and so does
        // `deinit` for a server that was never run.
        let serving = Task {
            defer { bound.finish() }
            try await application.run()
        }
        for await port in ports { return RandomUserServer(port: port, serving: serving) }
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

    package func run() async throws {
        // Calls that are being answered are cut off: the client repeats them.
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                _ = await serving.result
            } onGracefulShutdown: {
                self.serving.cancel()
            }
        } onCancel: {
            serving.cancel()
        }
    }

    /// Hummingbird tells of each start and stop; people have our own lines for that.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
