// Who asks, and what they may do.

import CQLProtocol

/// Who checks names and passwords, by Cassandra's name of it.
package enum CQLAuthenticator: String, Sendable, CaseIterable {
    case allowAll = "AllowAllAuthenticator"
    case password = "PasswordAuthenticator"
}

/// Who checks permissions, by Cassandra's name of it.
package enum CQLAuthorizer: String, Sendable, CaseIterable {
    case allowAll = "AllowAllAuthorizer"
    case cassandra = "CassandraAuthorizer"
}

/// How the store is guarded, and whom it knows at the start.
struct StoreSecurity: Sendable {
    var authenticator: CQLAuthenticator
    var authorizer: CQLAuthorizer
    var masksColumns = false
    var state: AuthState
}

/// One user at one moment.
struct Access: Sendable {
    let state: AuthState
    let authenticator: CQLAuthenticator
    let authorizer: CQLAuthorizer
    /// The one this node is in.
    let dataCenter: String
    /// `nil` is somebody whom nobody asked for a name.
    let user: String?

    /// What errors call them.
    var userName: String { user ?? "anonymous" }

    private var rights: Rights { user.map { state.rights(of: $0) } ?? Rights() }

    /// Whether the role or one granted to it is a superuser; somebody without a name is none.
    var isSuper: Bool { rights.isSuper }

    /// The user's role and those granted to it.
    var roles: Set<String> { rights.roles }

    func has(_ permission: CQLPermission, on resource: CQLResource) -> Bool {
        switch authorizer {
        case .allowAll: true
        case .cassandra: rights.has(permission, on: resource)
        }
    }

    func require(_ permission: CQLPermission, on resource: CQLResource) throws(StatementError) {
        guard !has(permission, on: resource) else { return }
        throw .unauthorized(
            "User \(userName) has no \(permission.rawValue) permission on \(resource.shown) or any "
                + "of its parents")
    }

    /// As `require`, in the words of statements about roles.
    func requireForRoles(
        _ permission: CQLPermission, on resource: CQLResource
    ) throws(StatementError) {
        guard !has(permission, on: resource) else { return }
        throw .unauthorized(
            "User \(userName) does not have sufficient privileges to perform the requested "
                + "operation")
    }

    func requireName() throws(StatementError) {
        guard user != nil else {
            throw .unauthorized(
                "You have to be logged in and not anonymous to perform this request")
        }
    }

    func requireSuper(_ otherwise: String) throws(StatementError) {
        guard isSuper || authenticator == .allowAll else { throw .unauthorized(otherwise) }
    }
}
