// Which permissions a statement needs, and whether its user has them.
// Source: `authorize` of Cassandra's statements, ClientState.ensurePermission.

import CQLProtocol

/// Asked each time a statement runs: a prepared one may have lost its permission meanwhile.
struct Authorizer {
    let access: Access
    let schema: Schema

    func check(_ compiled: Compiled) throws(StatementError) {
        guard access.authorizer == .cassandra, !access.isSuper else { return }
        switch compiled.kind {
        case .select(let plan):
            try checkRead(plan.table)
            if plan.table.hasMasks { try checkMasks(plan) }
        case .write(let plan): try check(plan)
        case .batch(let batch): for plan in batch.plans { try check(plan) }
        case .schema: try checkSchema(compiled.statement, compiled.keyspace)
        // Statements about roles check by themselves; the rest is free for who is logged in.
        case .use, .describe, .role: break
        }
    }

    // MARK: Rows

    private func resource(_ table: Table) -> CQLResource {
        .table(CQLName(keyspace: table.keyspace, table.name))
    }

    private func checkRead(_ table: Table) throws(StatementError) {
        guard !Self.isReadable(table) else { return }
        // A view is as open as the table it shows.
        let shown = table.view.map {
            CQLResource.table(CQLName(keyspace: table.keyspace, $0.baseTable))
        }
        try access.require(.select, on: shown ?? resource(table))
    }

    /// Who asks for rows by a masked column could guess its values.
    private func checkMasks(_ plan: SelectPlan) throws(StatementError) {
        let table = plan.table
        let resource = resource(table)
        guard !access.has(.unmask, on: resource), !access.has(.selectMasked, on: resource) else {
            return
        }
        var slots = plan.restrictions.restricted
        if let nearest = plan.nearest { slots.insert(nearest.slot) }
        if plan.restrictions.token != nil { slots.formUnion(table.partitionKey.indices) }
        let names = slots.sorted().filter { table.columns[$0].mask != nil }
            .map { table.columns[$0].name }
        guard names.isEmpty else {
            throw .unauthorized(
                "User \(access.userName) has no UNMASK nor SELECT_MASKED permission on table "
                    + "\(table.keyspace).\(table.name), cannot query masked columns "
                    + "[\(names.joined(separator: ", "))]")
        }
    }

    /// Tables that every driver must read.
    private static func isReadable(_ table: Table) -> Bool {
        switch table.keyspace {
        case "system": ["local", "peers", "peers_v2"].contains(table.name)
        case "system_schema", "system_virtual_schema": true
        default: false
        }
    }

    private func check(_ plan: WritePlan) throws(StatementError) {
        let table = plan.table
        try access.require(.modify, on: resource(table))
        // Who may change all rows shall not make a superuser of themselves.
        guard !RoleRows.isTable(table) else {
            throw .unauthorized(
                "User \(access.userName) has no MODIFY permission on \(resource(table).shown) or any "
                    + "of its parents")
        }
        // A condition tells what is stored, and so does a view that follows.
        if plan.isConditional || !table.views.isEmpty {
            try access.require(.select, on: resource(table))
        }
        for view in table.views { try access.require(.modify, on: resource(view)) }
    }

    // MARK: Schema

    private func checkSchema(
        _ statement: CQLStatement, _ current: String?
    ) throws(StatementError) {
        func keyspace(_ name: CQLName) throws(StatementError) -> String {
            try schema.keyspaceName(name, current: current)
        }
        func table(_ name: CQLName) throws(StatementError) -> CQLResource {
            .table(CQLName(keyspace: try keyspace(name), name.name))
        }
        func tables(_ name: CQLName) throws(StatementError) -> CQLResource {
            .allTables(keyspace: try keyspace(name))
        }
        switch statement {
        case .createKeyspace: try access.require(.create, on: .allKeyspaces)
        case .alterKeyspace(let alter): try access.require(.alter, on: .keyspace(alter.name))
        case .dropKeyspace(let name, _): try access.require(.drop, on: .keyspace(name))
        case .createTable(let create): try access.require(.create, on: try tables(create.name))
        case .alterTable(let alter): try access.require(.alter, on: try table(alter.name))
        case .dropTable(let name, _): try access.require(.drop, on: try table(name))
        case .truncate(let name): try access.require(.modify, on: try table(name))
        case .createType(let create): try access.require(.create, on: try tables(create.name))
        case .alterType(let alter): try access.require(.alter, on: try tables(alter.name))
        case .dropType(let name, _): try access.require(.drop, on: try tables(name))
        case .createView(let create):
            let base = CQLName(keyspace: try keyspace(create.base), create.base.name)
            try access.require(.alter, on: .table(base))
        case .alterView(let alter): try checkBase(of: alter.name, try keyspace(alter.name))
        case .dropView(let name, _): try checkBase(of: name, try keyspace(name))
        case .index(.create(let create)): try access.require(.alter, on: try table(create.table))
        case .index(.drop(let name, _)):
            let keyspace = try keyspace(name)
            let owner = schema.keyspaces[keyspace]?.tables.values.first { table in
                table.indexes.contains { $0.name == name.name }
            }
            if let owner { try access.require(.alter, on: resource(owner)) }
        case .function(let function):
            let permission: CQLPermission =
                if case .create = function.action { .create } else { .drop }
            try access.require(permission, on: .functions(keyspace: try keyspace(function.name)))
        case .trigger(let trigger):
            let verb = if case .create = trigger.action { "CREATE" } else { "DROP" }
            try access.requireSuper(
                "Only superusers are allowed to perform \(verb) TRIGGER queries")
        case .use, .insert, .update, .delete, .batch, .select, .describe, .role: break
        }
    }

    private func checkBase(of view: CQLName, _ keyspace: String) throws(StatementError) {
        guard let definition = schema.keyspaces[keyspace]?.views[view.name]?.view else { return }
        try access.require(
            .alter, on: .table(CQLName(keyspace: keyspace, definition.baseTable)))
    }
}
