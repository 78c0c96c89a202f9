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
        let fields = type.fields.map { "    \(quoted($0.name)) \($0.type)" }
        return "CREATE TYPE \(quoted(type.keyspace)).\(quoted(type.name)) (\n"
            + fields.joined(separator: ",\n") + "\n);"
    }

    static func create(_ table: Table, internals: Bool = false) -> String {
        let name = "\(quoted(table.keyspace)).\(quoted(table.name))"
        let isVirtual = virtualKeyspaces.contains(table.keyspace)
        let isSimpleKey = table.partitionKey.count == 1 && table.clustering.isEmpty
        // In the order they were declared, as people know it.
        let ordered =
            table.partitionKey + table.clustering
            + table.columns.filter { !$0.isKey }.sorted { a, b in
                a.kind != b.kind ? a.kind == .fixed : a.name < b.name
            }
        var lines = ordered.map { column -> String in
            var line = "    \(quoted(column.name)) \(column.type)"
            if column.kind == .fixed { line += " static" }
            if isSimpleKey, column.kind == .partitionKey { line += " PRIMARY KEY" }
            return line
        }
        if !isSimpleKey { lines.append("    PRIMARY KEY \(primaryKey(table))") }
        var text =
            (isVirtual ? "VIRTUAL TABLE " : "CREATE TABLE ") + "\(name) (\n"
            + lines.joined(separator: ",\n") + "\n) WITH "
        var options: [String] = []
        if internals { options.append("ID = \(table.id)") }
        if !table.clustering.isEmpty {
            let orders = table.clustering.map {
                "\(quoted($0.name)) \($0.descending ? "DESC" : "ASC")"
            }
            options.append("CLUSTERING ORDER BY (\(orders.joined(separator: ", ")))")
        }
        options +=
            isVirtual
            ? ["comment = \(literal(table.options.text("comment")))"] : self.options(table)
        text += options.joined(separator: "\n    AND ") + ";"
        guard isVirtual else { return text }
        return "/*\nWarning: Table \(name) is a virtual table and cannot be recreated with CQL.\n"
            + "Structure, for reference:\n\(text)\n*/"
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
        optionNames.compactMap { name in
            switch table.options.values[name] {
            case .text(let text):
                "\(name) = \(textOptions.contains(name) ? literal(text) : text)"
            case .map(let entries): "\(name) = \(map(entries))"
            case nil: nil
            }
        }
    }
}
