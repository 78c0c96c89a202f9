// What a schema statement did: the new picture, what to write down, and whom to tell.

import CQLProtocol

/// A change of schema, not yet written.
struct SchemaEdit: Sendable {
    var schema: Schema
    /// What clients are told, as RESULT and as EVENT alike.
    var change: SchemaChange
    /// Keyspaces and tables to write down anew, by name.
    var savedKeyspaces: [String] = []
    var savedTables: [CQLName] = []
    var removedKeyspaces: [String] = []
    var removedTables: [CQLName] = []
    /// Storage ids whose rows are to be removed.
    var droppedStorage: [UInt32] = []
    /// A new materialized view that is to be filled from its base's rows.
    var viewToBuild: ViewBuild?
    /// A new index that is to be filled from its table's rows.
    var indexToBuild: IndexBuild?
    /// TRUNCATE changes no schema: it answers nothing and tells nobody.
    var isSilent = false
    /// For the client who asked.
    var warnings: [String] = []
}
