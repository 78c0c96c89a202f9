// A topic as the broker serves it.

package import KafkaProtocol

/// What is known of a topic. Never changes: a changed topic is a new value in the catalog, so the
/// hot path looks at it without a lock.
package final class Topic: Sendable {
    package let name: String
    package let id: KafkaUUID
    /// Those that the topic itself was given.
    package let settings: [String: String]
    /// What it takes where it has none.
    let defaults: TopicDefaults
    /// By partition number.
    package let logs: [PartitionLog]
    /// `min.insync.replicas`: above 1, acks=all cannot be kept.
    let replicasNeeded: Int64

    init(
        name: String, id: KafkaUUID, settings: [String: String], defaults: TopicDefaults,
        logs: [PartitionLog]
    ) {
        self.name = name
        self.id = id
        self.settings = settings
        self.defaults = defaults
        self.logs = logs
        let setting = "min.insync.replicas"
        replicasNeeded =
            (settings[setting] ?? defaults.values[setting]?.value).flatMap { Int64($0) } ?? 1
    }

    convenience init(
        _ entry: TopicImage, settings: [String: String], defaults: TopicDefaults,
        logs: [PartitionLog]
    ) {
        self.init(
            name: entry.name, id: entry.id, settings: settings, defaults: defaults, logs: logs)
    }

    func with(logs: [PartitionLog]) -> Topic {
        Topic(name: name, id: id, settings: settings, defaults: defaults, logs: logs)
    }

    func with(settings: [String: String], defaults: TopicDefaults) -> Topic {
        Topic(name: name, id: id, settings: settings, defaults: defaults, logs: logs)
    }

    package var isInternal: Bool { TopicName.isInternal(name) }

    package func log(_ partition: Int32) -> PartitionLog? {
        logs.indices.contains(Int(partition)) ? logs[Int(partition)] : nil
    }

    /// Its own and the broker's; what is in neither has Kafka's default.
    var effectiveSettings: [String: String] { defaults.effective(settings) }

    /// The value now in force.
    package func setting(_ name: String) -> String? {
        settings[name] ?? defaults.values[name]?.value ?? TopicSettings.byName[name]?.defaultValue
    }
}
