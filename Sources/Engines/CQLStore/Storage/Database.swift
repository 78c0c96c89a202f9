// RocksDB opened: the handle that all threads share, and how it is closed and opened again.

import CRocksDB
import Foundation

/// What RocksDB reported. Its text names files of ours, never data.
struct StorageFailure: Error, Sendable, CustomStringConvertible {
    var description: String

    /// The disk is full; RocksDB then refuses all writes until it is opened again.
    var isNoSpace: Bool { description.contains("No space left") }

    /// For clients: without the names of our files where the cause says it all.
    var text: String {
        isNoSpace ? "the disk is full" : "the disk refused the write: \(description)"
    }
}

/// One open database with the three families of the store.
///
/// `data` holds rows and deletions of all tables and joins them by `MergeOperator`; `index` holds
/// the entries of secondary indexes; `meta` holds the schema. Families stay few and fixed: a table is a prefix, so making one costs nothing.
///
/// `@unchecked Sendable`: RocksDB's handles may be used by all threads at once; `state`, the only
/// thing that changes, is read under the shared lock and changed under the exclusive one.
final class Database: @unchecked Sendable {
    /// The pointers of an open database; valid inside `read`.
    struct Handles {
        let database: OpaquePointer
        let data: OpaquePointer
        let index: OpaquePointer
        let meta: OpaquePointer
        let reading: OpaquePointer
        let writing: OpaquePointer
        let writingSynced: OpaquePointer
        /// Opened on a full disk: there is no room for what opening writes, but all can be read.
        var isReadOnly = false
    }

    private enum State {
        case open(Handles)
        /// Closed for good, or a reopening failed and waits for the next try.
        case closed
    }

    let path: String
    /// What readers found out about the `index` family.
    let staleEntries = StaleEntries()
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    private var state: State

    init(path: String) throws(StorageFailure) {
        self.path = path
        state = .open(try Self.openAnyhow(path).handles)
        pthread_rwlock_init(lock, nil)
    }

