// Partitions of several topics, as assignments name them.

import KafkaProtocol

/// Partition numbers by topic id; a topic without partitions has no entry.
typealias PartitionMap = [KafkaUUID: Set<Int32>]

/// One partition of one topic.
struct TopicIDPartition: Hashable, Comparable, Sendable {
    var topic: KafkaUUID
    var partition: Int32

    static func < (one: Self, other: Self) -> Bool {
        (one.topic.high, one.topic.low, one.partition)
            < (other.topic.high, other.topic.low, other.partition)
    }
}

extension PartitionMap {
    /// How many partitions there are in all.
    var partitionCount: Int { values.reduce(0) { $0 + $1.count } }

    /// Every partition, in a fixed order.
    var sortedPartitions: [TopicIDPartition] {
        flatMap { topic, partitions in
            partitions.map { TopicIDPartition(topic: topic, partition: $0) }
        }.sorted()
    }

    func contains(_ place: TopicIDPartition) -> Bool {
        self[place.topic]?.contains(place.partition) ?? false
    }

    mutating func insert(_ place: TopicIDPartition) {
        self[place.topic, default: []].insert(place.partition)
    }

    mutating func remove(_ place: TopicIDPartition) {
        self[place.topic]?.remove(place.partition)
        if self[place.topic]?.isEmpty ?? false { self[place.topic] = nil }
    }

    mutating func formUnion(_ other: PartitionMap) {
        for (topic, partitions) in other { self[topic, default: []].formUnion(partitions) }
    }

    func isDisjoint(with other: PartitionMap) -> Bool {
        allSatisfy { topic, partitions in partitions.isDisjoint(with: other[topic] ?? []) }
    }

    func isSubset(of other: PartitionMap) -> Bool {
        allSatisfy { topic, partitions in partitions.isSubset(of: other[topic] ?? []) }
    }

    /// Topics in a fixed order, each with its partitions in theirs.
    var listed: [(topic: KafkaUUID, partitions: [Int32])] {
        keys.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
            .map { ($0, (self[$0] ?? []).sorted()) }
    }

    init(_ lists: [(topic: KafkaUUID, partitions: [Int32])]) {
        self.init()
        for (topic, partitions) in lists where !partitions.isEmpty {
            self[topic, default: []].formUnion(partitions)
        }
    }
}
