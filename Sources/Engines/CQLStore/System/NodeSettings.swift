// The node's settings by Cassandra's names: the real ones, and what applications look for.

import CQLProtocol
import Synchronization

struct NodeSettings {
    let core: StoreCore

    /// Name and value, as `system_views.settings` shows them.
    var all: [(String, String)] {
        let node = core.identity
        let own: [(String, String)] = [
            ("authenticator", core.authenticator.rawValue),
            ("authorizer", core.authorizer.rawValue), ("cluster_name", node.clusterName),
            ("broadcast_rpc_address", node.address.description),
            ("dynamic_data_masking_enabled", String(core.masksColumns)),
            ("listen_address", node.address.description),
            ("native_transport_port", String(core.port.load(ordering: .relaxed))),
            ("native_transport_max_concurrent_connections", String(StoreLimits.connectionsMax)),
            (
                "native_transport_max_request_data_in_flight",
                "\(StoreLimits.requestBytesMaxOfAll >> 20)MiB"
            ),
            ("native_transport_max_frame_size", "\(StoreLimits.requestBytesMax >> 20)MiB"),
            ("num_tokens", String(NodeIdentity.tokens.count)),
            ("partitioner", NodeIdentity.partitioner),
            ("prepared_statements_cache_size", "\(StoreLimits.preparedBytesMax >> 20)MiB"),
            ("rpc_address", node.address.description),
            ("trace_type_query_ttl", "\(StoreLimits.traceTimeToLiveSeconds / 86_400)d"),
        ]
        return own + Self.same
    }

    /// The values that Cassandra has as well and that hold here.
    private static let same: [(String, String)] = [
        ("batch_size_fail_threshold", "50KiB"), ("batch_size_warn_threshold", "5KiB"),
        ("cdc_enabled", "false"), ("client_encryption_options_enabled", "false"),
        ("compaction_throughput", "64MiB/s"), ("default_keyspace_rf", "1"),
        ("endpoint_snitch", "SimpleSnitch"), ("hinted_handoff_enabled", "false"),
        ("incremental_backups", "false"), ("materialized_views_enabled", "true"),
        ("memtable_allocation_type", "offheap_objects"), ("native_transport_enabled", "true"),
        ("read_request_timeout", "5000ms"), ("request_timeout", "10000ms"),
        ("sasi_indexes_enabled", "false"), ("snapshot_before_compaction", "false"),
        ("scripted_user_defined_functions_enabled", "false"), ("storage_port", "7000"),
        ("tombstone_failure_threshold", "100000"), ("tombstone_warn_threshold", "1000"),
        ("transient_replication_enabled", "false"), ("truncate_request_timeout", "60000ms"),
        ("user_defined_functions_enabled", "false"), ("write_request_timeout", "2000ms"),
    ]
}
