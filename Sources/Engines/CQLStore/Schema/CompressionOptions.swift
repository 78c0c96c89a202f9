// The maps behind `compression` and `caching`, checked as Cassandra does.

import CQLProtocol

/// Source: Cassandra's `CompressionParams` and its compressors.
enum CompressionOptions {
    private static let package = "org.apache.cassandra.io.compress."
    /// What each compressor takes besides the general options.
    private static let compressors: [String: Set<String>] = [
        "LZ4Compressor": ["lz4_compressor_type", "lz4_high_compressor_level"],
        "SnappyCompressor": [], "DeflateCompressor": [], "NoopCompressor": [],
        "ZstdCompressor": ["compression_level"],
    ]
    private static let disabled = [CQLOptionEntry(key: "enabled", value: "false")]
    private static let defaultChunk = "16"

    static func checked(
        _ given: [CQLOptionEntry]
    ) throws(StatementError) -> [CQLOptionEntry] {
        var options = given
        let isOld = try Self.rename(&options)
        let enabled = take("enabled", &options).map { $0.lowercased() == "true" } ?? true
        if !enabled {
            guard options.isEmpty else {
                throw .configuration(
                    "If the 'enabled' option is set to false no other options must be specified")
            }
            return disabled
        }
        if given.isEmpty { return disabled }
        guard let name = take("class", &options) else {
            throw .configuration("Missing sub-option 'class' for the 'compression' option.")
        }
        // Of earlier versions: now an option of the table.
        _ = take("crc_check_chance", &options)
        let chunk = take("chunk_length_in_kb", &options)
        let ratio = take("min_compress_ratio", &options)
        if let chunk { try check(chunk: chunk) }
        let shownRatio = try ratio.map { text throws(StatementError) in try checked(ratio: text) }
        guard !name.isEmpty else {
            guard isOld else {
                throw .configuration(
                    "The 'class' option must not be empty. To disable compression use 'enabled' : "
                        + "false")
            }
            return disabled
        }
        let full = name.contains(".") ? name : package + name
        guard full.hasPrefix(package),
            let known = compressors[String(full.dropFirst(package.count))]
        else { throw .configuration("Could not create Compression for type \(full)") }
        for option in options where !known.contains(option.key) {
            throw .configuration("Unknown compression options \(option.key)")
        }
        try check(compressor: options)
        options.append(CQLOptionEntry(key: "class", value: full))
        options.append(CQLOptionEntry(key: "chunk_length_in_kb", value: chunk ?? defaultChunk))
        if let shownRatio, shownRatio != "0.0" {
            options.append(CQLOptionEntry(key: "min_compress_ratio", value: shownRatio))
        }
        return options
    }

    /// Takes the names of Cassandra 2 for those of today.
    ///
    /// - Returns: whether the class came by its old name.
    private static func rename(
        _ options: inout [CQLOptionEntry]
    ) throws(StatementError) -> Bool {
        let pairs = [
            ("sstable_compression", "class", "compression algorithm"),
            ("chunk_length_kb", "chunk_length_in_kb", "chunk length"),
        ]
        var isOld = false
        for (old, new, what) in pairs {
            guard let index = options.firstIndex(where: { $0.key == old }) else { continue }
            guard !options.contains(where: { $0.key == new }) else {
                throw .configuration(
                    "The '\(old)' option must not be used if the \(what) is already specified by "
                        + "the '\(new)' option")
            }
            options[index].key = new
            if new == "class" { isOld = true }
        }
        return isOld
    }

    private static func take(_ name: String, _ options: inout [CQLOptionEntry]) -> String? {
        guard let index = options.firstIndex(where: { $0.key == name }) else { return nil }
        return options.remove(at: index).value
    }

    private static func check(chunk: String) throws(StatementError) {
        guard let kilobytes = Int32(chunk) else {
            throw .configuration("Invalid value for chunk_length_in_kb")
        }
        guard kilobytes <= chunkMax else {
            throw .configuration("Value of chunk_length_in_kb is too large (\(kilobytes))")
        }
        guard kilobytes > 0 else {
            throw .configuration("Invalid negative or null chunk_length_in_kb")
        }
        guard kilobytes & (kilobytes - 1) == 0 else {
            throw .configuration("chunk_length_in_kb must be a power of 2")
        }
    }

    /// A chunk is read whole; more than 512 MB helps nobody.
    private static let chunkMax: Int32 = 512 * 1024

    private static func checked(ratio: String) throws(StatementError) -> String {
        guard let value = Double(ratio) else {
            throw .configuration("Invalid value for min_compress_ratio")
        }
        guard value >= 0 else { throw .configuration("Invalid negative min_compress_ratio") }
        guard value >= 1 || value == 0 else {
            throw .configuration(
                "min_compress_ratio can either be 0 or greater than or equal to 1")
        }
        return OptionText.shown(value)
    }

    private static func check(compressor options: [CQLOptionEntry]) throws(StatementError) {
        for option in options {
            switch option.key {
            case "lz4_compressor_type":
                guard ["fast", "high"].contains(option.value) else {
                    throw .configuration(
                        "Invalid compressor type '\(option.value)' specified for LZ4 parameter "
                            + "'lz4_compressor_type'. Valid options are [fast, high].")
                }
            case "lz4_high_compressor_level":
                guard let level = Int32(option.value), (1...17).contains(level) else {
                    throw .configuration(
                        "Invalid value [\(option.value)] for parameter "
                            + "'lz4_high_compressor_level'. Value must be between 1 and 17.")
                }
            case "compression_level":
                guard let level = Int32(option.value), (-131_072...22).contains(level) else {
                    throw .configuration(
                        "compression_level=\(option.value) is invalid: it must be between -131072 "
                            + "and 22")
                }
            default: break
            }
        }
    }
}

/// Source: Cassandra's `CachingParams`.
enum CachingOptions {
    static func checked(_ given: [CQLOptionEntry]) throws(StatementError) -> [CQLOptionEntry] {
        let unknown = given.filter { $0.key != "keys" && $0.key != "rows_per_partition" }
        guard unknown.isEmpty else {
            throw .configuration(
                "Invalid caching sub-options [\(unknown.map(\.key).joined(separator: ", "))]: only "
                    + "'keys' and 'rows_per_partition' are allowed")
        }
        let keys = given.first { $0.key == "keys" }?.value ?? "ALL"
        guard ["ALL", "NONE"].contains(keys.uppercased()) else {
            throw .configuration(
                "Invalid value '\(keys)' for caching sub-option 'keys': only 'ALL' and 'NONE' are "
                    + "allowed")
        }
        let rows = given.first { $0.key == "rows_per_partition" }?.value ?? "NONE"
        let count = Int32(rows)
        guard ["ALL", "NONE"].contains(rows.uppercased()) || (count ?? -1) >= 0 else {
            throw .configuration(
                "Invalid value '\(rows)' for caching sub-option 'rows_per_partition': only 'ALL', "
                    + "'NONE', and integer values are allowed")
        }
        return [
            CQLOptionEntry(key: "keys", value: keys.uppercased()),
            CQLOptionEntry(key: "rows_per_partition", value: rows.uppercased()),
        ]
    }
}
