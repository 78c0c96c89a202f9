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
/// A change is in the metadata log before it is seen and answered. Look-ups never block; changes do, one
/// after the other. Order of locks: `changes`, then the metadata log's or `checkpoints`, then `index`.
package final class TopicCatalog: Sendable {
    let directory: DataDirectory
    package let metadata: MetadataLog
    private let environment: LogEnvironment
    /// Settings of the broker that were given at its start, by their names.
    private let given: [String: String]
    let logger: Logger
    /// Whoever changes topics or their settings holds it all the while.
    private let changes = Mutex(())
    private let index: Mutex<TopicIndex>
    /// Whoever writes one of them holds it all the while.
    let checkpoints: Mutex<WrittenCheckpoints>

    /// Opens every log of the directory. Blocks: after an unclean stop as long as recovery takes.
    ///
    /// - Parameter given: settings of the broker that were given at its start.
    init(
        _ directory: DataDirectory, metadata: MetadataLog, environment: LogEnvironment,
        given: [String: String], logger: Logger
    ) throws(BrokerError) {
        self.directory = directory
        self.metadata = metadata
        self.environment = environment
        self.given = given
        self.logger = logger
        checkpoints = Mutex(WrittenCheckpoints(directory))
        let image = metadata.image
        try Self.settleStrays(directory, metadata, logger)
        let defaults = TopicDefaults(image, nodeID: metadata.node.id, given: given)
        let entries = Array(image.topics.values)
        let settings = entries.map { image.config(ConfigResource(.topic, $0.name)) }
        // All of them at once, so that their recoveries share the cores.
        let openings = zip(entries, settings).flatMap { entry, settings in
            Self.openings(entry, defaults.effective(settings), isNew: false)
        }
        var logs = try onDisk { () throws(DiskError) in
            try LogOpening.openAll(openings, in: directory, environment)
        }[...]
        Self.report(Array(logs), logger)
        var index = TopicIndex()
        for (entry, settings) in zip(entries, settings) {
            let mine = Array(logs.prefix(Int(entry.partitions)))
            logs = logs.dropFirst(Int(entry.partitions))
            index.add(Topic(entry, settings: settings, defaults: defaults, logs: mine))
        }
        self.index = Mutex(index)
    }

    /// What topics take that have no settings of their own.
    func defaults(_ image: MetadataImage) -> TopicDefaults {
        TopicDefaults(image, nodeID: metadata.node.id, given: given)
    }

    private static func settleStrays(
        _ directory: DataDirectory, _ metadata: MetadataLog, _ logger: Logger
    ) throws(BrokerError) {
        if metadata.bytesCut > 0 {
            logger.warning(
                "cut the end of the metadata log", metadata: ["bytes": "\(metadata.bytesCut)"])
        }
        let (removed, setAside) = try onDisk { () throws(DiskError) in
            try directory.settleStrays(metadata.image, removedTopics: metadata.removedTopics)
        }
        if !removed.isEmpty {
            logger.notice(
                "removed partitions of deleted topics", metadata: ["count": "\(removed.count)"])
        }
        for name in setAside {
            logger.warning(
                "set aside a partition that the metadata does not know",
                metadata: ["folder": "\(name)"])
        }
    }

    private static func open(
        _ entry: TopicImage, _ settings: [String: String], _ directory: DataDirectory,
        _ environment: LogEnvironment, _ logger: Logger, from first: Int32 = 0, isNew: Bool
    ) throws(BrokerError) -> [PartitionLog] {
        let openings = openings(entry, settings, from: first, isNew: isNew)
        let logs = try onDisk { () throws(DiskError) in
            try LogOpening.openAll(openings, in: directory, environment)
        }
        report(logs, logger)
        return logs
    }

    private static func openings(
        _ entry: TopicImage, _ settings: [String: String], from first: Int32 = 0, isNew: Bool
    ) -> [LogOpening] {
        let configuration = TopicSettings.logConfiguration(settings)
        return (first..<entry.partitions).map { partition in
            LogOpening(
                name: PartitionName(topic: entry.name, partition: partition),
                topicID: entry.id.description, configuration: configuration, isNew: isNew)
        }
    }

    private static func report(_ logs: [PartitionLog], _ logger: Logger) {
        for log in logs where log.bytesCut > 0 {
            logger.warning(
                "cut a torn tail",
                metadata: ["partition": "\(log.name)", "bytes": "\(log.bytesCut)"])
        }
    }

    var durability: Durability { environment.durability }

    // MARK: Looking up

    package func topic(_ name: String) -> Topic? { index.withLock { $0.byName[name] } }

    package func topic(_ id: KafkaUUID) -> Topic? { index.withLock { $0.byID[id] } }

    /// In the order of their names.
    package var topics: [Topic] {
        index.withLock { Array($0.byName.values) }.sorted { $0.name < $1.name }
    }

    // MARK: For `TopicCatalog+Changes`

    func change<Value: Sendable>(
        _ body: () throws(TopicFault) -> Value
    ) throws(TopicFault) -> Value {
        try changes.withLock { (_) throws(TopicFault) in
            guard !index.withLock({ $0.isClosed }) else {
                throw TopicFault(.brokerNotAvailable, "the broker stops")
            }
            return try body()
        }
    }

    /// - Parameter settings: those in force.
    func opened(
        _ entry: TopicImage, _ settings: [String: String], from first: Int32
    ) throws(TopicFault) -> [PartitionLog] {
        do {
            return try Self.open(
                entry, settings, directory, environment, logger, from: first, isNew: true)
        } catch {
            throw TopicFault(.kafkaStorageError, "\(error)")
        }
    }

    func show(_ topic: Topic) { index.withLock { $0.add(topic) } }

    func hide(_ topic: Topic) -> Topic? {
        index.withLock { index in
            index.byID[topic.id] = nil
            return index.byName.removeValue(forKey: topic.name)
        }
    }

    // MARK: Upkeep; all of it blocks

    /// Closes every log and leaves the directory in order.
    func close() {
        let topics = changes.withLock { _ in
            index.withLock { index in
                index.isClosed = true
                return Array(index.byName.values)
            }
        }
        do throws(DiskError) {
            var ends: [(PartitionLog, Int64)] = []
            var hasFailed = false
            for log in topics.flatMap(\.logs) {
                let end = try log.close()
                if let end { ends.append((log, end)) }
                hasFailed = hasFailed || end == nil
            }
            try write(recoveryPoints: ends)
            try writeStartOffsets()
            if !hasFailed { try directory.markClean() }
        } catch {
            logger.error("the broker did not stop in order", metadata: ["error": "\(error)"])
        }
    }

    /// Gives idle memory back and makes checkpoints, so that a recovery has little to read.
    func upkeep() throws(DiskError) {
        var points: [(PartitionLog, Int64)] = []
        let kept = environment.budget.keptBytes
        for log in topics.flatMap(\.logs) {
            log.view.releaseIdle()
            let point = try log.checkpointIfGrown()
            if point > 0 { points.append((log, point)) }
        }
        if kept - environment.budget.keptBytes >= Limits.idleBytesToTrim { FreedMemory.giveBack() }
        try write(recoveryPoints: points)
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
}
