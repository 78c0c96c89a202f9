// Masked columns: understood, and refused as Cassandra does unless it is told otherwise.

import CQLProtocol

enum MaskRules {
    static func check(_ statement: CQLStatement) throws(StatementError) {
        var columns: [CQLColumnDefinition] = []
        if case .createTable(let create) = statement { columns = create.columns }
        if case .alterTable(let alter) = statement, case .add(let added, _) = alter.change {
            columns = added
        }
        guard !columns.contains(where: \.isMasked) else {
            throw .invalid(
                "Cannot mask columns because dynamic data masking is not enabled. You can enable "
                    + "it with the dynamic_data_masking_enabled property on cassandra.yaml")
        }
    }
}
