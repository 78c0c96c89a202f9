// CREATE, ALTER and DROP of materialized views.

import CQLProtocol

extension SchemaEditor {
    /// Cassandra says this with every CREATE MATERIALIZED VIEW.
    static let viewWarning =
        "Materialized views are experimental and are not recommended for production use."

    mutating func create(
        _ create: CQLCreateView, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(create.name, current: current)
        let baseKeyspace = create.base.keyspace ?? create.name.keyspace ?? keyspaceName
        guard baseKeyspace == keyspaceName else {
            throw .invalid("Cannot create a materialized view on a table in a different keyspace")
        }
        guard var keyspace = schema.keyspaces[keyspaceName] else {
            throw .invalid("Keyspace '\(keyspaceName)' doesn't exist")
        }
        try Self.checkWritable(
            keyspace, what: "ALTER <table \(keyspaceName).\(create.base.name)>")
        try Self.checkName(create.name.name, in: keyspaceName)
        if keyspace.views[create.base.name] != nil {
            throw .invalid("Materialized views cannot be created against other materialized views")
        }
        guard let base = keyspace.tables[create.base.name] else {
            throw .invalid("Base table '\(create.base.name)' doesn't exist")
        }
        guard keyspace.tables[create.name.name] == nil else {
            throw .invalid(
                "Cannot create materialized view '\(create.name.name)' - a table with the same "
                    + "name already exists")
        }
        if keyspace.views[create.name.name] != nil {
            if create.ifNotExists { return nil }
            throw .alreadyExists(keyspace: keyspaceName, table: create.name.name)
        }
        let view = try ViewBuilder(create, base: base, keyspace: keyspace).table(
            storageID: nextStorageID)
        nextStorageID += 1
        let changed = base.changed(views: base.views + [view])
        keyspace.tables[base.name] = changed
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.created, keyspace: keyspaceName, .table(view.name)),
            savedTables: [CQLName(keyspace: keyspaceName, base.name)],
            viewToBuild: ViewBuild(
                name: CQLName(keyspace: keyspaceName, view.name), view: view.storageID),
            warnings: [Self.viewWarning])
    }

    func alter(
        _ alter: CQLAlterView, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(alter.name, current: current)
        guard var keyspace = schema.keyspaces[keyspaceName],
            let view = keyspace.views[alter.name.name], let definition = view.view,
            let base = keyspace.tables[definition.baseTable]
        else {
            if alter.ifExists { return nil }
            throw .invalid(
                "Materialized view '\(keyspaceName).\(alter.name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "ALTER <table \(keyspaceName).\(base.name)>")
        var options = view.options
        try options.apply(alter.properties, isNew: false)
        guard !alter.properties.contains(where: { $0.name == "id" }) else {
            throw .configuration("Cannot alter table id.")
        }
        guard options.graceSeconds != 0 else {
            throw .invalid(
                "Cannot alter gc_grace_seconds of a materialized view to 0, since this value is "
                    + "used to TTL undelivered updates. Setting gc_grace_seconds too low might "
                    + "cause undelivered updates to expire before being replayed.")
        }
        guard options.defaultTimeToLive == 0 else {
            throw .invalid(
                "Forbidden default_time_to_live detected for a materialized view. Data in a "
                    + "materialized view always expire at the same time than the corresponding "
                    + "data in the parent table. default_time_to_live must be set to zero, see "
                    + "CASSANDRA-12868 for more information")
        }
        let changed = view.changed(options: options)
        keyspace.tables[base.name] = base.changed(
            views: base.views.filter { $0.name != view.name } + [changed])
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspaceName, .table(view.name)),
            savedTables: [CQLName(keyspace: keyspaceName, base.name)])
    }

    func dropView(
        _ name: CQLName, _ ifExists: Bool, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(name, current: current)
        guard var keyspace = schema.keyspaces[keyspaceName],
            let view = keyspace.views[name.name], let definition = view.view,
            let base = keyspace.tables[definition.baseTable]
        else {
            if ifExists { return nil }
            throw .invalid("Materialized view '\(keyspaceName).\(name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "ALTER <table \(keyspaceName).\(base.name)>")
        keyspace.tables[base.name] = base.changed(
            views: base.views.filter { $0.name != view.name })
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.dropped, keyspace: keyspaceName, .table(view.name)),
            savedTables: [CQLName(keyspace: keyspaceName, base.name)],
            droppedStorage: [view.storageID])
    }
}

extension Table {
    /// A view of all columns, with those that its base has got.
    func adding(_ added: [Column]) -> Table {
        var columns = columns
        var nextID = nextColumnID
        for source in added where source.kind == .regular {
            var column = source
            column.id = nextID
            columns.append(column)
            nextID += 1
        }
        return changed(columns: columns, nextColumnID: nextID)
    }

    /// A view whose base has renamed a column of its key.
    func renaming(_ rename: CQLRename) -> Table {
        guard var definition = view else { return self }
        definition.relations = definition.relations.map { $0.renaming(rename) }
        var columns = columns
        for index in columns.indices where columns[index].name == rename.old {
            columns[index].name = rename.new
        }
        return changed(columns: columns, view: definition)
    }
}
