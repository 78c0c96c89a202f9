// The rows of `system_schema`, and what the system tells about views.

import CQLProtocol
import MillraceBase

/// Source: Cassandra's `SchemaKeyspace`. What it leaves null for a default value is null here.
struct SchemaRows {
    let schema: Schema

    func rows(of table: String) -> [SystemRow] {
        switch table {
        case "keyspaces": keyspaces()
        case "tables": stored.flatMap { tables(of: $0).map(tableRow) }
        case "columns": columns(isVirtual: false)
        case "column_masks": columnMasks()
        case "dropped_columns": stored.flatMap { tables(of: $0).flatMap(droppedColumns) }
        case "types": types()
        case "views": stored.flatMap { views(of: $0).map(viewRow) }
        default: []
        }
    }

    // MARK: Values

    private func text(_ value: String) -> [UInt8] { Array(value.utf8) }
    private func boolean(_ value: Bool) -> [UInt8] { [value ? 1 : 0] }
    private func int(_ value: Int) -> [UInt8] { Int32(clamping: value).bigBytes }

    private func collection(_ parts: [[UInt8]], _ type: CQLType) -> [UInt8] {
        CollectionBuilder.bytes(of: parts, type: type)
    }

    private func textMap(_ entries: [CQLOptionEntry]) -> [UInt8] {
        collection(entries.flatMap { [text($0.key), text($0.value)] }, .map(.text, .text))
    }

    // MARK: Order

    private func keyspaces(virtual: Bool) -> [Keyspace] {
        schema.keyspaces.values.filter { $0.isVirtual == virtual }.sorted { $0.name < $1.name }
    }

    private var stored: [Keyspace] { keyspaces(virtual: false) }

    private func tables(of keyspace: Keyspace) -> [Table] {
        keyspace.tables.values.sorted { $0.name < $1.name }
    }

    private func views(of keyspace: Keyspace) -> [Table] {
        keyspace.views.values.sorted { $0.name < $1.name }
    }

    // MARK: Keyspaces, tables and views

    private func keyspaces() -> [SystemRow] {
        stored.map {
            [
                "keyspace_name": text($0.name), "durable_writes": boolean($0.durableWrites),
                "replication": textMap($0.replication),
            ]
        }
    }

    private func tableRow(_ table: Table) -> SystemRow {
        var row = options(table)
        row["table_name"] = text(table.name)
        var flags: [String] = []
        if !table.isCompact || table.clustering.count > 1 { flags.append("compound") }
        if table.isCounter { flags.append("counter") }
        if table.isCompact, table.hasClustering { flags.append("dense") }
        row["flags"] = collection(flags.map { text($0) }, .set(.text))
        return row
    }

    private func viewRow(_ view: Table) -> SystemRow {
        var row = options(view)
        row["view_name"] = text(view.name)
        guard let definition = view.view else { return row }
        row["base_table_id"] = definition.baseID.bytes
        row["base_table_name"] = text(definition.baseTable)
        row["include_all_columns"] = boolean(definition.includesAllColumns)
        row["where_clause"] = text(definition.whereClause)
        return row
    }

    private func options(_ table: Table) -> SystemRow {
        let options = table.options
        func number(_ name: String) -> [UInt8] {
            (Double(options.text(name)) ?? 0).bitPattern.bigBytes
        }
        let extensions = options.map("extensions").flatMap { entry in
            [text(entry.key), Literals.bytes(hex: String(entry.value.dropFirst(2))) ?? []]
        }
        var row: SystemRow = [
            "keyspace_name": text(table.keyspace), "id": table.id.bytes,
            "bloom_filter_fp_chance": number("bloom_filter_fp_chance"),
            "crc_check_chance": number("crc_check_chance"),
            "dclocal_read_repair_chance": 0.0.bitPattern.bigBytes,
            "read_repair_chance": 0.0.bitPattern.bigBytes,
            "extensions": collection(extensions, .map(.text, .blob)),
        ]
        for name in ["caching", "compaction", "compression"] {
            row[name] = textMap(options.map(name))
        }
        for name in ["additional_write_policy", "comment", "read_repair", "speculative_retry"] {
            row[name] = text(options.text(name))
        }
        for name in [
            "default_time_to_live", "gc_grace_seconds", "max_index_interval", "min_index_interval",
            "memtable_flush_period_in_ms",
        ] { row[name] = int(Int(options.text(name)) ?? 0) }
        if options.text("memtable") != "default" {
            row["memtable"] = text(options.text("memtable"))
        }
        if options.text("cdc") == "true" { row["cdc"] = boolean(true) }
        for name in ["allow_auto_snapshot", "incremental_backups"]
        where options.text(name) != "true" { row[name] = boolean(false) }
        return row
    }

    // MARK: Columns and types

