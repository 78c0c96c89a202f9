// Reads one row by its whole key on an event loop, when what is in memory has the answer.

import CQLProtocol
import CRocksDB

/// Answers a SELECT of one row without the way over a read lane, which costs more than such a read.
///
/// An event loop must not wait for a disk, so RocksDB may only look at what it has in memory: its
/// write buffers and block cache. Whatever is not there, takes long or is an error is left to the
/// read lanes, which know everything; the answer of both is the same.
///
/// One for each connection, used on its event loop alone.
final class PointReader {
    private let database: Database
    /// `nil` when RocksDB has no memory for them.
    private let options: OpaquePointer?
    private var view: RowView?
    private var partitionKey = RawBytes()
    /// The first key of a partition, then the row's.
    private var key = RawBytes()
    /// Behind the partition's last key.
    private var upper = RawBytes()
    /// Rises with reads that memory could not answer; high means that trying is a waste.
    private var misses = 0
    private var passedOver = 0

    /// `rocksdb_readoptions_set_read_tier`: memory alone.
    private static let blockCacheTier: Int32 = 1

    init(_ database: Database) {
        self.database = database
        options = rocksdb_readoptions_create()
        guard let options else { return }
        rocksdb_readoptions_set_read_tier(options, Self.blockCacheTier)
        rocksdb_readoptions_set_total_order_seek(options, 1)
        rocksdb_readoptions_set_max_skippable_internal_keys(
            options, StoreLimits.pointSkippedKeysMax)
    }

    deinit { if let options { rocksdb_readoptions_destroy(options) } }

    private enum Found {
        case row
        case nothing
        /// To be asked on a read lane.
        case unknown
    }

    /// - Parameters:
    ///   - cells: the bound values.
    ///   - now: seconds since 1970.
    /// - Returns: `nil` when a read lane has to answer.
    func read(
        _ plan: SelectPlan, _ point: PointPlan, _ cells: CellList, now: UInt32, skipsMetadata: Bool
    ) -> CQLResult? {
        guard isWorthTrying, bind(plan.table, point, cells) else { return nil }
        let view = view(of: plan.table, now: now)
        var rows = RowsWriter(metadata: plan.metadata)
        let found = database.readAtOnce { handles in
            plan.table.hasClustering
                ? readClustered(handles, plan.table, point, cells, view) {
                    append(&rows, point, view)
                }
                : readSingle(handles, view) { append(&rows, point, view) }
        }
        switch found {
        case .unknown?, nil:
            misses = min(misses + StoreLimits.pointMissWeight, StoreLimits.pointMissesMax)
            return nil
        case .row?, .nothing?:
            misses = max(misses - 1, 0)
            guard view.tombstones <= StoreLimits.tombstonesWarned else { return nil }
            return .builtRows(rows.finish(skipsMetadata: skipsMetadata))
        }
    }

    /// After many misses only now and then, until memory has what is asked for.
    private var isWorthTrying: Bool {
        guard misses > StoreLimits.pointMissesMax / 2 else { return true }
        passedOver += 1
        return passedOver % StoreLimits.pointMissWeight == 0
    }

    private func view(of table: Table, now: UInt32) -> RowView {
        if let view, view.table === table {
            view.reuse(now: now)
            return view
        }
        let made = RowView(table, now: now)
        view = made
        return made
    }

    private func append(_ rows: inout RowsWriter, _ point: PointPlan, _ view: RowView) {
        for slot in point.slots {
            if let bytes = view.bytes(slot) { rows.append(bytes) } else { rows.appendNull() }
        }
        rows.endRow()
    }

    // MARK: Keys

    /// Makes the keys; `false` for values that are not right, which are an error.
    private func bind(_ table: Table, _ point: PointPlan, _ cells: CellList) -> Bool {
        partitionKey.clear()
        let isSingle = point.partition.count == 1
        for (marker, column) in zip(point.partition, table.partitionKey) {
            let isRight = withValue(cells, marker, column.type) { value in
                if isSingle {
                    partitionKey.append(value)
                } else {
                    PartitionKey.appendPart(value, to: &partitionKey)
                }
            }
            guard isRight else { return false }
        }
        guard (1...StoreLimits.keyBytesMax).contains(partitionKey.count) else { return false }
        key.clear()
        StorageKey.appendPartition(
            table: table.storageID, key: partitionKey.bytes, to: &key)
        return true
    }

    /// Appends the kind and the clustering values to the partition's key.
    private func appendRow(_ table: Table, _ point: PointPlan, _ cells: CellList) -> Bool {
        key.append(StorageKey.Kind.row)
        for (marker, column) in zip(point.clustering, table.clustering) {
            let isRight = withValue(cells, marker, column.type) { value in
                OrderedEncoding.append(
                    value, type: column.type, descending: column.descending, to: &key)
            }
            guard isRight else { return false }
        }
        return true
    }

