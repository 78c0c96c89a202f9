// Writes to the rows of system_auth.roles: how an administrator helps somebody who is locked out.

import CQLProtocol

/// Superusers may write there in Cassandra as well; ALTER ROLE checks more, and is the usual way.
enum RoleRows {
    static func isTable(_ table: Table) -> Bool {
        table.keyspace == "system_auth" && table.name == "roles"
    }

    static func apply(
        _ plan: WritePlan, _ values: BoundValues, _ context: EvaluationContext, to state: AuthState
    ) throws(StatementError) -> AuthEdit {
        guard !plan.isConditional else {
            throw .invalid("Conditional updates are not supported by table system_auth.roles")
        }
        guard plan.timeToLive == nil, plan.timestamp == nil else {
            throw .invalid("USING TTL and TIMESTAMP are not supported by table system_auth.roles")
        }
        var roles = state.roles
        var edit = AuthEdit(state)
        for key in try KeyBuilder.partitionKeys(plan.partition, plan.table, values, context) {
            let name = String(decoding: key, as: UTF8.self)
            if plan.deletesRow {
                roles[name] = nil
                edit.removedRoles.insert(name)
                continue
            }
            var role = roles[name] ?? Role(name: name)
            for column in plan.regular {
                for change in column.changes {
                    try apply(change, column.column.name, values, context, to: &role)
                }
            }
            roles[name] = role
            edit.savedRoles.insert(name)
        }
        guard roles.count <= StoreLimits.rolesMax else {
            throw .invalid("There may be at most \(StoreLimits.rolesMax) roles")
        }
        edit.state = AuthState(roles: roles, identities: state.identities)
        return edit
    }

    private static func apply(
        _ change: CellChange, _ column: String, _ values: BoundValues,
        _ context: EvaluationContext, to role: inout Role
    ) throws(StatementError) {
        func bytes(_ expression: Expression) throws(StatementError) -> [UInt8]?? {
            switch try expression.evaluate(values, context) {
            case .unset: return nil
            case .null: return .some(nil)
            case .bytes(let bytes): return bytes
            }
        }
        func names(_ value: [UInt8]?) -> Set<String> {
            guard let value else { return [] }
            return value.withUnsafeBytes { all in
                Set(
                    CollectionBytes.elements(all).compactMap { part in
                        part.map { String(decoding: $0, as: UTF8.self) }
                    })
            }
        }
        switch change {
        case .set(let expression):
            guard let value = try bytes(expression) else { return }
            set(column, value, names(column == "member_of" ? value : nil), on: &role)
        case .delete: set(column, nil, [], on: &role)
        case .add(let expression):
            if let value = try bytes(expression) { role.memberOf.formUnion(names(value)) }
        case .remove(let expression):
            if let value = try bytes(expression) { role.memberOf.subtract(names(value)) }
        case .prepend, .setElement, .deleteElement, .count:
            throw .invalid("Modification is not supported by table system_auth.roles")
        }
    }

    private static func set(
        _ column: String, _ value: [UInt8]?, _ names: Set<String>, on role: inout Role
    ) {
        switch column {
        case "is_superuser": role.isSuperuser = value == [1]
        case "can_login": role.canLogin = value == [1]
        case "salted_hash": role.saltedHash = value.map { String(decoding: $0, as: UTF8.self) }
        default: role.memberOf = names
        }
    }
}
