// Which nodes have the rows of a token.

import Synchronization

/// The tokens of all nodes of a cluster, in order. Nodes are known by numbers of the caller.
package final class TokenRing: Sendable {
    package struct Node: Sendable {
        package var id: Int
        package var dataCenter: String
        package var rack: String
        package var tokens: [Int64]

        package init(id: Int, dataCenter: String, rack: String, tokens: [Int64]) {
            self.id = id
            self.dataCenter = dataCenter
            self.rack = rack
            self.tokens = tokens
        }
    }

    private let nodes: [Node]
    private let tokens: [Int64]
    /// The index in `nodes` of the owner of each token.
    private let owners: [Int]
    private let known = Mutex<[ReplicationStrategy: [Int: [Int]]]>([:])

    package init(_ nodes: [Node]) {
        self.nodes = nodes
        let ring = nodes.enumerated()
            .flatMap { index, node in node.tokens.map { (token: $0, owner: index) } }
            .sorted { ($0.token, $0.owner) < ($1.token, $1.owner) }
        tokens = ring.map(\.token)
        owners = ring.map(\.owner)
    }

    package var isEmpty: Bool { tokens.isEmpty }

    /// The nodes that keep a token's rows, the first replica first. Found once for each range.
    package func replicas(of token: Int64, _ strategy: ReplicationStrategy) -> [Int] {
        guard !tokens.isEmpty else { return [] }
        let start = index(of: token)
        if let found = known.withLock({ $0[strategy]?[start] }) { return found }
        let found: [Int]
        switch strategy {
        case .everywhere: found = nodes.map(\.id)
        case .simple(let factor): found = simple(from: start, factor)
        case .networkTopology(let factors): found = topology(from: start, factors)
        }
        known.withLock { $0[strategy, default: [:]][start] = found }
        return found
    }

    /// A node owns what lies above the token before its own, up to its own.
    private func index(of token: Int64) -> Int {
        var (low, high) = (0, tokens.count)
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle] < token { low = middle + 1 } else { high = middle }
        }
        return low == tokens.count ? 0 : low
    }

    private func simple(from start: Int, _ factor: Int) -> [Int] {
        var found: [Int] = []
        for step in 0..<tokens.count where found.count < min(factor, nodes.count) {
            let id = nodes[owners[(start + step) % tokens.count]].id
            if !found.contains(id) { found.append(id) }
        }
        return found
    }

    /// In each data centre one replica in each rack; more of one rack only as far as there are more
    /// replicas than racks. Source: locator.NetworkTopologyStrategy, DatacenterEndpoints.
    private func topology(from start: Int, _ factors: [String: Int]) -> [Int] {
        var homes: [String: (left: Int, repeats: Int, racks: Set<String>)] = [:]
        for (name, factor) in factors {
            let members = nodes.filter { $0.dataCenter == name }
            let racks = Set(members.map(\.rack)).count
            homes[name] = (min(factor, members.count), factor - racks, [])
        }
        var found: [Int] = []
        for step in 0..<tokens.count {
            let node = nodes[owners[(start + step) % tokens.count]]
            guard var home = homes[node.dataCenter], home.left > 0, !found.contains(node.id) else {
                continue
            }
            if !home.racks.insert(node.rack).inserted {
                guard home.repeats > 0 else { continue }
                home.repeats -= 1
            }
            home.left -= 1
            homes[node.dataCenter] = home
            found.append(node.id)
            if homes.values.allSatisfy({ $0.left <= 0 }) { break }
        }
        return found
    }
}
