// Which nodes keep a keyspace's rows, as the schema says it.

/// The `replication` of a keyspace (system_schema.keyspaces).
package enum ReplicationStrategy: Sendable, Hashable {
    case simple(factor: Int)
    /// Replicas in each data centre.
    case networkTopology([String: Int])
    /// On every node: LocalStrategy, EverywhereStrategy, and what is not known here.
    case everywhere

    package init(_ replication: [String: String]) {
        let name = replication["class"]?.split(separator: ".").last ?? ""
        switch name {
        case "SimpleStrategy":
            self = .simple(factor: Self.factor(replication["replication_factor"]))
        case "NetworkTopologyStrategy":
            var factors: [String: Int] = [:]
            for (dataCenter, factor) in replication where dataCenter != "class" {
                factors[dataCenter] = Self.factor(factor)
            }
            self = .networkTopology(factors)
        default: self = .everywhere
        }
    }

    /// `3`, or `3/1` of which one is transient (CASSANDRA-14404): such a replica is not asked.
    private static func factor(_ text: String?) -> Int {
        let parts = (text ?? "").split(separator: "/").compactMap { Int($0) }
        return max(0, (parts.first ?? 0) - (parts.count == 2 ? parts[1] : 0))
    }
}
