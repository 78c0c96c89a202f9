// The schema registry as a server: HTTP in front, the topic `_schemas` behind.

package import Logging
import MillraceBase
import MillraceHTTPServing
import NIOSSL
import ServiceLifecycle

/// Serves a schema registry from the moment `start` returns. What it acknowledged is in Kafka,
/// so it survives whatever the broker survives.
package final class RegistryServer: Service {
    private let store: SchemaStore
    private let http: BoundHTTPServer

    package var port: Int { http.port }

    /// Reads the topic and binds the port.
    package static func start(_ configuration: RegistryConfiguration, logger: Logger)
        async throws(RegistryServerError) -> RegistryServer
    {
        let tls: TLSConfiguration? =
            if let files = configuration.tls { try files.configuration() } else { nil }
        let store = try await SchemaStore.open(configuration, logger: logger)
        let responder = RegistryResponder(
            api: RegistryAPI(store: store), users: configuration.users, logger: logger)
        do {
            let http = try await BoundHTTPServer.start(
                responder, host: configuration.host, port: configuration.port, tls: tls,
                alongside: [FollowingService(store: store)], logger: logger)
            return RegistryServer(store: store, http: http)
        } catch {
            await store.close()
            switch error {
            case .portTaken(let port): throw .portTaken(port)
            case .cannotListen(let why): throw .cannotListen(why)
            }
        }
    }

    private init(store: SchemaStore, http: BoundHTTPServer) {
        self.store = store
        self.http = http
    }

    /// Serves until cancelled or asked to shut down; requests that are in work are finished.
    package func run() async throws {
        do { try await http.run() } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Ends what `start` began, for those who do not `run` it. More than once does no harm.
    package func stop() async {
        await http.stop()
        await store.close()
    }
}

/// Keeps the table equal to the topic while the server runs.
private struct FollowingService: Service {
    let store: SchemaStore

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Off the store's actor: questions are answered meanwhile.
            await store.table.readContents()
            await store.follow()
        }
    }
}
