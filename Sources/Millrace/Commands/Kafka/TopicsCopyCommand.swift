// `millrace topics copy`: a topic with its settings and records, from one cluster to another.

import ArgumentParser
import KafkaClient
import MillraceBase

struct TopicsCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy topics with their records to another cluster.",
        discussion: """
            Records keep their partition, key, headers and time. The place reached is committed on
            the source under a group of the other cluster's id, so that a copy that was stopped goes
            on; what was sent after the last commit is sent again. A topic that is made by the copy
            is copied from its start. Offsets of groups are not copied, since
            offsets there may differ.

            Example: millrace topics copy users_created --to kafka://broker:9092 --follow
            """)
    @OptionGroup var arguments: SettingsArguments
    @Argument(help: "Topics; all that are not internal, if none is given.") var topics: [String] =
        []
    @Option(help: "The other cluster: kafka://host:9092.") var to: String
    @Option(
        help: """
            The group whose offsets are the place reached. Default: millrace-copy- and the other \
            cluster's id.
            """)
    var group: String?
    @Flag(help: "Go on when the end is reached, until Ctrl-C.") var follow = false

    func validate() throws {
        if follow, topics.count != 1 { throw ValidationError("--follow copies exactly one topic") }
    }

    func run() async throws {
        let goal: Endpoint
        do { goal = try Endpoint.parse(to) } catch {
            throw Failure(
                "no address", at: "--to \(to)", because: "\(error)", next: "kafka://host:9092")
        }
        guard goal.scheme == "kafka" else {
            throw Failure("no Kafka address", at: "--to \(to)", next: "kafka://host:9092")
        }
        let (topics, group, follow) = (topics, group, follow)
        try await KafkaAccess.with(arguments) { source in
            let goal = KafkaConfiguration(goal)
            let place =
                if let group { group } else { try await TopicCopy.placeName(of: goal) }
            let copy = TopicCopy(source: source, goal: goal, group: place, follows: follow)
            for topic in try await copy.wanted(topics) {
                let count = try await copy.copy(topic)
                Terminal.print("\(topic): \(Shown.count(count)) records copied")
            }
        }
    }
}

/// The copying itself.
struct TopicCopy: Sendable {
    var source: KafkaConfiguration
    var goal: KafkaConfiguration
    var group: String
    var follows: Bool

    func wanted(_ topics: [String]) async throws -> [String] {
        guard topics.isEmpty else { return topics }
        return try await Self.with(source) { admin in
            try await admin.describeTopics().filter { !$0.isInternal }.map(\.name)
        }
    }

    /// - Returns: the records that were copied.
    func copy(_ topic: String) async throws -> Int {
        let start = try await Self.with(source) { admin in
            let isNew = try await makeTopic(topic, like: admin)
            let first = try await admin.offsets(topic, at: .earliest)
            // What was reached before was reached in a topic that is gone.
            if isNew { return first }
            let reached = try await admin.committed(group: group)[topic] ?? [:]
            return first.merging(reached.mapValues(\.offset)) { max($0, $1) }
        }
        let producer = try KafkaProducer(goal)
        let admin = try KafkaAdmin(source)
        do {
            let count = try await run(topic, from: start, producer, admin)
            await producer.close()
            await admin.close()
            return count
        } catch {
            await producer.close()
            await admin.close()
            throw error
        }
    }

    private func run(
        _ topic: String, from start: [Int32: Int64], _ producer: KafkaProducer, _ admin: KafkaAdmin
    ) async throws -> Int {
        var range = ReadRange(topic: topic, follows: follows)
        range.start = .offsets(start)
        var (count, sinceCommit) = (0, 0)
        var reached: [Int32: Int64] = [:]
        try await TopicReader(configuration: source, range: range).read { records in
            var batch: [ProducerRecord] = []
            for record in records.records {
                let partition = records.topicPartition(of: record).partition
                batch.append(
                    ProducerRecord(
                        topic: topic, partition: partition, key: records.key(of: record),
                        value: records.value(of: record), headers: records.headers(of: record),
                        timestampMilliseconds: record.timestampMilliseconds < 0
                            ? nil : record.timestampMilliseconds))
                reached[partition] = record.offset + 1
            }
            _ = try await producer.send(batch)
            count += batch.count
            sinceCommit += batch.count
            if sinceCommit >= ToolLimits.recordsPerCommit || follows {
                try await admin.commit(group: group, [topic: reached])
                sinceCommit = 0
            }
            return true
        }
        if sinceCommit > 0 { try await admin.commit(group: group, [topic: reached]) }
        return count
    }

    /// Makes the topic there with the same partitions and settings; one that is there must have as
    /// many partitions.
    /// - Returns: whether it was made now.
    private func makeTopic(_ topic: String, like admin: KafkaAdmin) async throws -> Bool {
        guard let described = try await admin.describeTopics([topic]).first else { return false }
        let settings = try await admin.configs(.topic(topic)).filter {
            $0.source == "DYNAMIC_TOPIC_CONFIG"
        }
        let partitions = described.partitions.count
        return try await Self.with(goal) { other in
            let made = try await other.createTopic(
                topic, partitions: partitions,
                configs: Dictionary(
                    settings.compactMap { entry in entry.value.map { (entry.name, $0) } },
                    uniquingKeysWith: { $1 }))
            if made { return true }
            let there = try await other.describeTopics([topic]).first?.partitions.count ?? 0
            guard there >= partitions else {
                throw Failure(
                    "the topic there has fewer partitions", at: topic,
                    because: "\(there) instead of \(partitions)",
                    next: "millrace topics alter \(topic) --partitions \(partitions) --kafka …")
            }
            return false
        }
    }

    /// One place for each cluster that is copied to.
    static func placeName(of goal: KafkaConfiguration) async throws -> String {
        try await with(goal) { "millrace-copy-" + (try await $0.metadata().clusterID) }
    }

    private static func with<Value: Sendable>(
        _ configuration: KafkaConfiguration, _ work: (KafkaAdmin) async throws -> Value
    ) async throws -> Value {
        let admin = try KafkaAdmin(configuration)
        do {
            let value = try await work(admin)
            await admin.close()
            return value
        } catch {
            await admin.close()
            throw error
        }
    }
}
