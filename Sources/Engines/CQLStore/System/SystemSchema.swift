// The system's own keyspaces and tables, declared in CQL as Cassandra has them.
// Source: Cassandra's SystemKeyspace, SchemaKeyspace and the reference's section "System schema".

import CQLProtocol

enum SystemSchema {
    /// Keyspaces that exist without being made, with all their tables.
    static func keyspaces() throws(StatementError) -> [Keyspace] {
        var all: [Keyspace] = []
        for (name, isVirtual, tables) in declared {
            var keyspace = Keyspace(name: name, replication: replication(name, isVirtual))
            keyspace.isSystem = true
            keyspace.isVirtual = isVirtual
            for text in tables {
                let table = try table(text, keyspace)
                keyspace.tables[table.name] = table
            }
            all.append(keyspace)
        }
        return all
    }

    private static func replication(_ name: String, _ isVirtual: Bool) -> [CQLOptionEntry] {
        if isVirtual { return [] }
        let strategy = "org.apache.cassandra.locator."
        switch name {
        case "system", "system_schema":
            return [CQLOptionEntry(key: "class", value: strategy + "LocalStrategy")]
        default:
            return [
                CQLOptionEntry(key: "class", value: strategy + "SimpleStrategy"),
                CQLOptionEntry(key: "replication_factor", value: "1"),
            ]
        }
    }

    private static func table(
        _ text: String, _ keyspace: Keyspace
    ) throws(StatementError) -> Table {
        do {
            guard case .createTable(let create) = try CQLParser.parse("CREATE TABLE " + text) else {
                throw CQLSyntaxError(line: 1, column: 0, message: "not a table")
            }
            let columns = try TableBuilder(create, keyspace: keyspace).columns()
            let storage = stored["\(keyspace.name).\(create.name.name)"]
            var options = TableOptions.defaults
            // As in Cassandra: nobody writes there late, so nothing has to be remembered as deleted.
            if storage != nil { options.restore(["gc_grace_seconds": .text("0")]) }
            return Table(
                keyspace: keyspace.name, name: create.name.name,
                id: id(keyspace.name, create.name.name), storageID: storage ?? 0, columns: columns,
                nextColumnID: UInt16(columns.count), options: options,
                isVirtual: storage == nil)
        } catch let error as StatementError {
            throw error
        } catch {
            throw .server("the system table \(text.prefix(40)) is wrong: \(error)")
        }
    }

    /// Tables with rows of their own, by the prefix of their keys: far above those that are given to
    /// clients' tables. The rows of all others are made when they are asked for.
    private static let stored: [String: UInt32] = [
        "system.prepared_statements": 0xFFFF_FF01, "system_traces.sessions": 0xFFFF_FF02,
        "system_traces.events": 0xFFFF_FF03,
    ]

    /// The same on every start.
    private static func id(_ keyspace: String, _ table: String) -> CQLUUID {
        CQLUUID(Digests.md5(Array("\(keyspace).\(table)".utf8))) ?? CQLUUID(high: 0, low: 0)
    }

    private static let tableOptions = """
        additional_write_policy text, allow_auto_snapshot boolean, bloom_filter_fp_chance double, \
        caching frozen<map<text, text>>, cdc boolean, comment text, \
        compaction frozen<map<text, text>>, compression frozen<map<text, text>>, \
        crc_check_chance double, dclocal_read_repair_chance double, default_time_to_live int, \
        extensions frozen<map<text, blob>>, gc_grace_seconds int, id uuid, \
        incremental_backups boolean, max_index_interval int, memtable text, \
        memtable_flush_period_in_ms int, min_index_interval int, read_repair text, \
        read_repair_chance double, speculative_retry text
        """

    private static let declared: [(name: String, isVirtual: Bool, tables: [String])] = [
        ("system", false, system),
        ("system_schema", false, schema),
        ("system_auth", false, auth),
        ("system_traces", false, traces),
        ("system_distributed", false, distributed),
        ("system_virtual_schema", true, virtualSchema),
        ("system_views", true, SystemViews.tables),
    ]

