// All settings a topic can have here, with their defaults and what is honoured of them.
// Source: https://kafka.apache.org/documentation/#topicconfigs

/// A value that would not be honoured is outside the range of its setting, and so refused.
enum TopicSettingTable {
    private static let milliseconds: ClosedRange<Int64> = 0...Int64.max
    private static let orUnlimited: ClosedRange<Int64> = -1...Int64.max
    private static let ints: ClosedRange<Int64> = 0...Int64(Int32.max)

    static let all: [TopicSetting] = (contents + times + sizes + compaction + fixed)
        .sorted { $0.name < $1.name }

    private static let contents: [TopicSetting] = [
        setting(
            "cleanup.policy", .list(["delete", "compact"]), "delete", "log.cleanup.policy",
            "delete: old segments go; compact: the last record of each key stays; neither: all stays."
        ),
        setting(
            "compression.type",
            .choice(["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), "producer",
            "compression.type",
            "The codec batches are kept in; producer: the one the producer chose."),
        setting(
            "max.message.bytes", .int(ints), "\(Limits.messageBytesDefault)", "message.max.bytes",
            "The largest record batch, after compression."),
        setting(
            "min.insync.replicas", .int(1...Int64(Int32.max)), "1", "min.insync.replicas",
            "There is one replica: with more than 1, acks=all is refused."),
        setting(
            "unclean.leader.election.enable", .boolean, "false", "unclean.leader.election.enable",
            "There is one replica, which is always the leader."),
        setting(
            "leader.replication.throttled.replicas", .items, "", nil,
            "There is no replication that could be slowed down."),
        setting(
            "follower.replication.throttled.replicas", .items, "", nil,
            "There is no replication that could be slowed down."),
    ]

    private static let times: [TopicSetting] = [
        setting(
            "file.delete.delay.ms", .long(milliseconds), "60000", "log.segment.delete.delay.ms",
            "The longest that deleted files stay. They go at once, and readers that hold them read on."
        ),
        setting(
            "flush.ms", .long(milliseconds), "9223372036854775807", "log.flush.interval.ms",
            "The longest until records are flushed. The broker's durability flushes them sooner.",
            brokerHasDefault: false),
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
            "retention.ms", .long(orUnlimited), "604800000", "log.retention.ms",
            "The age at which segments go; -1: never.", brokerHasDefault: false),
        setting(
            "segment.ms", .long(1...Int64.max), "604800000", "log.roll.ms",
            "The age at which a new segment file is begun.", brokerHasDefault: false),
    ]

    private static let sizes: [TopicSetting] = [
        setting(
            "flush.messages", .long(1...Int64.max), "9223372036854775807",
            "log.flush.interval.messages",
            "The most records that are not flushed. The broker's durability flushes them sooner."),
        setting(
            "retention.bytes", .long(orUnlimited), "-1", "log.retention.bytes",
            "Bytes of a partition above which its oldest segments go; -1: no limit."),
        setting(
            "segment.bytes", .int(1024...Int64(Int32.max)), "1073741824", "log.segment.bytes",
            "The size at which a new segment file is begun."),
        setting(
            "segment.index.bytes", .int((4 << 20)...Int64(Int32.max)), "10485760",
            "log.index.size.max.bytes",
            "The largest index of a segment. Those of the largest segment have less than 4 MiB."),
    ]

    private static let compaction: [TopicSetting] = [
        setting(
            "delete.retention.ms", .long(milliseconds), "86400000",
            "log.cleaner.delete.retention.ms", "How long compaction keeps tombstones."),
        setting(
            "max.compaction.lag.ms", .long(1...Int64.max), "9223372036854775807",
            "log.cleaner.max.compaction.lag.ms", "The longest a record stays uncompacted."),
        setting(
            "min.cleanable.dirty.ratio", .double(0...1), "0.5", "log.cleaner.min.cleanable.ratio",
            "The part of a log that must be uncompacted before compaction runs."),
        setting(
            "min.compaction.lag.ms", .long(milliseconds), "0", "log.cleaner.min.compaction.lag.ms",
            "The shortest a record stays uncompacted."),
    ]

    /// Settings of which only the default is honoured.
    private static let fixed: [TopicSetting] = [
        setting(
            "compression.gzip.level", .int(-1...(-1)), "-1", "compression.gzip.level",
            "The codec's own default."),
        setting(
            "compression.lz4.level", .int(9...9), "9", "compression.lz4.level",
            "The one level there is."),
        setting(
            "compression.zstd.level", .int(3...3), "3", "compression.zstd.level",
            "The codec's own default."),
        setting(
            "index.interval.bytes", .int(4096...4096), "4096", "log.index.interval.bytes",
            "An index entry for about so many bytes."),
        setting(
            "local.retention.bytes", .long(-2...(-2)), "-2", "log.local.retention.bytes",
            "There is no remote storage: what is kept is kept here."),
        setting(
            "local.retention.ms", .long(-2...(-2)), "-2", "log.local.retention.ms",
            "There is no remote storage: what is kept is kept here."),
        setting(
            "preallocate", .choice(["false"]), "false", "log.preallocate",
            "Segment files grow as they are written."),
        setting(
            "remote.log.copy.disable", .choice(["false"]), "false", nil,
            "There is no remote storage."),
        setting(
            "remote.log.delete.on.disable", .choice(["false"]), "false", nil,
            "There is no remote storage."),
        setting(
            "remote.storage.enable", .choice(["false"]), "false", nil,
            "There is no remote storage."),
        setting(
            "segment.jitter.ms", .long(0...0), "0", "log.roll.jitter.ms",
            "Segments are begun at their time.", brokerHasDefault: false),
    ]

    private static func setting(
        _ name: String, _ kind: TopicSetting.Kind, _ defaultValue: String, _ brokerName: String?,
        _ documentation: String, brokerHasDefault: Bool = true
    ) -> TopicSetting {
        TopicSetting(
            name: name, kind: kind, defaultValue: defaultValue, brokerName: brokerName,
            brokerHasDefault: brokerHasDefault, documentation: documentation)
    }
}
