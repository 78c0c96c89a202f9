// The rows of `system_schema.indexes` and `system."IndexInfo"`.

import CQLProtocol

extension SystemTables {
    func indexes() -> [SystemRow] {
        schemaIndexes.map { table, index in
            let options = index.options.sorted { $0.key < $1.key }
            return [
                "keyspace_name": Array(table.keyspace.utf8),
                "table_name": Array(table.name.utf8),
                "index_name": Array(index.name.utf8), "kind": Array(index.kind.rawValue.utf8),
                "options": CollectionBuilder.bytes(
                    of: options.flatMap { [Array($0.key.utf8), Array($0.value.utf8)] },
                    type: .map(.text, .text)),
            ]
        }
    }

    /// Indexes that are built. The column `table_name` holds the keyspace, as in Cassandra.
    func builtIndexes() -> [SystemRow] {
        schemaIndexes.filter { $1.isBuilt }.sorted {
            ($0.0.keyspace, $0.1.name) < ($1.0.keyspace, $1.1.name)
        }.map { table, index in
            [
                "table_name": Array(table.keyspace.utf8), "index_name": Array(index.name.utf8),
                "value": nil,
            ]
        }
    }

    private var schemaIndexes: [(Table, TableIndex)] {
        schema.keyspaces.values.filter { !$0.isVirtual }.sorted { $0.name < $1.name }.flatMap {
            keyspace in
            keyspace.tables.values.sorted { $0.name < $1.name }.flatMap { table in
                table.indexes.map { (table, $0) }
            }
        }
    }
}
