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

/// One open database with the two families of the store.
///
/// `data` holds rows and deletions of all tables and joins them by `MergeOperator`; `meta` holds
/// the
/// schema. Families stay few and fixed: a table is a prefix, so making one costs nothing.
///
/// `@unchecked Sendable`: RocksDB's handles may be used by all threads at once; `state`, the only
/// thing that changes, is read under the shared lock and changed under the exclusive one.
final class Database: @unchecked Sendable {
    /// The pointers of an open database; valid inside `read`.
    struct Handles {
        let database: OpaquePointer
        let data: OpaquePointer
        let meta: OpaquePointer
        let reading: OpaquePointer
        let writing: OpaquePointer
        let writingSynced: OpaquePointer
    }

    private enum State {
        case open(Handles)
        /// Closed for good, or a reopening failed and waits for the next try.
        case closed
    }

    let path: String
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    private var state: State

    init(path: String) throws(StorageFailure) {
        self.path = path
        state = .open(try Self.open(path))
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

    /// Closes and opens again: the only way back after RocksDB's background error.
    func reopen() throws(StorageFailure) {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        if case .open(let handles) = state { Self.close(handles) }
        state = .closed
        state = .open(try Self.open(path))
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
        rocksdb_column_family_handle_destroy(handles.meta)
        rocksdb_close(handles.database)
    }

    private static func open(_ path: String) throws(StorageFailure) -> Handles {
        let general = DatabaseOptions.general()
        let data = DatabaseOptions.data()
        defer {
            rocksdb_options_destroy(general)
            rocksdb_options_destroy(data)
        }
        var families: [OpaquePointer?] = [nil, nil]
        var options: [OpaquePointer?] = [general, data]
        var error: UnsafeMutablePointer<CChar>?
        let database = "default".withCString { meta in
            "data".withCString { rows in
                var names: [UnsafePointer<CChar>?] = [meta, rows]
                return rocksdb_open_column_families(
                    general, path, 2, &names, &options, &families, &error)
            }
        }
        try check(&error)
        guard let database, let meta = families[0], let rows = families[1],
            let reading = rocksdb_readoptions_create(), let writing = rocksdb_writeoptions_create(),
            let synced = rocksdb_writeoptions_create()
        else { throw StorageFailure(description: "RocksDB gave no handle") }
        rocksdb_writeoptions_set_sync(synced, 1)
        return Handles(
            database: database, data: rows, meta: meta, reading: reading, writing: writing,
            writingSynced: synced)
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

    /// Writes what is in memory to tables, and all tables into their lowest level.
    func compact() throws(StorageFailure) {
        try read { handles throws(StorageFailure) in
            let options = rocksdb_flushoptions_create()
            defer { rocksdb_flushoptions_destroy(options) }
            var error: UnsafeMutablePointer<CChar>?
            rocksdb_flush_cf(handles.database, options, handles.data, &error)
            try Self.check(&error)
            rocksdb_compact_range_cf(handles.database, handles.data, nil, 0, nil, 0)
        }
    }

    /// What the disk has left for us; the most there can be when it does not say.
    var freeBytes: UInt64 {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return .max }
        return UInt64(info.f_bavail) * UInt64(info.f_frsize)
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

/// Writes that become visible together. One owner, one thread.
struct WriteBatch: ~Copyable {
    fileprivate let pointer: OpaquePointer
    private let data: OpaquePointer
    private let meta: OpaquePointer

    /// - Parameter handles: a batch remembers families, so it is made anew after a reopening.
    init(_ handles: Database.Handles) {
        pointer = rocksdb_writebatch_create()
        data = handles.data
        meta = handles.meta
    }

    deinit { rocksdb_writebatch_destroy(pointer) }

    var count: Int { Int(rocksdb_writebatch_count(pointer)) }

    mutating func clear() { rocksdb_writebatch_clear(pointer) }

    @inline(__always)
    mutating func merge(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_merge_cf(
            pointer, data, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
            value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
    }

    mutating func putMeta(_ key: [UInt8], _ value: [UInt8]) {
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                rocksdb_writebatch_put_cf(
                    pointer, meta, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
                    value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
            }
        }
    }

    mutating func deleteMeta(_ key: [UInt8]) {
        key.withUnsafeBytes { key in
            rocksdb_writebatch_delete_cf(
                pointer, meta, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
        }
    }

    /// Everything of one storage id. Used by DROP and TRUNCATE only: it knows no timestamps.
    mutating func dropTable(_ table: UInt32) {
        let start = withUnsafeBytes(of: table.bigEndian, Array.init)
        let end = withUnsafeBytes(of: (table + 1).bigEndian, Array.init)
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { end in
                rocksdb_writebatch_delete_range_cf(
                    pointer, data, start.baseAddress?.assumingMemoryBound(to: CChar.self),
                    start.count, end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
            }
        }
    }

    /// Marks a point to come back to, when the rest of a statement turns out to be wrong.
    mutating func mark() { rocksdb_writebatch_set_save_point(pointer) }

    mutating func forgetMark() {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_writebatch_pop_save_point(pointer, &error)
        if let error { rocksdb_free(error) }
    }

    mutating func backToMark() {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_writebatch_rollback_to_save_point(pointer, &error)
        if let error { rocksdb_free(error) }
    }
}
