// What is known of one connected client, for `system_views.clients` and for its own statements.

import CQLProtocol
import Synchronization

/// Shared by the connection, its requests and whoever lists the clients.
final class ClientRecord: Sendable {
    struct Details: Sendable {
        /// As Cassandra names them: ESTABLISHED, AUTHENTICATING, READY.
        var stage = "ESTABLISHED"
        var version: ProtocolVersion?
        /// As STARTUP gave them.
        var options: [String: String] = [:]
        /// `nil` for somebody whom nobody asked for a name.
        var userName: String?
        /// The keyspace of names without one.
        var keyspace: String?
        var tlsProtocol: String?
        var cipherSuite: String?
        var requestCount: Int64 = 0
        /// It was told that prepared statements and USE do not go together.
        var knowsUseWarning = false
    }

    let address: CQLInet
    let port: Int
    private let details = Mutex(Details())

    init(address: CQLInet = NodeIdentity.loopback, port: Int = 0) {
        self.address = address
        self.port = port
    }

    var current: Details { details.withLock { $0 } }

    /// Whether the warning about USE has not been given yet; then it counts as given.
    func isNewToUseWarning() -> Bool {
        details.withLock { details in
            defer { details.knowsUseWarning = true }
            return !details.knowsUseWarning
        }
    }

    func change(_ body: (inout Details) -> Void) { details.withLock { body(&$0) } }
}

/// All clients that are connected now.
final class ClientRegistry: Sendable {
    private let clients = Mutex<[ObjectIdentifier: ClientRecord]>([:])

    var all: [ClientRecord] { clients.withLock { Array($0.values) } }

    func add(_ client: ClientRecord) {
        clients.withLock { $0[ObjectIdentifier(client)] = client }
    }

    func remove(_ client: ClientRecord) {
        clients.withLock { $0[ObjectIdentifier(client)] = nil }
    }
}
