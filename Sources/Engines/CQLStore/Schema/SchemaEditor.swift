// Applies schema statements to a picture of the schema. Pure: nothing is written here.

import CQLProtocol

/// Makes the next schema from the current one. The store calls it from one thread.
struct SchemaEditor {
    /// The next storage id; kept with the schema, never used twice.
    var nextStorageID: UInt32
    /// The only data centre there is.
    var dataCenter = "datacenter1"
    /// Microseconds since 1970, for what is dropped now.
    var nowMicroseconds: Int64 = 0
    /// Whether columns may be masked (`dynamic_data_masking_enabled`).
    var masksColumns = false

    /// - Returns: `nil` when there is nothing to change (`IF NOT EXISTS` and the like).
    mutating func apply(
        _ statement: CQLStatement, to schema: Schema, current: String?
    ) throws(StatementError) -> SchemaEdit? {
        if !masksColumns { try Self.checkMasks(statement) }
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
        case .alterType(let alter): return try self.alter(alter, schema, current)
        case .dropType(let name, let ifExists): return try dropType(name, ifExists, schema, current)
        case .createView(let create): return try self.create(create, schema, current)
        case .alterView(let alter): return try self.alter(alter, schema, current)
        case .dropView(let name, let ifExists): return try dropView(name, ifExists, schema, current)
        case .function(let function): return try edit(function, schema, current)
        case .trigger(let trigger): return try edit(trigger, schema, current)
        case .index(let index): return try edit(index, schema, current)
        case .use, .insert, .update, .delete, .batch, .select, .describe, .role:
            return nil
        }
    }

    // MARK: Checks

    /// Of a table or a view.
    static func checkName(_ name: String, in keyspace: String) throws(StatementError) {
        guard name.utf8.allSatisfy({ isWordByte($0) }), !name.isEmpty else {
            throw .configuration(
                "\(keyspace).\(name): Table name must not be empty or not contain "
                    + "non-alphanumeric-underscore characters (got \"\(name)\")")
        }
        guard name.utf8.count <= StoreLimits.nameLengthMax else {
            throw .invalid(
                "\(keyspace).\(name): Table name must not be more than "
                    + "\(StoreLimits.nameLengthMax) characters long "
                    + "(got \(name.utf8.count) characters for \"\(name)\")")
        }
    }

    static func checkKeyspaceName(_ name: String) throws(StatementError) {
        let isWord = name.utf8.allSatisfy { isWordByte($0) }
        guard isWord, (1...StoreLimits.keyspaceNameLengthMax).contains(name.utf8.count) else {
            throw .invalid(
                "Keyspace name must not be empty, more than \(StoreLimits.keyspaceNameLengthMax) "
                    + "characters long, or contain non-alphanumeric-underscore characters (got "
                    + "'\(name)')")
        }
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == 0x5F || (0x61...0x7A).contains(byte | 0x20)
    }

    /// - Parameter what: how Cassandra names the change: `DROP <table ks.t>`.
    static func checkWritable(_ keyspace: Keyspace, what: String) throws(StatementError) {
        guard keyspace.isClosed else { return }
        if keyspace.isReplicatedSystem { throw .unauthorized("Cannot \(what)") }
        throw notModifiable(keyspace.name)
    }

    /// Rows of the system's own tables can be changed where they are kept, such as traces; the others
    /// are made up when they are asked for.
    ///
    /// - Parameter what: how Cassandra names the change: Modification, Truncation.
    static func checkRows(
        of table: Table, _ keyspace: Keyspace, _ what: String
    ) throws(StatementError) {
        // One of them takes rows as requests to do something, another one as what roles are.
        let takesRows = table.name == Compactions.tableName || RoleRows.isTable(table)
        guard table.isVirtual, what != "Modification" || !takesRows else { return }
        if keyspace.isVirtual {
            throw .invalid("\(what) is not supported by table \(table.keyspace).\(table.name)")
        }
        throw notModifiable(keyspace.name)
    }

    static func notModifiable(_ keyspace: String) -> StatementError {
        .unauthorized("\(keyspace) keyspace is not user-modifiable.")
    }

    /// The keyspace a table is made or changed in.
    static func writableKeyspace(
        _ name: CQLName, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> Keyspace {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard let keyspace = schema.keyspaces[keyspaceName] else {
            throw .invalid("Keyspace '\(keyspaceName)' doesn't exist")
        }
        try checkWritable(keyspace, what: "CREATE <all tables in \(keyspaceName)>")
        return keyspace
    }
}