    private static let system = [
        """
        local (key text PRIMARY KEY, bootstrapped text, broadcast_address inet, \
        broadcast_port int, cluster_name text, cql_version text, data_center text, \
        gossip_generation int, host_id uuid, listen_address inet, listen_port int, \
        native_protocol_version text, partitioner text, rack text, release_version text, \
        rpc_address inet, rpc_port int, schema_version uuid, tokens set<text>, \
        truncated_at map<uuid, blob>)
        """,
        """
        peers_v2 (peer inet, peer_port int, data_center text, host_id uuid, preferred_ip inet, \
        preferred_port int, rack text, release_version text, native_address inet, native_port int, \
        schema_version uuid, tokens set<text>, PRIMARY KEY (peer, peer_port))
        """,
        """
        peers (peer inet PRIMARY KEY, data_center text, host_id uuid, preferred_ip inet, rack text, \
        release_version text, rpc_address inet, schema_version uuid, tokens set<text>)
        """,
        """
        size_estimates (keyspace_name text, table_name text, range_start text, range_end text, \
        mean_partition_size bigint, partitions_count bigint, \
        PRIMARY KEY (keyspace_name, table_name, range_start, range_end))
        """,
        """
        table_estimates (keyspace_name text, table_name text, range_type text, range_start text, \
        range_end text, mean_partition_size bigint, partitions_count bigint, \
        PRIMARY KEY (keyspace_name, table_name, range_type, range_start, range_end))
        """,
        "prepared_statements (prepared_id blob PRIMARY KEY, logged_keyspace text, query_string text)",
        "\"IndexInfo\" (table_name text, index_name text, value blob, PRIMARY KEY (table_name, index_name))",
        """
        built_views (keyspace_name text, view_name text, status_replicated boolean, \
        PRIMARY KEY (keyspace_name, view_name))
        """,
        "batches (id timeuuid PRIMARY KEY, mutations list<blob>, version int)",
        """
        paxos (row_key blob, cf_id uuid, in_progress_ballot timeuuid, \
        in_progress_read_ballot timeuuid, most_recent_commit blob, \
        most_recent_commit_at timeuuid, most_recent_commit_version int, proposal blob, \
        proposal_ballot timeuuid, proposal_version int, PRIMARY KEY (row_key, cf_id))
        """,
        """
        compaction_history (id uuid PRIMARY KEY, bytes_in bigint, bytes_out bigint, \
        columnfamily_name text, compacted_at timestamp, \
        compaction_properties frozen<map<text, text>>, keyspace_name text, \
        rows_merged map<int, bigint>)
        """,
        "available_ranges (keyspace_name text PRIMARY KEY, ranges set<blob>)",
        """
        available_ranges_v2 (keyspace_name text PRIMARY KEY, full_ranges set<blob>, \
        transient_ranges set<blob>)
        """,
        """
        transferred_ranges_v2 (operation text, peer inet, peer_port int, keyspace_name text, \
        ranges set<blob>, PRIMARY KEY ((operation, keyspace_name), peer, peer_port))
        """,
        """
        peer_events_v2 (peer inet, peer_port int, hints_dropped map<uuid, int>, \
        PRIMARY KEY (peer, peer_port))
        """,
        """
        sstable_activity_v2 (keyspace_name text, table_name text, id text, rate_120m double, \
        rate_15m double, PRIMARY KEY ((keyspace_name, table_name, id)))
        """,
        """
        paxos_repair_history (keyspace_name text, table_name text, \
        points frozen<list<tuple<blob, timeuuid>>>, PRIMARY KEY (keyspace_name, table_name))
        """,
        """
        view_builds_in_progress (keyspace_name text, view_name text, start_token text, \
        end_token text, keys_built bigint, last_token text, \
        PRIMARY KEY (keyspace_name, view_name, start_token, end_token))
        """,
        """
        top_partitions (keyspace_name text, table_name text, top_type text, \
        last_update timestamp, top frozen<list<tuple<text, bigint>>>, \
        PRIMARY KEY (keyspace_name, table_name, top_type))
        """,
        """
        repairs (parent_id timeuuid PRIMARY KEY, cfids set<uuid>, coordinator inet, \
        coordinator_port int, last_update timestamp, participants set<inet>, \
        participants_wp set<text>, ranges set<blob>, repaired_at timestamp, \
        started_at timestamp, state int)
        """,
    ]

