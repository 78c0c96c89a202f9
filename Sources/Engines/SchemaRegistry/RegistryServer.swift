// The schema registry as a server: HTTP in front, the topic `_schemas` behind.

import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import MillraceBase
import NIOCore
import ServiceLifecycle
import Synchronization

/// Serves a schema registry from the moment `start` returns. What it acknowledged is in Kafka,
/// so it survives whatever the broker survives.
package final class RegistryServer: Service {
    package let port: Int
    private let store: SchemaStore
    private let group: ServiceGroup
    private let serving: Task<Void, any Error>

    /// Reads the topic and binds the port.
    package static func start(_ configuration: RegistryConfiguration, logger: Logger)
        async throws(RegistryServerError) -> RegistryServer
    {
        let store = try await SchemaStore.open(configuration, logger: logger)
        let started = StartSignal()
        let application = Application(
            responder: RegistryResponder.make(RegistryAPI(store: store), logger: logger),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "millrace-registry"),
            onServerRunning: { channel in
                started.send(.success(channel.localAddress?.port ?? configuration.port))
            },
            logger: Self.quiet(logger))
        var options = ServiceGroupConfiguration(
            services: [
                .init(service: FollowingService(store: store)), .init(service: application),
            ], logger: Self.quiet(logger))
        options.maximumGracefulShutdownDuration = RegistryServerLimits.shutdownWait
        let group = ServiceGroup(configuration: options)
        // Not structured: it serves from `start` on, and `run` is the parent that waits for it.
        let serving = Task {
            do { try await group.run() } catch {
                started.send(.failure(error))
                throw error
            }
        }
        do {
            let port = try await started.wait()
            return RegistryServer(port: port, store: store, group: group, serving: serving)
        } catch {
            await store.close()
            throw Self.startError(error, configuration)
        }
    }

    private init(
        port: Int, store: SchemaStore, group: ServiceGroup, serving: Task<Void, any Error>
    ) {
        self.port = port
        self.store = store
        self.group = group
        self.serving = serving
    }

    /// Serves until cancelled or asked to shut down; requests that are in work are finished.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { [serving] in try await serving.value }
            // Throws when cancelled, returns at a graceful shutdown: both end the service.
            tasks.addTask { try? await gracefulShutdown() }
            let first = await tasks.nextResult()
            await stop()
            tasks.cancelAll()
            if case .failure(let error)? = first, !(error is CancellationError) { throw error }
        }
    }

    /// Ends what `start` began, for those who do not `run` it. More than once does no harm.
    package func stop() async {
        await group.triggerGracefulShutdown()
        _ = await serving.result
        await store.close()
    }

    private static func startError(_ error: any Error, _ configuration: RegistryConfiguration)
        -> RegistryServerError
    {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return .portTaken(configuration.port)
        }
        return .cannotListen("\(configuration.host):\(configuration.port): \(error)")
    }

    /// The framework's own lines are for its developers.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Keeps the table equal to the topic while the server runs.
private struct FollowingService: Service {
    let store: SchemaStore

    func run() async throws {
        await cancelWhenGracefulShutdown { await store.follow() }
    }
}

/// The port once it is bound, or why it was not; the first of both counts.
private final class StartSignal: Sendable {
    private let stream: AsyncStream<Result<Int, any Error>>
    private let continuation: AsyncStream<Result<Int, any Error>>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send(_ result: Result<Int, any Error>) {
        continuation.yield(result)
        continuation.finish()
    }

    func wait() async throws -> Int {
        for await result in stream { return try result.get() }
        throw CancellationError()
    }
}