    deinit {
        close()
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    /// Runs with the handles; the database is not closed meanwhile. What is made from the handles
    /// (iterators, slices) must not outlive `body`.
    @inline(__always)
    func read<Value: ~Copyable>(
        _ body: (Handles) throws(StorageFailure) -> Value
    ) throws(StorageFailure) -> Value {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        switch state {
        case .open(let handles): return try body(handles)
        case .closed: throw StorageFailure(description: "the store is closed after a disk error")
        }
    }

    /// As `read`, for threads that must not wait: `nil` while the database is being opened again.
    @inline(__always)
    func readAtOnce<Value>(_ body: (Handles) -> Value) -> Value? {
        guard pthread_rwlock_tryrdlock(lock) == 0 else { return nil }
        defer { pthread_rwlock_unlock(lock) }
        switch state {
        case .open(let handles): return body(handles)
        case .closed: return nil
        }
    }

    /// Whether nothing can be written, because the disk was full when the store was opened.
    var isReadOnly: Bool {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        if case .open(let handles) = state { return handles.isReadOnly }
        return false
    }

    /// Closes and opens again: the only way back after RocksDB's background error. All that the log
    /// holds is then in tables on the disk.
    ///
    /// - Throws: why it cannot be written. Reads go on where the disk is only full.
    func reopen() throws(StorageFailure) {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        if case .open(let handles) = state { Self.close(handles) }
        state = .closed
        let (handles, failure) = try Self.openAnyhow(path)
        state = .open(handles)
        if let failure { throw failure }
    }

    /// Opens for reading alone when the disk is full, and says so.
    private static func openAnyhow(
        _ path: String
    ) throws(StorageFailure) -> (handles: Handles, failure: StorageFailure?) {
        do {
            return (try open(path, isReadOnly: false), nil)
        } catch {
            guard error.isNoSpace else { throw error }
            guard let handles = try? open(path, isReadOnly: true) else { throw error }
            return (handles, error)
        }
    }

    func close() {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        if case .open(let handles) = state { Self.close(handles) }
        state = .closed
    }

    private static func close(_ handles: Handles) {
        rocksdb_readoptions_destroy(handles.reading)
        rocksdb_writeoptions_destroy(handles.writing)
        rocksdb_writeoptions_destroy(handles.writingSynced)
        rocksdb_column_family_handle_destroy(handles.data)
        rocksdb_column_family_handle_destroy(handles.index)
        rocksdb_column_family_handle_destroy(handles.meta)
        rocksdb_close(handles.database)
    }

    private static func open(
        _ path: String, isReadOnly: Bool
    ) throws(StorageFailure) -> Handles {
        let logs = makeLogFolder()
        // What is open stays open; nobody misses its name.
        defer { if let logs { try? FileManager.default.removeItem(atPath: logs) } }
        let general = DatabaseOptions.general(logs: logs)
        let data = DatabaseOptions.data()
        let index = DatabaseOptions.index()
        defer {
            rocksdb_options_destroy(general)
            rocksdb_options_destroy(data)
            rocksdb_options_destroy(index)
        }
        var families: [OpaquePointer?] = [nil, nil, nil]
        var options: [OpaquePointer?] = [general, data, index]
        var error: UnsafeMutablePointer<CChar>?
        let database = "default".withCString { meta in
            "data".withCString { rows in
                "index".withCString { entries in
                    var names: [UnsafePointer<CChar>?] = [meta, rows, entries]
                    return isReadOnly
                        ? rocksdb_open_for_read_only_column_families(
                            general, path, 3, &names, &options, &families, 0, &error)
                        : rocksdb_open_column_families(
                            general, path, 3, &names, &options, &families, &error)
                }
            }
        }
        try check(&error)
        guard let database, let meta = families[0], let rows = families[1],
            let entries = families[2],
            let reading = rocksdb_readoptions_create(), let writing = rocksdb_writeoptions_create(),
            let synced = rocksdb_writeoptions_create()
        else { throw StorageFailure(description: "RocksDB gave no handle") }
        rocksdb_writeoptions_set_sync(synced, 1)
        return Handles(
            database: database, data: rows, index: entries, meta: meta, reading: reading,
            writing: writing,
            writingSynced: synced, isReadOnly: isReadOnly)
    }

    /// For RocksDB's own log, in memory where there is such a place.
    private static func makeLogFolder() -> String? {
        for place in ["/dev/shm", NSTemporaryDirectory()] {
            let folder = "\(place)/millrace-store-\(UUID().uuidString)"
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false)
                return folder
            } catch {
                continue
            }
        }
        return nil
    }

    @inline(__always)
    static func check(_ error: inout UnsafeMutablePointer<CChar>?) throws(StorageFailure) {
        guard let text = error else { return }
        defer { rocksdb_free(text) }
        error = nil
        throw StorageFailure(description: String(cString: text))
    }
}

