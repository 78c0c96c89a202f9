// What the cluster says about itself: which hosts it has, what they keep, who comes and goes.

import CQLProtocol
import Logging
import MillraceBase
import NIOCore
import Synchronization

extension SessionPool {
    private static let locals = "SELECT * FROM system.local WHERE key = 'local'"
    private static let peers = "SELECT * FROM system.peers_v2"
    /// Before Cassandra 4, and ScyllaDB.
    private static let oldPeers = "SELECT * FROM system.peers"
    private static let keyspaces =
        "SELECT keyspace_name, replication FROM system_schema.keyspaces"

    // MARK: Watching

    /// One connection hears the cluster's events: the first, or another when that is lost.
    func watchIfNobody(_ connection: CQLConnection) {
        let isChosen = state.withLock { state in
            guard options.discovers, state.watched == nil, !state.isClosed else { return false }
            state.watched = connection
            return true
        }
        guard isChosen else { return }
        connection.onEvent { [weak self] in self?.happened($0) }
        let kinds: [CQLEventKind] = [.topologyChange, .statusChange, .schemaChange]
        connection.send(RequestEnvelope(.register(kinds)), timeout: options.requestTimeout) { _ in
            // Without events the cluster is looked at whenever a connection is watched anew.
            self.look(connection)
        }
    }

    func watchAnother() {
        let other = state.withLock { state -> CQLConnection? in
            guard state.watched == nil, !state.isClosed else { return nil }
            return state.pick(nil, excluding: [])
        }
        if let other { watchIfNobody(other) }
    }

    private func happened(_ event: CQLEvent) {
        switch event {
        case .schemaChange(let change):
            if case .keyspace = change.target { lookSoon() }
        case .topologyChange: lookSoon()
        case .statusChange(let change, let address, let port):
            // A node that is down is noticed by its silence; one that is up need not be waited for.
            guard change == "UP" else { return }
            let host = Endpoint.Host(address.description, port: Int(port))
            let links = state.withLock { state -> [(Int, Int)]? in
                guard let node = state.nodes.first(where: { $0.value.address == host }) else {
                    return nil
                }
                return node.value.links.indices.compactMap { link in
                    if case .resting = node.value.links[link] { (node.key, link) } else { nil }
                }
            }
            guard let links else { return lookSoon() }
            for (node, link) in links { dial(node, link, failures: 0) }
        }
    }

    private func lookSoon(_ wait: Duration = CQLClientLimits.refreshDelay) {
        let isNew = state.withLock { state in
            defer { state.isLookDue = true }
            return !state.isLookDue
        }
        guard isNew else { return }
        dialer.eventLoop.scheduleTask(in: TimeAmount(wait)) {
            let watched = self.state.withLock { state in
                state.isLookDue = false
                return state.isClosed ? nil : state.watched
            }
            if let watched { self.look(watched) }
        }
    }

    // MARK: Looking

    private func look(_ connection: CQLConnection) {
        ask(connection, Self.locals) { local in
            self.ask(connection, Self.peers) { peers in
                if case .failure(.server) = peers {
                    self.ask(connection, Self.oldPeers) { self.look(connection, local, $0) }
                } else {
                    self.look(connection, local, peers)
                }
            }
        }
    }

    private func look(
        _ connection: CQLConnection, _ local: Result<CQLRows, CQLError>,
        _ peers: Result<CQLRows, CQLError>
    ) {
        ask(connection, Self.keyspaces) { keyspaces in
            do throws(CQLError) {
                try self.looked(
                    connection, local: try local.get(), peers: try peers.get(),
                    keyspaces: try keyspaces.get())
                self.firstLook.finish(.success(()))
            } catch {
                self.logger.debug("the cluster cannot be looked at: \(error)")
                if case .configuration = error {
                    self.firstLook.finish(.failure(error))
                } else {
                    self.firstLook.finish(.success(()))
                    self.lookSoon(CQLClientLimits.refreshAgain)
                }
            }
        }
    }

    private func ask(
        _ connection: CQLConnection, _ text: String,
        _ answered: @escaping @Sendable (Result<CQLRows, CQLError>) -> Void
    ) {
        var parameters = QueryParameters(consistency: .one)
        parameters.pageSize = CQLClientLimits.topologyRowsMax
        connection.send(
            RequestEnvelope(.query(text, parameters)), timeout: options.requestTimeout
        ) { answer in
            answered(
                answer.flatMap { envelope in
                    do throws(CQLError) {
                        return .success(
                            try CQLRows.read(envelope, knownColumns: [], host: connection.host).rows
                        )
                    } catch {
                        return .failure(error)
                    }
                })
        }
    }

