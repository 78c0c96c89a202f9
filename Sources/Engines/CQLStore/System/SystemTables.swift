// The rows of the system's tables, made when they are asked for.

import CQLProtocol
import MillraceBase
import Synchronization

/// Cells of one row by column name; what is not there is null.
typealias SystemRow = [String: [UInt8]?]

struct SystemTables {
    let core: StoreCore
    let schema: Schema

    /// In the order of the table's columns.
    func rows(of table: Table) -> [[[UInt8]?]] {
        named(table).map { row in table.columns.map { row[$0.name] ?? nil } }
    }

    private func named(_ table: Table) -> [SystemRow] {
        switch (table.keyspace, table.name) {
        case ("system", "local"): [local()]
        case ("system", "size_estimates"): estimates(withType: false)
        case ("system", "table_estimates"): estimates(withType: true)
        case ("system", "prepared_statements"): preparedStatements()
        case ("system_schema", "keyspaces"): keyspaces()
        case ("system_schema", "tables"): tables()
        case ("system_schema", "columns"): columns(isVirtual: false)
        case ("system_schema", "types"): types()
        case ("system_auth", "roles"):
            [
                [
                    "role": text("cassandra"), "can_login": boolean(true),
                    "is_superuser": boolean(true),
                ]
            ]
        case ("system_virtual_schema", "keyspaces"):
            sorted { $0.isVirtual }.map { ["keyspace_name": text($0.name)] }
        case ("system_virtual_schema", "tables"):
            sorted { $0.isVirtual }.flatMap { keyspace in
                tables(of: keyspace).map {
                    [
                        "keyspace_name": text(keyspace.name), "table_name": text($0.name),
                        "comment": text(""),
                    ]
                }
            }
        case ("system_virtual_schema", "columns"): columns(isVirtual: true)
        case ("system_views", "settings"): settings()
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

    // MARK: The node

    private func local() -> SystemRow {
        let node = core.identity
        let tokens = NodeIdentity.tokens.map { text(String($0)) }
        let port = int(core.port.load(ordering: .relaxed))
        return [
            "key": text("local"), "bootstrapped": text("COMPLETED"),
            "broadcast_address": node.address.bytes, "broadcast_port": int(7000),
            "cluster_name": text(node.clusterName), "cql_version": text(NodeIdentity.cqlVersion),
            "data_center": text(node.dataCenter), "gossip_generation": int(1),
            "host_id": node.hostID.bytes, "listen_address": node.address.bytes,
            "listen_port": int(7000), "native_protocol_version": text("5"),
            "partitioner": text(NodeIdentity.partitioner), "rack": text(node.rack),
            "release_version": text(NodeIdentity.releaseVersion),
            "rpc_address": node.address.bytes, "rpc_port": port,
            "schema_version": schema.version.bytes, "tokens": collection(tokens, .set(.text)),
        ]
    }

    private func settings() -> [SystemRow] {
        let node = core.identity
        return [
            ["name": text("cluster_name"), "value": text(node.clusterName)],
            [
                "name": text("native_transport_port"),
                "value": text(String(core.port.load(ordering: .relaxed))),
            ],
            ["name": text("partitioner"), "value": text(NodeIdentity.partitioner)],
        ]
    }

    private func preparedStatements() -> [SystemRow] {
        core.preparedStatements.sorted { $0.id.isLess(than: $1.id) }.map {
            [
                "prepared_id": $0.id, "logged_keyspace": $0.keyspace.map { text($0) } ?? nil,
                "query_string": text($0.text),
            ]
        }
    }

    /// Spark makes one partition of each range, so there must be some.
    private func estimates(withType: Bool) -> [SystemRow] {
        let meanBytes: UInt64 = 256
        let starts = NodeIdentity.tokens
        var rows: [SystemRow] = []
        for keyspace in schema.userKeyspaces {
            for table in tables(of: keyspace) {
                for (index, start) in starts.enumerated() {
                    let end = index + 1 < starts.count ? starts[index + 1] : Int64.max
                    var from = RawBytes()
                    var to = RawBytes()
                    StorageKey.appendStart(table: table.storageID, token: start, to: &from)
                    StorageKey.appendStart(table: table.storageID, token: end, to: &to)
                    let bytes =
                        (try? core.database.approximateBytes(from: from.array, to: to.array)) ?? 0
                    rows.append([
                        "keyspace_name": text(keyspace.name), "table_name": text(table.name),
                        "range_type": text("primary"), "range_start": text(String(start)),
                        "range_end": text(String(end)),
                        "mean_partition_size": Int64(meanBytes).bigBytes,
                        "partitions_count": Int64(clamping: max(1, bytes / meanBytes)).bigBytes,
                    ])
                }
            }
        }
        return rows
    }

    // MARK: The schema

    private func sorted(_ fits: (Keyspace) -> Bool) -> [Keyspace] {
        schema.keyspaces.values.filter(fits).sorted { $0.name < $1.name }
    }

    private func tables(of keyspace: Keyspace) -> [Table] {
        keyspace.tables.values.sorted { $0.name < $1.name }
    }

    private func keyspaces() -> [SystemRow] {
        sorted { !$0.isVirtual }.map {
            [
                "keyspace_name": text($0.name), "durable_writes": boolean($0.durableWrites),
                "replication": textMap($0.replication),
            ]
        }
    }

    private func tables() -> [SystemRow] {
        sorted { !$0.isVirtual }.flatMap { keyspace in tables(of: keyspace).map(row) }
    }

    private func row(_ table: Table) -> SystemRow {
        let options = table.options
        func number(_ name: String) -> [UInt8] {
            (Double(options.text(name)) ?? 0).bitPattern.bigBytes
        }
        func integer(_ name: String) -> [UInt8] { int(Int(options.text(name)) ?? 0) }
        func flag(_ name: String) -> [UInt8] { boolean(options.text(name) == "true") }
        let flags = table.isCounter ? ["compound", "counter"] : ["compound"]
        let extensions = options.map("extensions").flatMap { entry in
            [text(entry.key), Literals.bytes(hex: String(entry.value.dropFirst(2))) ?? []]
        }
        var row: SystemRow = [
            "keyspace_name": text(table.keyspace), "table_name": text(table.name),
            "bloom_filter_fp_chance": number("bloom_filter_fp_chance"),
            "crc_check_chance": number("crc_check_chance"),
            "dclocal_read_repair_chance": 0.0.bitPattern.bigBytes,
            "read_repair_chance": 0.0.bitPattern.bigBytes,
            "id": table.id.bytes, "cdc": flag("cdc"),
            "allow_auto_snapshot": flag("allow_auto_snapshot"),
            "incremental_backups": flag("incremental_backups"),
            "extensions": collection(extensions, .map(.text, .blob)),
            "flags": collection(flags.map { text($0) }, .set(.text)),
        ]
        for name in ["caching", "compaction", "compression"] {
            row[name] = textMap(options.map(name))
        }
        for name in [
            "additional_write_policy", "comment", "memtable", "read_repair", "speculative_retry",
        ] { row[name] = text(options.text(name)) }
        for name in [
            "default_time_to_live", "gc_grace_seconds", "max_index_interval", "min_index_interval",
            "memtable_flush_period_in_ms",
        ] { row[name] = integer(name) }
        return row
    }

    private func columns(isVirtual: Bool) -> [SystemRow] {
        sorted { $0.isVirtual == isVirtual }.flatMap { keyspace in
            tables(of: keyspace).flatMap { table in
                table.columns.sorted { $0.name < $1.name }.map { column in
                    [
                        "keyspace_name": text(keyspace.name), "table_name": text(table.name),
                        "column_name": text(column.name),
                        "clustering_order": text(
                            column.kind != .clustering ? "none" : column.descending ? "desc" : "asc"
                        ),
                        "column_name_bytes": text(column.name),
                        "kind": text(column.kind.rawValue), "position": int(column.position),
                        "type": text(column.type.description),
                    ]
                }
            }
        }
    }

    private func types() -> [SystemRow] {
        sorted { !$0.isVirtual }.flatMap { keyspace in
            keyspace.types.values.sorted { $0.name < $1.name }.map { type in
                [
                    "keyspace_name": text(keyspace.name), "type_name": text(type.name),
                    "field_names": collection(type.fields.map { text($0.name) }, .list(.text)),
                    "field_types": collection(
                        type.fields.map { text($0.type.description) }, .list(.text)),
                ]
            }
        }
    }
}
