// Functions, aggregates and triggers: what a store with default settings answers.

import CQLProtocol

extension SchemaEditor {
    /// User-defined functions are off in Cassandra unless its settings say otherwise: there are
    /// none to make, and so none to drop.
    func edit(
        _ function: CQLFunctionStatement, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspace = try schema.keyspaceName(function.name, current: current)
        let kind = function.isAggregate ? "Aggregate" : "Function"
        switch function.action {
        case .create:
            throw .invalid(
                "User-defined functions are disabled in cassandra.yaml - set "
                    + "user_defined_functions_enabled=true to enable")
        case .drop(let ifExists):
            if ifExists { return nil }
            var shown = "\(keyspace).\(function.name.name)"
            if let types = function.argumentTypes {
                shown += "(\(types.map(\.text).joined(separator: ", ")))"
                guard let found = schema.keyspaces[keyspace] else {
                    throw .invalid("\(kind) '\(shown)' doesn't exist")
                }
                for type in types {
                    _ = try TypeResolver.resolve(type, types: found.types, keyspace: keyspace)
                }
            }
            throw .invalid("\(kind) '\(shown)' doesn't exist")
        }
    }

    /// Triggers are Java classes, of which a new node has none.
    func edit(
        _ trigger: CQLTriggerStatement, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(trigger.table, current: current)
        let keyspace = schema.keyspaces[keyspaceName]
        if let keyspace {
            try Self.checkWritable(
                keyspace, what: "ALTER <table \(keyspaceName).\(trigger.table.name)>")
        }
        switch trigger.action {
        case .create(let className, _):
            guard let keyspace else { throw .invalid("Keyspace '\(keyspaceName)' doesn't exist") }
            guard let table = keyspace.relation(trigger.table.name) else {
                throw .invalid("Table '\(trigger.table.name)' doesn't exist")
            }
            guard table.view == nil else {
                throw .invalid("Cannot CREATE TRIGGER for a materialized view")
            }
            throw .invalid("Trigger class '\(className)' couldn't be loaded")
        case .drop(let ifExists):
            if ifExists { return nil }
            throw .invalid(
                "Trigger '\(trigger.name)' on '\(keyspaceName).\(trigger.table.name)' doesn't "
                    + "exist")
        }
    }
}
