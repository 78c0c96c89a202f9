// The schema as CQL, as Cassandra's DESCRIBE writes it.

import CQLProtocol

enum SchemaText {
    static func quoted(_ name: String) -> String { CQLIdentifier.quoted(name) }

    static func literal(_ text: String) -> String {
        var out = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { out += "''" } else { out.unicodeScalars.append(scalar) }
        }
        return out + "'"
    }

    static func map(_ entries: [CQLOptionEntry]) -> String {
        "{" + entries.map { "\(literal($0.key)): \(literal($0.value))" }.joined(separator: ", ")
            + "}"
    }

    static func create(_ keyspace: Keyspace) -> String {
        let name = quoted(keyspace.name)
        if keyspace.isVirtual {
            return
                "/*\nWarning: Keyspace \(name) is a virtual keyspace and cannot be recreated with "
                + "CQL.\n"
                + "Structure, for reference:\nVIRTUAL KEYSPACE \(name);\n*/"
        }
        // The class first, as people write it.
        let entries =
            keyspace.replication.filter { $0.key == "class" }.map { entry in
                var short = entry
                short.value = short.value.replacing("org.apache.cassandra.locator.", with: "")
                return short
            } + keyspace.replication.filter { $0.key != "class" }
        return "CREATE KEYSPACE \(name) WITH replication = \(map(entries))  "
            + "AND durable_writes = \(keyspace.durableWrites);"
    }

    static func create(_ type: CQLUserType) -> String {
        let fields = type.fields.map { "    \(quoted($0.name)) \(TypeText.shown($0.type))" }
        return "CREATE TYPE \(quoted(type.keyspace)).\(quoted(type.name)) (\n"
            + fields.joined(separator: ",\n") + "\n);"
    }

    static func create(_ table: Table, internals: Bool = false) -> String {
        let name = name(of: table)
        let isVirtual = virtualKeyspaces.contains(table.keyspace)
        let isSimpleKey = table.partitionKey.count == 1 && table.clustering.isEmpty
        let dropped = internals ? table.droppedColumns : []
        // A column that was dropped and added again comes as it was, then goes and comes below.
        var lines = ordered(table).filter { column in
            !dropped.contains { $0.name == column.name }
        }.map { column -> String in
            let isKey = isSimpleKey && column.kind == .partitionKey
            return "    " + definition(column) + (isKey ? " PRIMARY KEY" : "")
        }
        lines += dropped.map { column in
            "    \(quoted(column.name)) \(TypeText.shown(column.type))"
                + (column.kind == .fixed ? " static" : "")
        }
        if !isSimpleKey { lines.append("    PRIMARY KEY \(primaryKey(table))") }
        let text =
            (isVirtual ? "VIRTUAL TABLE " : "CREATE TABLE ") + "\(name) (\n"
            + lines.joined(separator: ",\n") + "\n) WITH "
            + properties(of: table, internals: internals, isVirtual: isVirtual)
        guard isVirtual else {
            return ([text] + dropped.flatMap { changes($0, table) }).joined(separator: "\n")
        }
        return "/*\nWarning: Table \(name) is a virtual table and cannot be recreated with CQL.\n"
            + "Structure, for reference:\n\(text)\n*/"
    }

    /// The drop of a column, and that it came back.
    private static func changes(_ dropped: DroppedColumn, _ table: Table) -> [String] {
        let alter = "ALTER TABLE \(name(of: table))"
        let drop =
            "\(alter) DROP \(quoted(dropped.name)) USING TIMESTAMP \(dropped.droppedTime);"
        guard let column = table.column(dropped.name) else { return [drop] }
        return [drop, "\(alter) ADD \(definition(column));"]
    }

    static func create(view: Table, internals: Bool = false) -> String {
        guard let definition = view.view else { return "" }
        let selected =
            definition.includesAllColumns
            ? "*" : view.columns.map { quoted($0.name) }.joined(separator: ", ")
        return "CREATE MATERIALIZED VIEW \(name(of: view)) AS\n    SELECT \(selected)\n"
            + "    FROM \(quoted(view.keyspace)).\(quoted(definition.baseTable))\n"
            + "    WHERE \(definition.whereClause)\n    PRIMARY KEY \(primaryKey(view))\n WITH "
            + properties(of: view, internals: internals, isVirtual: false)
    }

    static func create(_ index: TableIndex, of table: Table) -> String {
        let place = "\(quoted(index.name)) ON \(name(of: table)) (\(index.target))"
        guard index.kind == .custom else { return "CREATE INDEX \(place);" }
        let options = index.options.filter { $0.key != "target" && $0.key != "class_name" }
        return "CREATE CUSTOM INDEX \(place) USING \(literal(index.className ?? ""))"
            + (options.isEmpty
                ? "" : " WITH OPTIONS = \(map(options.sorted { $0.key < $1.key }))")
            + ";"
    }

    private static func name(of table: Table) -> String {
        "\(quoted(table.keyspace)).\(quoted(table.name))"
    }

    private static func definition(_ column: Column) -> String {
        "\(quoted(column.name)) \(TypeText.shown(column.type))"
            + (column.kind == .fixed ? " static" : "")
            + (column.mask.map { " MASKED WITH \($0.text(of: column.type))" } ?? "")
    }

    /// In the order that Cassandra creates them: keys, then static columns, then the others; of
    /// both, those whose elements are cells of their own come last.
    private static func ordered(_ table: Table) -> [Column] {
        table.partitionKey + table.clustering
            + table.columns.filter { !$0.isKey }.sorted { a, b in
                if a.kind != b.kind { return a.kind == .fixed }
                return a.isMultiCell == b.isMultiCell ? a.name < b.name : b.isMultiCell
            }
    }

    private static func properties(
        of table: Table, internals: Bool, isVirtual: Bool
    ) -> String {
        var properties: [String] = []
        if internals { properties.append("ID = \(table.id)") }
        if !table.clustering.isEmpty {
            let orders = table.clustering.map {
                "\(quoted($0.name)) \($0.descending ? "DESC" : "ASC")"
            }
            properties.append("CLUSTERING ORDER BY (\(orders.joined(separator: ", ")))")
        }
        if table.isCompact { properties.append("COMPACT STORAGE") }
        properties +=
            isVirtual
            ? ["comment = \(literal(SystemViews.comments[table.name] ?? ""))"] : options(table)
        return properties.joined(separator: "\n    AND ") + ";"
    }

    private static let virtualKeyspaces: Set<String> = ["system_virtual_schema", "system_views"]

    private static func primaryKey(_ table: Table) -> String {
        let partition = table.partitionKey.map { quoted($0.name) }
        let clustering = table.clustering.map { quoted($0.name) }
        let first = partition.count == 1 ? partition[0] : "(\(partition.joined(separator: ", ")))"
        return "(\(([first] + clustering).joined(separator: ", ")))"
    }

    /// In Cassandra's order.
    private static let optionNames = [
        "additional_write_policy", "allow_auto_snapshot", "bloom_filter_fp_chance", "caching",
        "cdc",
        "comment", "compaction", "compression", "memtable", "crc_check_chance",
        "default_time_to_live", "extensions", "gc_grace_seconds", "incremental_backups",
        "max_index_interval", "memtable_flush_period_in_ms", "min_index_interval", "read_repair",
        "speculative_retry",
    ]

    private static let textOptions: Set<String> = [
        "additional_write_policy", "comment", "memtable", "read_repair", "speculative_retry",
    ]

    private static func options(_ table: Table) -> [String] {
        optionNames.filter { table.view == nil || $0 != "default_time_to_live" }.compactMap {
            name in
            switch table.options.values[name] {
            case .text(let text):
                "\(name) = \(textOptions.contains(name) ? literal(text) : text)"
            case .map(let entries): "\(name) = \(map(entries))"
            case nil: nil
            }
        }
    }
}
