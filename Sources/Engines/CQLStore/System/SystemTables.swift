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
        case ("system_schema", "indexes"): indexes()
        case ("system_schema", let name): SchemaRows(schema: schema).rows(of: name)
        case ("system", "built_views"): SchemaRows(schema: schema).builtViews()
        case ("system_distributed", "view_build_status"):
            SchemaRows(schema: schema).viewBuildStatus(host: core.identity.hostID)
        case ("system", "view_builds_in_progress"):
            SchemaRows(schema: schema).viewBuilds(core.viewBuilds)
        case ("system", "IndexInfo"): builtIndexes()
        case ("system_auth", let name): authRows(name)
        case ("system_virtual_schema", "keyspaces"):
            sorted { $0.isVirtual }.map { ["keyspace_name": text($0.name)] }
        case ("system_virtual_schema", "tables"):
            sorted { $0.isVirtual }.flatMap { keyspace in
                tables(of: keyspace).map {
                    [
                        "keyspace_name": text(keyspace.name), "table_name": text($0.name),
                        "comment": text(SystemViews.comments[$0.name] ?? ""),
                    ]
                }
            }
        case ("system_virtual_schema", "columns"):
            SchemaRows(schema: schema).columns(isVirtual: true)
        case ("system_views", let name):
            SystemViewRows(core: core, schema: schema).rows(of: name)
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

    /// Spark makes one partition of each range, so there must be some.
    private func estimates(withType: Bool) -> [SystemRow] {
        let estimates = SizeEstimates(database: core.database)
        return schema.userKeyspaces.flatMap { keyspace in
            tables(of: keyspace).flatMap { table in
                estimates.ranges(of: table).map { range in
                    [
                        "keyspace_name": text(keyspace.name), "table_name": text(table.name),
                        "range_type": text("primary"), "range_start": text(String(range.start)),
                        "range_end": text(String(range.end)),
                        "mean_partition_size": range.meanBytes.bigBytes,
                        "partitions_count": range.partitions.bigBytes,
                    ]
                }
            }
        }
    }

    private func sorted(_ fits: (Keyspace) -> Bool) -> [Keyspace] {
        schema.keyspaces.values.filter(fits).sorted { $0.name < $1.name }
    }

    private func tables(of keyspace: Keyspace) -> [Table] {
        keyspace.tables.values.sorted { $0.name < $1.name }
    }
}