    func columns(isVirtual: Bool) -> [SystemRow] {
        keyspaces(virtual: isVirtual).flatMap { keyspace in
            (tables(of: keyspace) + views(of: keyspace)).sorted { $0.name < $1.name }.flatMap {
                table in
                table.storedColumns.sorted { $0.name < $1.name }.map { column in
                    [
                        "keyspace_name": text(keyspace.name), "table_name": text(table.name),
                        "column_name": text(column.name),
                        "clustering_order": text(
                            column.kind != .clustering ? "none" : column.descending ? "desc" : "asc"
                        ),
                        "column_name_bytes": text(column.name),
                        "kind": text(column.kind.rawValue), "position": int(column.position),
                        "type": text(
                            column.id == Table.hiddenColumnID && table.hasClustering
                                ? "empty" : TypeText.shown(column.type)),
                    ]
                }
            }
        }
    }

    private func columnMasks() -> [SystemRow] {
        stored.flatMap { keyspace in
            (tables(of: keyspace) + views(of: keyspace)).sorted { $0.name < $1.name }.flatMap {
                table in
                table.columns.sorted { $0.name < $1.name }.compactMap { column in
                    column.mask.map { row(of: $0, column, table) }
                }
            }
        }
    }

    private func row(of mask: ColumnMask, _ column: Column, _ table: Table) -> SystemRow {
        let types = mask.argumentTypes(of: column.type).prefix(mask.arguments.count)
        return [
            "keyspace_name": text(table.keyspace), "table_name": text(table.name),
            "column_name": text(column.name), "function_keyspace": text("system"),
            "function_name": text(mask.function),
            "function_argument_types": collection(
                types.map { text(TypeText.shown($0)) }, .list(.text)),
            "function_argument_values": collection(
                mask.plainArguments(of: column.type).map { text($0) }, .list(.text)),
            "function_argument_nulls": collection(
                mask.arguments.map { boolean($0 == nil) }, .list(.boolean)),
        ]
    }

    private func droppedColumns(_ table: Table) -> [SystemRow] {
        table.droppedColumns.map { column in
            [
                "keyspace_name": text(table.keyspace), "table_name": text(table.name),
                "column_name": text(column.name), "kind": text(column.kind.rawValue),
                "type": text(TypeText.shown(column.type)),
                "dropped_time": (column.droppedTime / 1000).bigBytes,
            ]
        }
    }

    private func types() -> [SystemRow] {
        stored.flatMap { keyspace in
            keyspace.types.values.sorted { $0.name < $1.name }.map { type in
                [
                    "keyspace_name": text(keyspace.name), "type_name": text(type.name),
                    "field_names": collection(type.fields.map { text($0.name) }, .list(.text)),
                    "field_types": collection(
                        type.fields.map { text(TypeText.shown($0.type)) }, .list(.text)),
                ]
            }
        }
    }

    // MARK: Views, built and being built

    func builtViews() -> [SystemRow] {
        stored.flatMap { keyspace in
            views(of: keyspace).filter { $0.view?.isBuilt != false }.map {
                [
                    "keyspace_name": text(keyspace.name), "view_name": text($0.name),
                    "status_replicated": boolean(true),
                ]
            }
        }
    }

    func viewBuildStatus(host: CQLUUID) -> [SystemRow] {
        stored.flatMap { keyspace in
            views(of: keyspace).map {
                [
                    "keyspace_name": text(keyspace.name), "view_name": text($0.name),
                    "host_id": host.bytes,
                    "status": text($0.view?.isBuilt == false ? "STARTED" : "SUCCESS"),
                ]
            }
        }
    }

    /// One range of tokens for each: the whole ring.
    func viewBuilds(_ builds: ViewBuilds) -> [SystemRow] {
        schema.unbuiltViews.sorted { $0.name.name < $1.name.name }.map { build in
            let progress = builds.progress(of: build)
            let end = text(String(Int64.min))
            return [
                "keyspace_name": text(build.name.keyspace ?? ""),
                "view_name": text(build.name.name), "start_token": end, "end_token": end,
                "keys_built": Int64(progress.partitions).bigBytes,
                "last_token": progress.token.map { text(String($0)) },
            ]
        }
    }
}

extension Table {
    /// Of columns that only `system_schema` shows.
    fileprivate static var hiddenColumnID: UInt16 { .max }

    /// As Cassandra keeps them: compact tables have columns there that no statement sees.
    fileprivate var storedColumns: [Column] {
        guard isCompact else { return columns }
        func hidden(_ name: String, _ kind: Column.Kind, _ type: CQLType) -> Column {
            var free = name
            var number = 1
            while slots[free] != nil { (free, number) = ("\(name)\(number)", number + 1) }
            return Column(
                name: free, id: Self.hiddenColumnID, kind: kind,
                position: kind == .clustering ? 0 : -1, type: type)
        }
        guard !hasClustering else {
            return compactValue == nil ? columns + [hidden("value", .regular, .blob)] : columns
        }
        let shown = columns.map { column in
            var copy = column
            if column.kind == .regular { copy.kind = .fixed }
            return copy
        }
        return shown + [
            hidden("column1", .clustering, .text),
            hidden("value", .regular, isCounter ? .counter : .blob),
        ]
    }
}
