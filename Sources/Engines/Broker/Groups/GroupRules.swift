// The rules that groups live by: the broker's settings, and those of one group on top.
// Source: apache/kafka GroupCoordinatorConfig.java, GroupConfig.java

/// Kafka's names and defaults, except where one node says otherwise.
package struct GroupRules: Sendable, Equatable {
    /// `group.min.session.timeout.ms`.
    package var classicSessionMillisecondsMin = Limits.sessionTimeoutMilliseconds.lowerBound
    /// `group.max.session.timeout.ms`.
    package var classicSessionMillisecondsMax = Limits.sessionTimeoutMilliseconds.upperBound
    /// `group.initial.rebalance.delay.ms`: from the first join of an empty group, and anew from each
    /// member that comes meanwhile, up to the rebalance time-out.
    package var initialRebalanceDelayMilliseconds = Limits.initialRebalanceDelayMilliseconds
    /// `group.max.size`, which has no bound with Kafka.
    package var classicGroupMembersMax = Limits.groupMembersMax
    /// Groups of either protocol at once; not a setting.
    package var groupsMax = Limits.groupsMax
    /// Bytes that the members of all groups may take; not a setting.
    package var groupsBytesMax = Limits.groupsBytesMax
    /// Bytes that the members of one group may take; not a setting.
    package var groupBytesMax = Limits.groupBytesMax
    /// `group.consumer.max.size`, likewise without a bound with Kafka.
    package var consumerGroupMembersMax = Limits.groupMembersMax
    /// `group.consumer.session.timeout.ms`, and what a group may choose for itself.
    package var session = Bounded(
        standard: 45_000, least: Limits.consumerSessionMilliseconds.lowerBound,
        most: Limits.consumerSessionMilliseconds.upperBound)
    /// `group.consumer.heartbeat.interval.ms`, likewise.
    package var heartbeat = Bounded(
        standard: 5_000, least: Limits.consumerHeartbeatMilliseconds.lowerBound,
        most: Limits.consumerHeartbeatMilliseconds.upperBound)
    /// `offsets.retention.minutes`, in milliseconds.
    package var offsetsRetentionMilliseconds: Int64 = Limits.offsetsRetentionMilliseconds
    /// `offsets.retention.check.interval.ms`.
    package var offsetsCheckMilliseconds: Int64 = Limits.offsetsUpkeepMilliseconds
    /// `offset.metadata.max.bytes`.
    package var offsetMetadataBytesMax = Limits.offsetMetadataBytesMax

    package init() {}

    /// A time of KIP-848 groups in milliseconds: the broker's own, and the bounds of a group's.
    package struct Bounded: Sendable, Equatable {
        package var standard: Int32
        /// `….min.….ms`.
        package var least: Int32
        /// `….max.….ms`.
        package var most: Int32

        /// - Precondition: `least` is not above `most`, which `fault` tells.
        package var allowed: ClosedRange<Int64> { Int64(least)...Int64(max(least, most)) }
    }

    /// The time between heartbeats of KIP-848 members.
    package var heartbeatIntervalMilliseconds: Int32 { heartbeat.standard }
    /// The time after which a silent KIP-848 member is gone.
    package var sessionTimeoutMilliseconds: Int32 { session.standard }

    /// `offsets.retention.minutes`.
    package var offsetsRetentionMinutes: Int64 {
        get { offsetsRetentionMilliseconds / 60_000 }
        set { offsetsRetentionMilliseconds = newValue * 60_000 }
    }

    /// Whether a classic member may have this session time-out, in milliseconds.
    package func takesClassicSession(_ milliseconds: Int32) -> Bool {
        milliseconds >= classicSessionMillisecondsMin
            && milliseconds <= classicSessionMillisecondsMax
    }

    /// The rules with the settings of one group on top. What was chosen under other bounds is moved
    /// into those of now.
    package func overridden(by group: [String: String]) -> GroupRules {
        var rules = self
        if let value = group[GroupSettings.session].flatMap(Int32.init) {
            rules.session.standard = min(max(value, session.least), session.most)
        }
        if let value = group[GroupSettings.heartbeat].flatMap(Int32.init) {
            rules.heartbeat.standard = min(max(value, heartbeat.least), heartbeat.most)
        }
        return rules
    }

    /// - Returns: which setting does not fit the others, and why; `nil` when all fit.
    func fault() -> (setting: String, because: String)? {
        guard classicSessionMillisecondsMin <= classicSessionMillisecondsMax else {
            return (
                "group.min.session.timeout.ms",
                "it is above group.max.session.timeout.ms, \(classicSessionMillisecondsMax)"
            )
        }
        for (bounded, name) in [
            (session, "session.timeout.ms"), (heartbeat, "heartbeat.interval.ms"),
        ] {
            let (least, most) = ("group.consumer.min.\(name)", "group.consumer.max.\(name)")
            guard bounded.least <= bounded.most else {
                return (least, "it is above \(most), \(bounded.most)")
            }
            guard bounded.allowed.contains(Int64(bounded.standard)) else {
                return (
                    "group.consumer.\(name)",
                    "\(bounded.standard) is not between \(least), \(bounded.least), "
                        + "and \(most), \(bounded.most)"
                )
            }
        }
        guard heartbeat.standard < session.standard else {
            return (
                "group.consumer.heartbeat.interval.ms",
                "\(heartbeat.standard) is not below group.consumer.session.timeout.ms, "
                    + "\(session.standard)"
            )
        }
        return nil
    }
}
