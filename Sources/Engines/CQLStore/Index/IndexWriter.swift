// Adds the entries of a row that is written to the same batch.

import CQLProtocol

/// Finds what of a row's bytes is indexed. Its memory is used again for each row.
struct IndexWriter: ~Copyable {
    /// Whether what cannot be indexed is left out instead of refused: of rows that are there already.
    private let leavesOut: Bool
    typealias Emit = (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void

    private var key = RawBytes()
    private var start = RawBytes(capacity: 4)

    init(leavesOut: Bool = false) { self.leavesOut = leavesOut }

    /// Gives an entry for each indexed value of the row.
    ///
    /// - Parameters:
    ///   - row: the row as it is stored or about to be; deletions in it give no entries.
    ///   - place: its key in the data family.
    ///   - indexes: those to write; all of the table, or the one that is being built.
    ///   - emit: takes the key and the value of an entry; both live until it returns.
    mutating func entries(
        of row: UnsafeRawBufferPointer, at place: UnsafeRawBufferPointer, of table: Table,
        _ indexes: [IndexDefinition], _ emit: Emit
    ) throws(StatementError) {
        guard let kindIndex = StorageKey.kindIndex(of: place), var reader = RowReader(row) else {
            return
        }
        let isStatic = place[kindIndex] == StorageKey.Kind.staticRow
        var hasValue = reader.marker != nil
        let clustering = reader.clustering
        while let cell = reader.next() {
            if cell.isTombstone || cell.deletesCollection { continue }
            hasValue = true
            for index in indexes where index.column.id == cell.column {
                guard index.column.kind == .fixed || index.column.kind == .regular else { continue }
                try add(cell, index, place, kindIndex, table, emit)
            }
        }
        guard hasValue else { return }
        for index in indexes {
            switch index.column.kind {
            case .partitionKey: try addPartition(index, place, kindIndex, table, emit)
            case .clustering:
                if isStatic { continue }
                try addClustering(index, place, kindIndex, clustering, table, emit)
            case .fixed, .regular: continue
            }
        }
    }

    private mutating func add(
        _ cell: Cell, _ index: IndexDefinition, _ place: UnsafeRawBufferPointer, _ kindIndex: Int,
        _ table: Table, _ emit: Emit
    ) throws(StatementError) {
        // Vectors are compared one by one, from their rows; nothing would look an entry up.
        if index.isVector {
            if !leavesOut { try index.similarity.check(cell.value) }
            return
        }
        begin(index)
        let types = index.types
        var fits = true
        switch index.part {
        case .value:
            if cell.isElement { return }
            fits = try append(cell.value, types[0], index, table)
        case .keys: fits = try append(cell.path, types[0], index, table)
        case .values: fits = try append(cell.value, types[0], index, table)
        case .entries:
            guard types.count == 2 else { return }
            fits = try append(cell.path, types[0], index, table)
            if fits { fits = try append(cell.value, types[1], index, table) }
        }
        if fits { finish(index, place, kindIndex, emit) }
    }

    private mutating func addPartition(
        _ index: IndexDefinition, _ place: UnsafeRawBufferPointer, _ kindIndex: Int,
        _ table: Table, _ emit: Emit
    ) throws(StatementError) {
        var raw = RawBytes()
        _ = OrderedEncoding.unescape(
            place.part(StorageKey.partitionAt..<kindIndex), at: 0, mask: 0, to: &raw)
        let parts = PartitionKey.parts(raw.bytes, count: table.partitionKey.count)
        guard index.column.position < parts.count else { return }
        begin(index)
        if try append(parts[index.column.position], index.column.type, index, table) {
            finish(index, place, kindIndex, emit)
        }
    }

    private mutating func addClustering(
        _ index: IndexDefinition, _ place: UnsafeRawBufferPointer, _ kindIndex: Int,
        _ kept: UnsafeRawBufferPointer, _ table: Table, _ emit: Emit
    ) throws(StatementError) {
        begin(index)
        let position = index.column.position
        var fits = true
        if table.keepsClustering {
            let parts = CollectionBytes.fields(kept)
            guard position < parts.count, let part = parts[position] else { return }
            fits = try append(part, index.column.type, index, table)
        } else {
            var scratch = RawBytes()
            let key = place.part(kindIndex + 1..<place.count)
            var at = 0
            for column in table.clustering.prefix(position + 1) {
                scratch.clear()
                guard
                    let next = OrderedEncoding.decode(
                        key, at: at, type: column.type, descending: column.descending, to: &scratch)
                else { return }
                at = next
            }
            fits = try append(scratch.bytes, index.column.type, index, table)
        }
        if fits { finish(index, place, kindIndex, emit) }
    }

    private mutating func begin(_ index: IndexDefinition) {
        key.clear()
        IndexKey.appendIndex(index.storageID, to: &key)
    }

    /// - Returns: `false` for a value that is left out.
    private mutating func append(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType, _ index: IndexDefinition, _ table: Table
    ) throws(StatementError) -> Bool {
        let isTooLong =
            index.isAttached
            ? bytes.count > StoreLimits.attachedValueBytesMax
            : bytes.count >= StoreLimits.indexedValueBytesMax
        guard isTooLong else {
            IndexKey.append(bytes, type, index.analyzer, to: &key)
            return true
        }
        if leavesOut { return false }
        throw .invalid(
            index.isAttached
                ? "Value of column '\(index.column.name)' has size \(bytes.count) B, this exceeds "
                    + "the failure threshold of \(StoreLimits.attachedValueBytesMax / 1024) KiB."
                : "Cannot index value of size \(bytes.count) for index \(index.name) on "
                    + "\(table.keyspace).\(table.name)(\(index.column.name)) (maximum allowed "
                    + "size=\(StoreLimits.indexedValueBytesMax))")
    }

    private mutating func finish(
        _ index: IndexDefinition, _ place: UnsafeRawBufferPointer, _ kindIndex: Int,
        _ emit: Emit
    ) {
        start.clear()
        start.appendBig(UInt32(key.count))
        if index.isOfPartition {
            key.append(place.part(IndexKey.tableBytes..<kindIndex))
            key.append(StorageKey.Kind.staticRow)
        } else {
            key.append(place.part(IndexKey.tableBytes..<place.count))
        }
        emit(key.bytes, start.bytes)
    }
}
