// What groups may take at most. Kafka's own default where Kafka has one.

extension Limits {
    /// Kafka's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`.
    static let sessionTimeoutMilliseconds: ClosedRange<Int32> = 6_000...1_800_000
    /// How long the first members of an empty classic group wait for others: what
    /// `group.initial.rebalance.delay.ms` is if it is not set; 3,000 with Kafka.
    ///
    /// Not 0: a client may join before it knows its topics (kafka-python asks for them 100 ms after it
    /// has connected). As leader of the group's first generation it would then assign nothing, join
    /// again, and may lose that second answer when its `poll` ends meanwhile.
    static let initialRebalanceDelayMilliseconds: Int64 = 200
    /// What a KIP-848 group may choose if the broker's settings do not say: Kafka's
    /// `group.consumer.max.session.timeout.ms` and `….heartbeat.interval.ms`, with smaller minima.
    static let consumerSessionMilliseconds: ClosedRange<Int32> = 6_000...60_000
    static let consumerHeartbeatMilliseconds: ClosedRange<Int32> = 500...15_000
    /// Bytes of the metadata text of a committed offset; Kafka's `offset.metadata.max.bytes`.
    static let offsetMetadataBytesMax = 4_096
    /// How long offsets of an empty group are kept; Kafka's `offsets.retention.minutes`, 7 days.
    static let offsetsRetentionMilliseconds: Int64 = 10_080 * 60_000
    /// Members of one group; Kafka's `group.max.size`, which has no bound by default.
    static let groupMembersMax = 10_000
    /// Groups at once; nobody makes one more. The timer loop looks at all of them.
    static let groupsMax = 10_000
    /// Bytes of what one member says and is assigned: names, subscription, what it offers. Kafka keeps
    /// a group as one record, which `message.max.bytes` bounds with the same number.
    static let groupMemberBytesMax = 1 << 20
    /// Bytes of all members of one group: an answer and a record have them all.
    static let groupBytesMax = 16 << 20
    /// Bytes of the members of all groups, and of the groups' names; Kafka has no bound but its memory.
    static let groupsBytesMax = 128 << 20
    /// What an entry of a table, or a string in a list, takes besides its bytes.
    static let keptEntryBytes = 64
    /// What a partition that a KIP-848 member has takes: it stands in its owner's lists and the target.
    static let ownedPartitionBytes = 128
    /// What a topic takes that an expression matched, in the sets that name it.
    static let matchedTopicBytes = 96
    /// Bytes of a client's name in the member id that it is given.
    static let memberIDPrefixBytesMax = 1_024
    /// Member ids of one group that were given out and not used yet; Kafka has no bound.
    static let groupPendingMembersMax = 1_000
    /// How long a member may take to join with the id it was given; its session time-out if that is
    /// less, which alone counts with Kafka.
    static let pendingMemberMilliseconds: Int64 = 60_000
    /// How long a new member may wait in a held join before it counts as gone.
    static let newMemberJoinMilliseconds: Int64 = 300_000
    /// Between rounds that drop old offsets: Kafka's `offsets.retention.check.interval.ms`.
    static let offsetsUpkeepMilliseconds: Int64 = 600_000
    /// The longest wait of the timer loop, so that it sees deadlines set meanwhile.
    static let groupTimerMillisecondsMax: Int64 = 250
    /// Wait before the state of a group that could not be kept is written again.
    static let groupRetryMilliseconds: Int64 = 1_000
    /// Records of one append to the offsets topic.
    static let groupRecordsPerAppendMax = 1_000
}

/// Regular expressions of subscriptions.
extension Limits {
    static let patternBytesMax = 10_000
    /// RE2's own limit of `{n}`.
    static let patternRepeatMax = 1_000
    static let patternDepthMax = 100
    /// Steps that an expression is made of, repetitions written out. A name takes at most so many for
    /// each of its characters, and other groups wait meanwhile.
    static let patternStepsMax = 4_000
    /// How long what an expression matched is believed, unless a member comes with a new one.
    static let patternRefreshMilliseconds: Int64 = 1_000
}
