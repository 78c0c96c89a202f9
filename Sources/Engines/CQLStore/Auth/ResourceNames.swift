// What permissions are about: the names in storage and in errors, and what contains what.
// Source: Cassandra's DataResource, RoleResource, FunctionResource and JMXResource.

import CQLProtocol

extension CQLResource {
    /// As in `system_auth.role_permissions`: `data/ks/table`, `roles/name`.
    var name: String {
        switch self {
        case .allKeyspaces: "data"
        case .keyspace(let keyspace): "data/\(keyspace)"
        case .allTables(let keyspace): "data/\(keyspace)/*"
        case .table(let table): "data/\(table.keyspace ?? "")/\(table.name)"
        case .allRoles: "roles"
        case .role(let role): "roles/\(role)"
        case .allFunctions: "functions"
        case .functions(let keyspace): "functions/\(keyspace)"
        case .function(let function, _): "functions/\(function.keyspace ?? "")/\(function.name)"
        case .allMBeans: "mbean"
        case .mbean(let bean): "mbean/\(bean)"
        }
    }

    /// As errors and LIST PERMISSIONS show it.
    var shown: String {
        switch self {
        case .allKeyspaces: "<all keyspaces>"
        case .keyspace(let keyspace): "<keyspace \(keyspace)>"
        case .allTables(let keyspace): "<all tables in \(keyspace)>"
        case .table(let table): "<table \(table.keyspace ?? "").\(table.name)>"
        case .allRoles: "<all roles>"
        case .role(let role): "<role \(role)>"
        case .allFunctions: "<all functions>"
        case .functions(let keyspace): "<all functions in \(keyspace)>"
        case .function(let function, _): "<function \(function.keyspace ?? "").\(function.name)>"
        case .allMBeans: "<all mbeans>"
        case .mbean(let bean): "<mbean \(bean)>"
        }
    }

    /// From what `name` gave; `nil` for anything else.
    init?(name: String) {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
        switch (parts[0], parts.count) {
        case ("data", 1): self = .allKeyspaces
        case ("data", 2): self = .keyspace(parts[1])
        case ("data", 3):
            self =
                parts[2] == "*"
                ? .allTables(keyspace: parts[1])
                : .table(CQLName(keyspace: parts[1], parts[2]))
        case ("roles", 1): self = .allRoles
        case ("roles", _): self = .role(parts[1...].joined(separator: "/"))
        case ("functions", 1): self = .allFunctions
        case ("functions", 2): self = .functions(keyspace: parts[1])
        case ("functions", 3):
            self = .function(CQLName(keyspace: parts[1], parts[2]), arguments: nil)
        case ("mbean", 1): self = .allMBeans
        case ("mbean", _): self = .mbean(parts[1...].joined(separator: "/"))
        default: return nil
        }
    }

    private var parent: CQLResource? {
        switch self {
        case .allKeyspaces, .allRoles, .allFunctions, .allMBeans: nil
        case .keyspace: .allKeyspaces
        case .allTables(let keyspace): .keyspace(keyspace)
        case .table(let table): .allTables(keyspace: table.keyspace ?? "")
        case .role: .allRoles
        case .functions: .allFunctions
        case .function(let function, _): .functions(keyspace: function.keyspace ?? "")
        case .mbean: .allMBeans
        }
    }

    /// Itself, and what contains it; a permission on any of them is one on it.
    var chain: [CQLResource] {
        var all = [self]
        while let parent = all.last.flatMap(\.parent) { all.append(parent) }
        return all
    }

    /// With the connection's keyspace where none was given.
    func qualified(_ current: String?) throws(StatementError) -> CQLResource {
        func full(_ name: CQLName) throws(StatementError) -> CQLName {
            guard let keyspace = name.keyspace ?? current else {
                throw .invalid(
                    "No keyspace has been specified. USE a keyspace, or explicitly specify "
                        + "keyspace.tablename")
            }
            return CQLName(keyspace: keyspace, name.name)
        }
        switch self {
        case .table(let name): return .table(try full(name))
        case .function(let name, let arguments):
            return .function(try full(name), arguments: arguments)
        case .allKeyspaces, .keyspace, .allTables, .allRoles, .role, .allFunctions, .functions,
            .allMBeans, .mbean:
            return self
        }
    }
}
