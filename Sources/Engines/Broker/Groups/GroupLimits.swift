// What groups may take at most. Kafka's own default where Kafka has one.

extension Limits {
    /// Kafka's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`.
    static let sessionTimeoutMilliseconds: ClosedRange<Int32> = 6_000...1_800_000
    /// Bytes of the metadata text of a committed offset; Kafka's `offset.metadata.max.bytes`.
    static let offsetMetadataBytesMax = 4_096
    /// How long offsets of an empty group are kept; Kafka's `offsets.retention.minutes`, 7 days.
    static let offsetsRetentionMilliseconds: Int64 = 10_080 * 60_000
    /// Members of one group; Kafka's `group.max.size`, which has no bound by default.
    static let groupMembersMax = 10_000
    /// Groups at once; nobody makes one more. The timer loop looks at all of them.
    static let groupsMax = 10_000
    /// Member ids of one group that were given out and not used yet; Kafka has no bound.
    static let groupPendingMembersMax = 1_000
    /// How long a member may take to join with the id it was given; its session time-out if that is
    /// less, which alone counts with Kafka.
    static let pendingMemberMilliseconds: Int64 = 60_000
    /// How long a new member may wait in a held join before it counts as gone.
    static let newMemberJoinMilliseconds: Int64 = 300_000
    /// Time between the rounds that drop old offsets and empty groups.
    static let offsetsUpkeepMilliseconds: Int64 = 600_000
    /// The longest wait of the timer loop, so that it sees deadlines set meanwhile.
    static let groupTimerMillisecondsMax: Int64 = 250
    /// Records of one append to the offsets topic.
    static let groupRecordsPerAppendMax = 1_000
}

/// Regular expressions of subscriptions.
extension Limits {
    static let patternBytesMax = 10_000
    /// RE2's own limit of `{n}`.
    static let patternRepeatMax = 1_000
    static let patternDepthMax = 100
    /// Steps that an expression is made of, repetitions written out.
    static let patternStepsMax = 20_000
    /// How long what an expression matched is believed, unless a member comes with a new one.
    static let patternRefreshMilliseconds: Int64 = 1_000
}
