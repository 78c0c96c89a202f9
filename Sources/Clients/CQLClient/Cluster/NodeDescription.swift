// A node as the cluster describes it.

package import CQLProtocol
package import MillraceBase

/// A row of `system.local`, `system.peers_v2` or `system.peers`.
package struct NodeDescription: Sendable, Equatable {
    package var hostID: CQLUUID
    /// Where clients reach it.
    package var address: Endpoint.Host
    package var dataCenter: String
    package var rack: String
    package var tokens: [Int64]
    package var release: String

    package init(
        hostID: CQLUUID, address: Endpoint.Host, dataCenter: String, rack: String,
        tokens: [Int64], release: String = ""
    ) {
        self.hostID = hostID
        self.address = address
        self.dataCenter = dataCenter
        self.rack = rack
        self.tokens = tokens
        self.release = release
    }

    /// Reads a row whatever its table is.
    ///
    /// - Parameter defaultPort: `system.peers` has no ports; the one of the host that was asked.
    /// - Returns: `nil` for a row that lacks what a node must have: it is just joining or leaving.
    init?(_ row: CQLRow, defaultPort: Int) {
        func value(_ names: String...) -> CQLValue? {
            for name in names {
                if let found = try? row[name], !found.isNull { return found }
            }
            return nil
        }
        guard let hostID = value("host_id")?.uuid,
            let dataCenter = value("data_center")?.string, let rack = value("rack")?.string,
            case .inet(var address)? = value("native_address", "rpc_address")
        else { return nil }
        // A node that listens everywhere is reached where its peers reach it.
        if address.bytes.allSatisfy({ $0 == 0 }) {
            guard case .inet(let peer)? = value("peer", "broadcast_address") else { return nil }
            address = peer
        }
        var tokens: [Int64] = []
        if case .set(let values)? = value("tokens") {
            tokens = values.compactMap { $0.string.flatMap { Int64($0) } }
        }
        let port = value("native_port", "rpc_port")?.int64.map { Int($0) } ?? defaultPort
        self.init(
            hostID: hostID, address: .init(address.description, port: port),
            dataCenter: dataCenter, rack: rack, tokens: tokens,
            release: value("release_version")?.string ?? "")
    }
}

/// What one look at the cluster found.
package struct ClusterDescription: Sendable, Equatable {
    /// The node that was asked.
    package var local: NodeDescription
    package var peers: [NodeDescription]
    package var partitioner: String
    package var name: String
    package var keyspaces: [String: ReplicationStrategy]
}
