// Walks keys of the data or index family in either direction.

import CRocksDB

/// An iterator over part of the data; lives inside one `Database.read`.
struct RowCursor: ~Copyable {
    private let iterator: OpaquePointer
    private let options: OpaquePointer
    // RocksDB keeps pointers to the bounds as long as the iterator lives.
    private let lower: RawBytes
    private let upper: RawBytes

    /// - Parameters:
    ///   - lower: the first key that may be seen.
    ///   - upper: keys from here on are not seen.
    ///   - scans: whether much will be read, so that reading ahead pays.
    ///   - entries: whether the entries of indexes are walked, not rows.
    init(
        _ handles: Database.Handles, from lower: consuming RawBytes, to upper: consuming RawBytes,
        scans: Bool, entries: Bool = false
    ) {
        let options = rocksdb_readoptions_create()
        guard let options else { preconditionFailure("RocksDB is out of memory") }
        let (from, to) = (lower.bytes, upper.bytes)
        rocksdb_readoptions_set_iterate_lower_bound(
            options, from.baseAddress?.assumingMemoryBound(to: CChar.self), from.count)
        rocksdb_readoptions_set_iterate_upper_bound(
            options, to.baseAddress?.assumingMemoryBound(to: CChar.self), to.count)
        rocksdb_readoptions_set_total_order_seek(options, 1)
        if scans { rocksdb_readoptions_set_fill_cache(options, 0) }
        guard
            let iterator = rocksdb_create_iterator_cf(
                handles.database, options, entries ? handles.index : handles.data)
        else { preconditionFailure("RocksDB is out of memory") }
        self.options = options
        self.iterator = iterator
        self.lower = lower
        self.upper = upper
    }

    /// Over all keys of one partition.
    ///
    /// - Parameter prefix: of its keys, up to the kind.
    init(_ handles: Database.Handles, partition prefix: UnsafeRawBufferPointer) {
        var lower = RawBytes()
        lower.append(prefix)
        var upper = RawBytes()
        upper.append(prefix)
        upper.append(0xFF)
        self.init(handles, from: lower, to: upper, scans: false)
    }

    deinit {
        rocksdb_iter_destroy(iterator)
        rocksdb_readoptions_destroy(options)
    }

    var isValid: Bool { rocksdb_iter_valid(iterator) != 0 }

    var key: UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &count), count: count)
    }

    var value: UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: rocksdb_iter_value(iterator, &count), count: count)
    }

    mutating func seekFirst() { rocksdb_iter_seek_to_first(iterator) }

    mutating func seek(_ key: UnsafeRawBufferPointer) {
        rocksdb_iter_seek(
            iterator, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
    }

    /// To the last key that is not behind `key`.
    mutating func seekBack(_ key: UnsafeRawBufferPointer) {
        rocksdb_iter_seek_for_prev(
            iterator, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
    }

    mutating func next() { rocksdb_iter_next(iterator) }

    mutating func previous() { rocksdb_iter_prev(iterator) }

    /// Tells the end of the data from an error of the disk.
    func checkEnd() throws(StorageFailure) {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &error)
        try Database.check(&error)
    }
}
