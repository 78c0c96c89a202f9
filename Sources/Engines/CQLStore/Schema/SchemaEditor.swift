// Applies schema statements to a picture of the schema. Pure: nothing is written here.

import CQLProtocol

/// Makes the next schema from the current one. The store calls it from one thread.
struct SchemaEditor {
    /// The next storage id; kept with the schema, never used twice.
    var nextStorageID: UInt32

    /// - Returns: `nil` when there is nothing to change (`IF NOT EXISTS` and the like).
    mutating func apply(
        _ statement: CQLStatement, to schema: Schema, current: String?
    ) throws(StatementError) -> SchemaEdit? {
        switch statement {
        case .createKeyspace(let create): return try self.create(create, schema)
        case .alterKeyspace(let alter): return try self.alter(alter, schema)
        case .dropKeyspace(let name, let ifExists): return try drop(name, ifExists, schema)
        case .createTable(let create): return try self.create(create, schema, current)
        case .alterTable(let alter): return try self.alter(alter, schema, current)
        case .dropTable(let name, let ifExists):
            return try dropTable(name, ifExists, schema, current)
        case .truncate(let name): return try truncate(name, schema, current)
        case .createType(let create): return try self.create(create, schema, current)
        case .dropType(let name, let ifExists): return try dropType(name, ifExists, schema, current)
        case .use, .insert, .update, .delete, .batch, .select, .describe, .notServed: return nil
        }
    }

    // MARK: Keyspaces

    private func create(
        _ create: CQLCreateKeyspace, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        try Self.checkName(create.name, what: "Keyspace")
        if schema.keyspaces[create.name] != nil {
            if create.ifNotExists { return nil }
            throw .alreadyExists(keyspace: create.name, table: "")
        }
        var keyspace = Keyspace(name: create.name, replication: [])
        try Self.apply(create.properties, to: &keyspace)
        guard !keyspace.replication.isEmpty else {
            throw .configuration("Missing mandatory option 'replication'")
        }
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name),
            savedKeyspaces: [keyspace.name])
    }

    private func alter(
        _ alter: CQLAlterKeyspace, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        guard var keyspace = schema.keyspaces[alter.name] else {
            if alter.ifExists { return nil }
            throw .invalid("Keyspace '\(alter.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace)
        try Self.apply(alter.properties, to: &keyspace)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspace.name),
            savedKeyspaces: [keyspace.name])
    }

    private func drop(
        _ name: String, _ ifExists: Bool, _ schema: Schema
    ) throws(StatementError) -> SchemaEdit? {
        guard let keyspace = schema.keyspaces[name] else {
            if ifExists { return nil }
            throw .invalid("Keyspace '\(name)' doesn't exist")
        }
        try Self.checkWritable(keyspace)
        var keyspaces = schema.keyspaces
        keyspaces[name] = nil
        return SchemaEdit(
            schema: Schema(version: .random(), keyspaces: keyspaces),
            change: SchemaChange(.dropped, keyspace: name),
            removedKeyspaces: [name],
            removedTables: keyspace.tables.keys.map { CQLName(keyspace: name, $0) },
            droppedStorage: keyspace.tables.values.map(\.storageID))
    }

    private static func apply(
        _ properties: [CQLProperty], to keyspace: inout Keyspace
    ) throws(StatementError) {
        for property in properties {
            switch (property.name, property.value) {
            case ("replication", .map(var entries)):
                guard let index = entries.firstIndex(where: { $0.key == "class" }) else {
                    throw .configuration("Missing replication strategy class")
                }
                if !entries[index].value.contains(".") {
                    entries[index].value =
                        "org.apache.cassandra.locator." + entries[index].value
                }
                try checkStrategy(entries, className: entries[index].value)
                keyspace.replication = entries.sorted { $0.key < $1.key }
            case ("durable_writes", .text(let text)):
                guard text == "true" || text == "false" else {
                    throw .syntax(
                        "Invalid boolean value \(text) for 'durable_writes'. "
                            + "Positive values can be true or yes")
                }
                keyspace.durableWrites = text == "true"
            default: throw .syntax("Unknown property '\(property.name)'")
            }
        }
    }

    private static func checkStrategy(
        _ entries: [CQLOptionEntry], className: String
    ) throws(StatementError) {
        let known = ["SimpleStrategy", "NetworkTopologyStrategy", "LocalStrategy"]
        let short = className.split(separator: ".").last.map(String.init) ?? ""
        guard known.contains(short) else {
            throw .configuration("Unable to find replication strategy class '\(className)'")
        }
        let factors = entries.filter { $0.key != "class" }
        if short == "SimpleStrategy", !factors.contains(where: { $0.key == "replication_factor" }) {
            throw .configuration("SimpleStrategy requires a replication_factor strategy option.")
        }
        for factor in factors {
            guard let count = Int(factor.value.split(separator: "/")[0]), count >= 0 else {
                throw .configuration("Replication factor must be numeric; found \(factor.value)")
            }
        }
    }

    // MARK: Checks

    static func checkName(_ name: String, what: String) throws(StatementError) {
        let isWord = name.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F || (0x61...0x7A).contains($0 | 0x20)
        }
        guard isWord, !name.isEmpty else {
            throw .invalid(
                "\(what) name must not be empty or contain non-alphanumeric-underscore characters "
                    + "(got \"\(name)\")")
        }
        guard name.utf8.count <= StoreLimits.nameLengthMax else {
            throw .invalid(
                "\(what) name must not be more than \(StoreLimits.nameLengthMax) characters long "
                    + "(got \(name.utf8.count) characters for \"\(name)\")")
        }
    }

    static func checkWritable(_ keyspace: Keyspace) throws(StatementError) {
        guard !keyspace.isSystem, !keyspace.isVirtual else {
            throw .unauthorized("\(keyspace.name) keyspace is not user-modifiable.")
        }
    }

    /// The keyspace a table is made or changed in.
    static func writableKeyspace(
        _ name: CQLName, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> Keyspace {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard let keyspace = schema.keyspaces[keyspaceName] else {
            throw .invalid("Keyspace '\(keyspaceName)' doesn't exist")
        }
        try checkWritable(keyspace)
        return keyspace
    }
}