    /// - Returns: whether there is a value of that type.
    private func withValue(
        _ cells: CellList, _ marker: Int, _ type: CQLType, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        guard marker < cells.count else { return false }
        return cells.withBytes(of: marker) { bytes in
            guard let bytes, bytes.count <= StoreLimits.keyBytesMax else { return false }
            do throws(StatementError) {
                try ValueCheck.check(bytes, type)
            } catch {
                return false
            }
            body(bytes)
            return true
        }
    }

    // MARK: Rows

    /// The only row of a partition of a table without clustering columns.
    private func readSingle(
        _ handles: Database.Handles, _ view: RowView, _ take: () -> Void
    ) -> Found {
        guard let options else { return .unknown }
        key.append(StorageKey.Kind.row)
        view.beginPartition(raw: partitionKey.bytes)
        var error: UnsafeMutablePointer<CChar>?
        let slice = rocksdb_get_pinned_cf(
            handles.database, options, handles.data,
            key.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, &error)
        if let error {
            rocksdb_free(error)
            return .unknown
        }
        guard let slice else { return .nothing }
        defer { rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let bytes = rocksdb_pinnableslice_value(slice, &count)
        let value = UnsafeRawBufferPointer(start: bytes, count: count)
        guard count <= StoreLimits.pointRowBytesMax else { return .unknown }
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        guard view.loadRow(clustering: none, value: value, floor: nil) else { return .nothing }
        take()
        return .row
    }

    private func readClustered(
        _ handles: Database.Handles, _ table: Table, _ point: PointPlan, _ cells: CellList,
        _ view: RowView, _ take: () -> Void
    ) -> Found {
        guard let options else { return .unknown }
        upper.clear()
        upper.append(key.bytes)
        upper.append(0xFF)
        let end = upper.bytes
        rocksdb_readoptions_set_iterate_upper_bound(
            options, end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
        // The iterator does not outlive `upper`, which the options point to.
        guard let iterator = rocksdb_create_iterator_cf(handles.database, options, handles.data)
        else { return .unknown }
        defer { rocksdb_iter_destroy(iterator) }
        let prefixCount = key.count
        seek(iterator)
        view.beginPartition(raw: partitionKey.bytes)
        guard let deletions = readHead(iterator, prefixCount, view) else { return .unknown }
        guard appendRow(table, point, cells) else { return .unknown }
        let wanted = key.bytes
        if rocksdb_iter_valid(iterator) != 0, found(iterator).isLess(than: wanted) {
            seek(iterator)
        }
        guard rocksdb_iter_valid(iterator) != 0 else { return ended(iterator) }
        guard found(iterator).compare(wanted) == 0 else { return .nothing }
        var count = 0
        let bytes = rocksdb_iter_value(iterator, &count)
        guard count <= StoreLimits.pointRowBytesMax else { return .unknown }
        let clustering = wanted.part(prefixCount + 1..<wanted.count)
        let isLive = view.loadRow(
            clustering: clustering, value: UnsafeRawBufferPointer(start: bytes, count: count),
            floor: deletions.floor(at: clustering))
        guard isLive else { return .nothing }
        take()
        return .row
    }

    /// Reads what stands before the rows; leaves the iterator on the first row or behind it all.
    ///
    /// - Returns: `nil` when that is much, or not in memory.
    private func readHead(
        _ iterator: OpaquePointer, _ prefixCount: Int, _ view: RowView
    ) -> PartitionDeletions? {
        var deletions = PartitionDeletions()
        var steps = 0
        while rocksdb_iter_valid(iterator) != 0 {
            let key = found(iterator)
            guard key.count > prefixCount, key[prefixCount] != StorageKey.Kind.row else {
                return deletions
            }
            steps += 1
            guard steps <= StoreLimits.pointHeadKeysMax else { return nil }
            var count = 0
            let bytes = rocksdb_iter_value(iterator, &count)
            guard count <= StoreLimits.pointRowBytesMax else { return nil }
            let value = UnsafeRawBufferPointer(start: bytes, count: count)
            PartitionReader.take(
                key: key, value: value, prefixCount: prefixCount, into: view, &deletions)
            rocksdb_iter_next(iterator)
        }
        if case .unknown = ended(iterator) { return nil }
        return deletions
    }

    private func seek(_ iterator: OpaquePointer) {
        let key = key.bytes
        rocksdb_iter_seek(
            iterator, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
    }

    private func found(_ iterator: OpaquePointer) -> UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &count), count: count)
    }

    /// Tells the end of the partition from what is not in memory.
    private func ended(_ iterator: OpaquePointer) -> Found {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &error)
        guard let error else { return .nothing }
        rocksdb_free(error)
        return .unknown
    }
}
