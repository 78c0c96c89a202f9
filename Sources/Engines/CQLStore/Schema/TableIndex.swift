// What a table carries besides its columns: indexes, dropped columns, the definition of a view.

import CQLProtocol

/// A secondary index as `system_schema.indexes` shows it.
struct TableIndex: Sendable, Equatable {
    enum Kind: String, Sendable {
        case keys = "KEYS"
        case custom = "CUSTOM"
        case composites = "COMPOSITES"
    }

    var name: String
    var kind: Kind
    /// With `target`, and `class_name` of a custom one.
    var options: [CQLOptionEntry]
    /// The prefix of its entries; never used twice.
    var storageID: UInt32
    /// Whether the rows that were there before it are in it; until then it is only written.
    var isBuilt = true

    /// What is indexed, as Cassandra writes it: `c`, `keys(c)`, `full("C")`.
    var target: String { options.first { $0.key == "target" }?.value ?? "" }
    var className: String? { options.first { $0.key == "class_name" }?.value }
}

/// A column that was dropped: its name may come back only with a type that its old values fit. It
/// is remembered even then.
struct DroppedColumn: Sendable, Equatable {
    var name: String
    var kind: Column.Kind
    /// User-defined types stand as tuples, as they may be gone as well.
    var type: CQLType
    /// Microseconds since 1970.
    var droppedTime: Int64
    /// What names its cells in storage.
    var id: UInt16?
}

/// What a materialized view shows.
struct ViewDefinition: Sendable, Equatable {
    var baseTable: String
    /// The base table's id.
    var baseID: CQLUUID
    /// `SELECT *`: columns added to the base come here as well.
    var includesAllColumns: Bool
    /// Behind WHERE.
    var relations: [CQLRelation]
    /// Whether a column of the view's key is none of the base's: then a row is there only as long
    /// as that column's value is, however long its other values live.
    var needsMarker: Bool
    /// Whether all rows that the base had before it are there.
    var isBuilt = true

    /// As Cassandra writes it: `a IS NOT NULL AND b = 1`.
    var whereClause: String { RelationText.text(relations) }
}
