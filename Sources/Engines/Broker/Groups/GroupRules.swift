// The rules that groups live by: the broker's settings, and those of one group on top.
// Source: apache/kafka GroupCoordinatorConfig.java, GroupConfig.java

/// Kafka's names and defaults, except where one node says otherwise.
package struct GroupRules: Sendable, Equatable {
    /// `group.min.session.timeout.ms` and `group.max.session.timeout.ms`.
    package var classicSessionTimeoutMilliseconds: ClosedRange<Int32> =
        Limits.sessionTimeoutMilliseconds
    /// `group.initial.rebalance.delay.ms`; 3000 with Kafka, where many clients start at once.
    package var initialRebalanceDelayMilliseconds: Int64 = 0
    /// `group.max.size`, which has no bound with Kafka.
    package var classicGroupMembersMax = Limits.groupMembersMax
    /// Groups of either protocol at once; not a setting.
    package var groupsMax = Limits.groupsMax
    /// `group.consumer.max.size`, likewise.
    package var consumerGroupMembersMax = Limits.groupMembersMax
    /// `group.consumer.session.timeout.ms`.
    package var sessionTimeoutMilliseconds: Int32 = Int32(
        GroupSettings.sessionMilliseconds.standard)
    /// `group.consumer.heartbeat.interval.ms`.
    package var heartbeatIntervalMilliseconds: Int32 = Int32(
        GroupSettings.heartbeatMilliseconds.standard)
    /// `offsets.retention.minutes`.
    package var offsetsRetentionMilliseconds: Int64 = Limits.offsetsRetentionMilliseconds
    /// `offset.metadata.max.bytes`.
    package var offsetMetadataBytesMax = Limits.offsetMetadataBytesMax

    package init() {}

    /// The rules with the settings of one group on top.
    package func overridden(by group: [String: String]) -> GroupRules {
        var rules = self
        if let session = group[GroupSettings.session].flatMap(Int32.init) {
            rules.sessionTimeoutMilliseconds = session
        }
        if let interval = group[GroupSettings.heartbeat].flatMap(Int32.init) {
            rules.heartbeatIntervalMilliseconds = interval
        }
        return rules
    }
}
