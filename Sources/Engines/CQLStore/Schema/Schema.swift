// All keyspaces at one moment.

import CQLProtocol

/// A keyspace with what it holds. Tables are by name.
struct Keyspace: Sendable {
    var name: String
    /// As given, class in full: `{'class': 'org.apache.cassandra.locator.SimpleStrategy', …}`.
    var replication: [CQLOptionEntry]
    var durableWrites = true
    var tables: [String: Table] = [:]
    var types: [String: CQLUserType] = [:]
    /// Only shown, never written by clients.
    var isSystem = false
    var isVirtual = false

    /// The materialized views of its tables, by name; they are changed with their base table.
    var views: [String: Table] {
        var views: [String: Table] = [:]
        for table in tables.values {
            for view in table.views { views[view.name] = view }
        }
        return views
    }

    /// Whether clients may not change it.
    var isClosed: Bool { isSystem || isVirtual }
    var isReplicatedSystem: Bool {
        ["system_auth", "system_distributed", "system_traces"].contains(name)
    }

    /// A table or a materialized view: what a SELECT can name.
    func relation(_ name: String) -> Table? { tables[name] ?? views[name] }
}

/// An immutable picture of the schema; a statement runs on one picture from start to end.
final class Schema: Sendable {
    /// Changes with every change of schema.
    let version: CQLUUID
    let keyspaces: [String: Keyspace]

    init(version: CQLUUID, keyspaces: [String: Keyspace]) {
        self.version = version
        self.keyspaces = keyspaces
    }

    func keyspace(_ name: String) throws(StatementError) -> Keyspace {
        guard let keyspace = keyspaces[name] else {
            throw .invalid("Keyspace '\(name)' does not exist")
        }
        return keyspace
    }

    /// The table a statement means.
    ///
    /// - Parameter current: the connection's keyspace.
    func table(_ name: CQLName, current: String?) throws(StatementError) -> Table {
        let keyspace = try keyspaceName(name, current: current)
        guard let found = keyspaces[keyspace] else {
            throw .invalid("keyspace \(keyspace) does not exist")
        }
        guard let table = found.relation(name.name) else {
            throw .invalid("table \(name.name) does not exist")
        }
        return table
    }

    func keyspaceName(_ name: CQLName, current: String?) throws(StatementError) -> String {
        guard let keyspace = name.keyspace ?? current else {
            throw .invalid(
                "No keyspace has been specified. USE a keyspace, or explicitly specify "
                    + "keyspace.tablename"
            )
        }
        return keyspace
    }

    func replacing(_ keyspace: Keyspace, version: CQLUUID) -> Schema {
        var keyspaces = keyspaces
        keyspaces[keyspace.name] = keyspace
        return Schema(version: version, keyspaces: keyspaces)
    }

    /// Without the system's own, by name.
    var userKeyspaces: [Keyspace] {
        keyspaces.values.filter { !$0.isSystem && !$0.isVirtual }.sorted { $0.name < $1.name }
    }
}

extension Schema {
    /// All tables that keep rows, materialized views among them.
    var storedTables: [Table] {
        keyspaces.values.flatMap { keyspace in
            keyspace.tables.values.flatMap { [$0] + $0.views }
        }.filter { !$0.isVirtual && $0.storageID != 0 }
    }

    /// The table whose rows have that prefix; `nil` once it is dropped or truncated.
    func table(storageID: UInt32) -> Table? {
        for keyspace in keyspaces.values {
            for table in keyspace.tables.values {
                if table.storageID == storageID { return table }
                for view in table.views where view.storageID == storageID { return view }
            }
        }
        return nil
    }
}
