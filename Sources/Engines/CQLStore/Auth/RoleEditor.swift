// Applies statements about roles to a picture of them. Pure: nothing is written here.
// Source: Cassandra's CreateRoleStatement and its siblings, CassandraRoleManager.

import CQLProtocol

/// Makes the next state from the current one, as one user.
///
/// Checks come in Cassandra's order: permissions, then the statement, then what is there.
struct RoleEditor {
    let access: Access
    let schema: Schema
    /// The connection's keyspace.
    let keyspace: String?
    let context: EvaluationContext

    private var state: AuthState { access.state }
    private static let manager = "org.apache.cassandra.auth.CassandraRoleManager"

    /// Passwords must be hashed already (`RoleRequest.hashing`).
    ///
    /// - Returns: `nil` when there is nothing to change.
    func apply(_ statement: CQLRoleStatement) throws(StatementError) -> AuthEdit? {
        switch statement {
        case .create(let name, let options, let ifNotExists):
            return try create(name, options, ifNotExists)
        case .alter(let name, let options, let ifExists): return try alter(name, options, ifExists)
        case .drop(let name, let ifExists): return try drop(name, ifExists)
        case .grantRole(let name, let grantee): return try grant(role: name, to: grantee)
        case .revokeRole(let name, let revokee): return try revoke(role: name, from: revokee)
        case .grant(let permissions, let resource, let role):
            return try change(permissions, resource, role, grants: true)
        case .revoke(let permissions, let resource, let role):
            return try change(permissions, resource, role, grants: false)
        case .addIdentity(let name, let role, let ifNotExists):
            return try addIdentity(name, role, ifNotExists)
        case .dropIdentity(let name, let ifExists): return try dropIdentity(name, ifExists)
        case .listRoles, .listUsers, .listSuperusers, .listPermissions: return nil
        }
    }

    /// What can be said before any password is hashed: who may not, and what is wrong.
    func check(_ statement: CQLRoleStatement) throws(StatementError) {
        switch statement {
        case .create(_, let options, _):
            try authorizeCreate(options)
            try validate(options)
            try access.requireName()
        case .alter(let name, let options, _):
            try authorizeAlter(name, options)
            try validate(options)
            try access.requireName()
        case .drop, .grantRole, .revokeRole, .grant, .revoke, .addIdentity, .dropIdentity,
            .listRoles, .listUsers, .listSuperusers, .listPermissions:
            break
        }
    }

    // MARK: Roles

    private func authorizeCreate(_ options: CQLRoleOptions) throws(StatementError) {
        try access.requireForRoles(.create, on: .allRoles)
        if options.isSuperuser == true, !access.isSuper {
            throw .unauthorized("Only superusers can create a role with superuser status")
        }
    }

    private func create(
        _ name: String, _ options: CQLRoleOptions, _ ifNotExists: Bool
    ) throws(StatementError) -> AuthEdit? {
        try authorizeCreate(options)
        try validate(options)
        guard !name.isEmpty else { throw .invalid("Role name can't be an empty string") }
        try access.requireName()
        if state.roles[name] != nil {
            if ifNotExists { return nil }
            throw .invalid("\(name) already exists")
        }
        guard state.roles.count < StoreLimits.rolesMax else {
            throw .invalid("There may be at most \(StoreLimits.rolesMax) roles")
        }
        var role = Role(name: name)
        Self.set(options, on: &role)
        var roles = state.roles
        roles[name] = role
        var edit = edited(roles, saved: [name])
        if access.authorizer == .cassandra, let user = access.user {
            let own = CQLResource.role(name)
            edit = edit.granting(own.applicable, on: own, to: user)
        }
        return edit
    }

    private func authorizeAlter(
        _ name: String, _ options: CQLRoleOptions
    ) throws(StatementError) {
        if options.isSuperuser != nil {
            guard !access.roles.contains(name) else {
                throw .unauthorized(
                    "You aren't allowed to alter your own superuser status or that of a role "
                        + "granted to you")
            }
            guard access.isSuper else {
                throw .unauthorized("Only superusers are allowed to alter superuser status")
            }
        }
        if access.isSuper { return }
        guard access.user == name else {
            return try access.requireForRoles(.alter, on: .role(name))
        }
        // Of oneself one may change nothing but the password.
        let refused: String? =
            if options.canLogin != nil {
                "LOGIN"
            } else if options.options != nil {
                "OPTIONS"
            } else if options.dataCenters != nil || options.cidrGroups != nil {
                "access permissions"
            } else {
                nil
            }
        if let refused { throw .unauthorized("You aren't allowed to alter \(refused)") }
    }

