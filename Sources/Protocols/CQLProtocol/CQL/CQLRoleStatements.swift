// Statements about roles, users, permissions and identities, as values.
// Source: https://cassandra.apache.org/doc/5.0/cassandra/developing/cql/security.html

import Foundation

/// A permission, in the order in which Cassandra lists them.
package enum CQLPermission: String, Sendable, CaseIterable, Comparable {
    case create = "CREATE", alter = "ALTER", drop = "DROP", select = "SELECT", modify = "MODIFY"
    case authorize = "AUTHORIZE", describe = "DESCRIBE", execute = "EXECUTE", unmask = "UNMASK"
    case selectMasked = "SELECT_MASKED"

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package static func < (one: CQLPermission, other: CQLPermission) -> Bool {
        one.place < other.place
    }
}

/// What a permission is about.
package enum CQLResource: Sendable, Hashable {
    case allKeyspaces
    case keyspace(String)
    case allTables(keyspace: String)
    case table(CQLName)
    case allRoles
    case role(String)
    case allFunctions
    case functions(keyspace: String)
    /// `arguments` is `nil` when the parentheses were left out.
    case function(CQLName, arguments: [CQLTypeSyntax]?)
    case allMBeans
    case mbean(String)

    /// What can be granted on it.
    package var applicable: [CQLPermission] {
        let changes: [CQLPermission] = [.create, .alter, .drop]
        switch self {
        case .allKeyspaces, .keyspace, .allTables:
            return changes + [.select, .modify, .authorize, .unmask, .selectMasked]
        case .table:
            return [.alter, .drop, .select, .modify, .authorize, .unmask, .selectMasked]
        case .allRoles: return changes + [.authorize, .describe]
        case .role: return [.alter, .drop, .authorize, .describe]
        case .allFunctions, .functions: return changes + [.authorize, .execute]
        case .function: return [.alter, .drop, .authorize, .execute]
        case .allMBeans, .mbean: return [.select, .modify, .authorize, .describe, .execute]
        }
    }

    /// Cassandra's name of the kind, which its errors show.
    package var kind: String {
        switch self {
        case .allKeyspaces, .keyspace, .allTables, .table: "DataResource"
        case .allRoles, .role: "RoleResource"
        case .allFunctions, .functions, .function: "FunctionResource"
        case .allMBeans, .mbean: "JMXResource"
        }
    }
}

/// `ACCESS TO DATACENTERS` and `ACCESS FROM CIDRS`.
package enum CQLAccess: Sendable, Equatable {
    case all
    case only([String])
}

/// What stands behind `WITH`. What was not said is `nil`.
package struct CQLRoleOptions: Sendable, Equatable {
    package var password: String?
    package var hashedPassword: String?
    package var isSuperuser: Bool?
    package var canLogin: Bool?
    package var options: [CQLOptionEntry]?
    package var dataCenters: CQLAccess?
    package var cidrGroups: CQLAccess?

    package init() {}

    package var isEmpty: Bool { self == CQLRoleOptions() }
}

package enum CQLRoleStatement: Sendable, Equatable {
    case create(String, CQLRoleOptions, ifNotExists: Bool)
    case alter(String, CQLRoleOptions, ifExists: Bool)
    case drop(String, ifExists: Bool)
    case grantRole(String, to: String)
    case revokeRole(String, from: String)
    /// `of` is `nil` for all that one may see.
    case listRoles(of: String?, recursive: Bool)
    case listUsers
    case listSuperusers
    case grant([CQLPermission], on: CQLResource, to: String)
    case revoke([CQLPermission], on: CQLResource, from: String)
    case listPermissions([CQLPermission], on: CQLResource?, of: String?, recursive: Bool)
    case addIdentity(String, role: String, ifNotExists: Bool)
    case dropIdentity(String, ifExists: Bool)

    /// Whether it only asks.
    package var isQuery: Bool {
        switch self {
        case .listRoles, .listUsers, .listSuperusers, .listPermissions: true
        case .create, .alter, .drop, .grantRole, .revokeRole, .grant, .revoke, .addIdentity,
            .dropIdentity:
            false
        }
    }
}

/// What may be shown of a statement that carries a password.
package enum PasswordObfuscator {
    /// The text up to its first password, and stars for the rest of it.
    ///
    /// Any text with the words of such a statement is cut, be it one or not: too much is better
    /// than a password in a trace.
    package static func shown(_ text: String) -> String {
        guard let word = text.range(of: "password", options: .caseInsensitive) else { return text }
        func has(_ one: String, _ other: String) -> Bool {
            text.range(of: one, options: .caseInsensitive) != nil
                || text.range(of: other, options: .caseInsensitive) != nil
        }
        guard has("role", "user"), has("create", "alter") else { return text }
        return text[..<word.upperBound] + " *******"
    }
}