    private func looked(
        _ connection: CQLConnection, local: CQLRows, peers: CQLRows, keyspaces: CQLRows
    ) throws(CQLError) {
        let port = connection.remotePort ?? SessionOptions.defaultPort
        // A server without these rows is used as it was given.
        guard let row = local.first, let own = NodeDescription(row, defaultPort: port) else {
            return
        }
        var cluster = ClusterDescription(
            local: own, peers: peers.compactMap { NodeDescription($0, defaultPort: port) },
            partitioner: (try? row["partitioner"])?.string ?? "",
            name: (try? row["cluster_name"])?.string ?? "", keyspaces: [:])
        for row in keyspaces {
            guard let name = try row["keyspace_name"].string,
                case .map(let entries) = try row["replication"]
            else { continue }
            var replication: [String: String] = [:]
            for entry in entries {
                if let key = entry.key.string { replication[key] = entry.value.string }
            }
            cluster.keyspaces[name] = ReplicationStrategy(replication)
        }
        try apply(cluster, seenBy: connection)
    }

    // MARK: Following

    /// Takes over what the cluster said: new hosts are dialed, gone ones let go.
    private func apply(
        _ cluster: ClusterDescription, seenBy connection: CQLConnection
    ) throws(CQLError) {
        if let wanted = options.localDataCenter {
            let known = Set((cluster.peers + [cluster.local]).map(\.dataCenter))
            guard known.contains(wanted) else {
                throw .configuration(
                    "there is no data centre \"\(wanted)\" in the cluster; local_dc may be "
                        + known.sorted().joined(separator: ", "))
            }
        }
        let links = options.connectionsPerHost
        let change = state.withLock { state -> (dial: [Int], close: [CQLConnection]) in
            guard !state.isClosed, state.nodes[connection.node] != nil else { return ([], []) }
            // The node that was asked keeps the address by which it was reached.
            state.nodes[connection.node]?.description = cluster.local
            var kept: Set<Int> = [connection.node]
            var added: [Int] = []
            for peer in cluster.peers where peer.hostID != cluster.local.hostID {
                guard kept.count < CQLClientLimits.hostsMax else { break }
                let known = state.nodes.first {
                    $0.value.address == peer.address && !kept.contains($0.key)
                }
                let id = known?.key ?? state.add(peer.address, links: links)
                if known == nil { added.append(id) }
                state.nodes[id]?.description = peer
                kept.insert(id)
            }
            var closing: [CQLConnection] = []
            for (id, node) in state.nodes where !kept.contains(id) {
                closing += node.links.compactMap(\.connection)
                state.nodes[id] = nil
            }
            state.cluster = cluster
            state.dataCenter =
                options.localDataCenter ?? state.dataCenter ?? cluster.local.dataCenter
            state.sort()
            let canRoute =
                options.routesByToken && state.nodes.count > 1
                && cluster.partitioner == PartitionToken.partitioner
            state.ring = canRoute ? state.makeRing() : nil
            return (added, closing)
        }
        for node in change.dial { for link in 0..<links { dial(node, link, failures: 0) } }
        for connection in change.close { connection.closeSoon() }
    }

    /// For each row the local node that has its partition and a connection; `nil` where it makes no
    /// difference, or cannot be told.
    func homes(of rows: EncodedRows, _ statement: PreparedStatement) -> [Int?]? {
        guard routesByToken, let keyspace = statement.columns.first?.keyspace,
            !statement.partitionKeyIndexes.isEmpty
        else { return nil }
        let tokens = (0..<rows.count).map {
            rows.token(of: $0, keyAt: statement.partitionKeyIndexes)
        }
        return state.withLock { state in
            guard let ring = state.ring, let strategy = state.cluster?.keyspaces[keyspace] else {
                return nil
            }
            return tokens.map { token in
                token.flatMap { token in
                    ring.replicas(of: token, strategy).first { id in
                        guard let node = state.nodes[id], node.isLocal else { return false }
                        return node.links.contains { $0.connection != nil }
                    }
                }
            }
        }
    }

    /// What the cluster said last; `nil` when it was not looked at.
    var cluster: ClusterDescription? { state.withLock { $0.cluster } }
}

extension SessionPool.State {
    /// The local data centre first.
    fileprivate mutating func sort() {
        for id in nodes.keys {
            let home = nodes[id]?.description?.dataCenter
            nodes[id]?.isLocal = home == dataCenter
        }
        let ids = nodes.keys.sorted()
        let local = ids.filter { nodes[$0]?.isLocal == true }
        order = local + ids.filter { nodes[$0]?.isLocal != true }
        localCount = local.count
    }

    fileprivate func makeRing() -> TokenRing? {
        let members = nodes.compactMap { id, node in
            node.description.map {
                TokenRing.Node(
                    id: id, dataCenter: $0.dataCenter, rack: $0.rack, tokens: $0.tokens)
            }
        }
        let ring = TokenRing(members.sorted { $0.id < $1.id })
        return ring.isEmpty ? nil : ring
    }
}
