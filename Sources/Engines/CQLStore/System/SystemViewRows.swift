// The rows of `system_views`: what this node knows of itself; what it does not have is empty or zero.

import CQLProtocol
import Foundation
import MillraceBase
import Synchronization

struct SystemViewRows {
    private typealias Cells = SystemCells

    let core: StoreCore
    let schema: Schema

    func rows(of name: String) -> [SystemRow] {
        switch name {
        case "settings": pairs(NodeSettings(core: core).all)
        case "system_properties": pairs(Self.properties)
        case "clients": core.clients.all.map(client)
        case "caches": caches()
        case "thread_pools": threadPools()
        case "cql_metrics": preparedMetrics()
        case "batch_metrics": batchMetrics()
        case "sstable_tasks": StorageViewRows(core: core).tasks()
        case "storage_statistics": StorageViewRows(core: core).statistics()
        case "table_statistics": StorageViewRows(core: core).tables(schema)
        case "disk_usage", "max_partition_size", "max_sstable_size": sizes(name)
        case let name where SystemViews.latencyNames.contains(name): latencies()
        case let name where SystemViews.histogramNames.contains(name): histograms()
        case "gossip_info": [gossip()]
        case "sai_column_indexes": indexes()
        default: []
        }
    }

    private func pairs(_ all: [(String, String)]) -> [SystemRow] {
        all.map { ["name": Cells.text($0.0), "value": Cells.text($0.1)] }
    }

    private static let properties: [(String, String)] = [
        ("cassandra.native_transport_version", "5"), ("os.arch", "amd64"), ("os.name", "Linux"),
        ("user.timezone", "UTC"),
    ]

    // MARK: Clients

    private func client(_ client: ClientRecord) -> SystemRow {
        let details = client.current
        return [
            "address": client.address.bytes, "port": Cells.int(client.port),
            "client_options": Cells.textMap(details.options),
            "connection_stage": Cells.text(details.stage.lowercased()),
            "driver_name": details.options["DRIVER_NAME"].map(Cells.text) ?? nil,
            "driver_version": details.options["DRIVER_VERSION"].map(Cells.text) ?? nil,
            "hostname": Cells.text(client.address.description),
            "keyspace_name": details.keyspace.map(Cells.text) ?? nil,
            "protocol_version": details.version.map { Cells.int(Int($0.rawValue)) } ?? nil,
            "request_count": Cells.bigint(Int(details.requestCount)),
            "ssl_cipher_suite": details.cipherSuite.map(Cells.text) ?? nil,
            "ssl_enabled": Cells.boolean(details.tlsProtocol != nil),
            "ssl_protocol": details.tlsProtocol.map(Cells.text) ?? nil,
            "username": Cells.text(details.userName ?? "anonymous"),
        ]
    }

    // MARK: Caches and threads

    private func caches() -> [SystemRow] {
        let block = StoreLimits.blockCacheBytes
        return [("chunks", block), ("counters", 0), ("keys", 0), ("rows", 0)].map { name, bytes in
            [
                "name": Cells.text(name), "capacity_bytes": Cells.bigint(bytes),
                "entry_count": Cells.int(0), "hit_count": Cells.bigint(0),
                "hit_ratio": Cells.double(.nan), "recent_hit_rate_per_second": Cells.bigint(0),
                "recent_request_rate_per_second": Cells.bigint(0),
                "request_count": Cells.bigint(0), "size_bytes": Cells.bigint(0),
            ]
        }
    }

    private func threadPools() -> [SystemRow] {
        [
            ("MutationStage", 1), ("Native-Transport-Requests", StoreLimits.readThreads),
            ("ReadStage", StoreLimits.readThreads),
        ].map { name, threads in
            [
                "name": Cells.text(name), "active_tasks": Cells.int(0),
                "active_tasks_limit": Cells.int(threads), "blocked_tasks": Cells.bigint(0),
                "blocked_tasks_all_time": Cells.bigint(0), "completed_tasks": Cells.bigint(0),
                "pending_tasks": Cells.int(0),
            ]
        }
    }

    private func preparedMetrics() -> [SystemRow] {
        let count = Double(core.statements.all.count)
        return [
            ("prepared_statements_count", count), ("prepared_statements_evicted", 0),
            ("prepared_statements_executed", 0), ("prepared_statements_ratio", 0),
            ("regular_statements_executed", 0),
        ].map { ["name": Cells.text($0.0), "value": Cells.double($0.1)] }
    }

    private func batchMetrics() -> [SystemRow] {
        [
            "partitions_per_counter_batch", "partitions_per_logged_batch",
            "partitions_per_unlogged_batch",
        ].map { name in
            var row: SystemRow = ["name": Cells.text(name)]
            for column in ["max", "p50th", "p99th", "p999th"] { row[column] = Cells.double(0) }
            return row
        }
    }

    // MARK: Tables

    private var stored: [Table] {
        schema.storedTables.sorted { ($0.keyspace, $0.name) < ($1.keyspace, $1.name) }
    }

    private func perTable(_ cells: (Table) -> SystemRow) -> [SystemRow] {
        stored.map { table in
            cells(table).merging([
                "keyspace_name": Cells.text(table.keyspace), "table_name": Cells.text(table.name),
            ]) { first, _ in first }
        }
    }

    private func sizes(_ name: String) -> [SystemRow] {
        perTable { table in
            var bytes: UInt64 = 0
            if name == "disk_usage" {
                bytes =
                    (try? core.database.approximateBytes(
                        from: table.storageID.bigBytes, to: (table.storageID + 1).bigBytes)) ?? 0
            }
            return ["mebibytes": Cells.bigint(Int((bytes + 1 << 20 - 1) >> 20))]
        }
    }

    private func latencies() -> [SystemRow] {
        perTable { _ in
            var row: SystemRow = ["count": Cells.bigint(0)]
            for column in ["max_ms", "p50th_ms", "p99th_ms", "per_second"] {
                row[column] = Cells.double(0)
            }
            return row
        }
    }

    private func histograms() -> [SystemRow] {
        perTable { _ in
            var row: SystemRow = ["count": Cells.bigint(0)]
            for column in ["max", "p50th", "p99th"] { row[column] = Cells.double(0) }
            return row
        }
    }

    private func indexes() -> [SystemRow] {
        stored.flatMap { table in
            table.indexes.map { index in
                [
                    "keyspace_name": Cells.text(table.keyspace),
                    "index_name": Cells.text(index.name), "table_name": Cells.text(table.name),
                    "is_building": Cells.boolean(false), "is_queryable": Cells.boolean(true),
                ]
            }
        }
    }

    private func gossip() -> SystemRow {
        let node = core.identity
        let tokens = NodeIdentity.tokens.map { String($0) }.joined(separator: ",")
        return [
            "address": node.address.bytes, "port": Cells.int(7000),
            "hostname": Cells.text(node.address.description), "generation": Cells.int(1),
            "heartbeat": Cells.int(1), "dc": Cells.text(node.dataCenter),
            "host_id": Cells.text(node.hostID.description), "rack": Cells.text(node.rack),
            "release_version": Cells.text(NodeIdentity.releaseVersion),
            "schema": Cells.text(schema.version.description),
            "status_with_port": Cells.text("NORMAL,\(NodeIdentity.tokens.first ?? 0)"),
            "tokens": Cells.text(tokens),
        ]
    }
}
