// Changes of topics: made, deleted, grown, configured. All of it blocks.

import KafkaProtocol
import Logging

extension TopicCatalog {
    /// - Parameter validateOnly: says what would become of it, and does nothing.
    /// - Returns: the new topic; under `validateOnly` one without logs.
    package func create(
        _ name: String, partitions: Int32, settings: [String: String], validateOnly: Bool = false
    ) throws(TopicFault) -> Topic {
        if let fault = TopicName.fault(name) {
            throw TopicFault(.invalidTopicException, "Topic name is invalid: \(fault)")
        }
        try check(settings)
        guard partitions > 0, partitions <= Limits.partitionsPerTopicMax else {
            throw TopicFault(
                .invalidPartitions,
                "Number of partitions was set to an invalid value: it must be 1 to \(Limits.partitionsPerTopicMax)."
            )
        }
        return try change { () throws(TopicFault) in
            let image = metadata.image
            try Self.checkNew(name, partitions, image)
            let defaults = defaults(image)
            if validateOnly {
                return Topic(
                    name: name, id: .zero, settings: settings, defaults: defaults, logs: [])
            }
            var random = SystemRandomNumberGenerator()
            let entry = TopicImage(name: name, id: .random(using: &random), partitions: partitions)
            // What a deletion may have left that a crash or the disk cut short.
            do { try forgetCheckpoints(of: name) } catch {
                throw TopicFault(.kafkaStorageError, "\(error)")
            }
            // The files come first: a topic that is in the log must be able to take records.
            let logs = try opened(entry, defaults.effective(settings), from: 0)
            try record(
                MetadataRecord.topic(
                    name, id: entry.id, partitions: 0..<partitions, node: metadata.node)
                    + MetadataRecord.configs(
                        ConfigResource(.topic, name), from: [:], to: settings))
            let topic = Topic(entry, settings: settings, defaults: defaults, logs: logs)
            show(topic)
            return topic
        }
    }

    private static func checkNew(
        _ name: String, _ partitions: Int32, _ image: MetadataImage
    ) throws(TopicFault) {
        guard name != MetadataFiles.topic else {
            throw TopicFault(.invalidTopicException, "\(name) is the metadata log's name.")
        }
        if image.topics[name] != nil {
            throw TopicFault(.topicAlreadyExists, "Topic '\(name)' already exists.")
        }
        let key = TopicName.collisionKey(name)
        if let other = image.topics.keys.first(where: { TopicName.collisionKey($0) == key }) {
            throw TopicFault(
                .invalidTopicException, "Topic '\(name)' collides with existing topic: \(other)")
        }
        let all = image.topics.values.reduce(0) { $0 + Int($1.partitions) }
        guard all + Int(partitions) <= Limits.partitionsMax else {
            throw TopicFault(
                .policyViolation, "the broker has at most \(Limits.partitionsMax) partitions")
        }
    }

    /// One of the broker's own topics, as Kafka makes it. A partition without records costs nothing.
    func createInternal(_ name: String) throws(TopicFault) -> Topic {
        try create(
            name, partitions: Limits.offsetsPartitions,
            settings: [
                "cleanup.policy": "compact", "segment.bytes": "104857600",
                // A large group's record can be larger than what clients may send.
                "max.message.bytes": String(Limits.requestBytesMax),
            ])
    }

    package func delete(_ topic: Topic) throws(TopicFault) {
        try change { () throws(TopicFault) in
            guard metadata.image.topics[topic.name]?.id == topic.id else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            try record([.removeTopic(RemoveTopicRecord { $0.topicID = topic.id })])
            for log in hide(topic)?.logs ?? [] {
                log.abandon()
                do { try DiskFolder.removeAll(log.folder) } catch {
                    // It is removed at the next start, as a partition that no topic has.
                    logger.warning("cannot remove a partition", metadata: ["error": "\(error)"])
                }
            }
            do { try forgetCheckpoints(of: topic.name) } catch {
                // Done when a topic is made by this name again, which fails as long as it cannot be.
                logger.warning("cannot write checkpoints", metadata: ["error": "\(error)"])
            }
        }
    }

    package func addPartitions(
        to name: String, count: Int32, validateOnly: Bool
    ) throws(TopicFault) {
        try change { () throws(TopicFault) in
            guard var entry = metadata.image.topics[name], let topic = topic(name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            try Self.checkGrowth(entry, to: count, metadata.image)
            if validateOnly { return }
            let first = entry.partitions
            entry.partitions = count
            let new = try opened(entry, topic.effectiveSettings, from: first)
            try record(
                MetadataRecord.topic(
                    name, id: entry.id, partitions: first..<count, node: metadata.node))
            show(topic.with(logs: topic.logs + new))
        }
    }

    private static func checkGrowth(
        _ entry: TopicImage, to count: Int32, _ image: MetadataImage
    ) throws(TopicFault) {
        if count == entry.partitions {
            throw TopicFault(.invalidPartitions, "Topic already has \(count) partition(s).")
        }
        guard count > entry.partitions, count <= Limits.partitionsPerTopicMax else {
            throw TopicFault(
                .invalidPartitions,
                "The topic \(entry.name) currently has \(entry.partitions) partition(s); \(count) would not be an increase."
            )
        }
        let all = image.topics.values.reduce(0) { $0 + Int($1.partitions) }
        guard all + Int(count - entry.partitions) <= Limits.partitionsMax else {
            throw TopicFault(
                .policyViolation, "the broker has at most \(Limits.partitionsMax) partitions")
        }
    }

    // MARK: Settings

    /// Replaces a topic's settings.
    package func configure(
        _ name: String, _ settings: [String: String], validateOnly: Bool
    ) throws(TopicFault) {
        try change { () throws(TopicFault) in
            guard let topic = topic(name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            try check(settings)
            if validateOnly { return }
            try record(
                MetadataRecord.configs(
                    ConfigResource(.topic, name), from: topic.settings, to: settings))
            apply(topic.with(settings: settings, defaults: topic.defaults))
        }
    }

    /// Replaces settings of the broker or of all brokers, which topics take where they have none.
    func configure(broker resource: ConfigResource, _ settings: [String: String])
        throws(TopicFault)
    {
        try change { () throws(TopicFault) in
            try record(
                MetadataRecord.configs(
                    resource, from: metadata.image.config(resource), to: settings))
            let defaults = defaults(metadata.image)
            for topic in topics where topic.defaults != defaults {
                apply(topic.with(settings: topic.settings, defaults: defaults))
            }
        }
    }

    private func check(_ settings: [String: String]) throws(TopicFault) {
        if let fault = TopicSettings.fault(settings) { throw TopicFault(.invalidConfig, fault) }
        try checkFlushing(settings, .invalidConfig)
    }

    /// Without flushes, a promise to flush cannot be kept.
    func checkFlushing(
        _ settings: [String: String], _ code: KafkaErrorCode
    ) throws(TopicFault) {
        guard durability == .none else { return }
        for name in ["flush.messages", "flush.ms"] {
            guard let value = settings[name], value != TopicSettings.byName[name]?.defaultValue
            else { continue }
            throw TopicFault(
                code, "Invalid value \(value) for configuration \(name): the broker never flushes")
        }
    }

    private func apply(_ topic: Topic) {
        let configuration = TopicSettings.logConfiguration(topic.effectiveSettings)
        for log in topic.logs { log.configure(configuration) }
        show(topic)
    }

    private func record(_ records: [MetadataRecord]) throws(TopicFault) {
        do throws(MetadataLogError) { try metadata.append(records) } catch { throw error.fault }
    }
}
