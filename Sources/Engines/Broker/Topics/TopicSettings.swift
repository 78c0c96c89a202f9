// All settings a topic can have here, and what they say to its logs.
// Source: https://kafka.apache.org/documentation/#topicconfigs

package enum TopicSettings {
    private static let milliseconds: ClosedRange<Int64> = 0...Int64.max
    private static let orUnlimited: ClosedRange<Int64> = -1...Int64.max
    private static let ints: ClosedRange<Int64> = 0...Int64(Int32.max)

    /// Every setting, by name. What Kafka has and is not here (remote storage, replication throttles,
    /// recompression) is refused, since it could not be honoured.
    package static let all: [TopicSetting] = [
        setting(
            "cleanup.policy", .list(["delete", "compact"]), "delete", "log.cleanup.policy",
            "delete: old segments go; compact: the last record of each key stays. Compaction does not run yet: all records are kept."
        ),
        setting(
            "compression.type", .choice(["producer"]), "producer", "compression.type",
            "Batches are kept as the producer compressed them."),
        setting(
            "delete.retention.ms", .long(milliseconds), "86400000",
            "log.cleaner.delete.retention.ms", "How long compaction keeps tombstones."),
        setting(
            "file.delete.delay.ms", .long(milliseconds), "60000", "log.segment.delete.delay.ms",
            "Kept for compatibility; files go at once, and readers that hold them read on."),
        setting(
            "flush.messages", .long(1...Int64.max), "9223372036854775807",
            "log.flush.interval.messages",
            "Kept for compatibility; the broker's durability decides."),
        setting(
            "flush.ms", .long(milliseconds), "9223372036854775807", "log.flush.interval.ms",
            "Kept for compatibility; the broker's durability decides."),
        setting(
            "index.interval.bytes", .int(4096...4096), "4096", "log.index.interval.bytes",
            "An index entry for about so many bytes."),
        setting(
            "max.compaction.lag.ms", .long(1...Int64.max), "9223372036854775807",
            "log.cleaner.max.compaction.lag.ms", "The longest a record stays uncompacted."),
        setting(
            "max.message.bytes", .int(ints), "\(Limits.messageBytesDefault)", "message.max.bytes",
            "The largest record batch, after compression."),
        setting(
            "message.timestamp.after.max.ms", .long(milliseconds), "3600000",
            "log.message.timestamp.after.max.ms", "How far ahead of the broker a time may be."),
        setting(
            "message.timestamp.before.max.ms", .long(milliseconds), "9223372036854775807",
            "log.message.timestamp.before.max.ms", "How far behind the broker a time may be."),
        setting(
            "message.timestamp.type", .choice(["CreateTime", "LogAppendTime"]), "CreateTime",
            "log.message.timestamp.type", "Whether records have the client's or the broker's time."),
        setting(
            "min.cleanable.dirty.ratio", .double(0...1), "0.5", "log.cleaner.min.cleanable.ratio",
            "The part of a log that must be uncompacted before compaction runs."),
        setting(
            "min.compaction.lag.ms", .long(milliseconds), "0", "log.cleaner.min.compaction.lag.ms",
            "The shortest a record stays uncompacted."),
        setting(
            "min.insync.replicas", .int(1...Int64(Int32.max)), "1", "min.insync.replicas",
            "There is one replica: with more than 1, acks=all is refused."),
        setting(
            "preallocate", .choice(["false"]), "false", "log.preallocate",
            "Segment files grow as they are written."),
        setting(
            "retention.bytes", .long(orUnlimited), "-1", "log.retention.bytes",
            "Bytes of a partition above which its oldest segments go; -1: no limit."),
        setting(
            "retention.ms", .long(orUnlimited), "604800000", "log.retention.ms",
            "The age at which segments go; -1: never."),
        setting(
            "segment.bytes", .int(1024...Int64(Int32.max)), "1073741824", "log.segment.bytes",
            "The size at which a new segment file is begun."),
        setting(
            "segment.index.bytes", .int(4...Int64(Int32.max)), "10485760",
            "log.index.size.max.bytes", "Kept for compatibility; indexes grow with their segment."),
        setting(
            "segment.jitter.ms", .long(0...0), "0", "log.roll.jitter.ms", "Not used."),
        setting(
            "segment.ms", .long(1...Int64.max), "604800000", "log.roll.ms",
            "The age at which a new segment file is begun."),
        setting(
            "unclean.leader.election.enable", .boolean, "false", "unclean.leader.election.enable",
            "There is one replica, which is always the leader."),
    ]

    package static let byName: [String: TopicSetting] = Dictionary(
        uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static func setting(
        _ name: String, _ kind: TopicSetting.Kind, _ defaultValue: String, _ brokerName: String,
        _ documentation: String
    ) -> TopicSetting {
        TopicSetting(
            name: name, kind: kind, defaultValue: defaultValue, brokerName: brokerName,
            documentation: documentation)
    }

    /// - Returns: what is wrong with the first bad one, in words; `nil` when all are good.
    package static func fault(_ settings: [String: String]) -> String? {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = byName[name] else { return "Unknown topic config name: \(name)" }
            if let fault = setting.fault(value) {
                return "Invalid value \(value) for configuration \(name): \(fault)"
            }
        }
        return nil
    }

    /// - Parameter settings: those of the topic that differ from the defaults, all of them good.
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
        configuration.stampsAppendTime = settings["message.timestamp.type"] == "LogAppendTime"
        let policy = TopicSetting.items(settings["cleanup.policy"] ?? "delete")
        configuration.isCompacted = policy.contains("compact")
        configuration.deletesOld = policy.contains("delete")
        return configuration
    }
}
