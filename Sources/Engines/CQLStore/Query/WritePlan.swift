// INSERT, UPDATE and DELETE compiled: which rows, which cells, under which conditions.

import CQLProtocol

/// One change of one column.
enum CellChange: Sendable {
    /// The whole value; null deletes it.
    case set(Expression)
    case delete
    /// Elements put to a list's end, into a set, or into a map.
    case add(Expression)
    case prepend(Expression)
    /// Elements taken out of a set, keys out of a map, or equal elements out of a list.
    case remove(Expression)
    case setElement(key: Expression, value: Expression)
    case deleteElement(key: Expression)
    case count(Expression, negated: Bool)

    /// Whether what is stored must be known first.
    func needsRead(_ column: Column) -> Bool {
        let isList = if case .list = column.type { true } else { false }
        switch self {
        case .set, .delete, .add, .prepend: return false
        case .remove, .setElement, .deleteElement: return isList
        case .count: return true
        }
    }
}

/// All changes of one column by one statement.
struct ColumnChanges: Sendable {
    var column: Column
    var changes: [CellChange]
}

/// `IF …`
enum WriteConditions: Sendable {
    case none
    case exists
    case notExists
    case all([ConditionTest])
}

struct ConditionTest: Sendable {
    enum Test: Sendable {
        case compare(CQLOperator, Expression)
        case isIn(ValueSource)
        /// Of a map's value, a list's element, or a field at its place.
        case element(Expression, CQLOperator, Expression)
        case elementIn(Expression, ValueSource)
    }

    var slot: Int
    var test: Test
}

/// A compiled write. What it does is decided by its values alone, except where it must read.
final class WritePlan: Sendable {
    enum Target: Sendable {
        /// Full clustering values: single rows. Empty for a table without clustering columns.
        case rows([ValueSource])
        /// Only static columns.
        case statics
        /// DELETE of a whole partition of a table with clustering columns.
        case partition
        /// DELETE of a range of rows.
        case range([ValueSource], Slice?)
    }

    let table: Table
    let partition: [ValueSource]
    let target: Target
    /// By rising column id, static columns apart.
    let regular: [ColumnChanges]
    let statics: [ColumnChanges]
    /// INSERT leaves a row marker.
    let insertsRow: Bool
    /// DELETE of whole rows.
    let deletesRow: Bool
    let timestamp: Expression?
    let timeToLive: Expression?
    let conditions: WriteConditions
    let markers: [CQLColumn]
    /// Which markers are the partition key, when each of its columns is one.
    let partitionMarkers: [UInt16]
    let needsRead: Bool
    /// Whether it is said to delete cells; a null that is bound is not known here.
    let deletesCells: Bool
    /// DELETE, of rows or of columns.
    let isDelete: Bool

    init(
        table: Table, partition: [ValueSource], target: Target, changes: [ColumnChanges],
        insertsRow: Bool, deletesRow: Bool, timestamp: Expression?, timeToLive: Expression?,
        conditions: WriteConditions, markers: [CQLColumn], isDelete: Bool = false
    ) {
        self.isDelete = isDelete
        self.table = table
        self.partition = partition
        self.target = target
        let sorted = changes.sorted { $0.column.id < $1.column.id }
        regular = sorted.filter { $0.column.kind == .regular }
        statics = sorted.filter { $0.column.kind == .fixed }
        self.insertsRow = insertsRow
        self.deletesRow = deletesRow
        self.timestamp = timestamp
        self.timeToLive = timeToLive
        self.conditions = conditions
        self.markers = markers
        partitionMarkers = Self.markers(of: partition)
        deletesCells = sorted.contains { changes in
            changes.changes.contains { change in
                switch change {
                case .delete, .deleteElement, .remove: true
                case .set, .add, .prepend, .setElement, .count: false
                }
            }
        }
        needsRead = sorted.contains { changes in
            changes.changes.contains { $0.needsRead(changes.column) }
        }
    }

    var isConditional: Bool { if case .none = conditions { false } else { true } }

    static func markers(of partition: [ValueSource]) -> [UInt16] {
        var indexes: [UInt16] = []
        for source in partition {
            guard case .one(.marker(let index, _)) = source else { return [] }
            indexes.append(UInt16(clamping: index))
        }
        return indexes
    }
}
