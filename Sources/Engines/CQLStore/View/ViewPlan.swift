// How rows of a base table become rows of one of its views.

import CQLProtocol

/// One view, as its base writes to it. Made anew when either changes.
struct ViewPlan {
    private enum Source {
        /// The n-th value of the base's key.
        case key(Int)
        /// The value of a regular column, by its id in the base.
        case cell(UInt16)
    }

    let view: Table
    private let filter: ViewFilter
    private let partition: [Source]
    private let clustering: [Source]
    /// The view's column id for each of the base's; -1 for those that are not shown.
    private let columns: [Int]
    private let keyColumn: UInt16?

    init(_ view: Table, base: Table, keyspace: Keyspace) throws(StatementError) {
        self.view = view
        guard let definition = view.view else { throw .server("a view without definition") }
        filter = try ViewFilter(definition, base, keyspace)
        let key = base.partitionKey + base.clustering
        func source(_ column: Column) throws(StatementError) -> Source {
            if let index = key.firstIndex(where: { $0.name == column.name }) { return .key(index) }
            guard let found = base.column(column.name) else {
                throw .server("the view \(view.name) has a column that its base has not")
            }
            return .cell(found.id)
        }
        var partition: [Source] = []
        for column in view.partitionKey { partition.append(try source(column)) }
        var clustering: [Source] = []
        for column in view.clustering { clustering.append(try source(column)) }
        var columns = [Int](repeating: -1, count: Int(base.nextColumnID))
        for column in view.columns where column.kind == .regular {
            if let found = base.column(column.name) { columns[Int(found.id)] = Int(column.id) }
        }
        (self.partition, self.clustering, self.columns) = (partition, clustering, columns)
        var keyColumn: UInt16?
        for case .cell(let id) in partition + clustering { keyColumn = id }
        self.keyColumn = keyColumn
    }

    /// Writes the key of the view's row that shows a base row.
    ///
    /// - Returns: `false` when there is none.
    func key(of row: BaseRow, to key: inout RawBytes) throws(StatementError) -> Bool {
        guard row.isLive, filter.fits(row.key) else { return false }
        if let keyColumn, row.cell(keyColumn) == nil { return false }
        var raw = RawBytes()
        let parts = partition.map { value($0, row) }
        for part in parts where part.count > StoreLimits.keyBytesMax {
            throw KeyBuilder.keyTooLong(part.count)
        }
        if parts.count == 1 {
            raw.append(parts[0])
        } else {
            for part in parts { PartitionKey.appendPart(part, to: &raw) }
        }
        guard raw.count <= StoreLimits.keyBytesMax else { throw KeyBuilder.keyTooLong(raw.count) }
        key.clear()
        StorageKey.appendPartition(table: view.storageID, key: raw.bytes, to: &key)
        key.append(StorageKey.Kind.row)
        for (source, column) in zip(clustering, view.clustering) {
            let bytes = value(source, row)
            guard bytes.count <= StoreLimits.keyBytesMax else {
                throw KeyBuilder.keyTooLong(bytes.count)
            }
            OrderedEncoding.append(
                bytes, type: column.type, descending: column.descending, to: &key)
        }
        return true
    }

    private func value(_ source: Source, _ row: BaseRow) -> UnsafeRawBufferPointer {
        switch source {
        case .key(let index): row.key[index]
        case .cell(let id): row.cell(id)?.value ?? UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Writes the view's row; the base row is one that has a key.
    func row(of row: BaseRow, to out: inout RawBytes) {
        out.clear()
        let marker = marker(of: row)
        var kept = RawBytes()
        if view.keepsClustering {
            for source in clustering {
                CollectionBytes.appendPart(value(source, row), to: &kept)
            }
        }
        let writer = RowWriter(
            to: &out, base: marker?.timestamp ?? row.cells.first?.timestamp ?? 0, marker: marker,
            deletion: nil, clustering: kept.bytes)
        for cell in row.cells where Int(cell.column) < columns.count {
            let id = columns[Int(cell.column)]
            guard id >= 0 else { continue }
            var shown = cell
            shown.column = UInt16(id)
            writer.append(shown, to: &out)
        }
    }

    /// What keeps the view's row alive when its cells do not.
    /// Source: Cassandra's `ViewUpdateGenerator.computeLivenessInfoForEntry`.
    private func marker(of row: BaseRow) -> RowMarker? {
        if let keyColumn, let cell = row.cell(keyColumn) {
            return RowMarker(
                timestamp: cell.timestamp, expiry: cell.expires ? cell.time : 0,
                timeToLive: cell.timeToLive)
        }
        if view.view?.includesAllColumns == true { return row.marker }
        var timestamp = row.marker?.timestamp ?? .min
        var last: Cell?
        var stays = row.marker.map { $0.expiry == 0 } ?? false
        for cell in row.cells
        where Int(cell.column) >= columns.count || columns[Int(cell.column)] < 0 {
            timestamp = max(timestamp, cell.timestamp)
            if !cell.expires {
                stays = true
            } else if last.map({ cell.time > $0.time }) ?? true {
                last = cell
            }
        }
        if stays { return RowMarker(timestamp: timestamp) }
        guard let last, last.time > row.marker?.expiry ?? 0 else { return row.marker }
        return RowMarker(
            timestamp: timestamp, expiry: last.time, timeToLive: last.timeToLive)
    }
}

/// A row of a base table as it is at one moment. Its pointers live as long as what it was read
/// from.
struct BaseRow {
    /// Partition and clustering values.
    let key: [UnsafeRawBufferPointer]
    private(set) var marker: RowMarker?
    /// Live ones, in their order; elements of collections among them.
    private(set) var cells: [Cell] = []

    var isLive: Bool { marker != nil || !cells.isEmpty }

    /// - Parameters:
    ///   - floor: what is not newer is deleted, of all deletions but the row's own.
    ///   - now: seconds; 0 takes what has expired for living.
    init(
        _ bytes: UnsafeRawBufferPointer, of table: Table, key: [UnsafeRawBufferPointer],
        floor: Int64?, now: UInt32
    ) {
        self.key = key
        guard var reader = RowReader(bytes) else { return }
        let hasFloor = floor != nil || reader.deletion != nil
        let floor = max(floor ?? .min, reader.deletion?.timestamp ?? .min)
        if let found = reader.marker, !hasFloor || found.timestamp > floor,
            found.expiry == 0 || found.expiry > now
        {
            marker = found
        }
        var collection: (column: UInt16, timestamp: Int64)?
        while let cell = reader.next() {
            if hasFloor, cell.timestamp <= floor { continue }
            let id = Int(cell.column)
            guard id < table.slotOfID.count, table.slotOfID[id] >= 0, !table.isDropped(cell) else {
                continue
            }
            if cell.deletesCollection {
                collection = (cell.column, cell.timestamp)
                continue
            }
            if cell.isElement, let collection, collection.column == cell.column,
                cell.timestamp <= collection.timestamp
            {
                continue
            }
            if cell.isLive(at: now) { cells.append(cell) }
        }
    }

    func cell(_ column: UInt16) -> Cell? { cells.first { $0.column == column } }
}
