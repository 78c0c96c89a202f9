// ALTER TABLE: columns added, dropped and renamed, and options.

import CQLProtocol

extension SchemaEditor {
    func alter(
        _ alter: CQLAlterTable, _ schema: Schema, _ current: String?
    ) throws(StatementError) -> SchemaEdit? {
        let keyspaceName = try schema.keyspaceName(alter.name, current: current)
        guard var keyspace = schema.keyspaces[keyspaceName],
            let table = keyspace.relation(alter.name.name)
        else {
            if alter.ifExists { return nil }
            throw .invalid("Table '\(keyspaceName).\(alter.name.name)' doesn't exist")
        }
        try Self.checkWritable(keyspace, what: "ALTER <table \(keyspaceName).\(table.name)>")
        guard table.view == nil else {
            throw .invalid(
                "Cannot use ALTER TABLE on a materialized view; use ALTER MATERIALIZED VIEW instead"
            )
        }
        let changed: Table
        switch alter.change {
        case .add(let columns, let ifNotExists):
            guard !table.isCompact else {
                throw .invalid("Cannot add new column to a COMPACT STORAGE table")
            }
            changed = try Self.adding(columns, ifNotExists, to: table, keyspace)
        case .drop(let names, let ifExists, let timestamp):
            guard !table.isCompact else {
                throw .invalid("Cannot drop columns from a non-CQL3 table")
            }
            changed = try dropping(names, ifExists, timestamp, from: table)
        case .rename(let renames, let ifExists):
            changed = try Self.renaming(renames, ifExists, in: table)
        case .with(let properties): changed = try Self.with(properties, table)
        case .mask(let column, let mask, let ifExists):
            changed = try Self.masking(column, mask, ifExists, in: table, keyspace)
        case .changeType: throw .invalid("Altering column types is no longer supported")
        case .dropCompactStorage:
            throw .invalid("DROP COMPACT STORAGE is disabled. Enable in cassandra.yaml to use.")
        }
        guard changed !== table else { return nil }
        keyspace.tables[table.name] = changed
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: .random()),
            change: SchemaChange(.updated, keyspace: keyspace.name, .table(table.name)),
            savedTables: [CQLName(keyspace: keyspace.name, table.name)])
    }

    private static func with(
        _ properties: [CQLProperty], _ table: Table
    ) throws(StatementError) -> Table {
        var options = table.options
        try options.apply(properties, isNew: false)
        guard !properties.contains(where: { $0.name == "id" }) else {
            throw .configuration("Cannot alter table id.")
        }
        if table.isCounter, options.defaultTimeToLive > 0 {
            throw .invalid("Cannot set default_time_to_live on a table with counters")
        }
        if !table.views.isEmpty, options.graceSeconds == 0 {
            throw .invalid(
                "Cannot alter gc_grace_seconds of the base table of a materialized view to 0, "
                    + "since this value is used to TTL undelivered updates. Setting "
                    + "gc_grace_seconds too low might cause undelivered updates to expire before "
                    + "being replayed.")
        }
        return options == table.options ? table : table.changed(options: options)
    }

    // MARK: ADD

    private static func adding(
        _ definitions: [CQLColumnDefinition], _ ifNotExists: Bool, to table: Table,
        _ keyspace: Keyspace
    ) throws(StatementError) -> Table {
        var columns = table.columns
        var nextID = table.nextColumnID
        var added: [Column] = []
        for definition in definitions {
            let type = try TypeResolver.resolve(
                definition.type, types: keyspace.types, keyspace: keyspace.name)
            if columns.contains(where: { $0.name == definition.name }) {
                if ifNotExists { continue }
                throw .invalid("Column with name '\(definition.name)' already exists")
            }
            try checkAdded(definition, type, table)
            guard columns.count < StoreLimits.tableColumnsMax, nextID < .max else {
                throw .invalid("A table has at most \(StoreLimits.tableColumnsMax) columns")
            }
            var column = Column(
                name: definition.name, id: nextID,
                kind: definition.isStatic ? .fixed : .regular, position: -1, type: type)
            column.mask = try definition.mask.map { mask throws(StatementError) in
                try ColumnMask(mask, of: column, keyspace: keyspace)
            }
            // Its cells that are newer than the drop come back with it, if they can be read.
            if let dropped = table.droppedColumns.first(where: { $0.name == column.name }),
                let id = dropped.id, dropped.type == type.withTuples
            {
                column.id = id
                column.droppedUntil = dropped.droppedTime
            } else {
                nextID += 1
            }
            columns.append(column)
            added.append(column)
        }
        guard !added.isEmpty else { return table }
        let views = table.views.map { view in
            view.view?.includesAllColumns == true ? view.adding(added) : view
        }
        return table.changed(columns: columns, nextColumnID: nextID, views: views)
    }

    private static func checkAdded(
        _ definition: CQLColumnDefinition, _ type: CQLType, _ table: Table
    ) throws(StatementError) {
        let name = definition.name
        if definition.isStatic, !table.hasClustering {
            throw .invalid(
                "Static columns are only useful (and thus allowed) if the table has at least "
                    + "one clustering column")
        }
        if case .udt(let user) = type, user.fields.contains(where: { $0.type.isMultiCell }) {
            throw .invalid(
                "Non-frozen UDTs with nested non-frozen collections are not supported for column "
                    + name)
        }
        guard type.isCounter == table.isCounter || !table.hasValues else {
            throw .invalid(
                table.isCounter
                    ? "Cannot have a non counter column (\"\(name)\") in a counter table"
                    : "Cannot add a counter column (\"\(name)\") in a non counter table")
        }
        if type.isCounter, !table.isCounter {
            throw .invalid("Cannot add a counter column (\"\(name)\") in a non counter table")
        }
        guard let dropped = table.droppedColumns.first(where: { $0.name == name }) else { return }
        guard type.withTuples.canRead(dropped.type) else {
            throw .invalid(
                "Cannot re-add previously dropped column '\(name)' of type \(type), incompatible "
                    + "with previous type \(dropped.type)")
        }
        guard (dropped.kind == .fixed) == definition.isStatic else {
            throw .invalid(
                "Cannot re-add previously dropped column '\(name)' of kind "
                    + "\(definition.isStatic ? "STATIC" : "REGULAR"), incompatible with previous "
                    + "kind \(dropped.kind == .fixed ? "STATIC" : "REGULAR")")
        }
        if table.isCounter {
            throw .invalid("Cannot re-add previously dropped counter column \(name)")
        }
    }

    // MARK: DROP

    private func dropping(
        _ names: [String], _ ifExists: Bool, _ timestamp: Int64?, from table: Table
    ) throws(StatementError) -> Table {
        var columns = table.columns
        var dropped = table.droppedColumns
        for name in names {
            guard let index = columns.firstIndex(where: { $0.name == name }) else {
                if ifExists || table.column(name) != nil { continue }
                throw .invalid(
                    "Column \(name) was not found in table '\(table.keyspace).\(table.name)'")
            }
            let column = columns[index]
            guard !column.isKey else { throw .invalid("Cannot drop PRIMARY KEY column \(name)") }
            if case .udt = column.type {
                throw .invalid(
                    "Cannot drop non-frozen column \(name) of user type \(column.type)")
            }
            try Self.checkIndexes(of: column, in: table, "drop")
            guard table.views.isEmpty else {
                throw .invalid(
                    "Cannot drop column \(name) on base table \(table.name) with materialized "
                        + "views")
            }
            columns.remove(at: index)
            dropped.removeAll { $0.name == name }
            dropped.append(
                DroppedColumn(
                    name: name, kind: column.kind, type: column.type.withTuples,
                    droppedTime: max(timestamp ?? nowMicroseconds, column.droppedUntil ?? .min),
                    id: column.id))
        }
        guard columns.count < table.columns.count else { return table }
        return table.changed(columns: columns, droppedColumns: dropped)
    }

    private static func checkIndexes(
        of column: Column, in table: Table, _ verb: String
    ) throws(StatementError) {
        let users = table.indexDefinitions.filter { $0.column.name == column.name }.map(\.name)
        guard users.isEmpty else {
            throw .invalid(
                "Cannot \(verb) column \(column.name) because it has dependent secondary indexes ("
                    + "\(users.joined(separator: ", ")))")
        }
    }

    // MARK: RENAME

    private static func renaming(
        _ renames: [CQLRename], _ ifExists: Bool, in table: Table
    ) throws(StatementError) -> Table {
        var columns = table.columns
        var views = table.views
        var changes = false
        for rename in renames {
            guard let column = table.column(rename.old) else {
                if ifExists { continue }
                throw .invalid(
                    "Column \(rename.old) was not found in table \(table.keyspace).\(table.name)")
            }
            guard column.isKey else {
                throw .invalid("Cannot rename non PRIMARY KEY column \(rename.old)")
            }
            guard table.column(rename.new) == nil,
                !columns.contains(where: { $0.name == rename.new })
            else {
                throw .invalid(
                    "Cannot rename column \(rename.old) to \(rename.new) in table "
                        + "'\(table.keyspace).\(table.name)'; another column with that name "
                        + "already exists"
                )
            }
            try checkIndexes(of: column, in: table, "rename")
            for index in columns.indices where columns[index].id == column.id {
                columns[index].name = rename.new
            }
            views = views.map { $0.renaming(rename) }
            changes = true
        }
        return changes ? table.changed(columns: columns, views: views) : table
    }
}

