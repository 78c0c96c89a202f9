// What a conditional write answers.
// Source: Cassandra's ModificationStatement.buildCasResultSet.

import CQLProtocol

/// The outcome of a conditional statement or batch.
struct ConditionalResult {
    var applied: Bool
    /// What is shown beside `[applied]` when it was not applied, and one row each that was met.
    var columns: [Column] = []
    var rows: [[[UInt8]?]] = []
    let table: Table

    var result: CQLResult {
        func column(_ name: String, _ type: CQLType) -> CQLColumn {
            CQLColumn(keyspace: table.keyspace, table: table.name, name: name, type: type)
        }
        // Without rows the answer is one column alone.
        let shown = rows.isEmpty ? [] : columns.map { column($0.name, $0.type) }
        var writer = RowsWriter(
            metadata: ResultMetadata(columns: [column("[applied]", .boolean)] + shown))
        for row in rows.isEmpty ? [[]] : rows {
            writer.append([UInt8(applied ? 1 : 0)])
            for cell in row { writer.append(cell) }
            writer.endRow()
        }
        return .builtRows(writer.finish())
    }
}
