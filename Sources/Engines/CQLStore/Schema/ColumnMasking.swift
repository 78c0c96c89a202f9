// ALTER TABLE … ALTER column MASKED WITH and DROP MASKED, and whether masks are allowed at all.
// Source: Cassandra's AlterTableStatement.MaskColumn.

import CQLProtocol

extension SchemaEditor {
    /// What a store says that is not told to mask columns; masks may go at any time.
    static func checkMasks(_ statement: CQLStatement) throws(StatementError) {
        var masks: [CQLColumnMask?] = []
        if case .createTable(let create) = statement { masks = create.columns.map(\.mask) }
        if case .alterTable(let alter) = statement {
            if case .add(let added, _) = alter.change { masks = added.map(\.mask) }
            if case .mask(_, let mask, _) = alter.change { masks = [mask] }
        }
        guard masks.allSatisfy({ $0 == nil }) else {
            throw .invalid(
                "Cannot mask columns because dynamic data masking is not enabled. You can enable "
                    + "it with the dynamic_data_masking_enabled property on cassandra.yaml")
        }
    }

    /// - Parameter mask: `nil` for none from now on.
    static func masking(
        _ name: String, _ mask: CQLColumnMask?, _ ifExists: Bool, in table: Table,
        _ keyspace: Keyspace
    ) throws(StatementError) -> Table {
        guard let column = table.column(name) else {
            if ifExists { return table }
            throw .invalid("Column with name '\(name)' doesn't exist on table '\(table.name)'")
        }
        let made = try mask.map { mask throws(StatementError) in
            try ColumnMask(mask, of: column, keyspace: keyspace)
        }
        guard made != column.mask else { return table }
        // A view shows no more than its table does.
        return table.masking(name, made, views: table.views.map { $0.masking(name, made) })
    }
}

extension Table {
    fileprivate func masking(
        _ name: String, _ mask: ColumnMask?, views: [Table]? = nil
    ) -> Table {
        var columns = columns
        for index in columns.indices where columns[index].name == name {
            columns[index].mask = mask
        }
        return changed(columns: columns, views: views)
    }
}
