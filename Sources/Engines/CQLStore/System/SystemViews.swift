// The virtual tables of `system_views`, declared in CQL as Cassandra 5.0 has them.
// Source: Cassandra's org.apache.cassandra.db.virtual.

enum SystemViews {
    /// What each is for, as `system_virtual_schema.tables` shows it.
    static let comments: [String: String] = [
        "caches": "system caches", "clients": "currently connected clients",
        "settings": "current settings", "sstable_tasks": "current sstable tasks",
        "system_properties": "Cassandra relevant system properties",
        "thread_pools": "Thread pool metrics for all thread pools",
        "queries": "Lists currently running queries",
        "snapshots": "available snapshots", "pending_hints": "Pending hints that this node has",
        "cql_metrics": "Metrics specific to CQL prepared statement caching",
        "keyspaces": "virtual keyspace definitions", "tables": "virtual table definitions",
        "columns": "virtual column definitions",
        "batch_metrics": "Metrics specific to batch statements",
        "compaction_requests": "an INSERT of a keyspace and a table has it compacted",
        "storage_statistics": "what the storage engine keeps in memory and on disk, in bytes",
        "table_statistics": "size of each table, and what of it may be forgotten",
    ]

    static let tables: [String] =
        node + traffic + caches + latencies + sizes + [
            """
            streaming (id timeuuid PRIMARY KEY, follower boolean, operation text, \
            peers frozen<list<text>>, status text, progress_percentage float, \
            last_updated_at timestamp, duration_millis bigint, failure_cause text, \
            success_message text, bytes_to_receive bigint, bytes_received bigint, \
            bytes_to_send bigint, bytes_sent bigint, files_to_receive bigint, \
            files_received bigint, files_to_send bigint, files_sent bigint, \
            status_init_timestamp timestamp, status_start_timestamp timestamp, \
            status_success_timestamp timestamp, status_failure_timestamp timestamp)
            """
        ]

    private static let node = [
        "settings (name text PRIMARY KEY, value text)",
        "system_properties (name text PRIMARY KEY, value text)",
        """
        clients (address inet, port int, client_options frozen<map<text, text>>, \
        connection_stage text, driver_name text, driver_version text, hostname text, \
        keyspace_name text, protocol_version int, request_count bigint, ssl_cipher_suite text, \
        ssl_enabled boolean, ssl_protocol text, username text, PRIMARY KEY (address, port))
        """,
        """
        thread_pools (name text PRIMARY KEY, active_tasks int, active_tasks_limit int, \
        blocked_tasks bigint, blocked_tasks_all_time bigint, completed_tasks bigint, \
        pending_tasks int)
        """,
        """
        sstable_tasks (keyspace_name text, table_name text, task_id timeuuid, \
        completion_ratio double, kind text, progress bigint, sstables int, \
        target_directory text, total bigint, unit text, \
        PRIMARY KEY (keyspace_name, table_name, task_id))
        """,
        """
        queries (thread_id text PRIMARY KEY, queued_micros bigint, running_micros bigint, task text)
        """,
        """
        snapshots (name text, keyspace_name text, table_name text, created_at timestamp, \
        ephemeral boolean, expires_at timestamp, size_on_disk bigint, true_size bigint, \
        PRIMARY KEY (name, keyspace_name, table_name))
        """,
        """
        \(Compactions.declaration)
        """,
        """
        storage_statistics (name text PRIMARY KEY, value bigint)
        """,
        """
        table_statistics (keyspace_name text, table_name text, bytes bigint, garbage bigint, \
        garbage_due timestamp, PRIMARY KEY (keyspace_name, table_name))
        """,
        """
        system_logs (timestamp timestamp, order_in_millisecond int, level text, logger text, \
        message text, PRIMARY KEY (timestamp, order_in_millisecond))
        """,
        """
        gossip_info (address inet, port int, hostname text, generation int, heartbeat int, \
        dc text, host_id text, load text, rack text, release_version text, "schema" text, \
        status_with_port text, tokens text, PRIMARY KEY ((address, port)))
        """,
        """
        sai_column_indexes (keyspace_name text, index_name text, analyzer text, column_name text, \
        is_building boolean, is_queryable boolean, is_string boolean, table_name text, \
        PRIMARY KEY (keyspace_name, index_name))
        """,
    ]

