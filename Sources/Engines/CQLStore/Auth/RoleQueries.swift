// LIST ROLES, LIST USERS, LIST SUPERUSERS and LIST PERMISSIONS.
// Source: Cassandra's ListRolesStatement, ListUsersStatement, ListPermissionsStatement.

import CQLProtocol

struct RoleQueries {
    let editor: RoleEditor

    private var access: Access { editor.access }
    private var state: AuthState { editor.access.state }

    func run(_ statement: CQLRoleStatement) throws(StatementError) -> CQLResult {
        switch statement {
        case .listRoles(let name, let recursive): return try roles(of: name, recursive)
        case .listUsers: return try users()
        case .listSuperusers: return try superusers()
        case .listPermissions(let permissions, let resource, let name, let recursive):
            return try self.permissions(permissions, resource, name, recursive)
        case .create, .alter, .drop, .grantRole, .revokeRole, .grant, .revoke, .addIdentity,
            .dropIdentity:
            throw .server("the statement is no query")
        }
    }

    // MARK: Roles

    private var seesAll: Bool { access.has(.describe, on: .allRoles) }

    private func missing(_ name: String) -> StatementError {
        .invalid("\(CQLResource.role(name).shown) doesn't exist")
    }

    private func roles(of name: String?, _ recursive: Bool) throws(StatementError) -> CQLResult {
        try access.requireName()
        guard let name else {
            let all = seesAll ? Set(state.roles.keys) : own(recursive)
            return table(all.compactMap { state.roles[$0] })
        }
        // Whether a role is there is told to those only who may see it.
        guard seesAll || access.roles.contains(name) else {
            throw .unauthorized("You are not authorized to view roles granted to \(name) ")
        }
        guard state.roles[name] != nil else { throw missing(name) }
        return table(
            state.members(of: name, recursive: recursive).compactMap { state.roles[$0] })
    }

    private func own(_ recursive: Bool) -> Set<String> {
        state.members(of: access.userName, recursive: recursive)
    }

    private func table(_ roles: [Role]) -> CQLResult {
        let options = CQLType.map(.text, .text)
        return rows(
            [
                ("role", .text), ("super", .boolean), ("login", .boolean), ("options", options),
                ("datacenters", .text),
            ],
            in: "roles",
            roles.sorted { $0.name.isCodePointLess(than: $1.name) }.map { role in
                [
                    Array(role.name.utf8), [role.isSuperuser ? 1 : 0], [role.canLogin ? 1 : 0],
                    CollectionBuilder.bytes(of: [], type: options), Array("ALL".utf8),
                ]
            })
    }

    private func users() throws(StatementError) -> CQLResult {
        try access.requireName()
        let all = seesAll ? Set(state.roles.keys) : own(true)
        let users = all.compactMap { state.roles[$0] }.filter(\.canLogin)
        return rows(
            [("name", .text), ("super", .boolean), ("datacenters", .text)], in: "users",
            users.sorted { $0.name.isCodePointLess(than: $1.name) }.map { role in
                [
                    Array(role.name.utf8), [state.rights(of: role.name).isSuper ? 1 : 0],
                    Array("ALL".utf8),
                ]
            })
    }

    private func superusers() throws(StatementError) -> CQLResult {
        try access.requireName()
        guard seesAll else {
            throw .unauthorized("You are not authorized to view superuser details")
        }
        let names = state.roles.keys.filter { state.rights(of: $0).isSuper }
        return rows(
            [("role", .text)], in: "roles",
            names.sorted { $0.isCodePointLess(than: $1) }.map { [Array($0.utf8)] })
    }

    // MARK: Permissions

    private func permissions(
        _ wanted: [CQLPermission], _ resource: CQLResource?, _ name: String?, _ recursive: Bool
    ) throws(StatementError) -> CQLResult {
        try access.requireName()
        let resource = try resource.map { given throws(StatementError) in
            try given.qualified(editor.keyspace)
        }
        guard access.authorizer == .cassandra else {
            throw .invalid("LIST PERMISSIONS operation is not supported by AllowAllAuthorizer")
        }
        let isAllowed =
            access.isSuper || name.map { access.roles.contains($0) } ?? false || seesAll
            || name.map { access.has(.describe, on: .role($0)) } ?? false
        guard isAllowed else {
            throw .unauthorized(
                "You are not authorized to view \(name ?? "everyone")'s permissions")
        }
        if let resource, !editor.exists(resource) {
            throw .invalid("\(resource.shown) doesn't exist")
        }
        if let name, state.roles[name] == nil { throw missing(name) }
        let holders = name.map { state.members(of: $0, recursive: true) } ?? Set(state.roles.keys)
        let places = resource.map { Set((recursive ? $0.chain : [$0]).map(\.name)) }
        var found: [[[UInt8]?]] = []
        for holder in holders.sorted(by: { $0.isCodePointLess(than: $1) }) {
            let held = state.roles[holder]?.permissions ?? [:]
            for place in held.keys.sorted(by: { $0.isCodePointLess(than: $1) })
            where places?.contains(place) ?? true {
                for permission in held[place, default: []].sorted()
                where wanted.contains(permission) {
                    found.append(
                        [
                            holder, holder, CQLResource(name: place)?.shown ?? place,
                            permission.rawValue,
                        ].map { Array($0.utf8) })
                }
            }
        }
        return rows(
            [("role", .text), ("username", .text), ("resource", .text), ("permission", .text)],
            in: "permissions", found)
    }

    /// Cassandra answers nothing at all when there are no rows.
    private func rows(
        _ columns: [(name: String, type: CQLType)], in table: String, _ rows: [[[UInt8]?]]
    ) -> CQLResult {
        guard !rows.isEmpty else { return .void }
        var writer = RowsWriter(
            metadata: ResultMetadata(
                columns: columns.map {
                    CQLColumn(
                        keyspace: "system_auth", table: table, name: $0.name, type: $0.type)
                }))
        for row in rows {
            for cell in row { writer.append(cell) }
            writer.endRow()
        }
        return .builtRows(writer.finish())
    }
}

extension String {
    /// By bytes, as Java compares names of plain letters.
    fileprivate func isCodePointLess(than other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
