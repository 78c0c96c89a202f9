// A topic as the broker serves it.

package import KafkaProtocol

/// What is known of a topic. Never changes: a changed topic is a new value in the catalog, so the
/// hot path looks at it without a lock.
package final class Topic: Sendable {
    package let name: String
    package let id: KafkaUUID
    /// Those that differ from the defaults.
    package let settings: [String: String]
    /// By partition number.
    package let logs: [PartitionLog]
    /// `min.insync.replicas`: above 1, acks=all cannot be kept.
    let replicasNeeded: Int64

    init(name: String, id: KafkaUUID, settings: [String: String], logs: [PartitionLog]) {
        self.name = name
        self.id = id
        self.settings = settings
        self.logs = logs
        replicasNeeded = settings["min.insync.replicas"].flatMap { Int64($0) } ?? 1
    }

    convenience init(_ entry: CatalogFile.Entry, logs: [PartitionLog]) {
        self.init(name: entry.name, id: entry.id, settings: entry.settings, logs: logs)
    }

    package var isInternal: Bool { TopicName.isInternal(name) }

    package func log(_ partition: Int32) -> PartitionLog? {
        logs.indices.contains(Int(partition)) ? logs[Int(partition)] : nil
    }

    /// The value now in force.
    package func setting(_ name: String) -> String? {
        settings[name] ?? TopicSettings.byName[name]?.defaultValue
    }
}
