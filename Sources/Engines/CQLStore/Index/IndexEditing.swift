// CREATE INDEX and DROP INDEX on a picture of the schema.
// Source: Cassandra's CreateIndexStatement, IndexAttributes, IndexMetadata, DropIndexStatement.

import CQLProtocol

extension SchemaEditor {
    mutating func edit(
        _ statement: CQLIndexStatement, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        switch statement {
        case .create(let create): return try createIndex(create, schema, current)
        case .drop(let name, let ifExists): return try dropIndex(name, ifExists, schema, current)
        }
    }

    private mutating func createIndex(
        _ create: CQLCreateIndex, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(
            CQLName(keyspace: create.table.keyspace ?? create.nameKeyspace, create.table.name),
            current: current)
        if let given = create.nameKeyspace, given != keyspaceName {
            throw .invalid(
                "Keyspace name '\(keyspaceName)' doesn't match index name '\(create.name ?? "")'")
        }
        let className = try IndexRules.className(create)
        guard var keyspace = schema.keyspaces[keyspaceName] else {
            throw .invalid("Keyspace '\(keyspaceName)' doesn't exist")
        }
        try Self.checkWritable(
            keyspace, what: "ALTER <table \(keyspaceName).\(create.table.name)>")
        guard let table = keyspace.relation(create.table.name) else {
            throw .invalid("Table '\(create.table.name)' doesn't exist")
        }
        let names = Set(keyspace.tables.values.flatMap { $0.indexes.map(\.name) })
        if let name = create.name, names.contains(name) {
            if create.ifNotExists { return nil }
            throw .invalid("Index '\(name)' already exists")
        }
        let target = try IndexRules.target(create, table, isCustom: className != nil)
        let name = create.name ?? IndexRules.freeName(table, target, names)
        var options = [CQLOptionEntry(key: "target", value: target.text)]
        if let className {
            options =
                create.options + [CQLOptionEntry(key: "class_name", value: className)] + options
        }
        let index = TableIndex(
            name: name, kind: className == nil ? .composites : .custom,
            options: options.sorted { $0.key < $1.key }, storageID: nextStorageID, isBuilt: false)
        let equal = table.indexes.first { $0.kind == index.kind && $0.options == index.options }
        if let equal {
            if create.ifNotExists { return nil }
            throw .invalid("Index \(name) is a duplicate of existing index \(equal.name)")
        }
        try IndexRules.check(index, target, table)
        nextStorageID += 1
        keyspace.tables[table.name] = table.changed(indexes: table.indexes + [index])
        var edit = SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)])
        edit.indexToBuild = IndexBuild(
            table: CQLName(keyspace: keyspace.name, table.name), index: index.storageID)
        if table.column(target.column)?.type.isVector == true {
            edit.warnings = [IndexRules.vectorWarning]
        }
        return edit
    }

    private func dropIndex(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        let owner = schema.keyspaces[keyspaceName]?.tables.values.first { table in
            table.indexes.contains { $0.name == name.name }
        }
        guard var keyspace = schema.keyspaces[keyspaceName], let table = owner,
            let index = table.indexes.first(where: { $0.name == name.name })
        else {
            if ifExists { return nil }
            throw .invalid("Index '\(keyspaceName).\(name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "ALTER <table \(keyspaceName).\(table.name)>")
        keyspace.tables[table.name] = table.changed(
            indexes: table.indexes.filter { $0.name != name.name })
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspaceName, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspaceName, table.name)],
            droppedStorage: [index.storageID])
    }

    /// The table with one of its indexes marked as built; `nil` when the index is gone meanwhile.
    static func markBuilt(_ build: IndexBuild, _ schema: Schema) -> SchemaEdit? {
        guard var keyspace = schema.keyspaces[build.table.keyspace ?? ""],
            let table = keyspace.tables[build.table.name],
            let place = table.indexes.firstIndex(where: { $0.storageID == build.index })
        else { return nil }
        var indexes = table.indexes
        indexes[place].isBuilt = true
        keyspace.tables[table.name] = table.changed(indexes: indexes)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: schema.version),
            change: SchemaChange(.updated, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)], isSilent: true)
    }

    /// New storage ids for a table's indexes, whose rows vanish; all of them are as good as built.
    mutating func emptied(_ indexes: [TableIndex]) -> [TableIndex] {
        indexes.map { index in
            var index = index
            index.storageID = nextStorageID
            index.isBuilt = true
            nextStorageID += 1
            return index
        }
    }
}

/// An index whose table had rows before it.
struct IndexBuild: Sendable, Hashable {
    var table: CQLName
    /// Its storage id.
    var index: UInt32
}
