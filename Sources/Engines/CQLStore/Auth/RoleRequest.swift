// A statement about roles on its way: checked and hashed on a read lane, applied on the write lane.

import CQLProtocol

extension CQLRoleStatement {
    /// With its password as a hash; takes a tenth of a second when there is one.
    func hashingPassword() -> CQLRoleStatement {
        func hashed(_ options: CQLRoleOptions) -> CQLRoleOptions {
            guard let password = options.password else { return options }
            var options = options
            options.hashedPassword = Bcrypt.hash(password, salt: Bcrypt.randomSalt())
            options.password = nil
            return options
        }
        switch self {
        case .create(let name, let options, let ifNotExists):
            return .create(name, hashed(options), ifNotExists: ifNotExists)
        case .alter(let name, let options, let ifExists):
            return .alter(name, hashed(options), ifExists: ifExists)
        case .drop, .grantRole, .revokeRole, .listRoles, .listUsers, .listSuperusers, .grant,
            .revoke, .listPermissions, .addIdentity, .dropIdentity:
            return self
        }
    }
}

extension StoreCore {
    func access(_ user: String?) -> Access {
        Access(
            state: auth, authenticator: authenticator, authorizer: authorizer,
            dataCenter: identity.dataCenter, user: user)
    }

    /// Checks a statement that runs now.
    func authorize(_ compiled: Compiled, _ outbox: Outbox) throws(StatementError) {
        guard authorizer == .cassandra else { return }
        try Authorizer(access: access(outbox.user), schema: schema).check(compiled)
    }

    /// The plan with masks for somebody who may not see behind them.
    func shown(_ plan: SelectPlan, to user: String?) -> SelectPlan {
        guard let masked = plan.masked, masksColumns, authorizer == .cassandra else { return plan }
        let table = CQLName(keyspace: plan.table.keyspace, plan.table.name)
        return access(user).has(.unmask, on: .table(table)) ? plan : masked
    }

    func roleEditor(
        _ user: String?, keyspace: String?, _ context: EvaluationContext
    ) -> RoleEditor {
        RoleEditor(access: access(user), schema: schema, keyspace: keyspace, context: context)
    }
}
