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

    /// Seconds for which a tombstone stays, so that older writes that come late are deleted too.
    var graceSeconds: Int64 { Int64(text("gc_grace_seconds")) ?? 864_000 }

    /// Takes over what was checked when it was stored.
    mutating func restore(_ stored: [String: CQLOption]) {
        values.merge(stored) { _, stored in stored }
    }

    /// Of other products; taken and forgotten, as Cassandra does.
    private static let obsolete: Set<String> = [
        "nodesync", "dse_vertex_label_property", "dse_edge_label_property",
    ]

    /// Takes the properties of a statement over; `id` is the caller's.
    mutating func apply(
        _ properties: [CQLProperty], isNew: Bool = true
    ) throws(StatementError) {
        try OptionText.checkOnce(properties)
        for property in properties where property.name != "id" {
            guard values[property.name] != nil || Self.obsolete.contains(property.name) else {
                throw .syntax("Unknown property '\(property.name)'")
            }
        }
        for property in properties
        where property.name != "id" && !Self.obsolete.contains(property.name) {
            // `extensions` is what other products keep there; CQL cannot set it.
            if property.name == "extensions" { continue }
            values[property.name] = try Self.checked(property)
        }
        // Each strategy has its own idea of how much a bloom filter is worth.
        if isNew, !properties.contains(where: { $0.name == "bloom_filter_fp_chance" }),
            map("compaction").contains(where: {
                $0.key == "class" && $0.value.hasSuffix(".LeveledCompactionStrategy")
            })
        {
            values["bloom_filter_fp_chance"] = .text("0.1")
        }
        try checkTogether()
    }

    private static func checked(_ property: CQLProperty) throws(StatementError) -> CQLOption {
        let name = property.name
        switch name {
        case "caching", "compaction", "compression":
            guard case .map(let entries) = property.value else {
                throw .syntax("Invalid value for property '\(name)'. It should be a map.")
            }
            let checked =
                switch name {
                case "caching": try CachingOptions.checked(entries)
                case "compaction": try CompactionOptions.checked(entries)
                default: try CompressionOptions.checked(entries)
                }
            return .map(checked.sorted { $0.key < $1.key })
        default:
            guard case .text(let text) = property.value else {
                throw .syntax("Invalid value for property '\(name)'. It should be a string")
            }
            return .text(try checked(text, name))
        }
    }

    private static func checked(_ text: String, _ name: String) throws(StatementError) -> String {
        switch name {
        case "allow_auto_snapshot", "cdc", "incremental_backups":
            return String(try OptionText.boolean(text, name))
        case "bloom_filter_fp_chance", "crc_check_chance":
            return OptionText.shown(try OptionText.number(text, name))
        case "default_time_to_live", "gc_grace_seconds", "max_index_interval",
            "min_index_interval", "memtable_flush_period_in_ms":
            return String(try OptionText.integer(text, name))
        case "additional_write_policy", "speculative_retry":
            return try OptionText.retryPolicy(text)
        case "memtable":
            guard memtables.contains(text) else {
                throw .configuration(
                    "Memtable configuration \"\(text)\" not found. Valid options are: "
                        + memtables.joined(separator: ", "))
            }
            return text
        case "read_repair":
            let strategy = text.uppercased()
            guard strategy == "BLOCKING" || strategy == "NONE" else {
                throw .configuration("Invalid value \(text) for option 'read_repair'")
            }
            return strategy
        default: return text
        }
    }

    private static let memtables = ["default", "skiplist", "trie"]

    private func number(_ name: String) -> Double { Double(text(name)) ?? 0 }
    private func integer(_ name: String) -> Int64 { Int64(text(name)) ?? 0 }

    /// What Cassandra checks once all options are read. Source: `TableParams.validate`.
    private func checkTogether() throws(StatementError) {
        let filter = number("bloom_filter_fp_chance")
        guard filter > Self.bloomFilterMin, filter <= 1 else {
            throw .configuration(
                "bloom_filter_fp_chance must be larger than 6.71E-5 and less than or equal to 1.0 "
                    + "(got \(text("bloom_filter_fp_chance")))")
        }
        guard (0...1).contains(number("crc_check_chance")) else {
            throw .configuration(
                "crc_check_chance must be larger than or equal to 0 and smaller than or equal to "
                    + "1.0 (got \(text("crc_check_chance")))")
        }
        for name in ["default_time_to_live", "gc_grace_seconds", "memtable_flush_period_in_ms"]
        where integer(name) < 0 {
            throw .configuration(
                "\(name) must be greater than or equal to 0 (got \(integer(name)))")
        }
        guard defaultTimeToLive <= StoreLimits.timeToLiveMax else {
            throw .configuration(
                "default_time_to_live must be less than or equal to \(StoreLimits.timeToLiveMax) "
                    + "(got \(defaultTimeToLive))")
        }
        let (least, most) = (integer("min_index_interval"), integer("max_index_interval"))
        guard least >= 1 else {
            throw .configuration(
                "min_index_interval must be greater than or equal to 1 (got \(least))")
        }
        guard most >= least else {
            throw .configuration(
                "max_index_interval must be greater than or equal to min_index_interval (\(least)) "
                    + "(got \(most))")
        }
    }

    /// Cassandra's bloom filters cannot be better than this.
    private static let bloomFilterMin = 6.71e-5
}
