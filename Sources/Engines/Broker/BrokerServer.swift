// The embedded Kafka broker as a service: opened, listening, and closed in order.

import Foundation
import KafkaProtocol
package import Logging
import MillraceBase
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A Kafka broker of one node on a directory of this machine.
///
/// It answers clients as soon as `start` returns. What it serves is in `BrokerCore.served`; facts and
/// limits of the protocol are in reference/kafka.md.
package final class BrokerServer: Service {
    /// The first listener's port; not the configured one when that is 0.
    package let port: Int
    /// The ports that are listened on, by the listeners' names.
    package let ports: [String: Int]
    /// 22 characters of base64url, the same for the life of the directory.
    package let clusterID: String
    private let parts: BrokerParts
    private let listeners: [any Channel]
    private let background: Task<Void, Never>
    private let isStopped = Mutex(false)

    private init(_ parts: BrokerParts, listeners: [any Channel]) {
        self.parts = parts
        self.listeners = listeners
        let bound = parts.core.security.listeners
        port = bound[0].port.load(ordering: .relaxed)
        ports = Dictionary(
            uniqueKeysWithValues: bound.map {
                ($0.configuration.name, $0.port.load(ordering: .relaxed))
            })
        clusterID = parts.core.catalog.directory.clusterID
        // A task of its own, because clients are answered from `start` on, before `run` can be their
        // parent. `stop` cancels it and waits for it, and nothing else ends the server.
        background = Task { await parts.runBackground() }
    }

    /// Opens the data, recovers what an unclean stop left, and listens.
    package static func start(
        _ configuration: BrokerConfiguration, logger: Logger
    ) async throws(BrokerError) -> BrokerServer {
        FileLimit.raise()
        let parts = try await BrokerParts.open(configuration, logger: logger)
        let listeners: [any Channel]
        do throws(BrokerError) {
            listeners = try await parts.listen()
        } catch {
            await parts.close()
            throw error
        }
        await parts.register()
        let server = BrokerServer(parts, listeners: listeners)
        logger.info(
            "broker listens",
            metadata: [
                "listeners": "\(parts.core.security.listenersText)",
                "durability": "\(configuration.durability.rawValue)",
            ])
        return server
    }

    /// Serves until cancelled or told to shut down, then stops.
    package func run() async throws {
        // Throws when cancelled, returns at a graceful shutdown: both end the service.
        try? await gracefulShutdown()
        await stop()
    }

    /// Closes everything in the reverse order of `start`. Once is enough; more does no harm.
    package func stop() async {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        // An error would only say that it is closed already.
        for listener in listeners { try? await listener.close().get() }
        await parts.closeConnections()
        parts.core.tasks.finish()
        background.cancel()
        await background.value
        await parts.close()
    }
}

/// The limit of open files of this process, of which each partition with records takes one.
private enum FileLimit {
    static func raise() {
        var limit = rlimit()
        #if os(Linux)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it is refused, the old limit stays, and files are refused when it is reached.
        _ = setrlimit(resource, &limit)
    }
}
