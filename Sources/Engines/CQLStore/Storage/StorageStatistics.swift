// What RocksDB keeps where, in numbers.

import CRocksDB

extension Database {
    /// Name and value in bytes or pieces, of all families together; what it does not tell is left
    /// out.
    func statistics() throws(StorageFailure) -> [(name: String, value: UInt64)] {
        var all: [(String, UInt64)] = try read { handles throws(StorageFailure) in
            Self.properties.compactMap { name, property in
                var sum: UInt64?
                for family in [handles.data, handles.index, handles.meta] {
                    var value: UInt64 = 0
                    guard
                        rocksdb_property_int_cf(handles.database, family, property, &value) == 0
                    else { continue }
                    // The cache is one for all.
                    sum = name.hasPrefix("block_cache") ? value : (sum ?? 0) + value
                }
                return sum.map { (name, $0) }
            }
        }
        all.append(("commit_log_bytes", logBytes))
        all.append(("free_disk_bytes", freeBytes))
        return all
    }

    private static let properties: [(name: String, property: String)] = [
        ("keys_estimated", "rocksdb.estimate-num-keys"),
        ("live_data_bytes", "rocksdb.estimate-live-data-size"),
        ("live_files_bytes", "rocksdb.live-sst-files-size"),
        ("total_files_bytes", "rocksdb.total-sst-files-size"),
        ("memtable_bytes", "rocksdb.cur-size-all-mem-tables"),
        ("memtables_waiting", "rocksdb.num-immutable-mem-table"),
        ("table_readers_bytes", "rocksdb.estimate-table-readers-mem"),
        ("block_cache_bytes", "rocksdb.block-cache-usage"),
        ("compaction_bytes_pending", "rocksdb.estimate-pending-compaction-bytes"),
        ("compactions_running", "rocksdb.num-running-compactions"),
        ("flushes_running", "rocksdb.num-running-flushes"),
        ("background_errors", "rocksdb.background-errors"),
        ("write_stopped", "rocksdb.is-write-stopped"),
    ]
}
