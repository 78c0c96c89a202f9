// What stands behind WITH: checked, kept and shown again as Cassandra does.

import CQLProtocol

/// The options of a table. Only `default_time_to_live` changes what the store does; the others are
/// kept so that a schema can be moved to a real cluster and back.
struct TableOptions: Sendable, Equatable {
    /// By name; every option that Cassandra 5.0 shows is there.
    private(set) var values: [String: CQLOption]

    static let defaults = TableOptions(values: [
        "additional_write_policy": .text("99p"),
        "allow_auto_snapshot": .text("true"),
        "bloom_filter_fp_chance": .text("0.01"),
        "caching": map(["keys": "ALL", "rows_per_partition": "NONE"]),
        "cdc": .text("false"),
        "comment": .text(""),
        "compaction": map([
            "class": "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy",
            "max_threshold": "32", "min_threshold": "4",
        ]),
        "compression": map([
            "chunk_length_in_kb": "16", "class": "org.apache.cassandra.io.compress.LZ4Compressor",
        ]),
        "crc_check_chance": .text("1.0"),
        "default_time_to_live": .text("0"),
        "extensions": map([:]),
        "gc_grace_seconds": .text("864000"),
        "incremental_backups": .text("true"),
        "max_index_interval": .text("2048"),
        "memtable": .text("default"),
        "memtable_flush_period_in_ms": .text("0"),
        "min_index_interval": .text("128"),
        "read_repair": .text("BLOCKING"),
        "speculative_retry": .text("99p"),
    ])

    private static func map(_ entries: [String: String]) -> CQLOption {
        .map(
            entries.sorted { $0.key < $1.key }.map { CQLOptionEntry(key: $0.key, value: $0.value) })
    }

    private init(values: [String: CQLOption]) { self.values = values }

    func text(_ name: String) -> String {
        if case .text(let text) = values[name] { text } else { "" }
    }

    func map(_ name: String) -> [CQLOptionEntry] {
        if case .map(let entries) = values[name] { entries } else { [] }
    }

    /// Seconds; 0 for never.
    var defaultTimeToLive: Int64 { Int64(text("default_time_to_live")) ?? 0 }

    /// Takes over what was checked when it was stored.
    mutating func restore(_ stored: [String: CQLOption]) {
        values.merge(stored) { _, stored in stored }
    }

    private static let integers: Set<String> = [
        "default_time_to_live", "gc_grace_seconds", "max_index_interval", "min_index_interval",
        "memtable_flush_period_in_ms",
    ]
    private static let numbers: Set<String> = ["bloom_filter_fp_chance", "crc_check_chance"]
    private static let maps: Set<String> = ["caching", "compaction", "compression", "extensions"]
    /// Of earlier versions; taken and forgotten, as Cassandra does.
    private static let obsolete: Set<String> = [
        "dclocal_read_repair_chance", "read_repair_chance", "replicate_on_write",
        "populate_io_cache_on_flush", "index_interval",
    ]

    /// Takes the properties of a statement over.
    mutating func apply(_ properties: [CQLProperty]) throws(StatementError) {
        for property in properties {
            if Self.obsolete.contains(property.name) || property.name == "id" { continue }
            guard values[property.name] != nil else {
                throw .syntax("Unknown property '\(property.name)'")
            }
            values[property.name] = try Self.checked(property)
        }
    }

    private static func checked(_ property: CQLProperty) throws(StatementError) -> CQLOption {
        let name = property.name
        switch property.value {
        case .map(var entries):
            guard maps.contains(name) || name == "memtable" else {
                throw .syntax("Invalid value for property '\(name)'. It should be a string")
            }
            if name == "compaction" || name == "compression" {
                entries = try withClass(entries, of: name)
            }
            return .map(entries.sorted { $0.key < $1.key })
        case .text(let text):
            guard !maps.contains(name) else {
                throw .syntax("Invalid value for property '\(name)'. It should be a map.")
            }
            if integers.contains(name) {
                guard let value = Int64(text) else {
                    throw .syntax("Invalid integer value \(text) for '\(name)'")
                }
                guard value >= 0,
                    name != "default_time_to_live" || value <= StoreLimits.timeToLiveMax
                else {
                    throw .configuration(
                        "\(name) must be greater than or equal to 0 (got \(value))")
                }
                return .text(String(value))
            }
            if numbers.contains(name) {
                guard let value = Double(text), value >= 0, value <= 1 else {
                    throw .configuration("\(name) must be between 0 and 1 (got \(text))")
                }
                return .text(String(value))
            }
            return .text(name == "read_repair" ? text.uppercased() : text)
        }
    }

    /// Short class names become full ones, as Cassandra shows them.
    private static func withClass(
        _ entries: [CQLOptionEntry], of name: String
    ) throws(StatementError) -> [CQLOptionEntry] {
        var entries = entries.map { entry in
            var entry = entry
            if entry.key == "sstable_compression" { entry.key = "class" }
            if entry.key == "chunk_length_kb" { entry.key = "chunk_length_in_kb" }
            return entry
        }
        if name == "compression",
            entries.contains(where: { $0.key == "enabled" && $0.value == "false" })
                || entries.contains(where: { $0.key == "class" && $0.value.isEmpty })
        {
            return [CQLOptionEntry(key: "enabled", value: "false")]
        }
        guard let index = entries.firstIndex(where: { $0.key == "class" }) else {
            if name == "compression" { return entries }
            throw .configuration("Missing sub-option 'class' for the '\(name)' option.")
        }
        if !entries[index].value.contains(".") {
            let package =
                name == "compaction"
                ? "org.apache.cassandra.db.compaction." : "org.apache.cassandra.io.compress."
            entries[index].value = package + entries[index].value
        }
        if name == "compaction" {
            for (key, value) in [("max_threshold", "32"), ("min_threshold", "4")]
            where entries[index].value.hasSuffix("SizeTieredCompactionStrategy")
                && !entries.contains(where: { $0.key == key })
            {
                entries.append(CQLOptionEntry(key: key, value: value))
            }
        }
        return entries
    }
}
