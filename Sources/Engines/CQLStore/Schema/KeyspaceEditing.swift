// CREATE, ALTER and DROP of keyspaces.

import CQLProtocol

extension SchemaEditor {
    func create(
        _ create: CQLCreateKeyspace, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        if schema.keyspaces[create.name]?.isClosed == true {
            throw Self.notModifiable(create.name)
        }
        try Self.checkKeyspaceName(create.name)
        var keyspace = Keyspace(name: create.name, replication: [])
        guard create.properties.contains(where: { $0.name == "replication" }) else {
            try Self.checkProperties(create.properties)
            throw .invalid("Missing mandatory option 'replication'")
        }
        let warnings = try apply(create.properties, to: &keyspace, isNew: true)
        if schema.keyspaces[create.name] != nil {
            if create.ifNotExists { return nil }
            throw .alreadyExists(keyspace: create.name, table: "")
        }
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name),
            savedKeyspaces: [keyspace.name], warnings: warnings)
    }

    func alter(
        _ alter: CQLAlterKeyspace, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        guard var keyspace = schema.keyspaces[alter.name] else {
            try Self.checkProperties(alter.properties)
            if alter.ifExists { return nil }
            throw .invalid("Keyspace '\(alter.name)' doesn't exist")
        }
        // How often the system's own tables are kept is the operator's to say.
        if !keyspace.isReplicatedSystem {
            try Self.checkWritable(keyspace, what: "ALTER <keyspace \(alter.name)>")
        }
        let warnings = try apply(alter.properties, to: &keyspace, isNew: false)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspace.name),
            savedKeyspaces: [keyspace.name], warnings: warnings)
    }

    func drop(
        _ name: String, _ ifExists: Bool, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        guard let keyspace = schema.keyspaces[name] else {
            if ifExists { return nil }
            throw .invalid("Keyspace '\(name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "DROP <keyspace \(name)>")
        var keyspaces = schema.keyspaces
        keyspaces[name] = nil
        return SchemaEdit(
            schema: Schema(version: .random(), keyspaces: keyspaces),
            change: SchemaChange(.dropped, keyspace: name),
            removedKeyspaces: [name],
            removedTables: keyspace.tables.keys.map { CQLName(keyspace: name, $0) },
            droppedStorage: keyspace.tables.values.flatMap(\.allStorageIDs))
    }

    /// - Returns: warnings for the client.
    private func apply(
        _ properties: [CQLProperty], to keyspace: inout Keyspace, isNew: Bool
    ) throws(StatementError) -> [String] {
        try Self.checkProperties(properties)
        var warnings: [String] = []
        for property in properties {
            switch (property.name, property.value) {
            case ("replication", .map(let entries)):
                let replication = try Replication(
                    entries, previous: isNew ? [] : keyspace.replication, keyspace: keyspace.name,
                    dataCenter: dataCenter)
                keyspace.replication = replication.entries
                warnings += replication.warnings
            case ("replication", .text):
                throw .syntax("Invalid value for property 'replication'. It should be a map.")
            case ("durable_writes", .text(let text)):
                keyspace.durableWrites = try OptionText.boolean(text, "durable_writes")
            case (let name, _):
                throw .syntax("Invalid value for property '\(name)'. It should be a string")
            }
        }
        return warnings
    }

    private static func checkProperties(_ properties: [CQLProperty]) throws(StatementError) {
        try OptionText.checkOnce(properties)
        for property in properties
        where property.name != "replication" && property.name != "durable_writes" {
            throw .syntax("Unknown property '\(property.name)'")
        }
    }
}
