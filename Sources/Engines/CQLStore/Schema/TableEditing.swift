// CREATE, DROP and TRUNCATE of tables.

import CQLProtocol

extension SchemaEditor {
    mutating func create(
        _ create: CQLCreateTable, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        var keyspace = try Self.writableKeyspace(create.name, schema, current)
        try Self.checkName(create.name.name, in: keyspace.name)
        if keyspace.relation(create.name.name) != nil {
            if create.ifNotExists { return nil }
            throw .alreadyExists(keyspace: keyspace.name, table: create.name.name)
        }
        var options = TableOptions.defaults
        try options.apply(create.properties)
        let columns = try TableBuilder(create, keyspace: keyspace).columns()
        if columns.contains(where: { $0.type.isCounter }), options.defaultTimeToLive > 0 {
            throw .invalid("Cannot set default_time_to_live on a table with counters")
        }
        let table = Table(
            keyspace: keyspace.name, name: create.name.name,
            id: try Self.id(create.properties, keyspace) ?? .random(),
            storageID: nextStorageID, columns: columns, nextColumnID: UInt16(columns.count),
            options: options, isCompact: create.compactStorage)
        nextStorageID += 1
        keyspace.tables[table.name] = table
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)])
    }

    /// The id that `WITH ID =` asks for.
    static func id(
        _ properties: [CQLProperty], _ keyspace: Keyspace
    ) throws(StatementError) -> CQLUUID? {
        guard let given = properties.first(where: { $0.name == "id" }) else { return nil }
        guard case .text(let text) = given.value else {
            throw .syntax("Invalid value for property 'id'. It should be a string")
        }
        guard let id = CQLUUID(text) else { throw .configuration("Invalid table id") }
        let taken = keyspace.tables.values.contains { table in
            table.id == id || table.views.contains { $0.id == id }
        }
        guard !taken else {
            throw .configuration("Table id \(id) is taken by another table")
        }
        return id
    }

    func dropTable(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard let keyspace = schema.keyspaces[keyspaceName],
            let table = keyspace.relation(name.name)
        else {
            if ifExists { return nil }
            throw .invalid("Table '\(keyspaceName).\(name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "DROP <table \(keyspaceName).\(name.name)>")
        guard table.view == nil else {
            throw .invalid(
                "Cannot use DROP TABLE on a materialized view. Please use DROP MATERIALIZED VIEW "
                    + "instead.")
        }
        guard table.views.isEmpty else {
            throw .invalid(
                "Cannot drop a table when materialized views still depend on it ("
                    + table.views.map { "\(keyspaceName).\($0.name)" }.joined(separator: ", ")
                    + ")")
        }
        var changed = keyspace
        changed.tables[name.name] = nil
        return SchemaEdit(
            schema: schema.replacing(changed, version: .random()),
            change: SchemaChange(.dropped, keyspace: keyspaceName, .table(name.name)),
            removedTables: [CQLName(keyspace: keyspaceName, name.name)],
            droppedStorage: table.allStorageIDs)
    }

    /// New storage ids make all rows vanish at once, whatever is being written: of the table, its
    /// indexes and its views.
    mutating func truncate(
        _ name: CQLName, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let table = try schema.table(name, current: current)
        var keyspace = try schema.keyspace(table.keyspace)
        try Self.checkRows(of: table, keyspace, "Truncation")
        guard table.view == nil else {
            throw .invalid(
                "Cannot TRUNCATE materialized view directly; must truncate base table instead")
        }
        let storageID = nextStorageID
        nextStorageID += 1
        var views: [Table] = []
        for view in table.views {
            var definition = view.view
            definition?.isBuilt = true
            views.append(view.changed(storageID: nextStorageID, view: definition))
            nextStorageID += 1
        }
        keyspace.tables[table.name] = table.changed(
            storageID: storageID, indexes: emptied(table.indexes), views: views)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: schema.version),
            change: SchemaChange(.updated, keyspace: table.keyspace, .table(table.name)),
            savedTables: [CQLName(keyspace: table.keyspace, table.name)],
            droppedStorage: table.allStorageIDs, isSilent: true)
    }
}
