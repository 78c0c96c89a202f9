// A table as it is now: columns, their ids in storage, and its options.

import CQLProtocol

/// A column of a table.
struct Column: Sendable, Hashable {
    enum Kind: String, Sendable {
        case partitionKey = "partition_key", clustering, fixed = "static", regular
    }

    var name: String
    /// Names the column's cells in storage. Never used again in its table, so that a column dropped
    /// and added anew does not show old cells.
    var id: UInt16
    var kind: Kind
    /// Among the columns of its key, from 0; -1 for others.
    var position: Int
    var type: CQLType
    /// Clustering columns only.
    var descending = false
    /// Of a column that was dropped and added again, microseconds: cells that are not newer went
    /// with the drop.
    var droppedUntil: Int64?
    /// What those see of its values who may not see the values.
    var mask: ColumnMask?

    /// Whether each element is a cell of its own: a list, set, map or user-defined type that is not
    /// frozen.
    var isMultiCell: Bool { type.isMultiCell }
    var isKey: Bool { kind == .partitionKey || kind == .clustering }
}

extension CQLType {
    var isMultiCell: Bool {
        switch self {
        case .list, .set, .map, .udt: true
        default: false
        }
    }

    var isCounter: Bool { self == .counter }

    /// Whether two types are the same but for `frozen`.
    func matches(_ other: CQLType) -> Bool { unfrozen == other.unfrozen }
}

/// An immutable picture of a table. A change of schema makes a new one.
final class Table: Sendable {
    let keyspace: String
    let name: String
    let id: CQLUUID
    /// The prefix of its keys. TRUNCATE gives it another one.
    let storageID: UInt32
    /// Partition key, clustering, static and regular columns, the latter two by name: the order of
    /// `SELECT *`. A column's index here is its slot in a row that was read.
    let columns: [Column]
    let nextColumnID: UInt16
    let options: TableOptions
    /// Seconds; 0 for never.
    let defaultTimeToLive: Int64
    /// Seconds for which tombstones stay.
    let graceSeconds: Int64
    /// Its rows are made up when they are asked for.
    let isVirtual: Bool
    /// Secondary indexes, by name.
    let indexes: [TableIndex]
    /// The same, as writes and reads use them.
    let indexDefinitions: [IndexDefinition]
    /// Columns that were dropped, by name; some were added again.
    let droppedColumns: [DroppedColumn]
    /// Its materialized views, by name. Each is a table with rows and a storage id of its own.
    let views: [Table]
    /// What it shows of which table; only of a materialized view.
    let view: ViewDefinition?

    let partitionKey: [Column]
    let clustering: [Column]
    let slots: [String: Int]
    /// By column id; -1 for one that was dropped.
    let slotOfID: [Int]
    let staticSlots: [Int]
    /// By slot, as `Column.droppedUntil`; empty when no column was ever added again.
    let droppedUntil: [Int64]
    let hasMultiCell: Bool
    let hasMasks: Bool
    let isCounter: Bool
    /// Whether rows carry the client's bytes of their clustering values (`RowFormat`).
    let keepsClustering: Bool
    /// A table without clustering columns keeps partition deletions in its one row.
    var hasClustering: Bool { !clustering.isEmpty }
    /// Whether a row without marker is none, whatever cells it has: of views only.
    let needsMarker: Bool
    /// WITH COMPACT STORAGE: a row is there as long as it has a value, and its key may be short.
    let isCompact: Bool

    init(
        keyspace: String, name: String, id: CQLUUID, storageID: UInt32, columns: [Column],
        nextColumnID: UInt16, options: TableOptions, isVirtual: Bool = false,
        indexes: [TableIndex] = [], droppedColumns: [DroppedColumn] = [], views: [Table] = [],
        view: ViewDefinition? = nil, isCompact: Bool = false
    ) {
        self.isCompact = isCompact
        self.keyspace = keyspace
        self.name = name
        self.id = id
        self.storageID = storageID
        self.nextColumnID = nextColumnID
        self.options = options
        defaultTimeToLive = options.defaultTimeToLive
        graceSeconds = options.graceSeconds
        self.isVirtual = isVirtual
        self.indexes = indexes.sorted { $0.name < $1.name }
        self.droppedColumns = droppedColumns.sorted { $0.name < $1.name }
        self.views = views.sorted { $0.name < $1.name }
        self.view = view
        needsMarker = view?.needsMarker ?? false
        partitionKey = columns.filter { $0.kind == .partitionKey }.sorted {
            $0.position < $1.position
        }
        clustering = columns.filter { $0.kind == .clustering }.sorted { $0.position < $1.position }
        self.columns =
            partitionKey + clustering
            + columns.filter { $0.kind == .fixed }.sorted { $0.name < $1.name }
            + columns.filter { $0.kind == .regular }.sorted { $0.name < $1.name }
        var slots: [String: Int] = [:]
        var byID = [Int](repeating: -1, count: Int(nextColumnID))
        for (slot, column) in self.columns.enumerated() {
            slots[column.name] = slot
            byID[Int(column.id)] = slot
        }
        indexDefinitions = self.indexes.compactMap { [columns = self.columns] in
            IndexDefinition($0, columns)
        }
        self.slots = slots
        slotOfID = byID
        staticSlots = self.columns.indices.filter { [columns = self.columns] in
            columns[$0].kind == .fixed
        }
        let cameBack = columns.contains { $0.droppedUntil != nil }
        droppedUntil = cameBack ? self.columns.map { $0.droppedUntil ?? .min } : []
        hasMultiCell = columns.contains { $0.isMultiCell }
        hasMasks = columns.contains { $0.mask != nil }
        isCounter = columns.contains { $0.type.isCounter }
        keepsClustering = clustering.contains { !OrderedEncoding.isReversible($0.type) }
    }

    /// Of its rows, its indexes and its views.
    var allStorageIDs: [UInt32] {
        [storageID] + indexes.map(\.storageID) + views.map(\.storageID)
    }

    /// Whether a cell is one that went when its column was dropped.
    @inline(__always)
    func isDropped(_ cell: Cell) -> Bool {
        guard !droppedUntil.isEmpty else { return false }
        let id = Int(cell.column)
        let slot = id < slotOfID.count ? slotOfID[id] : -1
        return slot < 0 || cell.timestamp <= droppedUntil[slot]
    }

    /// The only column of a compact table's rows that is not in the key.
    var compactValue: Column? {
        isCompact && hasClustering ? columns.first { !$0.isKey } : nil
    }

    func column(_ name: String) -> Column? { slots[name].map { columns[$0] } }

    /// The same table with some of its parts replaced.
    func changed(
        storageID: UInt32? = nil, columns: [Column]? = nil, nextColumnID: UInt16? = nil,
        options: TableOptions? = nil, indexes: [TableIndex]? = nil,
        droppedColumns: [DroppedColumn]? = nil, views: [Table]? = nil,
        view: ViewDefinition? = nil
    ) -> Table {
        Table(
            keyspace: keyspace, name: name, id: id, storageID: storageID ?? self.storageID,
            columns: columns ?? self.columns, nextColumnID: nextColumnID ?? self.nextColumnID,
            options: options ?? self.options, isVirtual: isVirtual,
            indexes: indexes ?? self.indexes,
            droppedColumns: droppedColumns ?? self.droppedColumns, views: views ?? self.views,
            view: view ?? self.view, isCompact: isCompact)
    }
}
