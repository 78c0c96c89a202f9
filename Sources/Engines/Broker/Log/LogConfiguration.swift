// What a topic's settings say to the logs of its partitions.

package import KafkaProtocol

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
    /// `cleanup.policy` holds `compact`: keys must not be null, and only the last record of each stays.
    package var isCompacted = false
    /// `cleanup.policy` holds `delete`.
    package var deletesOld = true

    /// `compression.type`; `nil` keeps what the producer chose.
    package var compression: RecordBatchAttributes.Compression?
    /// `delete.retention.ms`: how long compaction keeps tombstones and markers once it has seen them.
    package var tombstoneMilliseconds: Int64 = 86_400_000
    /// `min.compaction.lag.ms`
    package var compactionLagMin: Int64 = 0
    /// `max.compaction.lag.ms`
    package var compactionLagMax = Int64.max
    /// `min.cleanable.dirty.ratio`: the part of the log's bytes that must be new since it was compacted.
    package var dirtyRatioMin = 0.5

    /// A segment that is older is closed, so that compaction can come in time.
    var rollMilliseconds: Int64 {
        isCompacted ? min(segmentMilliseconds, compactionLagMax) : segmentMilliseconds
    }

    package init() {}
}
