// How RocksDB is set up: small in memory, strict about its log.

import CRocksDB

enum DatabaseOptions {
    /// `rocksdb_options_set_wal_recovery_mode`: stop at the first torn record, keep all before it.
    private static let recoverToPointInTime: Int32 = 2
    /// `rocksdb_options_set_info_log_level`
    private static let logFatal: Int32 = 4

    /// Of the whole database, and of the small `meta` family.
    ///
    /// - Parameter logs: a folder on another disk than the data. RocksDB ends the process when the
    ///   log of its doings cannot be written twice in a row, as on a disk that is full.
    static func general(logs: String?) -> OpaquePointer? {
        let options = rocksdb_options_create()
        if let logs { rocksdb_options_set_db_log_dir(options, logs) }
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_wal_recovery_mode(options, recoverToPointInTime)
        rocksdb_options_set_max_total_wal_size(options, StoreLimits.writeAheadLogBytesMax)
        rocksdb_options_set_max_open_files(options, StoreLimits.openFilesMax)
        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        rocksdb_options_set_info_log_level(options, logFatal)
        rocksdb_options_set_keep_log_file_num(options, 1)
        // Never begun anew: its folder is gone once the store is open.
        rocksdb_options_set_max_log_file_size(options, 0)
        rocksdb_options_set_stats_dump_period_sec(options, 0)
        rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
        // Files that are no longer needed are removed behind the back of the write that ended them.
        rocksdb_options_set_avoid_unnecessary_blocking_io(options, 1)
        rocksdb_options_set_write_buffer_size(options, 1 << 20)
        return options
    }

    /// Of the `index` family: keys with next to no values, written blindly and read by prefix.
    static func index() -> OpaquePointer? {
        let options = rocksdb_options_create()
        rocksdb_options_set_write_buffer_size(options, StoreLimits.indexBufferBytes)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        // Keys that the sweeper removed leave marks that scans step over, until they are compacted.
        rocksdb_options_add_compact_on_deletion_collector_factory(
            options, StoreLimits.deletionWindowKeys, StoreLimits.deletionTriggerKeys)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        let table = rocksdb_block_based_options_create()
        let cache = rocksdb_cache_create_lru(StoreLimits.indexCacheBytes)
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_cache_destroy(cache)
        rocksdb_block_based_options_set_format_version(table, 5)
        rocksdb_options_set_block_based_table_factory(options, table)
        rocksdb_block_based_options_destroy(table)
        return options
    }

    /// Of the `data` family.
    static func data() -> OpaquePointer? {
        let options = rocksdb_options_create()
        rocksdb_options_set_merge_operator(options, MergeOperator.make())
        rocksdb_options_set_write_buffer_size(options, StoreLimits.writeBufferBytes)
        rocksdb_options_set_max_write_buffer_number(options, StoreLimits.writeBuffersMax)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        let table = rocksdb_block_based_options_create()
        let cache = rocksdb_cache_create_lru(StoreLimits.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_cache_destroy(cache)
        rocksdb_block_based_options_set_block_size(table, 16 << 10)
        rocksdb_block_based_options_set_format_version(table, 5)
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(StoreLimits.bloomBitsPerKey))
        rocksdb_options_set_block_based_table_factory(options, table)
        rocksdb_block_based_options_destroy(table)
        return options
    }
}
