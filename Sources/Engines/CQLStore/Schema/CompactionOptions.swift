// The map behind `compaction`: each strategy's options, checked as Cassandra does and kept.

import CQLProtocol
import Foundation

/// Source: Cassandra's `CompactionParams`, `AbstractCompactionStrategy.validateOptions` and the
/// options of its strategies.
struct CompactionOptions {
    private static let package = "org.apache.cassandra.db.compaction."

    private let strategy: String
    private let given: [CQLOptionEntry]

    static func checked(
        _ given: [CQLOptionEntry]
    ) throws(StatementError) -> [CQLOptionEntry] {
        guard let name = given.first(where: { $0.key == "class" })?.value else {
            throw .configuration("Missing sub-option 'class' for the 'compaction' option.")
        }
        let full = name.contains(".") ? name : package + name
        let short = String(full.dropFirst(package.count))
        guard full.hasPrefix(package), let own = known[short] else {
            throw .configuration("Unable to find compaction strategy class '\(full)'")
        }
        var options = given.filter { $0.key != "class" }
        let checker = CompactionOptions(strategy: short, given: options)
        try checker.checkCommon()
        switch short {
        case "LeveledCompactionStrategy": try checker.checkLeveled()
        case "TimeWindowCompactionStrategy": try checker.checkTimeWindow()
        case "UnifiedCompactionStrategy": try checker.checkUnified()
        default: break
        }
        if short != "UnifiedCompactionStrategy" { try checker.checkSizeTiered() }
        let unknown = options.map(\.key).filter { !common.contains($0) && !own.contains($0) }
        guard unknown.isEmpty else {
            throw .configuration(
                "Properties specified [\(unknown.joined(separator: ", "))] are not understood by "
                    + short)
        }
        if own.contains("min_threshold") {
            for (key, value) in [("min_threshold", "4"), ("max_threshold", "32")]
            where !options.contains(where: { $0.key == key }) {
                options.append(CQLOptionEntry(key: key, value: value))
            }
            try checker.checkThresholds()
        }
        return options + [CQLOptionEntry(key: "class", value: full)]
    }

    private static let common: Set<String> = [
        "enabled", "log_all", "only_purge_repaired_tombstones", "provide_overlapping_tombstones",
        "tombstone_compaction_interval", "tombstone_threshold", "unchecked_tombstone_compaction",
    ]
    private static let tiers: Set<String> = ["bucket_high", "bucket_low", "min_sstable_size"]
    private static let known: [String: Set<String>] = [
        "SizeTieredCompactionStrategy": tiers.union(["min_threshold", "max_threshold"]),
        "LeveledCompactionStrategy": tiers.union([
            "fanout_size", "max_threshold", "min_threshold", "single_sstable_uplevel",
            "sstable_size_in_mb",
        ]),
        "TimeWindowCompactionStrategy": tiers.union([
            "compaction_window_size", "compaction_window_unit",
            "expired_sstable_check_frequency_seconds", "max_threshold", "min_threshold",
            "timestamp_resolution", "unsafe_aggressive_sstable_expiration",
        ]),
        "UnifiedCompactionStrategy": [
            "base_shard_count", "expired_sstable_check_frequency_seconds", "flush_size_override",
            "max_sstables_to_compact", "min_sstable_size", "overlap_inclusion_method",
            "scaling_parameters", "sstable_growth", "target_sstable_size",
            "unsafe_aggressive_sstable_expiration",
        ],
    ]

    // MARK: Values

    private func value(_ name: String) -> String? { given.first { $0.key == name }?.value }

    private func number(_ name: String, _ type: String) throws(StatementError) -> Double? {
        guard let text = value(name) else { return nil }
        guard let number = Double(text) else {
            throw .configuration("\(text) is not a parsable \(type) for \(name)")
        }
        return number
    }

