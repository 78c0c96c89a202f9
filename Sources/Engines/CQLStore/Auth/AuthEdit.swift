// Permissions that come and go with the things they are about.

import CQLProtocol

extension AuthEdit {
    /// Nothing changed yet.
    init(_ state: AuthState) { self.init(state: state, savedRoles: []) }

    func granting(
        _ permissions: [CQLPermission], on resource: CQLResource, to name: String
    ) -> AuthEdit {
        changing(name) { $0.permissions[resource.name, default: []].formUnion(permissions) }
    }

    func revoking(
        _ permissions: [CQLPermission], on resource: CQLResource, from name: String
    ) -> AuthEdit {
        changing(name) { role in
            var left = role.permissions[resource.name] ?? []
            left.subtract(permissions)
            role.permissions[resource.name] = left.isEmpty ? nil : left
        }
    }

    private func changing(_ name: String, _ body: (inout Role) -> Void) -> AuthEdit {
        guard var role = state.roles[name] else { return self }
        body(&role)
        var roles = state.roles
        roles[name] = role
        var edit = self
        edit.state = AuthState(roles: roles, identities: state.identities)
        edit.savedRoles.insert(name)
        return edit
    }

    /// All permissions on resources that are gone, and on what was inside of them.
    private func revokingAll(on names: [String]) -> AuthEdit {
        var edit = self
        for (name, role) in state.roles {
            let gone = role.permissions.keys.filter { held in
                names.contains { held == $0 || held.hasPrefix($0 + "/") }
            }
            guard !gone.isEmpty else { continue }
            edit = edit.changing(name) { role in
                for resource in gone { role.permissions[resource] = nil }
            }
        }
        return edit
    }

    /// What a change of the schema does to permissions: whoever makes something may do all with it,
    /// and what is dropped leaves none behind.
    ///
    /// - Returns: `nil` when it does nothing.
    static func following(
        _ change: SchemaEdit, _ statement: CQLStatement, current: String?, _ access: Access
    ) -> AuthEdit? {
        guard access.authorizer == .cassandra else { return nil }
        var edit = AuthEdit(access.state)
        var gone =
            change.removedKeyspaces.flatMap { ["data/\($0)", "functions/\($0)"] }
            + change.removedTables.map { CQLResource.table($0).name }
        if case .dropView(let view, _) = statement {
            gone.append(
                CQLResource.table(CQLName(keyspace: view.keyspace ?? current, view.name)).name)
        }
        if !gone.isEmpty { edit = edit.revokingAll(on: gone) }
        var made: [CQLResource] = []
        if case .createKeyspace(let create) = statement {
            made = [.keyspace(create.name), .functions(keyspace: create.name)]
        } else if case .createTable(let create) = statement {
            let name = create.name
            made = [.table(CQLName(keyspace: name.keyspace ?? current, name.name))]
        }
        if let user = access.user {
            for resource in made {
                edit = edit.granting(resource.applicable, on: resource, to: user)
            }
        }
        return edit.savedRoles.isEmpty ? nil : edit
    }
}