extension Table {
    fileprivate var hasValues: Bool { columns.contains { !$0.isKey } }
}

extension CQLType {
    /// Whether cells of the other type are good cells of this one: a dropped column's old cells may
    /// still be in files. Source: Cassandra's `isSerializationCompatibleWith`.
    func canRead(_ other: CQLType) -> Bool {
        if self == other { return true }
        guard isMultiCell == other.isMultiCell, fixedBytes == other.fixedBytes else { return false }
        switch (self, other) {
        case (.frozen(let a), .frozen(let b)), (.list(let a), .list(let b)),
            (.set(let a), .set(let b)):
            return a.canRead(b)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return key.canReadValue(otherKey) && value.canRead(otherValue)
        default: return canReadValue(other)
        }
    }

    /// Whether bytes of the other type are good bytes of this one, however many they are.
    /// Source: `isValueCompatibleWith`.
    private func canReadValue(_ other: CQLType) -> Bool {
        if self == other { return true }
        switch (self, other) {
        case (.blob, _): return true
        case (.text, .ascii): return true
        case (.varint, .int), (.varint, .bigint), (.varint, .timestamp): return true
        case (.uuid, .timeuuid): return true
        case (.bigint, .timestamp), (.timestamp, .bigint): return true
        case (.frozen(let a), .frozen(let b)), (.list(let a), .list(let b)),
            (.set(let a), .set(let b)):
            return a.canReadValue(b)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return key.canReadValue(otherKey) && value.canReadValue(otherValue)
        case (.tuple(let parts), .tuple(let others)):
            return parts.count >= others.count
                && zip(parts, others).allSatisfy { $0.canReadValue($1) }
        default: return false
        }
    }
}
