// The rows of system_auth.

import CQLProtocol

extension SystemTables {
    func authRows(_ table: String) -> [SystemRow] {
        let state = core.auth
        func text(_ value: String) -> [UInt8] { Array(value.utf8) }
        func set(_ values: [String]) -> [UInt8] {
            CollectionBuilder.bytes(of: values.map(text), type: .set(.text))
        }
        let roles = state.roles.values.sorted { $0.name < $1.name }
        switch table {
        case "roles":
            return roles.map { role in
                [
                    "role": text(role.name), "can_login": [role.canLogin ? 1 : 0],
                    "is_superuser": [role.isSuperuser ? 1 : 0],
                    "member_of": role.memberOf.isEmpty ? nil : set(role.memberOf.sorted()),
                    "salted_hash": role.saltedHash.map(text),
                ]
            }
        case "role_members":
            return roles.flatMap { role in
                role.memberOf.map { ["role": text($0), "member": text(role.name)] }
            }
        case "role_permissions":
            return roles.flatMap { role in
                role.permissions.map { resource, granted in
                    [
                        "role": text(role.name), "resource": text(resource),
                        "permissions": set(granted.map(\.rawValue)),
                    ]
                }
            }
        case "resource_role_permissons_index":
            return roles.flatMap { role in
                role.permissions.keys.map { ["resource": text($0), "role": text(role.name)] }
            }
        case "identity_to_role":
            return state.identities.sorted { $0.key < $1.key }.map {
                ["identity": text($0.key), "role": text($0.value)]
            }
        default: return []
        }
    }
}
