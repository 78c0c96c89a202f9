// Writes that RocksDB takes as one.

import CRocksDB

/// Writes that become visible together. One owner, one thread.
struct WriteBatch: ~Copyable {
    let pointer: OpaquePointer
    private let data: OpaquePointer
    private let index: OpaquePointer
    private let meta: OpaquePointer

    /// - Parameter handles: a batch remembers families, so it is made anew after a reopening.
    init(_ handles: Database.Handles) {
        pointer = rocksdb_writebatch_create()
        data = handles.data
        index = handles.index
        meta = handles.meta
    }

    deinit { rocksdb_writebatch_destroy(pointer) }

    var count: Int { Int(rocksdb_writebatch_count(pointer)) }

    /// What it takes in memory and in the log; found at once.
    var byteCount: Int {
        var bytes = 0
        _ = rocksdb_writebatch_data(pointer, &bytes)
        return bytes
    }

    mutating func clear() { rocksdb_writebatch_clear(pointer) }

    @inline(__always)
    mutating func merge(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_merge_cf(
            pointer, data, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
            value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
    }

    /// An entry of a secondary index.
    mutating func putIndex(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_put_cf(
            pointer, index, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
            value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
    }

    mutating func deleteIndex(_ key: UnsafeRawBufferPointer) {
        rocksdb_writebatch_delete_cf(
            pointer, index, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
    }

    /// Replaces all that was ever merged into the key.
    @inline(__always)
    mutating func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_put_cf(
            pointer, data, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
            value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
    }

    /// Forgets all that was ever merged into the key.
    mutating func delete(_ key: UnsafeRawBufferPointer) {
        rocksdb_writebatch_delete_cf(
            pointer, data, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
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

    /// Everything of one storage id, of a table or an index. Used by DROP and TRUNCATE only: it
    /// knows no timestamps.
    mutating func dropTable(_ table: UInt32) {
        let start = withUnsafeBytes(of: table.bigEndian, Array.init)
        let end = withUnsafeBytes(of: (table + 1).bigEndian, Array.init)
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { end in
                for family in [data, index] {
                    rocksdb_writebatch_delete_range_cf(
                        pointer, family, start.baseAddress?.assumingMemoryBound(to: CChar.self),
                        start.count, end.baseAddress?.assumingMemoryBound(to: CChar.self),
                        end.count)
                }
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
