// What is known about the client of a connection, for all its requests.

/// Made when a connection may send requests, and anew when it authenticates again.
final class ClientSession: Sendable {
    let principal: KafkaPrincipal
    let listenerName: String
    let securityProtocol: SecurityProtocol
    /// The client's address without port: `127.0.0.1`.
    let address: String
    /// What this client is told to dial.
    let advertisedHost: String
    let advertisedPort: Int32

    init(
        principal: KafkaPrincipal, listenerName: String, securityProtocol: SecurityProtocol,
        address: String, advertisedHost: String, advertisedPort: Int32
    ) {
        self.principal = principal
        self.listenerName = listenerName
        self.securityProtocol = securityProtocol
        self.address = address
        self.advertisedHost = advertisedHost
        self.advertisedPort = advertisedPort
    }

    /// The same connection under another name.
    func named(_ principal: KafkaPrincipal) -> ClientSession {
        ClientSession(
            principal: principal, listenerName: listenerName, securityProtocol: securityProtocol,
            address: address, advertisedHost: advertisedHost, advertisedPort: advertisedPort)
    }
}