extension Database {
    /// Hands the value of a key to `body`; `nil` when there is none.
    func get<Value>(
        _ key: UnsafeRawBufferPointer, meta: Bool = false,
        _ body: (UnsafeRawBufferPointer?) -> Value
    ) throws(StorageFailure) -> Value {
        try read { handles throws(StorageFailure) in
            var error: UnsafeMutablePointer<CChar>?
            let slice = rocksdb_get_pinned_cf(
                handles.database, handles.reading, meta ? handles.meta : handles.data,
                key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, &error)
            try Self.check(&error)
            guard let slice else { return body(nil) }
            defer { rocksdb_pinnableslice_destroy(slice) }
            var count = 0
            let bytes = rocksdb_pinnableslice_value(slice, &count)
            return body(UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }

    /// The value of an index's entry.
    func getIndex<Value>(
        _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Value
    ) throws(StorageFailure) -> Value {
        try read { handles throws(StorageFailure) in
            var error: UnsafeMutablePointer<CChar>?
            let slice = rocksdb_get_pinned_cf(
                handles.database, handles.reading, handles.index,
                key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, &error)
            try Self.check(&error)
            guard let slice else { return body(nil) }
            defer { rocksdb_pinnableslice_destroy(slice) }
            var count = 0
            let bytes = rocksdb_pinnableslice_value(slice, &count)
            return body(UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }

    /// Makes the batch part of the log and visible, all of it or nothing.
    ///
    /// - Parameter synced: whether it is on the disk when this returns.
    func write(_ batch: borrowing WriteBatch, synced: Bool) throws(StorageFailure) {
        let pointer = batch.pointer
        try read { handles throws(StorageFailure) in
            var error: UnsafeMutablePointer<CChar>?
            rocksdb_write(
                handles.database, synced ? handles.writingSynced : handles.writing, pointer, &error)
            try Self.check(&error)
        }
    }

    /// Brings all that was written to the disk.
    func syncLog() throws(StorageFailure) {
        try read { handles throws(StorageFailure) in
            var error: UnsafeMutablePointer<CChar>?
            rocksdb_flush_wal(handles.database, 1, &error)
            try Self.check(&error)
        }
    }

    /// Writes what is in memory to tables, and all tables into their lowest level, where nothing
    /// that was removed is left.
    ///
    /// - Parameter storageID: of one table; `nil` for everything.
    func compact(storageID: UInt32? = nil) throws(StorageFailure) {
        try read { handles throws(StorageFailure) in
            let options = rocksdb_flushoptions_create()
            let compact = rocksdb_compactoptions_create()
            defer {
                rocksdb_flushoptions_destroy(options)
                rocksdb_compactoptions_destroy(compact)
            }
            rocksdb_compactoptions_set_exclusive_manual_compaction(compact, 0)
            rocksdb_compactoptions_set_bottommost_level_compaction(
                compact, StoreLimits.compactsBottomAlways)
            var error: UnsafeMutablePointer<CChar>?
            for family in [handles.data, handles.index] {
                rocksdb_flush_cf(handles.database, options, family, &error)
                try Self.check(&error)
            }
            guard let storageID else {
                for family in [handles.data, handles.index] {
                    rocksdb_compact_range_cf_opt(
                        handles.database, family, compact, nil, 0, nil, 0)
                }
                return
            }
            Self.withRange(of: storageID) { from, to in
                rocksdb_compact_range_cf_opt(
                    handles.database, handles.data, compact, from, 4, to, 4)
            }
        }
    }

    /// Gives the room of dropped tables back where whole files are theirs. Their ids are never used
    /// again, and a deleted range hides what is left of them.
    func dropFiles(storageID: UInt32) throws(StorageFailure) {
        try read { handles throws(StorageFailure) in
            var error: UnsafeMutablePointer<CChar>?
            Self.withRange(of: storageID) { from, to in
                for family in [handles.data, handles.index] where error == nil {
                    rocksdb_delete_file_in_range_cf(
                        handles.database, family, from, 4, to, 4, &error)
                }
            }
            try Self.check(&error)
        }
    }

    private static func withRange(
        of storageID: UInt32, _ body: (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Void
    ) {
        withUnsafeBytes(of: storageID.bigEndian) { from in
            withUnsafeBytes(of: (storageID + 1).bigEndian) { to in
                body(
                    from.baseAddress?.assumingMemoryBound(to: CChar.self),
                    to.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
        }
    }

    /// What the disk has left for us; the most there can be when it does not say.
    var freeBytes: UInt64 {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return .max }
        return UInt64(info.f_bavail) * UInt64(info.f_frsize)
    }

    /// Bytes of the log, all of which opening reads and writes into tables.
    var logBytes: UInt64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".log") }.reduce(0) { sum, name in
            var info = stat()
            return stat("\(path)/\(name)", &info) == 0 ? sum + UInt64(info.st_size) : sum
        }
    }

    /// Bytes on disk and in memory between two keys, roughly.
    func approximateBytes(from start: [UInt8], to end: [UInt8]) throws(StorageFailure) -> UInt64 {
        try read { handles throws(StorageFailure) in
            var size: UInt64 = 0
            var error: UnsafeMutablePointer<CChar>?
            start.withUnsafeBytes { start in
                end.withUnsafeBytes { end in
                    var from = start.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var to = end.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var (fromCount, toCount) = (start.count, end.count)
                    rocksdb_approximate_sizes_cf(
                        handles.database, handles.data, 1, &from, &fromCount, &to, &toCount, &size,
                        &error)
                }
            }
            try Self.check(&error)
            return size
        }
    }
}
