// The replication of a keyspace: checked and completed as Cassandra does, for one node.

import CQLProtocol

/// Source: Cassandra's `ReplicationParams`, `SimpleStrategy` and `NetworkTopologyStrategy`.
struct Replication {
    static let package = "org.apache.cassandra.locator."
    private static let factorName = "replication_factor"

    /// What is kept, the class in full, by name.
    var entries: [CQLOptionEntry]
    /// For the client, when copies are asked for that one node cannot hold.
    var warnings: [String] = []

    /// - Parameters:
    ///   - given: the map as written.
    ///   - previous: what the keyspace has now; empty when it is made.
    init(
        _ given: [CQLOptionEntry], previous: [CQLOptionEntry], keyspace: String, dataCenter: String
    ) throws(StatementError) {
        guard let className = given.first(where: { $0.key == "class" })?.value else {
            throw .configuration("Missing replication strategy class")
        }
        let full = className.contains(".") ? className : Self.package + className
        var options = given.filter { $0.key != "class" }
        let before = previous.filter { $0.key != "class" }
        switch full {
        case Self.package + "SimpleStrategy":
            try Self.completeSimple(&options, before, keyspace)
        case Self.package + "NetworkTopologyStrategy":
            try Self.completeTopology(&options, before, keyspace, dataCenter)
        case Self.package + "LocalStrategy":
            throw .configuration(
                "Unable to use given strategy class: LocalStrategy is reserved for internal use.")
        default:
            throw .configuration("Unable to find replication strategy class '\(full)'")
        }
        for option in options where try Self.factor(option.value) > 1 {
            let place = option.key == Self.factorName ? "" : " for datacenter \(option.key)"
            warnings.append(
                "Your replication factor \(option.value) for keyspace \(keyspace) is higher than "
                    + "the number of nodes 1\(place)")
        }
        options.append(CQLOptionEntry(key: "class", value: full))
        entries = options.sorted { $0.key < $1.key }
    }

    private static func completeSimple(
        _ options: inout [CQLOptionEntry], _ before: [CQLOptionEntry], _ keyspace: String
    ) throws(StatementError) {
        if let unknown = options.first(where: { $0.key != factorName }) {
            throw unrecognized(unknown.key, "SimpleStrategy", keyspace)
        }
        if options.isEmpty {
            let known = before.first { $0.key == factorName }?.value
            guard let kept = known ?? (before.isEmpty ? "1" : nil) else {
                throw .configuration(
                    "SimpleStrategy requires a replication_factor strategy option.")
            }
            options.append(CQLOptionEntry(key: factorName, value: kept))
        }
        _ = try factor(options[0].value)
    }

    private static func completeTopology(
        _ options: inout [CQLOptionEntry], _ before: [CQLOptionEntry], _ keyspace: String,
        _ dataCenter: String
    ) throws(StatementError) {
        var everywhere = options.first { $0.key == factorName }?.value
        options.removeAll { $0.key == factorName }
        if everywhere == nil, options.isEmpty {
            // From SimpleStrategy to this one without saying how many.
            everywhere =
                before.first { $0.key == factorName }?.value ?? (before.isEmpty ? "1" : nil)
        } else if everywhere != nil {
            // What is set for a data centre already stays: a general number changes none of them.
            for kept in before where kept.key != factorName {
                if !options.contains(where: { $0.key == kept.key }) { options.append(kept) }
            }
        }
        if let everywhere {
            _ = try factor(everywhere)
            if !options.contains(where: { $0.key == dataCenter }) {
                options.append(CQLOptionEntry(key: dataCenter, value: everywhere))
            }
        }
        for option in options { _ = try factor(option.value) }
        options.removeAll { $0.value == "0" }
        if let unknown = options.first(where: { $0.key != dataCenter }) {
            throw unrecognized(unknown.key, "NetworkTopologyStrategy", keyspace)
        }
        guard !options.isEmpty else {
            throw .configuration("Configuration for at least one datacenter must be present")
        }
    }

    private static func unrecognized(
        _ option: String, _ strategy: String, _ keyspace: String
    ) -> StatementError {
        .configuration(
            "Unrecognized strategy option {\(option)} passed to \(strategy) for keyspace "
                + keyspace)
    }

    private static func factor(_ text: String) throws(StatementError) -> Int {
        if text.contains("/") {
            throw .configuration("Transient replication is not enabled on this node")
        }
        guard let count = Int32(text) else {
            throw .configuration("Replication factor must be numeric; found \(text)")
        }
        guard count >= 0 else {
            throw .configuration("Replication factor must be non-negative, found \(count)")
        }
        return Int(count)
    }
}
