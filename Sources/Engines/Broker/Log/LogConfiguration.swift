// What a topic's settings say to the logs of its partitions.

/// Times in milliseconds, sizes in bytes; the defaults are Kafka's.
package struct LogConfiguration: Equatable, Sendable {
    /// `segment.bytes`
    package var segmentBytes = 1 << 30
    /// `segment.ms`
    package var segmentMilliseconds: Int64 = 604_800_000
    /// `max.message.bytes`: of a batch, its first 12 bytes included.
    package var messageBytesMax = Int(Limits.messageBytesDefault)
    /// `message.timestamp.type`: whether the broker's time replaces the client's.
    package var stampsAppendTime = false
    /// `message.timestamp.before.max.ms`
    package var timestampBeforeMax = Int64.max
    /// `message.timestamp.after.max.ms`
    package var timestampAfterMax: Int64 = 3_600_000
    /// `retention.ms`; -1 keeps for ever.
    package var retentionMilliseconds: Int64 = 604_800_000
    /// `retention.bytes` of a partition; -1 keeps everything.
    package var retentionBytes: Int64 = -1
    /// `cleanup.policy` holds `compact`: keys must not be null. Compaction itself comes with issue 3.
    package var isCompacted = false
    /// `cleanup.policy` holds `delete`.
    package var deletesOld = true

    package init() {}
}
