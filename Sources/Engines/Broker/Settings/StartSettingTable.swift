// All settings that can be given at the start, except those of listeners, users and access rules.
// Source: https://kafka.apache.org/documentation/#brokerconfigs

extension StartSetting {
    /// In the order of their names.
    package static let all: [StartSetting] =
        (groups + groupsOf848 + transactions + connections + topics + upkeep + fixed
        + topicTimes + topicDefaults).sorted { $0.name < $1.name }

    package static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let groups: [StartSetting] = [
        .int(
            "group.initial.rebalance.delay.ms", \.groups.initialRebalanceDelayMilliseconds,
            0...Int64(Int32.max),
            "How long the first members of an empty classic group wait for others."),
        .int(
            "group.min.session.timeout.ms", \.groups.classicSessionMillisecondsMin,
            "Of members of classic groups."),
        .int(
            "group.max.session.timeout.ms", \.groups.classicSessionMillisecondsMax,
            "Of members of classic groups."),
        .int("group.max.size", \.groups.classicGroupMembersMax, "Members of a classic group."),
        .int(
            "offset.metadata.max.bytes", \.groups.offsetMetadataBytesMax, 0...Int64(Int32.max),
            "Of the text that is committed with an offset."),
        .int(
            "offsets.retention.minutes", \.groups.offsetsRetentionMinutes,
            "How long the offsets of an empty group are kept."),
        .long(
            "offsets.retention.check.interval.ms", \.groups.offsetsCheckMilliseconds,
            1...Int64.max / 2, "Between looks for offsets that have been kept long enough."),
    ]

    private static let groupsOf848: [StartSetting] = [
        .int(
            "group.consumer.max.size", \.groups.consumerGroupMembersMax,
            "Members of a group of KIP-848."),
        .int(
            "group.consumer.session.timeout.ms", \.groups.session.standard,
            "How long a silent member stays in a group of KIP-848."),
        .int(
            "group.consumer.min.session.timeout.ms", \.groups.session.least,
            "The shortest that a group may choose."),
        .int(
            "group.consumer.max.session.timeout.ms", \.groups.session.most,
            "The longest that a group may choose."),
        .int(
            "group.consumer.heartbeat.interval.ms", \.groups.heartbeat.standard,
            "How often members of a group of KIP-848 say that they are alive."),
        .int(
            "group.consumer.min.heartbeat.interval.ms", \.groups.heartbeat.least,
            "The shortest that a group may choose."),
        .int(
            "group.consumer.max.heartbeat.interval.ms", \.groups.heartbeat.most,
            "The longest that a group may choose."),
    ]

    private static let transactions: [StartSetting] = [
        .int(
            "transaction.max.timeout.ms", \.transactions.timeoutMillisecondsMax,
            "The longest a transaction may stay open."),
        .int(
            "transactional.id.expiration.ms", \.transactions.idExpiryMilliseconds,
            "How long an idle transactional id is remembered."),
        .int(
            "transaction.remove.expired.transaction.cleanup.interval.ms",
            \.transactions.expiryRoundMilliseconds, "Between looks for such ids."),
        .int(
            "producer.id.expiration.ms", \.transactions.producerExpiryMilliseconds,
            "How long a silent producer's sequence is remembered."),
    ]

    private static let connections: [StartSetting] = [
        .long(
            "connections.max.idle.ms", \.limits.idleMilliseconds, 1_000...1 << 40,
            "How long a connection may be silent; whole seconds."),
        .int("max.connections", \.limits.connectionsMax, 1...1_000_000, "Over all listeners."),
        .int(
            "max.connections.per.ip", \.limits.connectionsPerAddressMax, "Of one address."),
        .int(
            "max.incremental.fetch.session.cache.slots", \.limits.fetchSessionsMax, 0...100_000,
            "Fetch sessions of all clients; 0: none."),
        .int(
            "socket.request.max.bytes", \.limits.requestBytesMax, 1_024...1 << 30,
            "Of one request."),
    ]

    private static let topics: [StartSetting] = [
        .flag(
            "auto.create.topics.enable", \.autoCreateTopics,
            "Whether a topic is made when a client asks for it."),
        .flag("delete.topic.enable", \.deleteTopics, "Whether clients may delete topics."),
        .int(
            "num.partitions", \.partitionsDefault, 1...Int64(Limits.partitionsPerTopicMax),
            "Partitions of a topic that is made without a number."),
    ]

    private static let upkeep: [StartSetting] = [
        .long(
            "log.retention.check.interval.ms", \.upkeep.retentionMilliseconds,
            Limits.upkeepMillisecondsMin...1 << 40, "Between rounds that remove old segments."),
        .long(
            "log.cleaner.backoff.ms", \.upkeep.compactionMilliseconds,
            Limits.upkeepMillisecondsMin...1 << 40, "Between looks for logs to compact."),
    ]

    /// Those that a server.properties of one node has, though there is nothing to choose.
    private static let fixed: [StartSetting] = {
        let (number, one) = (TopicSetting.Kind.int(0...Int64(Int32.max)), "there is one node")
        return [
            .only("default.replication.factor", number, 1, one),
            .only("offsets.topic.replication.factor", number, 1, one),
            .only("transaction.state.log.replication.factor", number, 1, one),
            .only("transaction.state.log.min.isr", number, 1, one),
            .only(
                "offsets.topic.num.partitions", number, Limits.offsetsPartitions,
                "partitions of __consumer_offsets"),
            .only(
                "transaction.state.log.num.partitions", number, Limits.transactionPartitions,
                "partitions of __transaction_state"),
            .only(
                "group.coordinator.rebalance.protocols", .items, "classic,consumer",
                "the kinds of groups that are served"),
            .only("fetch.max.bytes", number, Limits.fetchBytesMax, "of one answer to a fetch"),
            .only(
                "max.request.partition.size.limit", number, Limits.describedPartitionsMax,
                "partitions in one answer to DescribeTopicPartitions"),
            .only("log.cleaner.enable", .boolean, true, "compacted topics are compacted"),
            .only("quota.window.num", number, Quotas.windows, "samples a rate is measured over"),
            .only("quota.window.size.seconds", number, 1, "seconds of a sample"),
        ]
    }()

    /// Kafka's other words for times of topics. The shorter unit wins, as with Kafka.
    private static let topicTimes: [StartSetting] = {
        let (minute, hour): (Int64, Int64) = (60_000, 3_600_000)
        var all: [StartSetting] = []
        if let retention = TopicSettings.byName["retention.ms"] {
            all.append(
                .topicTime(
                    "log.retention.minutes", of: retention, factor: minute, least: -1,
                    "Where log.retention.ms is not set; -1: for ever."))
            all.append(
                .topicTime(
                    "log.retention.hours", of: retention, factor: hour, least: -1,
                    "Where log.retention.ms and log.retention.minutes are not set; -1: for ever."))
        }
        if let segment = TopicSettings.byName["segment.ms"] {
            all.append(
                .topicTime(
                    "log.roll.hours", of: segment, factor: hour, least: 1,
                    "Where log.roll.ms is not set."))
        }
        return all
    }()

    private static let topicDefaults: [StartSetting] = TopicSettings.all.compactMap { setting in
        setting.brokerName.map { name in
            StartSetting(
                name: name, documentation: setting.documentation, kind: setting.kind,
                content: .forTopics(setting, factor: 1))
        }
    }
}