    private static let schema = [
        """
        keyspaces (keyspace_name text PRIMARY KEY, durable_writes boolean, \
        replication frozen<map<text, text>>)
        """,
        """
        tables (keyspace_name text, table_name text, \(tableOptions), flags frozen<set<text>>, \
        PRIMARY KEY (keyspace_name, table_name))
        """,
        """
        columns (keyspace_name text, table_name text, column_name text, clustering_order text, \
        column_name_bytes blob, kind text, position int, type text, \
        PRIMARY KEY (keyspace_name, table_name, column_name))
        """,
        """
        dropped_columns (keyspace_name text, table_name text, column_name text, \
        dropped_time timestamp, kind text, type text, \
        PRIMARY KEY (keyspace_name, table_name, column_name))
        """,
        """
        triggers (keyspace_name text, table_name text, trigger_name text, \
        options frozen<map<text, text>>, PRIMARY KEY (keyspace_name, table_name, trigger_name))
        """,
        """
        views (keyspace_name text, view_name text, base_table_id uuid, base_table_name text, \
        include_all_columns boolean, where_clause text, \(tableOptions), \
        PRIMARY KEY (keyspace_name, view_name))
        """,
        """
        indexes (keyspace_name text, table_name text, index_name text, kind text, \
        options frozen<map<text, text>>, PRIMARY KEY (keyspace_name, table_name, index_name))
        """,
        """
        types (keyspace_name text, type_name text, field_names frozen<list<text>>, \
        field_types frozen<list<text>>, PRIMARY KEY (keyspace_name, type_name))
        """,
        """
        functions (keyspace_name text, function_name text, argument_types frozen<list<text>>, \
        argument_names frozen<list<text>>, body text, language text, return_type text, \
        called_on_null_input boolean, PRIMARY KEY (keyspace_name, function_name, argument_types))
        """,
        """
        aggregates (keyspace_name text, aggregate_name text, argument_types frozen<list<text>>, \
        final_func text, initcond text, return_type text, state_func text, state_type text, \
        PRIMARY KEY (keyspace_name, aggregate_name, argument_types))
        """,
        """
        column_masks (keyspace_name text, table_name text, column_name text, \
        function_keyspace text, function_name text, function_argument_types frozen<list<text>>, \
        function_argument_values frozen<list<text>>, function_argument_nulls frozen<list<boolean>>, \
        PRIMARY KEY (keyspace_name, table_name, column_name))
        """,
    ]

    private static let auth = [
        "roles (role text PRIMARY KEY, can_login boolean, is_superuser boolean, member_of set<text>, salted_hash text)",
        "role_members (role text, member text, PRIMARY KEY (role, member))",
        "role_permissions (role text, resource text, permissions set<text>, PRIMARY KEY (role, resource))",
        "resource_role_permissons_index (resource text, role text, PRIMARY KEY (resource, role))",
        "network_permissions (role text PRIMARY KEY, dcs frozen<set<text>>)",
        "cidr_permissions (role text PRIMARY KEY, cidr_groups frozen<set<text>>)",
        "cidr_groups (cidr_group text PRIMARY KEY, cidrs frozen<set<frozen<tuple<inet, smallint>>>>)",
        "identity_to_role (identity text PRIMARY KEY, role text)",
    ]

    private static let traces = [
        """
        sessions (session_id uuid PRIMARY KEY, client inet, command text, coordinator inet, \
        coordinator_port int, duration int, parameters map<text, text>, request text, \
        started_at timestamp)
        """,
        """
        events (session_id uuid, event_id timeuuid, activity text, source inet, source_port int, \
        source_elapsed int, thread text, PRIMARY KEY (session_id, event_id))
        """,
    ]

    private static let distributed = [
        """
        view_build_status (keyspace_name text, view_name text, host_id uuid, status text, \
        PRIMARY KEY ((keyspace_name, view_name), host_id))
        """,
        """
        repair_history (keyspace_name text, columnfamily_name text, id timeuuid, \
        coordinator inet, coordinator_port int, exception_message text, \
        exception_stacktrace text, finished_at timestamp, parent_id timeuuid, \
        participants set<inet>, participants_v2 set<text>, range_begin text, range_end text, \
        started_at timestamp, status text, PRIMARY KEY ((keyspace_name, columnfamily_name), id))
        """,
        """
        parent_repair_history (parent_id timeuuid PRIMARY KEY, columnfamily_names set<text>, \
        exception_message text, exception_stacktrace text, finished_at timestamp, \
        keyspace_name text, options map<text, text>, requested_ranges set<text>, \
        started_at timestamp, successful_ranges set<text>)
        """,
        """
        partition_denylist (ks_name text, table_name text, key blob, \
        PRIMARY KEY ((ks_name, table_name), key))
        """,
    ]

    private static let virtualSchema = [
        "keyspaces (keyspace_name text PRIMARY KEY)",
        """
        tables (keyspace_name text, table_name text, comment text, \
        PRIMARY KEY (keyspace_name, table_name))
        """,
        """
        columns (keyspace_name text, table_name text, column_name text, clustering_order text, \
        column_name_bytes blob, kind text, position int, type text, \
        PRIMARY KEY (keyspace_name, table_name, column_name))
        """,
    ]
}