    private static let traffic = [
        """
        internode_inbound (address inet, port int, dc text, rack text, \
        corrupt_frames_recovered bigint, corrupt_frames_unrecovered bigint, error_bytes bigint, \
        error_count bigint, expired_bytes bigint, expired_count bigint, processed_bytes bigint, \
        processed_count bigint, received_bytes bigint, received_count bigint, \
        scheduled_bytes bigint, scheduled_count bigint, throttled_count bigint, \
        throttled_nanos bigint, using_bytes bigint, using_reserve_bytes bigint, \
        PRIMARY KEY ((address, port), dc, rack))
        """,
        """
        internode_outbound (address inet, port int, dc text, rack text, \
        active_connections bigint, connection_attempts bigint, error_bytes bigint, \
        error_count bigint, expired_bytes bigint, expired_count bigint, overload_bytes bigint, \
        overload_count bigint, pending_bytes bigint, pending_count bigint, sent_bytes bigint, \
        sent_count bigint, successful_connection_attempts bigint, using_bytes bigint, \
        using_reserve_bytes bigint, PRIMARY KEY ((address, port), dc, rack))
        """,
        """
        pending_hints (host_id uuid PRIMARY KEY, address inet, corrupted_files bigint, dc text, \
        files int, newest timestamp, oldest timestamp, port int, rack text, status text, \
        total_corrupted_files_size bigint, total_files_size bigint)
        """,
        """
        batch_metrics (name text PRIMARY KEY, max double, p50th double, p999th double, \
        p99th double)
        """,
        "cql_metrics (name text PRIMARY KEY, value double)",
        "cidr_filtering_metrics_counts (name text PRIMARY KEY, value bigint)",
        """
        cidr_filtering_metrics_latencies (name text PRIMARY KEY, max double, p50th double, \
        p95th double, p999th double, p99th double)
        """,
    ]

    private static let caches = [
        """
        caches (name text PRIMARY KEY, capacity_bytes bigint, entry_count int, hit_count bigint, \
        hit_ratio double, recent_hit_rate_per_second bigint, \
        recent_request_rate_per_second bigint, request_count bigint, size_bytes bigint)
        """,
        "credentials_cache_keys (role text PRIMARY KEY)",
        "jmx_permissions_cache_keys (role text PRIMARY KEY)",
        "network_permissions_cache_keys (role text PRIMARY KEY)",
        "permissions_cache_keys (role text, resource text, PRIMARY KEY ((role, resource)))",
        "roles_cache_keys (role text PRIMARY KEY)",
    ]

    private static let latencies =
        latencyNames.map { name in
            "\(name) (keyspace_name text, table_name text, count bigint, max_ms double, "
                + "p50th_ms double, p99th_ms double, per_second double, "
                + "PRIMARY KEY ((keyspace_name, table_name)))"
        }
        + histogramNames.map { name in
            "\(name) (keyspace_name text, table_name text, count bigint, max double, "
                + "p50th double, p99th double, PRIMARY KEY ((keyspace_name, table_name)))"
        }

    private static let sizes = ["disk_usage", "max_partition_size", "max_sstable_size"].map {
        "\($0) (keyspace_name text, table_name text, mebibytes bigint, "
            + "PRIMARY KEY ((keyspace_name, table_name)))"
    }

    static let latencyNames = [
        "local_read_latency", "local_scan_latency", "coordinator_read_latency",
        "coordinator_scan_latency", "local_write_latency", "coordinator_write_latency",
    ]
    static let histogramNames = ["tombstones_per_read", "rows_per_read"]
}
