// The embedded randomuser.me: the same people for the same seed, over the API's own contract.

package import Logging
package import MillraceBase
import MillraceHTTPServing
import ServiceLifecycle

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
    private let server: BoundHTTPServer

    package var port: Int { server.port }

    private init(server: BoundHTTPServer) { self.server = server }

    /// Binds the port and answers from then on.
    package static func start(
        _ configuration: RandomUserConfiguration, logger: Logger
    ) async throws(RandomUserError) -> RandomUserServer {
        let responder = RandomUserResponder(
            window: PeopleWindow(
                peopleMax: configuration.peoplePerWindowMax, length: configuration.window),
            clock: configuration.clock)
        do {
            return RandomUserServer(
                server: try await BoundHTTPServer.start(
                    responder, host: configuration.host, port: configuration.port, logger: logger))
        } catch {
            switch error {
            case .portTaken(let port): throw .portTaken(port)
            case .cannotListen(let why): throw .cannotListen(why)
            }
        }
    }

    /// Serves until it is cancelled or told to shut down; calls that are being answered get a
    /// moment.
    package func run() async throws { try await server.run() }
}