    private func integer<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type
    ) throws(StatementError) -> Number? {
        guard let text = value(name) else { return nil }
        guard let number = Number(text) else {
            throw .configuration("\(text) is not a parsable int (base10) for \(name)")
        }
        return number
    }

    private func checkFlag(_ name: String, _ message: (String) -> String) throws(StatementError) {
        guard let text = value(name)?.lowercased(), text != "true", text != "false" else { return }
        throw .configuration(message(value(name) ?? ""))
    }

    // MARK: Strategies

    private func checkCommon() throws(StatementError) {
        if let threshold = try number("tombstone_threshold", "int (base10)"), threshold < 0 {
            throw .configuration(
                "tombstone_threshold must be greater than 0, but was \(Self.fixed(threshold))")
        }
        if let interval = try integer("tombstone_compaction_interval", as: Int64.self),
            interval < 0
        {
            throw .configuration(
                "tombstone_compaction_interval must be greater than 0, but was \(interval)")
        }
        for name in ["unchecked_tombstone_compaction", "log_all", "only_purge_repaired_tombstones"]
        {
            try checkFlag(name) { "'\(name)' should be either 'true' or 'false', not '\($0)'" }
        }
        try checkFlag("enabled") { "enabled should either be 'true' or 'false', not \($0)" }
        if let kind = value("provide_overlapping_tombstones"),
            !["NONE", "ROW", "CELL"].contains(kind.uppercased())
        {
            throw .configuration(
                "Invalid value \(kind.uppercased()) for 'provide_overlapping_tombstones' "
                    + "compaction sub-option - must be one of the following [NONE, ROW, CELL].")
        }
    }

    /// As `%f` writes it: six digits behind the point.
    private static func fixed(_ value: Double) -> String {
        let millionths = Int64((value.magnitude * 1e6).rounded())
        let fraction = String(millionths % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "\(value < 0 ? "-" : "")\(millionths / 1_000_000).\(zeros)\(fraction)"
    }

    private func checkSizeTiered() throws(StatementError) {
        if let size = try integer("min_sstable_size", as: Int64.self), size < 0 {
            throw .configuration("min_sstable_size must be non negative: \(size)")
        }
        let low = try number("bucket_low", "float") ?? 0.5
        let high = try number("bucket_high", "float") ?? 1.5
        guard high > low else {
            throw .configuration(
                "bucket_high value (\(OptionText.shown(high))) is less than or equal to the "
                    + "bucket_low value (\(OptionText.shown(low)))")
        }
    }

    private func checkThresholds() throws(StatementError) {
        for name in ["min_threshold", "max_threshold"] {
            guard let text = value(name) else { continue }
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                Int32(text) != nil
            else {
                throw .configuration(
                    "Invalid value \(text) for '\(name)' compaction sub-option - must be an "
                        + "integer")
            }
        }
        let least = Int(value("min_threshold") ?? "4") ?? 4
        let most = Int(value("max_threshold") ?? "32") ?? 32
        guard least > 0, most > 0 else {
            throw .configuration(
                "Disabling compaction by setting compaction thresholds to 0 has been removed, set "
                    + "the compaction option 'enabled' to false instead.")
        }
        guard least > 1 else {
            throw .configuration("Min compaction threshold cannot be less than 2 (got \(least))")
        }
        guard least <= most else {
            throw .configuration(
                "Min compaction threshold (got \(least)) cannot be greater than max compaction "
                    + "threshold (got \(most))")
        }
    }

    private func checkLeveled() throws(StatementError) {
        for name in ["sstable_size_in_mb", "fanout_size"] {
            if let size = try integer(name, as: Int32.self), size < 1 {
                throw .configuration("\(name) must be larger than 0, but was \(size)")
            }
        }
        try checkLevels()
        try checkFlag("single_sstable_uplevel") {
            "'single_sstable_uplevel' should be either 'true' or 'false', not '\($0)'"
        }
    }

    /// The highest of the levels there can be must have a size that a long holds.
    private func checkLevels() throws(StatementError) {
        let megabytes = try integer("sstable_size_in_mb", as: Int32.self) ?? 160
        let fanout = try integer("fanout_size", as: Int32.self) ?? 10
        let bytes = Double(Int64(megabytes) << 20) * pow(Double(fanout), Self.levelsMax)
        guard bytes <= Double(Int64.max) else {
            throw .configuration(
                "your maxSSTableSize must be absurdly high to compute \(Int64(megabytes) << 20)")
        }
    }

    /// How many levels there are above the first.
    private static let levelsMax = 8.0

    private func checkTimeWindow() throws(StatementError) {
        let units = ["MINUTES", "HOURS", "DAYS"]
        if let unit = value("compaction_window_unit"), !units.contains(unit) {
            throw .configuration("\(unit) is not valid for compaction_window_unit")
        }
        if let size = try integer("compaction_window_size", as: Int32.self), size < 1 {
            throw .configuration("\(size) must be greater than 1 for compaction_window_size")
        }
        let resolutions = [
            "NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS",
        ]
        if let resolution = value("timestamp_resolution"), !resolutions.contains(resolution) {
            throw .configuration("timestamp_resolution \(resolution) is not valid")
        }
        try checkExpiration()
    }

    private func checkExpiration() throws(StatementError) {
        let name = "expired_sstable_check_frequency_seconds"
        if let seconds = try integer(name, as: Int64.self), seconds < 0 {
            throw .configuration("\(name) must not be negative, but was \(seconds)")
        }
        try checkFlag("unsafe_aggressive_sstable_expiration") {
            "'unsafe_aggressive_sstable_expiration' should be either 'true' or 'false', not '\($0)'"
        }
    }

    private func checkUnified() throws(StatementError) {
        for name in ["base_shard_count", "max_sstables_to_compact"] {
            guard let count = try integer(name, as: Int32.self) else { continue }
            guard count > 0 || name != "base_shard_count" else {
                throw .configuration(
                    "Invalid configuration, \(name) should be positive: \(count)")
            }
        }
        if let method = value("overlap_inclusion_method"),
            !["NONE", "SINGLE", "TRANSITIVE"].contains(method.uppercased())
        {
            throw .configuration(
                "Invalid overlap inclusion method \(method). The valid options are [NONE, SINGLE, "
                    + "TRANSITIVE].")
        }
        if let growth = try number("sstable_growth", "float"), !(0...1).contains(growth) {
            throw .configuration(
                "sstable_growth \(OptionText.shown(growth)) must be between 0 and 1")
        }
        for parameter in (value("scaling_parameters") ?? "").split(separator: ",") {
            let text = parameter.filter { $0 != " " }
            let digits = ["T", "L"].contains(text.prefix(1)) ? text.dropFirst() : text[...]
            guard text == "N" || Int32(digits) != nil else {
                throw .configuration(
                    "Scaling parameter \(text) must be of the form L[0-9]+, T[0-9]+ or N")
            }
        }
        try checkExpiration()
    }
}