    private func alter(
        _ name: String, _ options: CQLRoleOptions, _ ifExists: Bool
    ) throws(StatementError) -> AuthEdit? {
        try authorizeAlter(name, options)
        try validate(options)
        guard !options.isEmpty else { throw .invalid("ALTER [ROLE|USER] can't be empty") }
        try access.requireName()
        guard var role = state.roles[name] else {
            if ifExists { return nil }
            throw .invalid("\(name) doesn't exist")
        }
        guard options.dataCenters == nil else {
            throw .invalid(
                "ACCESS TO DATACENTERS operations not supported by AllowAllNetworkAuthorizer")
        }
        guard options.cidrGroups == nil else {
            throw .invalid("CIDR operations not supported by AllowAllCIDRAuthorizer")
        }
        Self.set(options, on: &role)
        var roles = state.roles
        roles[name] = role
        return edited(roles, saved: [name])
    }

    private static func set(_ options: CQLRoleOptions, on role: inout Role) {
        role.isSuperuser = options.isSuperuser ?? role.isSuperuser
        role.canLogin = options.canLogin ?? role.canLogin
        role.saltedHash = options.hashedPassword ?? role.saltedHash
    }

    private func validate(_ options: CQLRoleOptions) throws(StatementError) {
        if options.password != nil || options.hashedPassword != nil {
            guard access.authenticator == .password else {
                let what = options.password != nil ? "PASSWORD" : "HASHED PASSWORD"
                throw .invalid("\(Self.manager) doesn't support \(what)")
            }
        }
        guard options.options == nil else {
            throw .invalid("\(Self.manager) doesn't support OPTIONS")
        }
        guard options.password == nil || options.hashedPassword == nil else {
            throw .invalid("Options 'password' and 'hashed password' are mutually exclusive")
        }
        if let hash = options.hashedPassword, !Bcrypt.isHash(hash) {
            throw .invalid("Invalid hashed password value. Please use jBcrypt.")
        }
        if case .only(let names)? = options.dataCenters,
            let wrong = names.first(where: { $0 != schemaDataCenter })
        {
            throw .invalid(
                "Invalid value(s) for DATACENTERS '\(wrong)', All values must be valid datacenters")
        }
        if case .only? = options.cidrGroups {
            throw .invalid("CIDR operations not supported by AllowAllCIDRAuthorizer")
        }
    }

    private var schemaDataCenter: String { access.dataCenter }

    private func drop(_ name: String, _ ifExists: Bool) throws(StatementError) -> AuthEdit? {
        try access.requireForRoles(.drop, on: .role(name))
        if state.roles[name] != nil, state.rights(of: name).isSuper, !access.isSuper {
            throw .unauthorized("Only superusers can drop a role with superuser status")
        }
        try access.requireName()
        guard state.roles[name] != nil else {
            if ifExists { return nil }
            throw .invalid("\(name) doesn't exist")
        }
        guard access.user != name else {
            throw .invalid("Cannot DROP primary role for current login")
        }
        var roles = state.roles
        roles[name] = nil
        var saved: Set<String> = []
        let resource = CQLResource.role(name).name
        for (other, var role) in roles
        where role.memberOf.contains(name) || role.permissions[resource] != nil {
            role.memberOf.remove(name)
            role.permissions[resource] = nil
            roles[other] = role
            saved.insert(other)
        }
        let identities = state.identities.filter { $0.value != name }
        return AuthEdit(
            state: AuthState(roles: roles, identities: identities), savedRoles: saved,
            removedRoles: [name],
            removedIdentities: Set(state.identities.keys).subtracting(identities.keys))
    }

    private func edited(_ roles: [String: Role], saved: Set<String>) -> AuthEdit {
        AuthEdit(
            state: AuthState(roles: roles, identities: state.identities), savedRoles: saved)
    }

    // MARK: Members

    private func checkBoth(_ name: String, _ member: String) throws(StatementError) {
        try access.requireForRoles(.authorize, on: .role(name))
        try access.requireName()
        for role in [name, member] where state.roles[role] == nil {
            throw .invalid("\(role) doesn't exist")
        }
    }

