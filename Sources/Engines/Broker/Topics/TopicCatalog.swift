// The topics of the broker: looked up by many, changed by one at a time.

package import KafkaProtocol
import Logging
import MillraceBase
import Synchronization

/// Why a topic is not made or changed; each is one of Kafka's error codes.
package struct TopicFault: Error, Equatable, Sendable {
    package var code: KafkaErrorCode
    package var message: String

    package init(_ code: KafkaErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What look-ups see.
private struct TopicIndex {
    var byName: [String: Topic] = [:]
    var byID: [KafkaUUID: Topic] = [:]
    var isClosed = false

    mutating func add(_ topic: Topic) {
        byName[topic.name] = topic
        byID[topic.id] = topic
    }
}

/// All topics and their logs.
///
/// A change is on disk before it is seen and answered. Look-ups never block; changes do, one after the
/// other. Order of locks: `file`, then `index`.
package final class TopicCatalog: Sendable {
    let directory: DataDirectory
    private let environment: LogEnvironment
    private let logger: Logger
    /// What is on disk. Whoever changes topics holds it all the while.
    private let file: Mutex<CatalogFile>
    private let index: Mutex<TopicIndex>

    /// Opens every log of the directory. Blocks: after an unclean stop as long as recovery takes.
    init(
        _ directory: DataDirectory, environment: LogEnvironment, logger: Logger
    ) throws(BrokerError) {
        self.directory = directory
        self.environment = environment
        self.logger = logger
        let catalog = try directory.catalog()
        let strays = try onDisk { () throws(DiskError) in try directory.removeStrays(catalog) }
        if !strays.isEmpty {
            logger.notice(
                "removed partitions of deleted topics", metadata: ["count": "\(strays.count)"])
        }
        var index = TopicIndex()
        for entry in catalog.entries.values {
            let logs = try Self.open(entry, directory, environment, logger, isNew: false)
            index.add(Topic(entry, logs: logs))
        }
        file = Mutex(catalog)
        self.index = Mutex(index)
    }

    private static func open(
        _ entry: CatalogFile.Entry, _ directory: DataDirectory, _ environment: LogEnvironment,
        _ logger: Logger, from first: Int32 = 0, isNew: Bool
    ) throws(BrokerError) -> [PartitionLog] {
        let configuration = TopicSettings.logConfiguration(entry.settings)
        var logs: [PartitionLog] = []
        for partition in first..<entry.partitions {
            let name = PartitionName(topic: entry.name, partition: partition)
            let log = try onDisk { () throws(DiskError) in
                try PartitionLog(
                    name, topicID: entry.id.description, root: directory.path,
                    configuration: configuration, environment: environment, isNew: isNew,
                    isClean: directory.wasClean,
                    recoveryPoint: isNew ? 0 : directory.recoveryPoints[name] ?? 0,
                    startOffset: isNew ? 0 : directory.startOffsets[name] ?? 0)
            }
            if log.bytesCut > 0 {
                logger.warning(
                    "cut a torn tail",
                    metadata: ["partition": "\(name)", "bytes": "\(log.bytesCut)"])
            }
            logs.append(log)
        }
        return logs
    }

    // MARK: Looking up

    package func topic(_ name: String) -> Topic? { index.withLock { $0.byName[name] } }

    package func topic(_ id: KafkaUUID) -> Topic? { index.withLock { $0.byID[id] } }

    /// In the order of their names.
    package var topics: [Topic] {
        index.withLock { Array($0.byName.values) }.sorted { $0.name < $1.name }
    }

    // MARK: Changing; all of it blocks

    /// - Parameter validateOnly: says what would become of it, and does nothing.
    /// - Returns: the new topic; under `validateOnly` one without logs.
    package func create(
        _ name: String, partitions: Int32, settings: [String: String], validateOnly: Bool = false
    ) throws(TopicFault) -> Topic {
        if let fault = TopicName.fault(name) {
            throw TopicFault(.invalidTopicException, "Topic name is invalid: \(fault)")
        }
        if let fault = TopicSettings.fault(settings) { throw TopicFault(.invalidConfig, fault) }
        guard partitions > 0, partitions <= Limits.partitionsPerTopicMax else {
            throw TopicFault(
                .invalidPartitions,
                "Number of partitions must be 1 to \(Limits.partitionsPerTopicMax).")
        }
        return try change { catalog throws(TopicFault) in
            if catalog.entries[name] != nil {
                throw TopicFault(.topicAlreadyExists, "Topic '\(name)' already exists.")
            }
            let key = TopicName.collisionKey(name)
            if let other = catalog.entries.keys.first(where: { TopicName.collisionKey($0) == key })
            {
                throw TopicFault(
                    .invalidTopicException, "Topic '\(name)' collides with existing topic: \(other)"
                )
            }
            let all = catalog.entries.values.reduce(0) { $0 + Int($1.partitions) }
            guard all + Int(partitions) <= Limits.partitionsMax else {
                throw TopicFault(
                    .policyViolation, "the broker has at most \(Limits.partitionsMax) partitions")
            }
            var random = SystemRandomNumberGenerator()
            let entry = CatalogFile.Entry(
                name: name, id: .random(using: &random), partitions: partitions,
                settings: settings)
            if validateOnly { return Topic(name: name, id: .zero, settings: settings, logs: []) }
            catalog.entries[name] = entry
            try write(catalog)
            let topic = Topic(entry, logs: try opened(entry, from: 0))
            show(topic)
            return topic
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
        try change { catalog throws(TopicFault) in
            guard catalog.entries[topic.name]?.id == topic.id else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            catalog.entries[topic.name] = nil
            try write(catalog)
            let removed = index.withLock { index -> Topic? in
                index.byID[topic.id] = nil
                return index.byName.removeValue(forKey: topic.name)
            }
            for log in removed?.logs ?? [] {
                log.abandon()
                do { try DiskFolder.removeAll(log.folder) } catch {
                    // It is removed at the next start, as a partition that no topic has.
                    logger.warning("cannot remove a partition", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    package func addPartitions(
        to name: String, count: Int32, validateOnly: Bool
    ) throws(TopicFault) {
        try change { catalog throws(TopicFault) in
            guard var entry = catalog.entries[name], let topic = topic(name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            guard count > entry.partitions, count <= Limits.partitionsPerTopicMax else {
                throw TopicFault(
                    .invalidPartitions,
                    "The topic currently has \(entry.partitions) partition(s); \(count) would not be an increase."
                )
            }
            if validateOnly { return }
            entry.partitions = count
            catalog.entries[name] = entry
            try write(catalog)
            let new = try opened(entry, from: Int32(topic.logs.count))
            show(Topic(entry, logs: topic.logs + new))
        }
    }

    package func configure(
        _ name: String, _ settings: [String: String], validateOnly: Bool
    ) throws(TopicFault) {
        if let fault = TopicSettings.fault(settings) { throw TopicFault(.invalidConfig, fault) }
        try change { catalog throws(TopicFault) in
            guard var entry = catalog.entries[name], let topic = topic(name) else {
                throw TopicFault(.unknownTopicOrPartition, "This server does not host this topic.")
            }
            if validateOnly { return }
            entry.settings = settings
            catalog.entries[name] = entry
            try write(catalog)
            for log in topic.logs { log.configure(TopicSettings.logConfiguration(settings)) }
            show(Topic(entry, logs: topic.logs))
        }
    }

    private func change<Value: Sendable>(
        _ body: (inout CatalogFile) throws(TopicFault) -> Value
    ) throws(TopicFault) -> Value {
        try file.withLock { catalog throws(TopicFault) in
            guard !index.withLock({ $0.isClosed }) else {
                throw TopicFault(.brokerNotAvailable, "the broker stops")
            }
            // What could not be written has not happened.
            var changed = catalog
            let value = try body(&changed)
            catalog = changed
            return value
        }
    }

    private func write(_ catalog: CatalogFile) throws(TopicFault) {
        do { try directory.write(catalog) } catch {
            throw TopicFault(.kafkaStorageError, "\(error)")
        }
    }

    private func opened(
        _ entry: CatalogFile.Entry, from first: Int32
    ) throws(TopicFault) -> [PartitionLog] {
        do {
            return try Self.open(entry, directory, environment, logger, from: first, isNew: true)
        } catch {
            throw TopicFault(.kafkaStorageError, "\(error)")
        }
    }

    private func show(_ topic: Topic) { index.withLock { $0.add(topic) } }

    // MARK: Upkeep; all of it blocks

    /// Closes every log and leaves the directory in order.
    func close() {
        let topics = file.withLock { _ in
            index.withLock { index in
                index.isClosed = true
                return Array(index.byName.values)
            }
        }
        do throws(DiskError) {
            var ends: [PartitionName: Int64] = [:]
            var hasFailed = false
            for log in topics.flatMap(\.logs) {
                let end = try log.close()
                ends[log.name] = end
                hasFailed = hasFailed || end == nil
            }
            try directory.write(recoveryPoints: ends)
            try writeStartOffsets(topics)
            if !hasFailed { try directory.markClean() }
        } catch {
            logger.error("the broker did not stop in order", metadata: ["error": "\(error)"])
        }
    }

    /// Gives idle memory back and makes checkpoints, so that a recovery has little to read.
    /// - Returns: the recovery points of logs that have one.
    func upkeep() throws(DiskError) -> [PartitionName: Int64] {
        var points: [PartitionName: Int64] = [:]
        for log in topics.flatMap(\.logs) {
            log.view.releaseIdle()
            let point = try log.checkpointIfGrown()
            if point > 0 { points[log.name] = point }
        }
        return points
    }

    /// Removes what retention no longer keeps.
    func deleteOld() {
        for log in topics.flatMap(\.logs) {
            do { try log.deleteOld(now: environment.clock.milliseconds()) } catch {
                logger.warning(
                    "cannot remove old segments",
                    metadata: ["partition": "\(log.name)", "error": "\(error)"])
            }
        }
    }

    func writeStartOffsets() throws(DiskError) { try writeStartOffsets(topics) }

    private func writeStartOffsets(_ topics: [Topic]) throws(DiskError) {
        var starts: [PartitionName: Int64] = [:]
        for log in topics.flatMap(\.logs) {
            let start = log.view.with { $0.startOffset }
            if start > 0 { starts[log.name] = start }
        }
        try directory.write(startOffsets: starts)
    }
}
