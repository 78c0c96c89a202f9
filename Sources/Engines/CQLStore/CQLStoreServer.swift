// The embedded Cassandra-compatible store: opens the data, listens, serves, and closes in order.

import CQLProtocol
import Foundation
package import Logging
import MillraceBase
import ServiceLifecycle
import Synchronization

/// A single-node CQL store that unmodified Cassandra clients talk to.
package final class CQLStoreServer: Service {
    /// The port that clients dial.
    package let port: Int
    private let core: StoreCore
    private let writes: WriteLane
    private let reads: ReadLanes
    private let sweeper: Sweeper
    private let logins: LoginLane
    private let listener: Listener
    private let isClosed = Mutex(false)

    private init(
        core: StoreCore, writes: WriteLane, reads: ReadLanes, sweeper: Sweeper, logins: LoginLane,
        listener: Listener
    ) {
        self.core = core
        self.writes = writes
        self.reads = reads
        self.sweeper = sweeper
        self.logins = logins
        self.listener = listener
        port = listener.port
    }

    /// Opens or makes the data, recovers its log, and listens: clients are answered once it
    /// returns.
    package static func start(
        _ configuration: CQLStoreConfiguration, logger: Logger
    ) async throws(CQLStoreError) -> CQLStoreServer {
        let path = configuration.directory
        guard configuration.authorizer == .allowAll || configuration.authenticator == .password
        else { throw .authorizerNeedsPasswords }
        let tls = try configuration.tls.map { tls throws(CQLStoreError) in try tls.context() }
        let database = try openDatabase(path)
        let (record, schema) = try SchemaLoader.load(
            database, path: path, clusterName: configuration.clusterName)
        let core = StoreCore(
            database: database,
            identity: NodeIdentity(
                hostID: record.hostID, clusterName: record.clusterName,
                dataCenter: configuration.dataCenter, rack: configuration.rack,
                address: address(configuration.host)),
            schema: schema, security: try security(configuration, database), clock: .system)
        PreparedStorage.load(into: core)
        let writes = WriteLane(core, record: record, sync: configuration.sync, logger: logger)
        let reads = ReadLanes()
        let sweeper = Sweeper(core: core, writes: writes, logger: logger)
        let logins = LoginLane(core)
        let router = Router(core: core, writes: writes, reads: reads, logins: logins)
        do throws(CQLStoreError) {
            let listener = try await Listener.bind(
                host: configuration.host, port: configuration.port, tls: tls
            ) { ConnectionHandler(router: router, logger: logger) }
            core.port.store(listener.port, ordering: .relaxed)
            logger.info(
                "the CQL store listens",
                metadata: [
                    "port": "\(listener.port)", "commitlog_sync": "\(configuration.sync.rawValue)",
                ])
            return CQLStoreServer(
                core: core, writes: writes, reads: reads, sweeper: sweeper, logins: logins,
                listener: listener)
        } catch {
            await blocking {
                sweeper.close()
                logins.close()
                reads.close()
                writes.close()
                database.close()
            }
            throw error
        }
    }

    /// Serves until it is cancelled or asked to shut down gracefully; then closes and returns.
    package func run() async throws {
        // Either way of ending is the end: cancellation is no error of a service.
        try? await gracefulShutdown()
        await close()
    }

    /// Finishes what was accepted, syncs, and frees the port and the directory. May be called
    /// twice.
    package func close() async {
        let isFirst = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard isFirst else { return }
        await listener.close()
        let (reads, writes, sweeper, logins, core) = (reads, writes, sweeper, logins, core)
        await Self.blocking {
            sweeper.close()
            logins.close()
            reads.close()
            writes.close()
            core.database.close()
        }
    }

    /// Forgets what was deleted or expired, and brings all rows into their final tables. Serves on
    /// meanwhile; takes seconds for each GB.
    package func compact() async throws(CQLStoreError) {
        let (sweeper, path) = (sweeper, core.database.path)
        let failure: StorageFailure? = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                do throws(StorageFailure) {
                    _ = try sweeper.compact()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let failure { throw .storage(path: path, because: failure.description) }
    }

    // MARK: Parts of the start

    private static func security(
        _ configuration: CQLStoreConfiguration, _ database: Database
    ) throws(CQLStoreError) -> StoreSecurity {
        do {
            return StoreSecurity(
                authenticator: configuration.authenticator, authorizer: configuration.authorizer,
                masksColumns: configuration.masksColumns,
                state: try AuthState(try database.metaDocuments()))
        } catch let error as StatementError {
            throw .storage(path: database.path, because: error.message)
        } catch {
            throw .storage(path: database.path, because: "\(error)")
        }
    }

    private static func openDatabase(_ path: String) throws(CQLStoreError) -> Database {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .storage(path: path, because: error.localizedDescription)
        }
        do throws(CommitLogDamage) {
            try CommitLogCheck.check(directory: path)
        } catch {
            throw .storage(path: path, because: error.description)
        }
        do throws(StorageFailure) {
            return try Database(path: path)
        } catch {
            if error.description.contains("lock ") || error.description.contains("LOCK") {
                throw .directoryInUse(path: path)
            }
            throw .storage(path: path, because: error.description)
        }
    }

    /// What clients are told to dial; a wildcard is shown as loopback.
    private static func address(_ host: String) -> CQLInet {
        guard let found = CQLInet(host), !found.bytes.allSatisfy({ $0 == 0 }) else {
            return NodeIdentity.loopback
        }
        return found
    }

    /// Joining threads blocks, which Swift's own threads must not.
    private static func blocking(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                work()
                continuation.resume()
            }
        }
    }
}