    private func grant(role name: String, to member: String) throws(StatementError) -> AuthEdit? {
        try checkBoth(name, member)
        guard !state.members(of: member, recursive: true).contains(name) else {
            throw .invalid("\(member) is a member of \(name)")
        }
        guard !state.members(of: name, recursive: true).contains(member) else {
            throw .invalid("\(name) is a member of \(member)")
        }
        var roles = state.roles
        roles[member]?.memberOf.insert(name)
        return edited(roles, saved: [member])
    }

    private func revoke(
        role name: String, from member: String
    ) throws(StatementError) -> AuthEdit? {
        try checkBoth(name, member)
        guard state.roles[member]?.memberOf.contains(name) ?? false else {
            throw .invalid("\(member) is not a member of \(name)")
        }
        var roles = state.roles
        roles[member]?.memberOf.remove(name)
        return edited(roles, saved: [member])
    }

    // MARK: Permissions

    private func change(
        _ permissions: [CQLPermission], _ resource: CQLResource, _ name: String, grants: Bool
    ) throws(StatementError) -> AuthEdit? {
        let resource = try resource.qualified(keyspace)
        try access.require(.authorize, on: resource)
        for permission in permissions { try access.require(permission, on: resource) }
        try access.requireName()
        guard let role = state.roles[name] else { throw .invalid("Role \(name) doesn't exist") }
        if case .function(let function, _) = resource, function.keyspace == "system" {
            throw .invalid("Altering permissions on builtin functions is not supported")
        }
        guard exists(resource) else { throw .invalid("Resource \(resource.shown) doesn't exist") }
        guard access.authorizer == .cassandra else {
            throw .invalid(
                "\(grants ? "GRANT" : "REVOKE") operation is not supported by AllowAllAuthorizer")
        }
        let before = role.permissions[resource.name] ?? []
        let idle = permissions.filter { before.contains($0) == grants }
        // ALL is meant as what is possible, and tells nobody what was there already.
        if !idle.isEmpty, permissions != resource.applicable {
            let names = idle.sorted().map(\.rawValue).joined(separator: ", ")
            context.warn(
                "Role '\(name)' was \(grants ? "already" : "not") granted \(names) on "
                    + resource.shown)
        }
        guard idle.count < permissions.count else { return nil }
        let edit = edited(state.roles, saved: [name])
        return grants
            ? edit.granting(permissions, on: resource, to: name)
            : edit.revoking(permissions, on: resource, from: name)
    }

    func exists(_ resource: CQLResource) -> Bool {
        switch resource {
        case .allKeyspaces, .allRoles, .allFunctions, .allMBeans, .mbean: true
        case .keyspace(let name), .allTables(let name), .functions(let name):
            schema.keyspaces[name] != nil
        case .table(let name):
            schema.keyspaces[name.keyspace ?? ""]?.relation(name.name) != nil
        case .role(let name): state.roles[name] != nil
        // There are none but Cassandra's own.
        case .function: false
        }
    }

    // MARK: Identities

    private func addIdentity(
        _ name: String, _ role: String, _ ifNotExists: Bool
    ) throws(StatementError) -> AuthEdit? {
        try access.requireForRoles(.create, on: .allRoles)
        try access.requireName()
        guard !name.isEmpty else { throw .invalid("Identity can't be an empty string") }
        guard state.roles[role] != nil else {
            throw .invalid("Can not add identity for non-existent role '\(role)'")
        }
        if state.identities[name] != nil {
            if ifNotExists { return nil }
            throw .invalid("Identity '\(name)' already exists")
        }
        var identities = state.identities
        identities[name] = role
        return AuthEdit(
            state: AuthState(roles: state.roles, identities: identities), savedIdentities: [name])
    }

    private func dropIdentity(
        _ name: String, _ ifExists: Bool
    ) throws(StatementError) -> AuthEdit? {
        try access.requireForRoles(.drop, on: .allRoles)
        try access.requireName()
        guard state.identities[name] != nil else {
            if ifExists { return nil }
            throw .invalid("identity '\(name)' doesn't exist")
        }
        var identities = state.identities
        identities[name] = nil
        return AuthEdit(
            state: AuthState(roles: state.roles, identities: identities),
            removedIdentities: [name])
    }
}
