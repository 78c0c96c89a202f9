// What topics' settings may be, and what they say to their logs. The table is `TopicSettingTable`.

import KafkaProtocol

package enum TopicSettings {
    /// Every setting, by name.
    package static let all = TopicSettingTable.all

    package static let byName: [String: TopicSetting] = Dictionary(
        uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// By the broker's name of what gives the default.
    package static let byBrokerName: [String: TopicSetting] = Dictionary(
        all.compactMap { setting in setting.brokerName.map { ($0, setting) } },
        uniquingKeysWith: { first, _ in first })

    /// - Returns: what is wrong with the first bad one, in words; `nil` when all are good.
    package static func fault(_ settings: [String: String]) -> String? {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = byName[name] else { return "Unknown topic config name: \(name)" }
            if let fault = setting.fault(value) {
                return "Invalid value \(value) for configuration \(name): \(fault)"
            }
        }
        let lagMin = settings["min.compaction.lag.ms"].flatMap { Int64($0) } ?? 0
        let lagMax = settings["max.compaction.lag.ms"].flatMap { Int64($0) } ?? Int64.max
        guard lagMin <= lagMax else {
            return
                "conflict topic config setting min.compaction.lag.ms (\(lagMin)) > max.compaction.lag.ms (\(lagMax))"
        }
        return nil
    }

    /// - Parameter settings: those in force that differ from Kafka's defaults, all of them good.
    package static func logConfiguration(_ settings: [String: String]) -> LogConfiguration {
        var configuration = LogConfiguration()
        func number(_ name: String, _ set: (Int64) -> Void) {
            if let value = settings[name].flatMap({ Int64($0) }) { set(value) }
        }
        number("segment.bytes") { configuration.segmentBytes = Int($0) }
        number("segment.ms") { configuration.segmentMilliseconds = $0 }
        number("max.message.bytes") { configuration.messageBytesMax = Int($0) }
        number("message.timestamp.before.max.ms") { configuration.timestampBeforeMax = $0 }
        number("message.timestamp.after.max.ms") { configuration.timestampAfterMax = $0 }
        number("retention.ms") { configuration.retentionMilliseconds = $0 }
        number("retention.bytes") { configuration.retentionBytes = $0 }
        number("delete.retention.ms") { configuration.tombstoneMilliseconds = $0 }
        number("min.compaction.lag.ms") { configuration.compactionLagMin = $0 }
        number("max.compaction.lag.ms") { configuration.compactionLagMax = $0 }
        if let ratio = settings["min.cleanable.dirty.ratio"].flatMap({ Double($0) }) {
            configuration.dirtyRatioMin = ratio
        }
        configuration.stampsAppendTime = settings["message.timestamp.type"] == "LogAppendTime"
        configuration.compression = compression(settings["compression.type"])
        let policy = TopicSetting.items(settings["cleanup.policy"] ?? "delete")
        configuration.isCompacted = policy.contains("compact")
        configuration.deletesOld = policy.contains("delete")
        return configuration
    }

    /// - Returns: `nil` for what the producer chose.
    private static func compression(_ value: String?) -> RecordBatchAttributes.Compression? {
        switch value {
        case "uncompressed": RecordBatchAttributes.Compression.none
        case "gzip": .gzip
        case "snappy": .snappy
        case "lz4": .lz4
        case "zstd": .zstd
        default: nil
        }
    }
}
